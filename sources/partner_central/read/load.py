"""A load in chunks: reading continues while the last chunk is normalized and loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from dlt.common import logger

from ..errors import PartnerCentralError, RequestRejected
from ..metrics import SyncMetrics
from ..per_id_stream import PerIdStream
from ..stream import Stream
from ..tables.id_reads import DueId
from .named import NamedIds
from .state_parts import StoredCounters
from .stream_reading import StreamReading

ROWS_PER_CHUNK = 20_000


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
        named: ids of records that are read, instead of what the cursor says.
        ids_due: gives the ids that a stream is to read now. Without it, the ids are the ones that the source is given,
            or that change in this load.
        on_failure: takes the failure of a stream that a run can do without; without it, what AWS refuses is a warning,
            and everything else ends the run.
        on_read: called once everything has been read without a failure, while the last chunk is not loaded yet.
        calls_folder: where the calls of a day are counted; by default where dlt has the pipeline's folder.

    Attributes:
        failures: why the reading of a stream ended half-way, by its table.
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
        named: NamedIds | None = None,
        on_read: Callable[[], None] = lambda: None,
    ) -> None:
        self.metrics = metrics or SyncMetrics()
        self.stored_counters = stored_counters
        self.rows_per_chunk = rows_per_chunk
        self.calls_folder = calls_folder
        self.on_failure = on_failure
        self.newest_order = newest_order
        self.ids_due = ids_due
        self.named = named
        self.on_read = on_read
        self._waiting: list[Callable[[], object]] = []
        self.failures: dict[str, PartnerCentralError] = {}
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
        for failure in self.failures.values():
            raise failure
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
        return self._is_over and not self.failures

    def stream_is_read(self) -> None:
        """Tell `on_read` once that was the last stream; the rows behind are still to be made and loaded."""
        if self.is_complete:
            self.on_read()

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

    def fail(self, table: str, error: PartnerCentralError) -> None:
        """Note why the reading of a stream ended; the first error of several is raised, once the chunk is loaded."""
        self.failures[table] = error

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
