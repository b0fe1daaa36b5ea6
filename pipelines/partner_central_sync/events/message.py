"""Reads the body of one SQS message: an event of EventBridge, as it is or wrapped by SNS.

There is no list of the kinds of events: AWS adds kinds, and its own pages disagree on their names. The members of
`detail` decide what an event is about. Nothing of a body that cannot be read is kept, since it may hold anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

SOURCE = "aws.partnercentral-selling"
OPPORTUNITY = "opportunity"
OPPORTUNITY_ID = re.compile(r"O[0-9]{1,19}")  # a request with another id fails, and the other ids in it
ENGAGEMENT_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
KIND = re.compile(r"[A-Za-z][A-Za-z -]{0,79}")
OTHER_KIND = "other"
MILLISECONDS = 1000
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the catalog.

    Attributes:
        kind: the `detail-type`, for counting only; `other` where it is not a few plain words.
        catalog: `AWS` or `Sandbox`.
        opportunity_ids: opportunities to read again.
        engagement_ids: engagements that changed, or whose members did.
        is_about_engagements: whether an engagement or its members changed.
        is_about_invitations: whether an invitation changed.
        happened_at: the time of the event, else that of the message; None without either, or if no event can have it.
        message_id: the same each time that the message is received.
        handle: deletes or gives back the message as it was received this time.
        receive_count: how often the message was received, this time included.
    """

    kind: str
    catalog: str
    opportunity_ids: tuple[str, ...]
    engagement_ids: tuple[str, ...]
    is_about_engagements: bool
    is_about_invitations: bool
    happened_at: datetime | None
    message_id: str
    handle: str = field(repr=False)
    receive_count: int = 1


class Foreign(NamedTuple):
    """A message that can be read and is for somebody else: of another catalog, or from another source."""

    message_id: str


class Unreadable(NamedTuple):
    """A message that is not an event of Partner Central.

    Attributes:
        message_id: of the message.
        reason: what is wrong, without any value of the message.
    """

    message_id: str
    reason: str


class _NotAnEvent(Exception):
    """The reason why a body cannot be read."""


def read_message(message: Mapping[str, Any], catalog: str) -> Event | Foreign | Unreadable:
    """Returns what a message of SQS is; nothing in its body raises an error.

    Args:
        message: one of `ReceiveMessage`, with its attributes.
        catalog: the catalog whose events are wanted.
    """
    identifier = str(message.get("MessageId"))
    try:
        envelope = _envelope(message.get("Body"))
        if _text(envelope.get("source"), "it has no source") != SOURCE:
            return Foreign(identifier)
        detail = _lower(_mapping(envelope.get("detail"), "it has no detail"))
        if _text(detail.get("catalog"), "its detail has no catalog").casefold() != catalog.casefold():
            return Foreign(identifier)
        return _event(message, envelope, detail, catalog)
    except _NotAnEvent as reason:
        return Unreadable(identifier, str(reason))


def _event(message: Mapping[str, Any], envelope: Mapping[str, Any], detail: Mapping[str, Any], catalog: str) -> Event:
    kind, attributes = envelope.get("detail-type"), message.get("Attributes") or {}
    sent, received = attributes.get("SentTimestamp"), str(attributes.get("ApproximateReceiveCount"))
    return Event(
        kind=kind if isinstance(kind, str) and KIND.fullmatch(kind) else OTHER_KIND,
        catalog=catalog,
        opportunity_ids=tuple(dict.fromkeys(_opportunity_ids(detail))),
        engagement_ids=tuple(dict.fromkeys(_engagement_ids(detail))),
        is_about_engagements="engagement" in detail or "engagementmember" in detail,
        is_about_invitations="engagementinvitation" in detail,
        happened_at=_time(envelope.get("time")) or _time_of_sending(sent),
        message_id=str(message.get("MessageId")),
        handle=str(message.get("ReceiptHandle")),
        receive_count=int(received) if received.isdecimal() else 1,
    )


def _envelope(body: object) -> Mapping[str, Any]:
    """Returns the envelope of EventBridge, taken out of that of SNS if there is one."""
    envelope = _json(body)
    if envelope.get("Type") == "Notification" and "Message" in envelope:
        envelope = _json(envelope["Message"])
    return envelope


def _json(value: object) -> Mapping[str, Any]:
    text = _text(value, "it has no text")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _NotAnEvent("it is not JSON") from None
    return _mapping(found, "it is not a JSON object")


def _mapping(value: object, reason: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _NotAnEvent(reason)
    return value


def _text(value: object, reason: str) -> str:
    if not isinstance(value, str) or not value:
        raise _NotAnEvent(reason)
    return value


def _lower(members: Mapping[str, Any]) -> dict[str, Any]:
    """Returns members by their names in small letters: AWS writes `engagementId` as well as `CreatedAt`."""
    return {name.lower(): value for name, value in members.items()}


def _opportunity_ids(detail: Mapping[str, Any]) -> list[str]:
    """Returns the opportunities that `detail` names, one itself and one that a snapshot is of."""
    ids = []
    if OPPORTUNITY in detail:
        members = _lower(_mapping(detail[OPPORTUNITY], "its opportunity is not an object"))
        ids.append(_opportunity_id(members.get("identifier", members.get("id"))))
    if "resourcesnapshot" in detail:
        members = _lower(_mapping(detail["resourcesnapshot"], "its resourceSnapshot is not an object"))
        if str(members.get("resourcetype")).lower() == OPPORTUNITY:
            ids.append(_opportunity_id(members.get("resourceid")))
    return ids


def _opportunity_id(value: object) -> str:
    """Returns the id, also of an ARN, whose last part it is."""
    found = value.rpartition("/")[2] if isinstance(value, str) else ""
    if not OPPORTUNITY_ID.fullmatch(found):
        raise _NotAnEvent("its opportunity has no id that Partner Central takes")
    return found


def _engagement_ids(detail: Mapping[str, Any]) -> Iterator[str]:
    """Yields the engagements that `detail` names, one itself and one that an invitation is to.

    One that cannot be read is left out: the lists of engagements are read in any case.
    """
    for name in ("engagement", "engagementinvitation"):
        members = detail.get(name)
        if isinstance(members, Mapping):
            known = _lower(members)
            own = known.get("id") if name == "engagement" else None
            for value in (known.get("engagementid"), own, known.get("engagementarn")):
                found = value.rpartition("/")[2] if isinstance(value, str) else ""
                if ENGAGEMENT_ID.fullmatch(found):
                    yield found


def _time(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return found and _plausible(found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _time_of_sending(value: object) -> datetime | None:
    try:
        return _plausible(datetime.fromtimestamp(int(str(value)) / MILLISECONDS, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _plausible(found: datetime) -> datetime | None:
    """Returns a time, unless no event can have it: one at the end of the calendar has nothing behind it."""
    return found if EARLIEST <= found < LATEST else None
