"""Lists the streams, and the tables and views of a dataset, each with a line on what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import STREAMS, Stream

from ..destinations.own_names import loaded_tables
from ..destinations.pipeline_state import WithPipelineState
from ..sync.stream_status import StreamStatus
from ..views.all_accounts import PREFIX
from ..views.shared_files import shared_texts
from ..views.user_tables import USER_TABLES

COLUMNS = ("name", "kind", "what it holds")
OF_STREAMS = ("operation", "way", "calls", "days", "permitted", "rows", "waiting", "last refreshed", "next due")
OWN = {
    "sync_runs": "A row for each run: when, how it ended, what it counted.",
    "sync_run_streams": "A row for each stream of a run.",
    "sync_sweeps": "What was concluded from each complete listing.",
    "sync_lease": "The run that loads now.",
    "report_marks": "How far each report knew, for report --since last.",
    **{name: table.content for name, table in USER_TABLES.items()},
}
Line = tuple[str, str, str]


def stream_lines(statuses: Iterable[StreamStatus]) -> list[tuple[Any, ...]]:
    """Returns the table of each stream, and what `OF_STREAMS` names."""
    return [
        (
            one.stream.table,
            one.operation,
            one.way,
            one.calls,
            one.days,
            one.permitted,
            one.rows,
            one.waiting,
            one.refreshed_at,
            one.next_due,
        )
        for one in statuses
    ]


def list_everything(streams: Iterable[tuple[Any, ...]], tables: Iterable[Line]) -> list[tuple[Any, ...]]:
    """Returns streams, tables and views as rows with all columns, for programs."""
    nothing = (None,) * len(OF_STREAMS)
    return [
        *((name, "stream", "", *values) for name, *values in streams),
        *((*line, *nothing) for line in tables),
    ]


def list_tables(client: SqlJobClientBase) -> list[Line]:
    """Returns name, kind and content of every table and view that an open destination has; tables first."""
    of_streams, own = _stored_names(client), [*OWN]
    lines = [*_tables([*of_streams, *own]), *_views()]
    names = [name for name, _, _ in lines if name not in of_streams]
    there = {name for name, columns in client.get_storage_tables(names) if columns}
    there |= loaded_tables(client, of_streams)
    return [line for line in lines if line[0] in there]


def _stored_names(client: SqlJobClientBase) -> list[str]:
    """Returns the names of all tables of streams, and of others that were loaded."""
    known = [name for stream in STREAMS for name in stream.tables]
    try:
        schema = client.get_newest_schema() if isinstance(client, WithPipelineState) else None
    except DatabaseUndefinedRelation:
        schema = None
    loaded = [str(table["name"]) for table in schema.data_tables()] if schema else []
    return [name for name in dict.fromkeys([*known, *sorted(loaded)]) if name not in OWN]


def _tables(names: list[str]) -> Iterator[Line]:
    for name in names:
        yield name, "table", OWN.get(name) or next(filter(None, (_content(name, stream) for stream in STREAMS)), "")


def _content(name: str, stream: Stream) -> str:
    """Returns what a table of a stream holds; empty text if it is not one of it."""
    if name.startswith(f"{stream.table}__"):
        return f"A list of each {stream.noun}; joins on {stream.table_names.child_key}."
    return stream.tables.get(name, "")


def _views() -> Iterator[Line]:
    for name, text in sorted(shared_texts().items()):
        question = text.partition("\n")[0].removeprefix("--").strip()
        yield name, "view", f"{question} (All accounts together.)" if name.startswith(PREFIX) else question
