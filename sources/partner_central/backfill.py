"""A sweep under way: what an interrupted first load, full load or long increment goes on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import windows


@dataclass(slots=True)
class Backfill:
    """A sweep and how far it is.

    Attributes:
        watermark: newest LastModifiedDate before it began; the cursor once it is complete.
        modified_since: it reads what was modified at or after this; None for everything.
        full: whether it was asked for as a full load.
        windows: what it reads; none before it is planned.
        about: estimated number of records.
        listed_at: when it began, if it lists everything there is.
    """

    watermark: datetime
    modified_since: datetime | None
    full: bool
    windows: list[windows.Window] = field(default_factory=list)
    about: int = 0
    listed_at: datetime | None = None

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Backfill:
        """Read what `dump` wrote."""
        since, listed_at = state["modified_since"], state.get("listed_at")
        return cls(
            datetime.fromisoformat(state["watermark"]),
            datetime.fromisoformat(since) if since else None,
            state["full"],
            windows.load(state["windows"]),
            state["about"],
            datetime.fromisoformat(listed_at) if listed_at else None,
        )

    def dump(self) -> dict[str, Any]:
        """The sweep as JSON-ready state."""
        state = {
            "watermark": self.watermark.isoformat(),
            "modified_since": self.modified_since and self.modified_since.isoformat(),
            "full": self.full,
            "windows": windows.dump(self.windows),
            "about": self.about,
        }
        return state | ({"listed_at": self.listed_at.isoformat()} if self.listed_at else {})
