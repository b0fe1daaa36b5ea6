"""`sync_runs`: a row for every run that came as far as its destination, so that "data as of" is a query.

A run that is killed leaves no row; one that is interrupted leaves one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import NamedTuple

from dlt.common.destination.client import JobClientBase
from dlt.common.schema import Schema
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import STREAMS

from ..console.exit_codes import MEANINGS
from ..console.failures import exit_code_and_message
from ..console.output import Console
from ..destinations import of, own_tables
from ..destinations.own_tables import Kind, OwnTable
from ..version import version
from . import full_listings
from .new_columns import left_out
from .run_record import RunRecord
from .stream_log import LONGEST_MESSAGE, STREAM_RUNS, stream_rows

TABLE = own_tables.RUNS


class Column(NamedTuple):
    """A column of `sync_runs`, and what a run puts there."""

    name: str
    kind: Kind
    description: str
    value: Callable[[RunRecord], object]
    nullable: bool = False


OUTCOMES = (
    "done, held (removals wait for sync --full --accept-removals), rejected (so many records could not become rows "
    "that the cursor stays), or how it failed: the name of exit_code."
)
COLUMNS = (
    Column("run_id", "text", "Identifies the run.", lambda run: run.run_id),
    Column(
        "account",
        "text",
        "Whose run it was, where several accounts share the dataset.",
        lambda run: run.settings.account,
        nullable=True,
    ),
    Column(
        "started_at",
        "timestamp",
        "When it began, by the clock of its machine; so are all times here but watermark.",
        lambda run: run.started_at,
    ),
    Column("finished_at", "timestamp", "When it ended.", lambda _: datetime.now(UTC)),
    Column(
        "mode",
        "text",
        "incremental: what changed; first: nothing was there before; full: everything again; events: only what events "
        "named.",
        lambda run: run.mode,
    ),
    Column(
        "scope",
        "text",
        "What the filters select, as the cursor is named; all without. Null if it ended before.",
        lambda run: run.metrics.first.filter_set,
        nullable=True,
    ),
    Column("outcome", "text", OUTCOMES, lambda run: MEANINGS[run.outcome].outcome),
    Column("exit_code", "bigint", "Exit code of the command.", lambda run: int(run.outcome)),
    Column(
        "message",
        "text",
        "What the user was told when it was not simply done.",
        lambda run: run.message and run.message[:LONGEST_MESSAGE],
        nullable=True,
    ),
    Column("calls", "bigint", "Requests sent, retries included.", lambda run: run.metrics.calls),
    Column("throttles", "bigint", "Requests refused for being too fast.", lambda run: run.metrics.throttles),
    Column(
        "waited_seconds",
        "double",
        "Seconds in which a call waited for the quota or for a retry.",
        lambda run: round(run.metrics.waited, 3),
    ),
    Column("pages", "bigint", "Pages read.", lambda run: run.metrics.pages),
    Column("records", "bigint", "Records read; one seen twice counts twice.", lambda run: run.metrics.read),
    Column(
        "rows_changed",
        "bigint",
        "Versions that were new: rows that the run added to opportunity_history. A record that is read again as it "
        "was counts nothing.",
        lambda run: run.versions,
    ),
    Column("rejected", "bigint", "Records that could not become rows.", lambda run: run.metrics.rejected),
    Column(
        "new_columns",
        "text",
        "Columns that came with members nobody knew, with commas between; null if none.",
        lambda run: ",".join(run.new_columns) or None,
        nullable=True,
    ),
    Column(
        "left_out",
        "text",
        "Members that nobody knew and that pii left out, as table.member, with commas between; null if none.",
        lambda run: ",".join(left_out(run.metrics)) or None,
        nullable=True,
    ),
    Column(
        "watermark",
        "timestamp",
        "LastModifiedDate up to which the run loaded everything; null if it failed.",
        lambda run: run.loaded_up_to,
        nullable=True,
    ),
    Column(
        "complete",
        "bool",
        "Whether all opportunities were read and loaded that were to be, whatever became of the other lists; false in "
        "the mode events, which says nothing of the others.",
        lambda run: run.is_concluded and run.metrics.first.complete and run.settings.polls,
    ),
    Column(
        "events",
        "bigint",
        "Events that were received; null without a queue.",
        lambda run: run.events and run.events.received,
        nullable=True,
    ),
    Column(
        "event_seconds",
        "double",
        "Median of the seconds from an event to the commit of the opportunity that it named; null without one.",
        lambda run: run.events and run.events.seconds,
        nullable=True,
    ),
    Column(
        "missed_by_events",
        "bigint",
        "Opportunities that changed more than five minutes before the run, and that no event had named until then. "
        "Null without a queue, if it was not empty in the end, and in a run that did not follow the cursor.",
        lambda run: run.missed_by_events,
        nullable=True,
    ),
    Column("version", "text", "Version of partner-central-sync.", lambda _: version()),
)
RUNS = OwnTable(
    TABLE,
    tuple((column.name, column.kind, column.description) for column in COLUMNS),
    frozenset(column.name for column in COLUMNS if column.nullable),
)


def add_to_schema(schema: Schema) -> None:
    """Puts the tables that a sync itself writes to into a schema."""
    for table in (RUNS, STREAM_RUNS, full_listings.TABLE):
        table.declare(schema)


@contextmanager
def log_run(run_record: RunRecord, console: Console) -> Iterator[None]:
    """Writes the row of the run that is the block, also when it fails; its own error is what is raised then."""
    try:
        yield
    except BaseException as error:
        write_failed(run_record, error)
        raise
    try:
        write(run_record)
    except Exception as error:  # noqa: BLE001 - everything is loaded
        _, message = exit_code_and_message(error)
        console.warn(f"Everything is loaded, but the run's row in {TABLE} could not be written: {message}")


def write_failed(run_record: RunRecord, error: BaseException) -> None:
    """Writes the rows of a run that ends with an error, if that is possible: the error is what is told."""
    run_record.outcome, run_record.message = exit_code_and_message(error)
    with suppress(Exception):
        write(run_record)


def write(run_record: RunRecord) -> None:
    """Counts what the run brought, and writes its rows, if it came as far as a database."""
    client = run_record.pipeline.destination_client() if run_record.pipeline else None
    if client is None:
        return
    with client:
        _count_changes(run_record, client)
        if not isinstance(client, SqlJobClientBase):
            return
        RUNS.insert(client, tuple(column.value(run_record) for column in COLUMNS))
        for row in stream_rows(run_record):
            STREAM_RUNS.insert(client, row)


def _count_changes(run_record: RunRecord, client: JobClientBase) -> None:
    """Counts the versions that the run brought; what loaded nothing brought none, and is not looked up."""
    if run_record.loaded:
        run_record.changed = {
            stream.table: of(client).count_versions(client, stream.history_table, run_record.loaded)
            for stream in STREAMS
            if stream.history is not None
        }
