"""`sync_run_streams`: a row for every stream of a run in `sync_runs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES as SEARCH
from partner_central.public import STREAMS, StreamMetrics, SyncMetrics, WholeListStream, handed_on_at, searched_at

from ..console.exit_codes import ExitCode
from ..destinations import own_tables
from ..destinations.own_tables import Kind, OwnTable
from ..destinations.pipeline_state import state_of_source
from .lists import Ending

if TYPE_CHECKING:
    from .run_record import RunRecord

TABLE = own_tables.STREAM_RUNS
LONGEST_MESSAGE = 2000
LISTS = {stream.table: stream for stream in STREAMS if isinstance(stream, WholeListStream) or stream is SEARCH}
VERSIONED = frozenset(stream.table for stream in STREAMS if stream.history)


class StreamRun(NamedTuple):
    """A stream of a run, and what was counted of it; nothing of one that was not due."""

    run: RunRecord
    table: str
    counts: StreamMetrics

    @property
    def changed(self) -> int:
        """Returns how many versions were new; of a stream without versions, how many rows were merged."""
        if self.table in VERSIONED:
            return self.run.changed.get(self.table, 0)
        return self.counts.changed if self.ending.outcome == "done" else 0

    @property
    def listed_at(self) -> datetime | None:
        """Returns when its list was handed on last, which tells what is listed: an empty list has no row that does."""
        stream, pipeline = LISTS.get(self.table), self.run.pipeline
        if stream is None or pipeline is None:
            return None
        state = state_of_source(cast("dict[str, Any]", pipeline.state), stream) or {}
        return searched_at(state) if stream is SEARCH else handed_on_at(state)

    @property
    def ending(self) -> Ending:
        """Returns how it ended; with a cursor, it is done if the run came as far as its lists, or to its end."""
        lists = self.run.lists
        if self.counts.mass_rejected:
            return Ending("failed", self.counts.mass_rejected)
        if lists is not None and self.table in lists.endings:
            return lists.endings[self.table]
        came_far = lists is not None or self.run.outcome in {ExitCode.DONE, ExitCode.REVIEW_REMOVALS}
        return Ending("done") if came_far and self.counts.complete else Ending("failed", self.run.message)


COLUMNS: tuple[tuple[str, Kind, str, Callable[[StreamRun], object]], ...] = (
    ("run_id", "text", "Identifies the run, as in sync_runs.", lambda one: one.run.run_id),
    (
        "account",
        "text",
        "Whose run it was, where several accounts share the dataset.",
        lambda one: one.run.settings.account,
    ),
    ("stream", "text", "The table of the stream's records.", lambda one: one.table),
    (
        "mode",
        "text",
        "As in sync_runs: incremental, first, full or events.",
        lambda one: one.counts.mode or one.run.mode,
    ),
    ("scope", "text", "The name of what the filters select; all without.", lambda one: one.counts.filter_set),
    ("calls", "bigint", "Requests sent, retries included.", lambda one: one.counts.calls),
    ("throttles", "bigint", "Requests refused for being too fast.", lambda one: one.counts.throttles),
    ("pages", "bigint", "Pages read.", lambda one: one.counts.pages),
    ("records", "bigint", "Records read; one seen twice counts twice.", lambda one: one.counts.read),
    (
        "rows_changed",
        "bigint",
        "Versions that were new, as in sync_runs; of a stream without versions, rows that were merged.",
        lambda one: one.changed,
    ),
    ("rejected", "bigint", "Records that could not become rows.", lambda one: one.counts.rejected),
    (
        "watermark",
        "timestamp",
        "LastModifiedDate up to which the run loaded everything; null if it failed.",
        lambda one: one.counts.watermark if one.run.loaded_up_to else None,
    ),
    ("complete", "bool", "Whether all was read that was to be read.", lambda one: one.counts.complete),
    (
        "outcome",
        "text",
        "done; refused: AWS does not permit it; failed: it was not loaded to its end. Null before this column was.",
        lambda one: one.ending.outcome,
    ),
    (
        "message",
        "text",
        "Why it was refused or failed.",
        lambda one: one.ending.why and one.ending.why[:LONGEST_MESSAGE],
    ),
    (
        "listed_at",
        "timestamp",
        "last_listed_at of what the newest listing has, also if it is empty; null if that came to no end, or is none.",
        lambda one: one.listed_at,
    ),
)
STREAM_RUNS = OwnTable(
    TABLE,
    tuple((name, kind, description) for name, kind, description, _ in COLUMNS),
    frozenset({"account", "scope", "watermark", "outcome", "message", "listed_at"}),
)


def rejected_table_of(table: str) -> str:
    """Returns the table of the records of a stream that could not become rows."""
    return next(stream.rejected_table for stream in STREAMS if stream.table == table)


def tables_of_rejected(metrics: SyncMetrics) -> dict[str, int]:
    """Returns how many records of a run could not become rows, by the table that they are in."""
    return {rejected_table_of(table): one.rejected for table, one in metrics.streams.items() if one.rejected}


def stream_runs(run: RunRecord) -> Iterator[StreamRun]:
    """Yields each stream of a run in the order they are read, also one that was not due."""
    endings = run.lists.endings if run.lists is not None else {}
    for table in dict.fromkeys([*run.metrics.streams, *endings]):
        yield StreamRun(run, table, run.metrics.streams.get(table, StreamMetrics()))


def stream_rows(run: RunRecord) -> Iterator[tuple[object, ...]]:
    """Yields the rows of a run, a row for each stream that it began to read: a quiet run pays for each INSERT."""
    for one in stream_runs(run):
        if one.table in run.metrics.streams:
            yield tuple(value(one) for *_, value in COLUMNS)
