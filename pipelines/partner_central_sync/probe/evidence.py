"""The record of a probe, and plain readings of it. Decisions are made from this alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

Status = Literal["answered", "denied", "refused", "invalid", "not found", "failed", "not sent"]
Verdict = Literal["ok", "contradicts", "open"]

FRACTION: Final = re.compile(r"T\d\d:\d\d:\d\d(?:\.(\d+))?")
UNASKED: Final = "It was not asked"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request on the wire.

    Attributes:
        operation: such as `ListSolutions`.
        sent: when, in seconds of a monotonic clock.
        took: seconds until the answer.
        http_status: of the answer; 0 without one.
        code: of an error; empty without one.
        ahead: seconds by which the service's Date header is ahead of this machine's clock; None without the header.
        has_retry_after: whether the answer said when to call again.
        action: the IAM action that a denial names; empty without one.
    """

    operation: str
    sent: float = 0.0
    took: float = 0.0
    http_status: int = 200
    code: str = ""
    ahead: float | None = None
    has_retry_after: bool = False
    action: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The outcome of a call.

    Attributes:
        status: `answered`, or why there is no answer. `invalid` is a request that the service does not take.
        body: the answer, as the JSON has it.
        reason: the service's own name for a refusal.
        served_at: the service's clock when it answered.
    """

    status: Status
    body: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    served_at: datetime | None = None

    @property
    def is_answered(self) -> bool:
        """Returns whether there is an answer."""
        return self.status == "answered"

    @property
    def records(self) -> list[Mapping[str, Any]]:
        """Returns the records of the answer, wherever it has them."""
        lists = [found for found in self.body.values() if isinstance(found, list)]
        return [one for one in lists[0] if isinstance(one, Mapping)] if lists else []

    @property
    def ids(self) -> list[str]:
        """Returns the keys of the records."""
        return [str(one.get("Id")) for one in self.records]

    @property
    def marks(self) -> list[tuple[str, str]]:
        """Returns key and date of the last change of each record: equal for equal versions."""
        return [(str(one.get("Id")), str(one.get("LastModifiedDate"))) for one in self.records]

    @property
    def token(self) -> str | None:
        """Returns the token of the next page."""
        found = self.body.get("NextToken")
        return found if isinstance(found, str) and found else None


@dataclass(slots=True)
class Evidence:
    """Everything that a probe has recorded.

    Attributes:
        catalog: `AWS` or `Sandbox`.
        replies: what came of each step, by its name; a step that was not made is not there.
        operations: what came of the first call of each operation, by its name.
        too_large: operations that do not take the largest page of the service model.
        unasked: operations that were not called, since no record has the key that they need.
        attempts: every request on the wire.
        token_age: seconds that the token had waited before its late use.
        required: the members that the service model requires, as paths, by operation.
        known: all members that the service model knows, as paths, by operation.
    """

    catalog: str = "AWS"
    replies: dict[str, Reply] = field(default_factory=dict)
    operations: dict[str, Reply] = field(default_factory=dict)
    too_large: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    token_age: float = 0.0
    required: Mapping[str, Sequence[str]] = field(default_factory=dict)
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def reply(self, name: str) -> Reply:
        """Returns what came of a step."""
        return self.replies.get(name, Reply("not sent"))

    def answered(self, *names: str) -> bool:
        """Returns whether all of these steps were answered."""
        return all(self.reply(name).is_answered for name in names)


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer to a question. Nothing in it comes from a record.

    Attributes:
        text: what was seen, in words.
        verdict: whether it is what this project assumes; `open` if it could not be told.
        setting: what follows for a user; empty if nothing.
        details: the same for programs.
    """

    text: str
    verdict: Verdict = "ok"
    setting: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def untold(reason: str) -> Seen:
    """Returns that a question could not be answered."""
    return Seen(reason, "open")


def why_missing(*replies: Reply) -> Seen:
    """Returns that a question could not be answered since a call it needs was not."""
    reply = next((one for one in replies if not one.is_answered), Reply("not sent"))
    reasons = {
        "denied": "The policy does not allow the call.",
        "refused": "AWS refuses the call.",
        "invalid": "The service does not take the request.",
        "not found": "The service did not find the record.",
        "failed": "The service did not answer.",
        "not sent": f"{UNASKED}: no record fits, or the calls were used up.",
    }
    return untold(reasons.get(reply.status, f"{UNASKED}."))


def instant(text: object) -> datetime | None:
    """Returns a timestamp of the service; None for what is not one."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None


def digits(text: object) -> int | None:
    """Returns how many digits of a second a timestamp has; None for what is not one."""
    found = FRACTION.search(text) if isinstance(text, str) else None
    return None if found is None else len(found[1] or "")
