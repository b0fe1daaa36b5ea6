"""A reading under way: what an interrupted first load, full load or long increment goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import windows


@dataclass(slots=True)
class Backfill:
    """A reading and how far it is: by windows of CreatedDate, or in one chain of pages.

    Attributes:
        watermark: newest LastModifiedDate before it began; the cursor once it is complete.
        modified_since: it reads what was modified at or after this; None for everything.
        full: whether it was asked for as a full load.
        asked: what else was asked for: where it was to begin, what becomes of personal data.
        windows: what it reads; none before it is planned, or in one chain.
        about: estimated number of records.
        token: the token of the next page, in one chain.
        number: its number if it lists everything there is.
        order: read_order of the newest version before it began.
        at: when it began, by the service's clock.
    """

    watermark: datetime | None
    modified_since: datetime | None
    full: bool
    asked: dict[str, str | None] = field(default_factory=dict)
    windows: list[windows.Window] = field(default_factory=list)
    about: int = 0
    token: str | None = None
    number: int | None = None
    order: int = 0
    at: datetime | None = None

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Backfill:
        """Read what `dump` wrote; what an earlier version wrote says less, and lists nothing to conclude from."""
        return cls(
            _read(state["watermark"]),
            _read(state["modified_since"]),
            state["full"],
            dict(state.get("asked", {})),
            windows.load(state["windows"]),
            state["about"],
            state.get("token"),
            state.get("number"),
            state.get("order", 0),
            _read(state.get("at")),
        )

    def dump(self) -> dict[str, Any]:
        """The reading as JSON-ready state."""
        return {
            "watermark": self.watermark and self.watermark.isoformat(),
            "modified_since": self.modified_since and self.modified_since.isoformat(),
            "full": self.full,
            "asked": self.asked,
            "windows": windows.dump(self.windows),
            "about": self.about,
            "token": self.token,
            "number": self.number,
            "order": self.order,
            "at": self.at and self.at.isoformat(),
        }


def _read(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
