"""The reading of one stream, cut into chunks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

from dlt.common import logger

from ..errors import PartnerCentralError
from ..tables.row_batch import TableRows
from ..tables.rows import RowMaker
from ..tables.table import RecordModel

if TYPE_CHECKING:
    from dlt.common.normalizers.naming import NamingConvention
    from dlt.extract import DltResource

    from .load import ChunkedLoad

ROWS_PER_BATCH = 5_000
SMALLEST_SHARE = 5
BATCHES_AHEAD = 2


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
        followers: each says whether what is read by the ids of these records needs all of them again.
        begin_ahead: begins to read before the first chunk, where the way of reading allows that.
        has_nothing_new: begins to read outside of dlt, from the state that dlt has, where the way of reading allows
            that. It returns whether nothing is to be loaded or stored.
    """

    def __init__(self, load: ChunkedLoad, table: str) -> None:
        self.row_maker: RowMaker | None = None
        self.is_over = False
        self.pages: DltResource | None = None
        self.followers: list[Callable[[], bool]] = []
        self.begin_ahead: Callable[[], None] | None = None
        self.has_nothing_new: Callable[[Mapping[str, Any], NamingConvention], bool] | None = None
        self._load = load
        self._table = table
        self._reading: Reader | None = None
        self._batches: Generator[TableRows] | None = None
        self._ahead: TableRows | None = None

    @property
    def has_begun(self) -> bool:
        """Returns whether anything was to be read; a stream that is not selected never begins."""
        return self._reading is not None

    @property
    def has_returned(self) -> bool:
        """Returns whether everything is to be read again for a table that is read by the ids of these records."""
        answers = [returns() for returns in self.followers]  # each notes what it is asked
        return any(answers)

    def next_chunk(self, begin: Callable[[], Reader]) -> Iterator[TableRows]:
        """The batches of the next part; `begin` opens the reading, for the first one."""
        if self.is_over:
            yield TableRows()
            return
        if self._reading is None or self._batches is None:
            self._reading, self._batches = self._begun(begin)
        most = self._load.rows_per_chunk
        rows, batches = 0, TableRows()
        try:
            for batch in chain(self._read_ahead(), self._counted(self._batches)):
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
            self._load.fail(self._table, error)
        self.is_over = True
        self._load.stream_is_read()
        yield batches

    def read_ahead(self, begin: Callable[[], Reader], is_enough: Callable[[], bool]) -> None:
        """Begins to read, for the first chunk, which is made later; what fails is begun again then.

        Args:
            begin: opens the reading.
            is_enough: says after a batch whether the reading continues by itself.
        """
        ahead = TableRows()
        try:
            reading, batches = self._begun(begin)
            for count, batch in enumerate(self._counted(batches), start=1):
                ahead.add(batch)  # one batch, so that the state behind it is the reader's
                if is_enough() or count == BATCHES_AHEAD:
                    break
        except Exception as error:  # noqa: BLE001 - it is raised when this stream's turn comes, if it comes again
            logger.info(f"{self._table} could not be read ahead: {error}")
            self._load.metrics.drop_rows(self._table)
        else:
            self._reading, self._batches, self._ahead = reading, batches, ahead

    def begin_and_find_nothing(self, begin: Callable[[], Reader]) -> bool:
        """Begins to read; returns whether it ended with a first batch that is empty. What came is in the first chunk.

        Args:
            begin: opens the reading.
        """
        self._reading, self._batches = self._begun(begin)
        self._ahead = TableRows()
        for count, batch in enumerate(self._counted(self._batches), start=1):
            self._ahead.add(batch)
            if count > 1 or self._ahead != TableRows():
                return False
        return True

    def state(self) -> dict[str, Any]:
        """The whole state of the stream after what has been handed on."""
        return self._reading.state() if self._reading else {}

    @property
    def placed(self) -> RecordModel:
        """The columns of the records, as the destination has them."""
        return self.row_maker.placed if self.row_maker else RecordModel((), ())

    def close(self) -> None:
        """Stop reading."""
        self._ahead = None
        if self._batches is not None:
            self._batches.close()

    @staticmethod
    def _begun(begin: Callable[[], Reader]) -> tuple[Reader, Generator[TableRows]]:
        """Opens a reading, and begins its batches."""
        reading = begin()
        return reading, reading.batches()

    def _read_ahead(self) -> Iterator[TableRows]:
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            yield ahead

    def _counted(self, batches: Iterator[TableRows]) -> Iterator[TableRows]:
        """Each batch, read while the load counts for this stream: dlt may take turns between streams."""
        while True:
            self._load.metrics.begin_stream(self._table)
            batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def _enough(self, most: int) -> float:
        """Rows of this part: towards the end half of what is left, so that the last part is a short one.

        As long as pages wait, reading is not what takes the time, and further parts would make the load a longer one.
        """
        metrics = self._load.metrics.current
        if metrics.estimated_records is None or metrics.pages_waiting:
            return most
        return min(most, max(most / SMALLEST_SHARE, metrics.estimated_records - metrics.read))
