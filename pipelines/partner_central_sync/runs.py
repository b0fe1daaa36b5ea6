"""`sync_runs`: a row for every run that came as far as its destination, so that "data as of" is a query.

The table is part of the schema, so dlt makes and migrates it. The row is written by an INSERT of its own, not through a
load package, which would cost a quiet run more than the run itself. A run that is interrupted or killed leaves no row.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.tally import Tally

from .outcome import Exit, explain
from .report import Report
from .settings import Settings

TABLE = "sync_runs"
LONGEST_MESSAGE = 2000
Kind = Literal["text", "timestamp", "bigint", "double", "bool"]
COLUMNS: tuple[tuple[str, Kind, str], ...] = (
    ("run_id", "text", "Identifies the run."),
    ("account", "text", "Whose run it was, where several accounts share the dataset."),
    ("started_at", "timestamp", "When it began, by the clock of its machine; so are all times here but watermark."),
    ("finished_at", "timestamp", "When it ended."),
    ("mode", "text", "incremental: what changed; first: nothing was there before; full: everything again."),
    ("scope", "text", "What the filters select, as the cursor is named; all without. Null if it ended before."),
    ("outcome", "text", "done, held (removals wait for --accept-removals), or how it failed: the name of exit_code."),
    ("exit_code", "bigint", "Exit code of the command."),
    ("message", "text", "What the user was told when it was not simply done."),
    ("calls", "bigint", "Requests sent, retries included."),
    ("throttles", "bigint", "Requests refused for being too fast."),
    ("waited_seconds", "double", "Seconds in which a call waited for the quota or for a retry."),
    ("pages", "bigint", "Pages read."),
    ("records", "bigint", "Records read; one seen twice counts twice."),
    ("rows_changed", "bigint", "Rows handed on to be merged into opportunities."),
    ("rejected", "bigint", "Records that could not become rows."),
    ("new_columns", "text", "Columns that came with members nobody knew, with commas between; null if none."),
    ("watermark", "timestamp", "LastModifiedDate up to which the run loaded everything; null if it failed."),
    ("complete", "bool", "Whether all was read that was to be read."),
    ("version", "text", "Version of partner-central-sync."),
)
NULLABLE = frozenset({"account", "scope", "message", "new_columns", "watermark"})


@dataclass(slots=True)
class Entry:
    """A run, as far as it has come.

    Attributes:
        pipeline: where the row goes; none before the destination was reached.
        message: what the user was told.
        outcome: how it ended.
        new_columns: columns that came with unknown members.
    """

    tally: Tally
    settings: Settings
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    pipeline: dlt.Pipeline | None = None
    outcome: Exit = Exit.DONE
    message: str | None = None
    new_columns: list[str] = field(default_factory=list)

    def values(self) -> tuple[object, ...]:
        """The row, in the order of `COLUMNS`."""
        tally = self.tally
        return (
            f"{self.started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(6)}",
            self.settings.account,
            self.started_at,
            datetime.now(UTC),
            tally.mode or self._intended(),
            tally.scope,
            self.outcome.name.lower(),
            int(self.outcome),
            self.message and self.message[:LONGEST_MESSAGE],
            tally.calls,
            tally.throttles,
            round(tally.waited, 3),
            tally.pages,
            tally.read,
            tally.changed,
            tally.rejected,
            ",".join(self.new_columns) or None,
            tally.watermark if self.outcome in {Exit.DONE, Exit.HELD} else None,
            tally.complete,
            _version(),
        )

    def _intended(self) -> str:
        """The mode of a run that failed before it read."""
        if self.settings.full:
            return "full"
        return "incremental" if self.pipeline and self.pipeline.state.get("sources") else "first"


def declare(schema: Schema) -> None:
    """Put the table into a schema."""
    columns = [
        TColumnSchema(name=name, data_type=kind, nullable=name in NULLABLE, description=description)
        for name, kind, description in COLUMNS
    ]
    schema.update_table(new_table(TABLE, write_disposition="append", columns=columns))


@contextmanager
def recorded(entry: Entry, report: Report) -> Iterator[None]:
    """Write the row of the run that is the block, also when it fails; its own error is what is raised then."""
    try:
        yield
    except Exception as error:
        entry.outcome, entry.message = explain(error)
        if entry.outcome is not Exit.INTERRUPTED:
            with suppress(Exception):
                _write(entry)
        raise
    try:
        _write(entry)
    except Exception as error:  # noqa: BLE001 - everything is loaded
        report.warn(f"Everything is loaded, but the run's row in {TABLE} could not be written: {explain(error)[1]}")


def _write(entry: Entry) -> None:
    client = entry.pipeline.destination_client() if entry.pipeline else None
    if not isinstance(client, SqlJobClientBase):
        return
    with client:
        try:
            _insert(client, entry.values())
        except DatabaseUndefinedRelation:
            _make_table(client)
            _insert(client, entry.values())


def _insert(client: SqlJobClientBase, values: tuple[object, ...]) -> None:
    sql = client.sql_client
    names = ", ".join(sql.escape_column_name(name) for name, *_ in COLUMNS)
    table = sql.make_qualified_table_name(TABLE)
    places = ", ".join(["%s"] * len(values))
    sql.execute_sql(f"INSERT INTO {table} ({names}) VALUES ({places})", *values)  # noqa: S608 - the schema's own names


def _make_table(client: SqlJobClientBase) -> None:
    """Make the table where no load has made it yet: no run came that far, or only runs of an earlier version."""
    schema = client.schema.clone()
    declare(schema)
    client.schema = Schema.from_stored_schema(schema.to_dict())
    client.update_stored_schema(only_tables=[TABLE, *schema.dlt_table_names()], force=True)


def _version() -> str:
    try:
        return version("partner-central-sync")
    except PackageNotFoundError:
        return "unknown"
