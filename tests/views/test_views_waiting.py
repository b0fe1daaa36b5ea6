"""The ids that `data_freshness` counts as waiting are the ids that the queue asks for, in every state of an id."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, product
from pathlib import Path

import duckdb
import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import STREAMS, PerIdStream
from partner_central.streams.engagement_members import ENGAGEMENT_MEMBERS
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.settings import Settings
from partner_central_sync.views.keeping import create_views
from queue_tables import QueueTables
from worked_example import make_tables, tables_of_streams

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
CHANGED = NOW - 60 * MINUTE
READ_AT = NOW - 3 * MINUTE  # so that nothing is due because time has passed
LISTED = NOW - 10 * MINUTE
PER_ID = [stream for stream in STREAMS if isinstance(stream, PerIdStream)]
FACTS: dict[str, tuple[object, ...]] = {
    "modified": (None, CHANGED),
    "listed": (None, "there", "gone"),
    "outcome": (None, "read", "not found", "refused", "rejected"),
    "read_for": (None, CHANGED - DAY, CHANGED, CHANGED + MINUTE),
    "reading": (0, 1, 2),
}
STATES = [dict(zip(FACTS, values, strict=True)) for values in product(*FACTS.values())]
State = dict[str, object]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A file with the views, and with the tables of everything that is read by ids."""
    folder = tmp_path_factory.mktemp("waiting")
    file = folder / "partner_central.duckdb"
    pipeline = working_folder.attach(Settings(database=file, pipelines_dir=Path(folder, "work")))
    tables = {stream.reads_table for stream in PER_ID} | {"engagements", "engagement_presence"}
    with pipeline.destination_client() as client:
        assert isinstance(client, SqlJobClientBase)
        client.initialize_storage()
        make_tables(client.sql_client, {})
        for table, columns in tables_of_streams(*sorted(tables)).items():
            made = ", ".join(f"{name} {kind}" for name, kind in ({"_dlt_id": "TEXT"} | columns).items())
            client.sql_client.execute_sql(
                f"CREATE TABLE IF NOT EXISTS {client.sql_client.make_qualified_table_name(table)} ({made})"
            )
        assert create_views(client).is_complete
    with duckdb.connect(str(file)) as connection:
        connection.execute("USE partner_central.partner_central")
        yield connection


def fill(database: duckdb.DuckDBPyConnection, stream: PerIdStream, states: list[State], listed: datetime) -> None:
    """Makes the tables of a stream say of an id each that it is in one of these states."""
    parent, presence = stream.parent, stream.parent.stream.presence_table
    ids: list[tuple[object, ...]] = []
    there: list[tuple[object, ...]] = []
    reads: list[tuple[object, ...]] = []
    for number, state in enumerate(states):
        key = f"{number:05}"
        ids.append((key, state["modified"]))
        if state["listed"] is not None:
            is_gone = state["listed"] == "gone"
            at_last = listed - DAY if is_gone else listed
            there.append((key, at_last if stream is ENGAGEMENT_MEMBERS else NOW if is_gone else None))
        if state["outcome"] is not None:
            reads.append((key, READ_AT, *(state[name] for name in ("read_for", "outcome", "reading"))))
    seen = "last_listed_at" if stream is ENGAGEMENT_MEMBERS else "gone_since"
    for table, columns, rows in (
        (parent.stream.table, f"id, {parent.modified}", ids),
        (presence, f"id, {seen}", there),
        (stream.reads_table, "id, read_at, read_for, outcome, reading", reads),
    ):
        database.execute(f"DELETE FROM {table}")
        if rows:  # in one statement: one a row takes longer than all the rest of the test
            places = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
            database.execute(f"INSERT INTO {table} ({columns}) VALUES {places}", [*chain.from_iterable(rows)])


def waiting(database: duckdb.DuckDBPyConnection, stream: PerIdStream) -> int | None:
    """How many ids the view says are waiting."""
    query = "SELECT waiting FROM data_freshness WHERE stream = ?"
    ((count,),) = database.execute(query, [stream.table]).fetchall()
    return count  # type: ignore[no-any-return]


@pytest.mark.parametrize("stream", PER_ID, ids=lambda stream: stream.table)
def test_the_view_counts_what_the_queue_asks_for(database: duckdb.DuckDBPyConnection, stream: PerIdStream) -> None:
    newest = {"modified": CHANGED, "listed": None, "outcome": "read", "read_for": CHANGED, "reading": 2}
    queue = QueueTables(stream, database)
    for name, value in [(name, value) for name, values in FACTS.items() for value in values]:
        states = [newest, *(state for state in STATES if state[name] == value)]
        fill(database, stream, states, LISTED)
        due = {one.id for one in queue.due(len(states), NOW, reading=2)}
        assert 0 < len(due) < len(states) or (name, value) == ("listed", "gone")
        assert (waiting(database, stream), name, value) == (len(due), name, value)


def test_of_a_list_that_is_empty_now_nothing_waits(database: duckdb.DuckDBPyConnection) -> None:
    later = LISTED + MINUTE
    stored = {"list": {"at": later.isoformat()}}
    state = {"sources": {"partner_central": {"resources": {"engagements": stored}}}}
    fill(database, ENGAGEMENT_MEMBERS, [one for one in STATES if one["listed"] == "there"], LISTED)
    for at, are_due in ((LISTED, True), (later, False)):
        database.execute("DELETE FROM sync_run_streams")
        database.execute("DELETE FROM sync_runs")
        database.execute("INSERT INTO sync_runs (run_id, mode) VALUES ('r', 'incremental')")
        database.execute(
            "INSERT INTO sync_run_streams (run_id, stream, listed_at) VALUES ('r', 'engagements', ?)", [at]
        )
        stored["list"]["at"] = at.isoformat()
        count = QueueTables(ENGAGEMENT_MEMBERS, database, state).count(NOW, reading=2)
        assert (waiting(database, ENGAGEMENT_MEMBERS), count > 0) == (count, are_due)
