"""One run of the source that is loaded in parts: reading goes on while the last part is normalized and loaded."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Any, Self

from ..errors import PartnerCentralError
from ..metrics import SyncMetrics
from ..tables.row_batch import TableRows
from ..tables.rows import RowMaker
from ..tables.service_model import RecordModel
from .incremental import IncrementalReader
from .state import StoredCounters

ROWS_PER_CHUNK, ROWS_PER_BATCH = 20_000, 5_000
SMALLEST_SHARE = 5


class ChunkedLoad:
    """A run that loads a long reading in parts, and can be interrupted between them.

        with ChunkedLoad() as run:
            while run.has_more():
                pipeline.run(partner_central(run=run))

    Each part carries the state from which a later run goes on. What is short is one part. When reading fails on the
    way, the part that was begun ends there, and `has_more` raises once it is loaded.

    Args:
        tally: where the run is counted.
        rows_per_part: rows after which a part ends, fewer towards the end of the reading; None for one part, which is
            lost as a whole when reading fails.
        floors: gives the numbers that the destination's tables hold already; asked for when something is new.

    Attributes:
        row_maker: makes the rows; set when reading begins.
    """

    def __init__(
        self,
        tally: SyncMetrics | None = None,
        rows_per_part: int | None = ROWS_PER_CHUNK,
        floors: Callable[[], StoredCounters] = StoredCounters,
    ) -> None:
        self.tally = tally or SyncMetrics()
        self.floors = floors
        self.row_maker: RowMaker | None = None
        self._rows_per_part = rows_per_part
        self._over = False
        self._failure: PartnerCentralError | None = None
        self._reading: IncrementalReader | None = None
        self._batches: Generator[TableRows] | None = None

    def has_more(self) -> bool:
        """Whether there is another part to load.

        Raises:
            PartnerCentralError: reading failed; what was read before is loaded, and the next run goes on there.
        """
        if self._failure is not None:
            raise self._failure
        return not self._over

    @property
    def is_complete(self) -> bool:
        """Whether the part that was made last is the last one, and reading did not fail."""
        return self._over and self._failure is None

    def next_chunk(self, begin: Callable[[], IncrementalReader]) -> Iterator[TableRows]:
        """The batches of the next part; `begin` opens the reading, for the first one."""
        if self._reading is None or self._batches is None:
            self._reading = begin()
            self._batches = self._reading.batches()
        rows, held = 0, TableRows()
        try:
            for batch in self._batches:
                held.add(batch)
                rows += len(batch.rows) + len(batch.rejected)
                most = self._rows_per_part
                ends = most is not None and rows >= self._enough(most) and self._reading.is_resumable
                if ends or len(held.rows) + len(held.rejected) >= ROWS_PER_BATCH:
                    yield held
                    held = TableRows()
                if ends:
                    return
        except PartnerCentralError as error:
            if self._rows_per_part is None or not self._reading.is_resumable:
                raise
            self._failure = error
        yield held
        self._over = True

    def _enough(self, most: int) -> float:
        """Rows of this part: fewer towards the end, so that little is left to load when reading is over."""
        if self.tally.estimated_records is None:
            return most
        return min(most, max(most / SMALLEST_SHARE, (self.tally.estimated_records - self.tally.read) / 2))

    def state(self) -> dict[str, Any]:
        """The whole state after what has been handed on."""
        return self._reading.state() if self._reading else {}

    @property
    def placed(self) -> RecordModel:
        """The columns of the records, as the destination has them."""
        return self.row_maker.placed if self.row_maker else RecordModel((), ())

    def close(self) -> None:
        """Stop reading."""
        if self._batches is not None:
            self._batches.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
