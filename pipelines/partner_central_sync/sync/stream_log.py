"""`sync_run_streams`: a row for every stream of a run in `sync_runs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from partner_central.public import StreamMetrics

from ..destinations import own_tables
from ..destinations.own_tables import Kind, OwnTable

if TYPE_CHECKING:
    from .run_log import RunRecord

TABLE = own_tables.STREAM_RUNS


@dataclass(frozen=True, slots=True)
class _StreamRun:
    """A stream of a run."""

    run: RunRecord
    table: str
    counts: StreamMetrics


COLUMNS: tuple[tuple[str, Kind, str, Callable[[_StreamRun], object]], ...] = (
    ("run_id", "text", "Identifies the run, as in sync_runs.", lambda one: one.run.run_id),
    (
        "account",
        "text",
        "Whose run it was, where several accounts share the dataset.",
        lambda one: one.run.settings.account,
    ),
    ("stream", "text", "The table of the stream's records.", lambda one: one.table),
    ("mode", "text", "As in sync_runs: incremental, first or full.", lambda one: one.counts.mode or one.run.mode),
    ("scope", "text", "The name of what the filters select; all without.", lambda one: one.counts.filter_set),
    ("calls", "bigint", "Requests sent, retries included.", lambda one: one.counts.calls),
    ("throttles", "bigint", "Requests refused for being too fast.", lambda one: one.counts.throttles),
    ("pages", "bigint", "Pages read.", lambda one: one.counts.pages),
    ("records", "bigint", "Records read; one seen twice counts twice.", lambda one: one.counts.read),
    (
        "rows_changed",
        "bigint",
        "Versions that were new, as in sync_runs.",
        lambda one: one.run.changed.get(one.table, 0),
    ),
    ("rejected", "bigint", "Records that could not become rows.", lambda one: one.counts.rejected),
    (
        "watermark",
        "timestamp",
        "LastModifiedDate up to which the run loaded everything; null if it failed.",
        lambda one: one.counts.watermark if one.run.loaded_up_to else None,
    ),
    ("complete", "bool", "Whether all was read that was to be read.", lambda one: one.counts.complete),
)
STREAM_RUNS = OwnTable(
    TABLE,
    tuple((name, kind, description) for name, kind, description, _ in COLUMNS),
    frozenset({"account", "scope", "watermark"}),
)


def stream_rows(run: RunRecord) -> Iterator[tuple[object, ...]]:
    """Yields the rows of a run, a row for each stream that it began to read."""
    for table, counts in run.metrics.streams.items():
        yield tuple(value(_StreamRun(run, table, counts)) for *_, value in COLUMNS)
