"""The members of engagements: the one that invites, the invited one once it accepts, and other partners over days."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from ..clock import DAY
from ..service_model import projection, service_model
from . import words
from .collection import Collection
from .deals import ACCOUNT, AWS
from .draws import Draws
from .merge import merged
from .pager import Entry, Pager, whole
from .query import PageRequest
from .records import Json

OTHERS_AT_MOST: Final = 13

_KNOWN: Final = {
    ACCOUNT: {"CompanyName": "Example Partner", "WebsiteUrl": "https://www.partner.example"},
    AWS: {"CompanyName": "AWS", "WebsiteUrl": "https://aws.amazon.com"},
}


def accounts_of(draws: Draws, engagement: str, sides: tuple[str, ...], began: int, lived: int) -> list[str]:
    """Returns the accounts of the members that an invented engagement has at a time.

    Other partners join a few engagements that have both sides. Some of them leave after two months.

    Args:
        draws: Of the catalog.
        engagement: Its identifier.
        sides: The accounts of the one that invites and of the one that accepted.
        began: When it began.
        lived: The emulated time.
    """
    accounts = list(sides)
    if len(sides) == 1 or not draws.chance(0.08, f"others {engagement}", 0):
        return accounts
    for place in range(1 + int(OTHERS_AT_MOST * draws.share(f"how many {engagement}", 0))):
        joined = began + int(20 * DAY * draws.share(f"joins {engagement}", place))
        leaves = draws.chance(0.2, f"leaves {engagement}", place)
        if joined <= lived and not (leaves and joined + 60 * DAY <= lived):
            accounts.append(f"{1 + int(999_999_999_998 * draws.share(f'partner {engagement}', place)):012d}")
    return accounts


class Members:
    """The members of each engagement. The caller holds the lock.

    The engagement has the accounts; what is known of an account besides is here. The identifier of a member is that of
    its engagement, a slash, and its account.

    Args:
        engagements: The engagements.
        pager: Cuts the pages.
    """

    def __init__(self, engagements: Collection, pager: Pager) -> None:
        self._engagements = engagements
        self._pager = pager
        self._own: dict[str, Json] = {}
        self._overlays: dict[str, Json] = {}
        self._project: Callable[[Any], Any] | None = None

    def page(self, engagement: str, request: PageRequest) -> tuple[list[bytes], str | None]:
        """Returns one page of an engagement's members in JSON, and the token of the next page if there is one.

        Raises:
            KeyError: The engagement does not exist or is not visible.
            ServiceError: `ValidationException`; the NextToken is not valid for this request.
        """
        entries: list[Entry] = sorted((account, f"{engagement}/{account}") for account in self._accounts(engagement))
        return self._pager.page(request, lambda: whole(entries), self._encode)

    def truth(self) -> list[Json]:
        """Returns every member as `ListEngagementMembers` shows it, with its EngagementId."""
        self._engagements.refresh()
        return [
            {"EngagementId": engagement, **self._shown(f"{engagement}/{account}")}
            for engagement in self._engagements.identifiers()
            for account in self._accounts(engagement)
        ]

    def put(self, record: Json) -> str:
        """Adds a member or replaces it; gives its identifier.

        Raises:
            KeyError: The engagement does not exist.
        """
        engagement, account = record["EngagementId"], record["AccountId"]
        identifier = f"{engagement}/{account}"
        accounts = self._accounts(engagement)
        self._touch(identifier)
        self._own[identifier] = merged({}, record)
        if account not in accounts:
            self._set(engagement, [*accounts, account])
        return identifier

    def change(self, identifier: str, changes: Json) -> None:
        """Merges changes into a member."""
        record = self._record(identifier)
        self._touch(identifier)
        self._own[identifier] = merged(record, changes)

    def remove(self, identifier: str) -> None:
        """Lets a member leave."""
        self._record(identifier)
        self._touch(identifier)
        self._own.pop(identifier, None)
        engagement, _, account = identifier.partition("/")
        self._set(engagement, [one for one in self._accounts(engagement) if one != account])

    def overlay(self, identifier: str, members: Json) -> None:
        """Lays members over what is shown of a member."""
        self._record(identifier)
        self._touch(identifier)
        self._overlays[identifier] = {**self._overlays.get(identifier, {}), **members}

    def clear(self) -> None:
        """Does nothing: members are those of the engagements that are visible."""

    def company(self, identifier: str) -> str | None:
        """Returns the company of a member."""
        return self._record(identifier).get("CompanyName")

    def _record(self, identifier: str) -> Json:
        engagement, _, account = identifier.partition("/")
        if account not in self._accounts(engagement):
            raise KeyError(f"engagement {engagement} has no member {account}")
        return self._own.get(identifier) or {"AccountId": account, **(_KNOWN.get(account) or _partner(account))}

    def _shown(self, identifier: str) -> Json:
        if self._project is None:
            self._project = projection(service_model().shape_for("EngagementMember"))
        shown: Json = self._project(self._record(identifier))
        overlay = self._overlays.get(identifier)
        return shown if overlay is None else merged(shown, overlay)

    def _encode(self, identifier: str) -> bytes:
        return json.dumps(self._shown(identifier)).encode()

    def _touch(self, identifier: str) -> None:
        if identifier.partition("/")[2] in self._accounts(identifier.partition("/")[0]):
            self._pager.save(identifier, self._encode)

    def _set(self, engagement: str, accounts: list[str]) -> None:
        self._engagements.change(engagement, {"MemberCount": len(accounts), "Members": accounts})

    def _accounts(self, engagement: str) -> list[str]:
        record = self._engagements.known_head(engagement)
        if "Members" in record:
            return list(record["Members"])
        return list(dict.fromkeys([record.get("CreatedBy") or ACCOUNT, ACCOUNT]))


def _partner(account: str) -> Json:
    number = int(account) if account.isdecimal() else 0
    stem = words.FIRST[number % len(words.FIRST)] + words.SECOND[number // 7 % len(words.SECOND)]
    return {"CompanyName": f"{stem} Partners", "WebsiteUrl": f"https://www.{stem.lower()}-partners.example"}
