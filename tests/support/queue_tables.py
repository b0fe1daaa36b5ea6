"""The tables that say which ids are due, in a DuckDB in memory, and the adapter that the query is asked through."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast
from unittest.mock import patch

import duckdb
from dlt.common.destination.client import JobClientBase

from partner_central.public import DueId, PerIdStream
from partner_central.streams.aws_opportunity_summaries import AWS_OPPORTUNITY_SUMMARIES as STREAM
from partner_central_sync.sync import ids_due

CREATE = {
    "opportunities": "id TEXT, account TEXT, life_cycle_stage TEXT, created_date TIMESTAMPTZ, "
    "last_modified_date TIMESTAMPTZ",
    "opportunity_presence": "id TEXT, account TEXT, gone_since TIMESTAMPTZ",
    STREAM.history_table: "id TEXT, account TEXT, content_hash TEXT, read_order BIGINT",
}


READS = "id TEXT, account TEXT, read_at TIMESTAMPTZ, read_for TIMESTAMPTZ, outcome TEXT, reading BIGINT"


class QueueTables:
    """The tables of a stream, and the adapter of a destination that holds them.

    Args:
        stream: whose tables are made, unless they are there.
        connection: to a database that has them.
        state: of the pipeline.
    """

    def __init__(
        self,
        stream: PerIdStream = STREAM,
        connection: duckdb.DuckDBPyConnection | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self._stream, self._state = stream, state or {}
        self.connection = connection or duckdb.connect(":memory:", config={"threads": 1})
        self.connection.execute("SET TimeZone = 'UTC'")
        for table, columns in (CREATE | {stream.reads_table: READS}).items() if connection is None else ():
            self.connection.execute(f"CREATE TABLE {table} ({columns})")

    def add(self, table: str, *rows: Mapping[str, object]) -> None:
        for row in rows:
            places = ", ".join("?" for _ in row)
            self.connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", [*row.values()])

    def due(
        self, limit: int, now: datetime, account: str | None = None, reading: int = 1, taken: Sequence[DueId] = ()
    ) -> list[DueId]:
        with self.asked():
            return self._queue(account).find(reading, limit, now, taken=taken)

    def count(self, now: datetime, account: str | None = None, reading: int = 1) -> int:
        with self.asked():
            return self._queue(account).count(reading, now)

    def _queue(self, account: str | None) -> ids_due.IdQueue:
        return ids_due.queues_of(cast("JobClientBase", self), [self._stream], account, self._state)[self._stream.table]

    @contextmanager
    def asked(self) -> Iterator[None]:
        with patch.object(ids_due, "of", lambda client: client):
            yield

    def queryable_columns(self, _: object, names: Iterable[str]) -> dict[str, set[str]]:
        known = self.connection.execute("SELECT table_name, column_name FROM duckdb_columns()").fetchall()
        columns = {name: {column for table, column in known if table == name} for name in names}
        return {name: {*some, "_dlt_id"} for name, some in columns.items() if some}  # a load gives each table that

    def select(
        self, _: object, columns: Mapping[str, Collection[str]], query: str, *values: object
    ) -> Sequence[Sequence[Any]]:
        plain = query.format(**{table: table for table in columns}).replace("%s", "?")
        return self.connection.execute(plain, list(values)).fetchall()
