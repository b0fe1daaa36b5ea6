"""The changes of a catalog as EventBridge events: of opportunities, AWS's summaries, invitations and engagements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..clock import Clock
from .aws_side import AwsSide
from .collections import Collections
from .deals import ACCOUNT, AWS, Deals
from .members import Members
from .records import Json
from .row import Row
from .store import Store

OWN_VIEW: Final = "OpportunitySummaryView"
AWS_VIEW: Final = "AwsOpportunitySummaryFullView"

_SIDES: Final = {"RECEIVER": "Receiver", "SENDER": "Sender"}
_ANSWERS: Final = {"ACCEPTED": "Accepted", "EXPIRED": "Expired", "REJECTED": "Rejected"}


@dataclass(frozen=True, slots=True)
class Event:
    """An event of EventBridge.

    Attributes:
        at: When it happened, in microseconds since 1970.
        kind: The detail-type, such as `Opportunity Updated`.
        detail: The detail.
        resources: The ARNs of what it is about.
    """

    at: int
    kind: str
    detail: Json
    resources: tuple[str, ...] = ()


class News:
    """Notes what changes, and tells it once. The caller holds the lock.

    Args:
        store: The opportunities.
        deals: What belongs to them.
        collections: Invitations and engagements.
        aws: The summaries of AWS.
        clock: The emulated time.
    """

    def __init__(self, store: Store, deals: Deals, collections: Collections, aws: AwsSide, clock: Clock) -> None:
        self._catalog = store.recipe.catalog
        self._store = store
        self._deals = deals
        self._collections = collections
        self._aws = aws
        self._clock = clock
        self._lived = clock.lived
        self._gone: set[str] = set()
        self._events: list[Event] = []
        self._invitations: dict[str, str] = {}
        self._engagements: dict[str, tuple[str, frozenset[str]]] = {}
        store.watchers.append(self)
        aws.watchers.append(self._aws_changed)

    def before_change(self, row: Row) -> None:
        """Does nothing: what is left or entered is told."""

    def left(self, row: Row) -> None:
        """Keeps that an opportunity was there."""
        self._gone.add(row.id)

    def entered(self, row: Row) -> None:
        """Notes an opportunity that is new or has changed."""
        kind = "Updated" if row.id in self._gone else "Created"
        self._gone.discard(row.id)
        at = row.modified if row.modified > 0 else self._clock.now()
        self._opportunity(row.id, kind, at)
        if kind == "Updated":
            self._snapshot(row.id, OWN_VIEW, at)

    def remember(self) -> None:
        """Keeps invitations and engagements as they are, to tell later what has changed."""
        self._invitations = {one["Id"]: one["Status"] for one in self._heads("engagement_invitations")}
        self._engagements = {one["Id"]: _state(one) for one in self._heads("engagements")}

    def take(self, *, compared: bool) -> list[Event]:
        """Returns what has changed since the last time, in the order of time.

        Args:
            compared: Whether to tell of invitations and engagements too, since `remember`.
        """
        if self._lived != self._clock.lived:
            for identifier in self._aws.moved(self._lived, self._clock.lived):
                self._aws_changed(identifier)
            self._lived = self._clock.lived
        if compared:
            self._compare()
        self._gone.clear()
        told, self._events = sorted(self._events, key=lambda event: event.at), []
        return told

    def _compare(self) -> None:
        for one in self._heads("engagement_invitations"):
            before = self._invitations.get(one["Id"])
            if before is None:
                self._invitation(one, "Created")
            if one["Status"] != before and one["Status"] in _ANSWERS:
                self._invitation(one, _ANSWERS[one["Status"]])
        for one in self._heads("engagements"):
            modified, accounts = _state(one)
            known = self._engagements.get(one["Id"])
            if known is None:
                self._engagement(one, "Created", {"CreatedAt": one.get("CreatedAt"), "CreatedBy": one.get("CreatedBy")})
            elif known[0] != modified:
                by = one.get("ModifiedBy")
                self._engagement(one, "Updated", {"LastModifiedAt": modified, "LastModifiedBy": by})
            for account in sorted(accounts - (known[1] if known else frozenset({one.get("CreatedBy")}))):
                self._member(one, account)

    def _heads(self, stream: str) -> list[Json]:
        collection = self._collections.streams[stream]
        collection.refresh()
        return [collection.head(identifier) for identifier in collection.identifiers()]

    def _aws_changed(self, identifier: str) -> None:
        self._opportunity(identifier, "Updated", self._clock.now())
        self._snapshot(identifier, AWS_VIEW, self._clock.now())

    def _add(self, at: int, kind: str, detail: Json, *resources: str | None) -> None:
        named = tuple(one for one in resources if one)
        self._events.append(Event(at, kind, {"catalog": self._catalog, **detail}, named))

    def _opportunity(self, identifier: str, kind: str, at: int) -> None:
        detail = {"opportunity": {"identifier": identifier}, "schemaVersion": "1"}
        self._add(at, f"Opportunity {kind}", detail)

    def _snapshot(self, identifier: str, view: str, at: int) -> None:
        row = self._store.rows.get(identifier)
        engagement = None if row is None or row.index < 0 else self._deals.engagement_of(row.index, self._clock.lived)
        if engagement is None:
            return
        detail = {
            "arn": self._deals.arn("resource-snapshot", f"{engagement}/Opportunity/{identifier}/{view}"),
            "createdBy": AWS if view == AWS_VIEW else ACCOUNT,
            "engagementId": engagement,
            "resourceId": identifier,
            "resourceSnapshotTemplateName": view,
            "resourceType": "Opportunity",
            "targetMemberAccounts": [ACCOUNT],
        }
        arn = self._deals.arn("engagement", engagement)
        self._add(at, "Engagement Resource Snapshot Created", {"resourceSnapshot": detail}, arn)

    def _invitation(self, one: Json, kind: str) -> None:
        detail = {
            "arn": one.get("Arn"),
            "engagementId": one.get("EngagementId"),
            "id": one["Id"],
            "participantType": _SIDES.get(one.get("ParticipantType") or "", one.get("ParticipantType")),
            "payloadType": one.get("PayloadType"),
            "receiverAccountId": ((one.get("Receiver") or {}).get("Account") or {}).get("AwsAccountId"),
            "senderAccountId": one.get("SenderAwsAccountId"),
        }
        if kind == "Created":
            detail |= {"expirationDate": one.get("ExpirationDate"), "senderCompanyName": one.get("SenderCompanyName")}
        self._add(self._clock.now(), f"Engagement Invitation {kind}", {"engagementInvitation": detail}, one.get("Arn"))

    def _engagement(self, one: Json, kind: str, members: Json) -> None:
        names = {"ContextTypes": one.get("ContextTypes"), "engagementArn": one.get("Arn"), "engagementId": one["Id"]}
        self._add(self._clock.now(), f"Engagement {kind}", {"engagement": {**names, **members}}, one.get("Arn"))

    def _member(self, one: Json, account: str) -> None:
        members: Members = self._collections.members
        company = members.company(f"{one['Id']}/{account}")
        detail = {"engagement": {"id": one["Id"]}, "engagementMember": {"accountId": account, "companyName": company}}
        self._add(self._clock.now(), "Engagement Member Added", detail, one.get("Arn"))


def _state(engagement: Json) -> tuple[str, frozenset[str]]:
    return str(engagement.get("ModifiedAt")), frozenset(engagement.get("Members") or ())
