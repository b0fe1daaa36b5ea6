"""The parts of the state next to cursors and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from .timestamps import from_text, to_text


class StoredCounters(NamedTuple):
    """The greatest numbers in the tables of a destination, also of a run that died before its state was stored.

    Attributes:
        order: greatest `read_order`.
        full_listing: greatest `last_listed_sweep`.
    """

    order: int = 0
    full_listing: int = 0


class FullListing(NamedTuple):
    """A full listing that was read to its end.

    Attributes:
        number: its number.
        order: read_order of the newest version before it began.
        at: when it began, by the service's clock.
        by_partitions: whether it was read in partitions of CreatedDate, so that records without one may be missing.
    """

    number: int
    order: int
    at: datetime
    by_partitions: bool

    def dump(self) -> dict[str, Any]:
        """The listing as JSON-ready state."""
        return {"number": self.number, "order": self.order, "at": self.at.isoformat(), "windows": self.by_partitions}

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> FullListing:
        """Read what `dump` wrote."""
        return cls(state["number"], state["order"], datetime.fromisoformat(state["at"]), state["windows"])


class RejectedRange(NamedTuple):
    """Records that could not become rows.

    Attributes:
        by: the version of this program that rejected them.
        since: their lowest LastModifiedDate; None where one has none, so that only everything holds them.
    """

    by: str
    since: datetime | None

    def dump(self) -> dict[str, Any]:
        """The range as JSON-ready state."""
        return {"by": self.by, "since": to_text(self.since)}

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> RejectedRange:
        """Read what `dump` wrote."""
        return cls(state["by"], from_text(state["since"]))

    def and_also(self, modified: datetime | None) -> RejectedRange:
        """These and one more."""
        since = None if self.since is None or modified is None else min(self.since, modified)
        return RejectedRange(self.by, since)
