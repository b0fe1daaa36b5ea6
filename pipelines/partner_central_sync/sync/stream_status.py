"""Finds what is known of each stream: whether AWS permits it, what is loaded, its cost, and when it is due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, cast

from dlt.common.destination.client import JobClientBase
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import (
    SPINE,
    STREAMS,
    IncrementalStream,
    PerIdStream,
    Stream,
    WholeListStream,
    chosen_streams,
    reading_of,
)

from .. import destinations
from ..destinations.own_names import loaded_tables
from ..destinations.own_tables import columns_of
from ..destinations.pipeline_state import state_of_source
from . import run_log, stream_log, working_folder
from .details import calls_of_a_day
from .ids_due import queues_of
from .list_notes import Note, notes
from .settings import Settings
from .state_folder import folder_of
from .utc import in_utc

EACH_RUN, NEXT_RUN, NOT_CHOSEN = "each run", "next run", "not chosen"
FROM_CURSOR, WHOLE, BY_ID = "what changed", "whole list", "one id at a time"


@dataclass(frozen=True, slots=True)
class Logged:
    """The newest row of a stream in `sync_run_streams`, and when the newest run ended that loaded it."""

    outcome: str
    why: str | None
    refreshed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A stream, as far as this machine and the destination know it.

    Attributes:
        stream: the stream.
        rows: of its table; None if that is not there, or not known here.
        refreshed_at: when its table was last brought up to date.
        refused: why AWS refuses it; None if it does not, as far as is known.
        next_due: when it is read next: a time, or a time or a change, `each run`, `next run`, or `not chosen`.
        ids: for a stream that is read one id at a time, how many there are.
        waiting: how many of these were due when one was read last, by the service's clock; None for other streams.
        ids_per_day: how many its share of the day's calls gives.
    """

    stream: Stream
    rows: int | None
    refreshed_at: datetime | None
    refused: str | None
    next_due: str
    ids: int = 0
    waiting: int | None = None
    ids_per_day: float = 0.0

    @property
    def operation(self) -> str:
        """Returns the operations that it is read by."""
        return ", ".join(self.stream.operations)

    @property
    def way(self) -> str:
        """Returns the way it is read."""
        if isinstance(self.stream, PerIdStream):
            return BY_ID
        return FROM_CURSOR if isinstance(self.stream, IncrementalStream) else WHOLE

    @property
    def calls(self) -> int:
        """Returns the calls that reading all of it takes, by the rows that are loaded.

        A stream that is read by ids takes more, where the list of an id has several pages.
        """
        if isinstance(self.stream, PerIdStream):
            return self.ids
        lists = len(self.stream.requests) if isinstance(self.stream, WholeListStream) else 1
        full_pages, rest = divmod(self.rows or 0, self.stream.operation.page_size)
        return max(lists, full_pages + bool(rest) + lists - 1)

    @property
    def days(self) -> int | None:
        """Returns the days that reading all ids takes at the present share; None for other streams, or without one.

        A day that is begun counts as one.
        """
        return self._days(self.ids) if isinstance(self.stream, PerIdStream) else None

    @property
    def days_left(self) -> int | None:
        """Returns the days until no id waits, at the present share; one that is begun counts."""
        return None if self.waiting is None else self._days(self.waiting)

    def _days(self, ids: int) -> int | None:
        return ceil(ids / self.ids_per_day) if self.ids_per_day else None

    @property
    def permitted(self) -> str:
        """Returns whether AWS permits it, as the last run or check found."""
        if self.refused:
            return f"no: {self.refused}"
        return "yes" if self.refreshed_at else "unknown: see check"


def stream_statuses(client: JobClientBase, settings: Settings) -> Iterator[StreamStatus]:
    """Yields what is known of each stream.

    Args:
        client: of the destination, open for reading.
        settings: whose tables, and where this machine remembers them.
    """
    logged = _logged(client, settings.account) if isinstance(client, SqlJobClientBase) else {}
    (remembered, state), chosen = _remembered(settings), chosen_streams(settings.tables)
    rows = _rows(client, settings.account)
    by_ids = [stream for stream in chosen if isinstance(stream, PerIdStream)]
    for stream in STREAMS:
        note, log = remembered.get(stream.table, Note()), logged.get(stream.table)
        read = [log.refreshed_at] if log and log.refreshed_at else []
        if note.at:
            read.append(datetime.fromisoformat(note.at))
        of_others = log.why if log and log.outcome == "refused" and not note.at else None
        yield StreamStatus(
            stream,
            rows.get(stream.table),
            max(read, default=None),
            note.why if note.refused_at else of_others,
            _next_due(stream, note) if stream in chosen else NOT_CHOSEN,
            *(
                _queue(client, stream, rows, settings, state, len({*by_ids, stream}))
                if isinstance(stream, PerIdStream)
                else ()
            ),
        )


def _queue(
    client: JobClientBase,
    stream: PerIdStream,
    rows: Mapping[str, int],
    settings: Settings,
    state: Mapping[str, Any],
    sharing: int,
) -> tuple[int, int | None, float]:
    """Returns how many ids a stream has, how many are due, and how many it may read a day; see `StreamStatus`."""
    reading = reading_of(state_of_source(state, stream) or {}, full=False)
    ids = rows.get(stream.parent.stream.table, 0)
    queue = queues_of(client, [stream], settings.account, state)[stream.table]
    at = queue.newest_read() or datetime.now(UTC)  # without it, every id is due at any time
    waiting = queue.count(reading, at) if ids else 0
    return ids, waiting, calls_of_a_day(settings) / sharing


def _next_due(stream: Stream, note: Note) -> str:
    if stream.refresh is None or (isinstance(stream, PerIdStream) and not note.refused_at):
        return EACH_RUN
    due_at = note.due_at(stream)
    if due_at is None or due_at <= datetime.now(UTC):
        return NEXT_RUN
    sooner = isinstance(stream, IncrementalStream) and not note.refused_at
    return f"{due_at:%Y-%m-%d %H:%M:%S} UTC{', or after a change' if sooner else ''}"


def _remembered(settings: Settings) -> tuple[dict[str, Note], Mapping[str, Any]]:
    """Returns what this machine remembers of each list, and the state of the pipeline.

    Both are empty where no sync ran, or its folder is damaged.
    """
    if not (folder_of(settings) / settings.pipeline_name).exists():
        return {}, {}
    try:
        with working_folder.detect_damage():
            pipeline = working_folder.attach(settings, reading=True)
            return notes(pipeline), cast("Mapping[str, Any]", pipeline.state)
    except working_folder.WorkingFolderCorrupt:
        return {}, {}


def _rows(client: JobClientBase, account: str | None) -> dict[str, int]:
    """Returns the number of rows of each stream that was loaded, by table."""
    tables = [stream.table for stream in STREAMS]
    found: dict[str, int] = {}
    for table in loaded_tables(client, tables) if isinstance(client, SqlJobClientBase) else tables:
        with suppress(DestinationUndefinedEntity):
            if (count := destinations.of(client).count_rows(client, table, account)) is not None:
                found[table] = count
    return found


def _logged(client: SqlJobClientBase, account: str | None) -> Mapping[str, Logged]:
    """Returns what the runs of all machines say of each stream, without runs that had filters."""
    if "outcome" not in columns_of(client, [stream_log.TABLE]).get(stream_log.TABLE, set()):
        return {}
    runs, streams = map(client.sql_client.make_qualified_table_name, (run_log.TABLE, stream_log.TABLE))
    mine, keys = ("r.account IS NULL", ()) if account is None else ("r.account = %s", (account,))
    of_stream = "OVER (PARTITION BY s.stream"
    query = (
        f"SELECT stream, outcome, message, refreshed FROM (SELECT s.stream, s.outcome, s.message, "  # noqa: S608 - the schema's own names
        f"MAX(CASE WHEN s.outcome = 'done' THEN r.finished_at END) {of_stream}) AS refreshed, "
        f"ROW_NUMBER() {of_stream} ORDER BY r.started_at DESC) AS nth FROM {streams} s JOIN {runs} r "
        f"ON r.run_id = s.run_id WHERE {mine} AND (s.scope IS NULL OR s.scope = 'all')) x WHERE nth = 1"
    )
    rows: Sequence[Sequence[Any]] = client.sql_client.execute_sql(query, *keys) or ()
    return {
        table: Logged(outcome or "", why, refreshed and in_utc(refreshed)) for table, outcome, why, refreshed in rows
    }


def is_worth_a_line(status: StreamStatus) -> bool:
    """Returns whether `status` shows a stream: it is chosen, or was, and is not the one that has lines of its own."""
    return status.stream is not SPINE and (status.next_due != NOT_CHOSEN or status.rows is not None)
