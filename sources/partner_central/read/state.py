"""What is kept between runs, in the destination: the only place that knows the keys of the state.

    {"catalog": ..., "account": ...,
     "cursors": {set of filters: {"watermark", "seen", "backfill", "rejected", "unconfirmed", "answered", "looked",
                                    "whole"}},
     "members": names of members the model does not know,
     "listing": {"begun": n, "complete": {"number", "order", "at", "windows"}},
     "order": read_order of the newest version, "undated": true,
     "mending": tables that were lost, while nothing has been read again}

Listings of everything, and versions, are numbered. Clocks of machines are not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .changes import Cursor, OtherFilterSets
from .checkpoint import Checkpoint
from .timestamps import from_text, to_text

WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class StoredCounters:
    """The numbers that the tables of a destination hold already, also of a run that died before its state was stored.

    Attributes:
        order: greatest `read_order`.
        sweep: greatest `last_listed_sweep`.
    """

    order: int = 0
    sweep: int = 0


@dataclass(frozen=True, slots=True)
class FullListing:
    """A listing of everything that was read to its end.

    Attributes:
        number: its number.
        order: read_order of the newest version before it began.
        at: when it began, by the service's clock.
        windows: whether it was read by CreatedDate, so that records without one may be missing.
    """

    number: int
    order: int
    at: datetime
    windows: bool

    def dump(self) -> dict[str, Any]:
        """The listing as JSON-ready state."""
        return {"number": self.number, "order": self.order, "at": self.at.isoformat(), "windows": self.windows}

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> FullListing:
        """Read what `dump` wrote."""
        return cls(state["number"], state["order"], datetime.fromisoformat(state["at"]), state["windows"])


@dataclass(frozen=True, slots=True)
class RejectedRange:
    """Records that could not become rows.

    Attributes:
        by: the version of this program that rejected them.
        since: their lowest LastModifiedDate; None where one has none, so that only everything holds them.
    """

    by: str
    since: datetime | None

    def and_also(self, modified: datetime | None) -> RejectedRange:
        """These and one more."""
        since = None if self.since is None or modified is None else min(self.since, modified)
        return RejectedRange(self.by, since)


class State:
    """The state of one set of filters, and what all of them share.

    Args:
        stored: the whole state, as the last run left it.
        scope: the name of the filters.
        floors: gives the numbers that the tables hold already; asked for before one is given.

    Attributes:
        is_new: whether no run came to its end before.
        cursor: how far the last complete run came.
        elsewhere: what other sets of filters remember of records.
        backfill: a reading that was interrupted.
        unconfirmed: a listing of everything that the next increment may confirm.
        answered: what a full load was asked for that has ended, while the increment behind it has not.
        looked: whether the increment that gave the cursor found nothing new, in the runs that it took.
        rejected: what a later version of this program is to try again.
        whole: whether everything is to be read, wherever a first load is said to begin: tables were lost.
        begun: number of the newest listing of everything that was begun.
        complete: the newest one that was read to its end.
        order: read_order of the newest version handed on.
        undated: whether a record without CreatedDate is known.
    """

    def __init__(
        self, stored: Mapping[str, Any], scope: str, floors: Callable[[], StoredCounters] = StoredCounters
    ) -> None:
        self._stored = stored
        self._scope = scope
        self.is_new = not stored.get("cursors")
        self._floors: Callable[[], StoredCounters] | None = floors
        cursors = stored.get("cursors", {})
        own = cursors.get(scope, {})
        self.elsewhere = OtherFilterSets({name: cursors[name] for name in cursors if name != scope})
        listing = stored.get("listing", {})
        backfill, rejected, complete = own.get("backfill"), own.get("rejected"), listing.get("complete")
        self.cursor = Cursor.load(own)
        self.backfill = Checkpoint.load(backfill) if backfill else None
        unconfirmed = own.get("unconfirmed")
        self.unconfirmed = FullListing.load(unconfirmed) if unconfirmed else None
        self.answered: dict[str, str | None] | None = own.get("answered")
        self.looked: bool = own.get("looked", False)
        self.whole: bool = own.get(WHOLE, False)
        self.rejected = RejectedRange(rejected["by"], from_text(rejected["since"])) if rejected else None
        self.begun: int = listing.get("begun", 0)
        self.complete = FullListing.load(complete) if complete else None
        self.order: int = stored.get("order", 0)
        self.undated: bool = stored.get("undated", False)

    def next_order(self) -> int:
        """The read_order of one more version."""
        self._heed_floors()
        self.order += 1
        return self.order

    def next_listing(self) -> int:
        """The number of one more listing of everything."""
        self._heed_floors()
        self.begun += 1
        return self.begun

    def _heed_floors(self) -> None:
        if self._floors is not None:
            floors, self._floors = self._floors(), None
            self.order, self.begun = max(self.order, floors.order), max(self.begun, floors.sweep)

    def dump(self) -> dict[str, Any]:
        """The whole state, JSON-ready; equal states give equal ones, so that a quiet run stores nothing."""
        own = self.cursor.dump()
        if self.backfill is not None:
            own["backfill"] = self.backfill.dump()
        if self.unconfirmed is not None:
            own["unconfirmed"] = self.unconfirmed.dump()
        if self.answered is not None:
            own["answered"] = self.answered
        if self.looked:
            own["looked"] = True
        if self.whole:
            own[WHOLE] = True
        if self.rejected is not None:
            own["rejected"] = {"by": self.rejected.by, "since": to_text(self.rejected.since)}
        listing: dict[str, Any] = {"begun": self.begun}
        if self.complete is not None:
            listing["complete"] = self.complete.dump()
        mending: dict[str, Any] = {"mending": []} if self._stored.get("mending") else {}
        return {
            **self._stored,
            **mending,
            "cursors": {**self.elsewhere.dump(), self._scope: own},
            "listing": listing,
            "order": self.order,
            "undated": self.undated,
        }
