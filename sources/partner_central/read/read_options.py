"""The options of a reading, and whether an interrupted one can be continued with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..stream import IncrementalStream
from .changes import Cursor, read_from
from .checkpoint import Checkpoint
from .filters import FilterSet
from .request import ListRequest
from .state_parts import RejectedRange
from .timestamps import to_text

FEW_CALLS = 10


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of a reading.

    Attributes:
        stream: whose records.
        catalog: `AWS` or `Sandbox`.
        filters: which records.
        since: LastModifiedDate at which a first load, or a full one, begins; None for all there are.
        full: read everything again, whatever the cursor says.
        lookback: how far below the cursor to read again.
        pii: what becomes of personal data, and by which key.
        most_rejected: share of the records, 0 to 1, that may be rejected while the cursor moves.
        max_calls: calls of the run; None for as many as the day has left.
    """

    stream: IncrementalStream
    catalog: str
    filters: FilterSet
    since: datetime | None
    full: bool
    lookback: timedelta
    pii: str = "keep"
    most_rejected: float = 0.2
    max_calls: int | None = None

    @property
    def can_sample(self) -> bool:
        """Returns whether calls are left, once samples are taken, to continue what was interrupted."""
        return self.max_calls is None or self.max_calls >= FEW_CALLS

    @property
    def conditions(self) -> dict[str, str | None]:
        """Returns what an interrupted reading must have been asked for to be continued."""
        return {"since": to_text(self.since), "pii": self.pii}

    def can_continue(self, checkpoint: Checkpoint) -> bool:
        """Returns whether this question is answered by continuing a reading that was interrupted.

        A plain sync continues any reading of the same kind. A full one, or one that says where to begin, continues only
        a reading with the same options.
        """
        if self.full and not checkpoint.full:
            return False
        conditions = self.conditions
        if conditions["pii"] != checkpoint.conditions.get("pii"):
            return False
        is_said = self.full or (self.since is not None and not checkpoint.full)
        return not is_said or conditions["since"] == checkpoint.conditions.get("since")

    def listing(self, cursor: Cursor, again: RejectedRange | None) -> ListRequest:
        """The listing that answers this question after a run that left `cursor`.

        Args:
            cursor: where the last complete run left off.
            again: records that are to be tried again.
        """
        floor = read_from(cursor.watermark, self.lookback)
        if cursor.watermark is None or (self.full and self.since is None):
            return self.all(self.since)
        if again is not None and floor is not None:
            floor = min(floor, again.since) if again.since else None
        if self.full and self.since is not None and floor is not None:
            floor = min(self.since, floor)
        return self.all(floor)

    def all(self, modified_since: datetime | None) -> ListRequest:
        """The listing of what was last modified at or after a moment."""
        return ListRequest(self.stream, self.catalog, self.filters, modified_since)
