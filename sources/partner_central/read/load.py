"""A load in chunks: reading continues while the last chunk is normalized and loaded."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from dlt.common import logger
from dlt.extract import DltResource

from ..errors import PartnerCentralError, RequestRejected
from ..metrics import SyncMetrics
from ..per_id_stream import PerIdStream
from ..stream import Stream
from ..tables.id_reads import DueId
from ..tables.row_batch import TableRows
from ..tables.rows import RowMaker
from ..tables.table import RecordModel
from .state_parts import StoredCounters

ROWS_PER_CHUNK, ROWS_PER_BATCH = 20_000, 5_000
SMALLEST_SHARE = 5


class Reader(Protocol):
    """Reads a stream, whichever way."""

    @property
    def is_resumable(self) -> bool:
        """Returns whether a later run can continue from `state`, though not everything has been read."""

    def batches(self) -> Generator[TableRows]:
        """Every page as a batch."""

    def state(self) -> dict[str, Any]:
        """The whole state of the stream after what has been handed on."""


class StreamReading:
    """The reading of one stream within a load.

    Args:
        load: the load that it is part of.
        table: of the stream.

    Attributes:
        row_maker: makes the rows; set when reading begins.
        is_over: whether its last chunk was made.
        pages: the resource that yields its rows; None where it is not read.
    """

    def __init__(self, load: ChunkedLoad, table: str) -> None:
        self.row_maker: RowMaker | None = None
        self.is_over = False
        self.pages: DltResource | None = None
        self._load = load
        self._table = table
        self._reading: Reader | None = None
        self._batches: Generator[TableRows] | None = None

    @property
    def has_begun(self) -> bool:
        """Returns whether anything was to be read; a stream that is not selected never begins."""
        return self._reading is not None

    def next_chunk(self, begin: Callable[[], Reader]) -> Iterator[TableRows]:
        """The batches of the next part; `begin` opens the reading, for the first one."""
        if self.is_over:
            yield TableRows()
            return
        if self._reading is None or self._batches is None:
            self._reading = begin()
            self._batches = self._reading.batches()
        most = self._load.rows_per_chunk
        rows, batches = 0, TableRows()
        try:
            for batch in self._counted(self._batches):
                batches.add(batch)
                rows += max(len(batch.rows) + len(batch.rejected), len(batch.listed))  # an id may have no row
                ends = most is not None and rows >= self._enough(most) and self._reading.is_resumable
                if ends or len(batches.rows) + len(batches.rejected) >= ROWS_PER_BATCH:
                    yield batches
                    batches = TableRows()
                if ends:
                    return
        except PartnerCentralError as error:
            if most is None or not self._reading.is_resumable:
                raise
            self._load.fail(error)
        yield batches
        self.is_over = True

    def state(self) -> dict[str, Any]:
        """The whole state of the stream after what has been handed on."""
        return self._reading.state() if self._reading else {}

    @property
    def placed(self) -> RecordModel:
        """The columns of the records, as the destination has them."""
        return self.row_maker.placed if self.row_maker else RecordModel((), ())

    def close(self) -> None:
        """Stop reading."""
        if self._batches is not None:
            self._batches.close()

    def _counted(self, batches: Iterator[TableRows]) -> Iterator[TableRows]:
        """Each batch, read while the load counts for this stream: dlt may take turns between streams."""
        while True:
            self._load.metrics.begin_stream(self._table)
            batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def _enough(self, most: int) -> float:
        """Rows of this part: fewer towards the end, so that little is left to load when reading is over."""
        metrics = self._load.metrics.current
        if metrics.estimated_records is None:
            return most
        return min(most, max(most / SMALLEST_SHARE, (metrics.estimated_records - metrics.read) / 2))


class ChunkedLoad:
    """Loads a long reading in chunks, and can be interrupted between them.

        with ChunkedLoad() as load:
            while load.has_more():
                pipeline.run(partner_central(chunked_load=load))

    Each chunk carries the state from which a later run continues. A short reading is one chunk. If reading fails, the
    chunk that was begun ends there, and `has_more` raises once it is loaded.

    Args:
        metrics: where the run is counted.
        rows_per_chunk: rows of a stream after which a chunk ends, fewer towards the end of the reading. With None there
            is one chunk, which is lost as a whole when reading fails.
        stored_counters: returns the numbers that the destination's tables hold already; called when something is new.
        newest_order: returns the greatest read_order in a table of versions of a list; called when one is new.
        ids_due: gives the ids that a stream is to read now. Without it, the ids are the ones that the source is given,
            or that change in this load.
        on_failure: takes the failure of a stream that a run can do without; without it, what AWS refuses is a warning,
            and everything else ends the run.
        calls_folder: where the calls of a day are counted; by default where dlt has the pipeline's folder.
    """

    def __init__(
        self,
        metrics: SyncMetrics | None = None,
        rows_per_chunk: int | None = ROWS_PER_CHUNK,
        stored_counters: Callable[[], StoredCounters] = StoredCounters,
        calls_folder: Path | None = None,
        on_failure: Callable[[Stream, PartnerCentralError], None] | None = None,
        newest_order: Callable[[str], int] = lambda _: 0,
        ids_due: Callable[[PerIdStream], Iterable[DueId]] | None = None,
    ) -> None:
        self.metrics = metrics or SyncMetrics()
        self.stored_counters = stored_counters
        self.rows_per_chunk = rows_per_chunk
        self.calls_folder = calls_folder
        self.on_failure = on_failure
        self.newest_order = newest_order
        self.ids_due = ids_due
        self._waiting: list[Callable[[], object]] = []
        self._failure: PartnerCentralError | None = None
        self._streams: dict[str, StreamReading] = {}

    def stream(self, table: str) -> StreamReading:
        """The reading of a stream, by its table; the same one in every chunk."""
        return self._streams.setdefault(table, StreamReading(self, table))

    def has_more(self) -> bool:
        """Returns whether there is another chunk to load; the last one counts as committed.

        Raises:
            PartnerCentralError: reading failed; what was read before is loaded, and the next run continues there.
        """
        self.committed()
        if self._failure is not None:
            raise self._failure
        return not self._is_over

    def when_committed(self, action: Callable[[], object]) -> None:
        """Run an action once the chunk that is read now is loaded, such as deleting the message that named a record.

        An action of a chunk that is not loaded is dropped; what it is about is read again.
        """
        self._waiting.append(action)

    def committed(self) -> None:
        """Run what waits for the last chunk, which is in the destination now."""
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action()

    @property
    def is_complete(self) -> bool:
        """Returns whether the part that was made last is the last one, and reading did not fail."""
        return self._is_over and self._failure is None

    def go_on_without(self, stream: Stream, error: PartnerCentralError, *, alone: bool) -> None:
        """Ends the reading of a stream that failed. Its state stays as it was, so that the next run reads it again.

        Args:
            stream: what was read.
            error: why it failed.
            alone: whether nothing else is read.

        Raises:
            PartnerCentralError: the failure, if the run cannot do without it.
        """
        if self.on_failure is not None:
            self.on_failure(stream, error)
        elif stream.required or alone or not isinstance(error, RequestRejected):
            raise error
        else:
            sentence = f"{stream.table} was not loaded: {error}"
            logger.warning(sentence)
            self.metrics.add_note(sentence)
        self.stream(stream.table).is_over = True

    def fail(self, error: PartnerCentralError) -> None:
        """Note why reading ended; the first error of several is raised, once the chunk is loaded."""
        self._failure = self._failure or error

    def close(self) -> None:
        """Stop reading."""
        for reading in self._streams.values():
            reading.close()

    @property
    def _is_over(self) -> bool:
        begun = [reading for reading in self._streams.values() if reading.has_begun]
        return bool(begun) and all(reading.is_over for reading in begun)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
