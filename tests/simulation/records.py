"""The records of an account, and what they were before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
START = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
STAGES = ("Prospect", "Qualified", "Launched")
COMPANIES = ("Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Pine", "Yew")
MODELS = ("SaaS or PaaS", "BYOL or AMI", "Managed Services", "Other")


@dataclass(slots=True)
class Version:
    """What a record was from a moment on; `turn` counts the events of the whole schedule."""

    record: Json
    modified: datetime
    since: datetime
    turn: int


@dataclass(slots=True)
class Opportunity:
    """A record and what it was before."""

    key: str
    created: datetime | None
    versions: list[Version]
    visible: bool = True
    visible_since: int = 0

    @property
    def now(self) -> Version:
        return self.versions[-1]

    def at(self, moment: datetime) -> Version:
        """The version that was the newest then; the first, if it was not there."""
        return next((version for version in reversed(self.versions) if version.since <= moment), self.versions[0])


MEMBERS: dict[str, Callable[[Opportunity], object]] = {
    "LifeCycleStage": lambda one: one.now.record["LifeCycle"]["Stage"],
    "CustomerCompanyName": lambda one: one.now.record["Customer"]["Account"]["CompanyName"],
    "Identifier": lambda one: one.key,
}


def text(moment: datetime) -> str:
    """A moment as the API writes it: without a fraction, or with three digits."""
    written = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{written}.{moment.microsecond // 1000:03}Z" if moment.microsecond else f"{written}Z"
