"""The origin of each invented opportunity, and the invitation, engagement, lead and tasks that belong to it.

Everything follows from the draws of a catalog and the emulated time. Nothing is made before the first list that shows
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..clock import DAY, HOUR, Stamp
from .aws_summary import NOT_SUBMITTED, is_referral
from .draws import Draws
from .records import Json
from .row import Invented
from .store import Store

ACCOUNT: Final = "123456789012"
AWS: Final = "aws"
EXPIRES_AFTER: Final = 15 * DAY


@dataclass(frozen=True, slots=True)
class Deal:
    """An invented opportunity and what belongs to it. Instants are microseconds since 1970.

    Attributes:
        number: Its place in the sequence.
        opportunity: Its identifier.
        created: When it was created.
        is_referral: Whether AWS brought it; otherwise the partner shared it with AWS.
        began: When the invitation was sent, by AWS or by the partner's task.
        answered: When the invitation is accepted or rejected.
        is_refused: Whether AWS does not accept it.
        is_failed: Whether the task that shares it fails, so that there is no engagement.
        lead_since: When its lead came; `None` without a lead.
        is_converted: Whether it was made from its lead.
        other_since: When another invitation was sent, which is not accepted; `None` without one.
    """

    number: int
    opportunity: str
    created: int
    is_referral: bool
    began: int
    answered: int
    is_refused: bool
    is_failed: bool
    lead_since: int | None
    is_converted: bool
    other_since: int | None


class Deals:
    """The deals of a catalog. The caller holds the lock.

    Args:
        store: The opportunities.
        draws: Of the catalog.
        start: When the emulated clock began.
    """

    def __init__(self, store: Store, draws: Draws, start: int) -> None:
        self.draws = draws
        self.store = store
        self._start = start
        self._deals: list[Deal] = []

    @property
    def stamp(self) -> Stamp:
        """The form of timestamps."""
        return self.store.recipe.stamp

    def __iter__(self) -> Iterator[Deal]:
        for invented in self.store.invented[len(self._deals) :]:
            self._deals.append(self._deal(invented))
        return iter(self._deals)

    def shared(self, lived: int) -> Iterator[Deal]:
        """Yields the partner's own deals that were submitted to AWS by now."""
        for deal in self:
            if not deal.is_referral and deal.began <= lived and self._is_submitted(deal):
                yield deal

    def engagement_of(self, number: int, lived: int) -> str | None:
        """Returns the engagement in which an invented opportunity is shared with AWS by now; `None` without one."""
        deal = list(self)[number] if len(self._deals) <= number else self._deals[number]
        is_shared = deal.is_referral or (not deal.is_failed and self._is_submitted(deal))
        return self.identifier("eng", "deal", deal) if is_shared and deal.began <= lived else None

    def identifier(self, kind: str, purpose: str, deal: Deal) -> str:
        """Returns an identifier; `kind` is `eng`, `engi`, `task` or `job`."""
        return self.draws.identifier(f"{kind}-", 14 if kind == "eng" else 13, f"{kind} {purpose}", deal.number)

    def share(self, purpose: str, deal: Deal) -> float:
        """Returns a number from 0 to 1, without 1."""
        return self.draws.share(purpose, deal.number)

    def chance(self, part: float, purpose: str, deal: Deal) -> bool:
        """Returns true for this part of the deals, 0 to 1."""
        return self.draws.chance(part, purpose, deal.number)

    def arn(self, kind: str, identifier: str) -> str:
        """Returns the ARN of an engagement, invitation or task."""
        return f"arn:aws:partnercentral:us-east-1::catalog/{self.store.recipe.catalog}/{kind}/{identifier}"

    def text(self, instant: int) -> str:
        """Returns the wire form of an instant."""
        return self.stamp.text(self.stamp.floor(instant))

    def title(self, deal: Deal) -> str:
        """Returns the title of a deal's project, as `GetOpportunity` shows it of an opportunity that nobody renamed."""
        return str(self.details(deal)["Project"]["Title"])

    def account(self, deal: Deal) -> Json:
        """Returns the customer of a deal."""
        account: Json = self._summary(deal)["Customer"]["Account"]
        return account

    def details(self, deal: Deal) -> Json:
        """Returns the members that only `GetOpportunity` shows of a deal's opportunity."""
        return self.store.recipe.details(deal.number, self._summary(deal))

    def _summary(self, deal: Deal) -> Json:
        return self.store.recipe.summary(deal.number, deal.opportunity, deal.created, deal.created)

    def _is_submitted(self, deal: Deal) -> bool:
        row = self.store.rows.get(deal.opportunity)
        return row is None or row.facets(self.store.record)["LifeCycleReviewStatus"] not in NOT_SUBMITTED

    def _deal(self, invented: Invented) -> Deal:
        number, created = invented.number, invented.created

        def share(purpose: str) -> float:
            return self.draws.share(purpose, number)

        def chance(part: float, purpose: str) -> bool:
            return self.draws.chance(part, purpose, number)

        referral = is_referral(self.draws, number)
        began = created - int(4 * DAY * share("ahead")) if referral else created + int(12 * HOUR * share("shared"))
        has_lead = chance(0.12, "lead")
        is_converted = has_lead and not referral and chance(0.6, "converted")
        lead_since = self._lately(invented, "lead") if has_lead and not is_converted else None
        has_other = chance(0.12, "other")
        return Deal(
            number=number,
            opportunity=invented.id,
            created=created,
            is_referral=referral,
            began=began,
            answered=created if referral else began + HOUR + int(3 * DAY * share("answer")),
            is_refused=not referral and chance(0.15, "refused"),
            is_failed=not referral and chance(0.04, "failed"),
            lead_since=lead_since or created - int(30 * DAY * share("lead age")) if has_lead else None,
            is_converted=is_converted,
            other_since=(self._lately(invented, "other") or created) if has_other else None,
        )

    def _lately(self, invented: Invented, purpose: str) -> int | None:
        """Returns an instant in the two weeks before the emulated clock began, for some of what is older.

        So there is always an invitation that waits for an answer, and a lead that sees more of life.
        """
        if invented.created >= self._start or not self.draws.chance(0.3, f"late {purpose}", invented.number):
            return None
        return self._start - int(14 * DAY * self.draws.share(f"lateness {purpose}", invented.number))
