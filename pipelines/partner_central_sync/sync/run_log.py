"""`sync_runs`: a row for every run that came as far as its destination, so that "data as of" is a query.

A run that is interrupted or killed leaves no row.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import dlt
from dlt.common.schema import Schema
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import SyncMetrics

from ..console.exit_codes import MEANINGS, ExitCode
from ..console.failures import exit_code_and_message
from ..console.output import Console
from ..destinations.own_tables import Kind, OwnTable
from . import full_listings
from .settings import Settings

TABLE = "sync_runs"
LONGEST_MESSAGE = 2000
OUTCOME = (
    "done, held (removals wait for sync --full --accept-removals), rejected (so many records could not become rows "
    "that the cursor stays), or how it failed: the name of exit_code."
)
COLUMNS: tuple[tuple[str, Kind, str], ...] = (
    ("run_id", "text", "Identifies the run."),
    ("account", "text", "Whose run it was, where several accounts share the dataset."),
    ("started_at", "timestamp", "When it began, by the clock of its machine; so are all times here but watermark."),
    ("finished_at", "timestamp", "When it ended."),
    ("mode", "text", "incremental: what changed; first: nothing was there before; full: everything again."),
    ("scope", "text", "What the filters select, as the cursor is named; all without. Null if it ended before."),
    ("outcome", "text", OUTCOME),
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
RUNS = OwnTable(TABLE, COLUMNS, frozenset({"account", "scope", "message", "new_columns", "watermark"}))


@dataclass(slots=True)
class RunRecord:
    """A run, as far as it has come.

    Attributes:
        pipeline: where the row goes; none before the destination was reached.
        message: what the user was told.
        outcome: how it ended.
        new_columns: columns that came with unknown members.
        kept: what the run keeps open until its row is written.
    """

    tally: SyncMetrics
    settings: Settings
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    pipeline: dlt.Pipeline | None = None
    outcome: ExitCode = ExitCode.DONE
    message: str | None = None
    new_columns: list[str] = field(default_factory=list)
    kept: ExitStack = field(default_factory=ExitStack)

    def values(self) -> tuple[object, ...]:
        """The row, in the order of `COLUMNS`."""
        tally = self.tally
        return (
            f"{self.started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(6)}",
            self.settings.account,
            self.started_at,
            datetime.now(UTC),
            tally.mode or self._intended(),
            tally.filter_set,
            MEANINGS[self.outcome].outcome,
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
            tally.watermark if self.outcome in {ExitCode.DONE, ExitCode.REVIEW_REMOVALS} else None,
            tally.complete,
            _version(),
        )

    def _intended(self) -> str:
        """The mode of a run that failed before it read."""
        if self.settings.full:
            return "full"
        return "incremental" if self.pipeline and self.pipeline.state.get("sources") else "first"


def add_to_schema(schema: Schema) -> None:
    """Put the tables that a sync itself writes to into a schema."""
    for table in (RUNS, full_listings.TABLE):
        table.declare(schema)


@contextmanager
def log_run(entry: RunRecord, console: Console) -> Iterator[None]:
    """Write the row of the run that is the block, also when it fails; its own error is what is raised then."""
    try:
        yield
    except Exception as error:
        entry.outcome, entry.message = exit_code_and_message(error)
        if entry.outcome is not ExitCode.INTERRUPTED:
            with suppress(Exception):
                _write(entry)
        raise
    try:
        _write(entry)
    except Exception as error:  # noqa: BLE001 - everything is loaded
        _, message = exit_code_and_message(error)
        console.warn(f"Everything is loaded, but the run's row in {TABLE} could not be written: {message}")


def _write(entry: RunRecord) -> None:
    client = entry.pipeline.destination_client() if entry.pipeline else None
    if not isinstance(client, SqlJobClientBase):
        return
    with client:
        RUNS.insert(client, entry.values())


def _version() -> str:
    try:
        return version("partner-central-sync")
    except PackageNotFoundError:
        return "unknown"
