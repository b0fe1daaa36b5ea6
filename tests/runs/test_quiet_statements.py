"""The statements that a run without changes sends to a database: each may wake a warehouse, and is paid for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.impl.postgres.sql_client import Psycopg2SqlClient

from databases import Database

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "warehouse-cost.md"
READ = ("SCHEMATA", "_dlt_pipeline_state", "COLUMNS", "sync_lease")
WRITTEN = ("sync_runs", "sync_run_streams")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the clients of both databases send from now on."""
    statements: list[str] = []
    for client in (DuckDbSqlClient, Psycopg2SqlClient):
        monkeypatch.setattr(client, "execute_query", _noting(client.execute_query, statements))
    return statements


def _noting(execute: Any, statements: list[str]) -> Any:
    @contextmanager
    def execute_query(client: Any, query: Any, *values: Any, **named: Any) -> Iterator[Any]:
        statements.append(str(query))
        with execute(client, query, *values, **named) as cursor:
            yield cursor

    return execute_query


def test_a_quiet_run_sends_as_many_statements_as_the_page_says(loaded: Database, sent: list[str]) -> None:
    loaded.sync()
    sent.clear()
    loaded.sync()
    reads = [one for one in sent if one.strip().startswith("SELECT")]
    inserts = [one for one in sent if one.strip().startswith("INSERT")]
    assert len(sent) == len(reads) + len(inserts)
    for statements, names in ((reads, READ), (inserts, WRITTEN)):
        assert len(statements) == len(names)
        for statement, name in zip(statements, names, strict=True):
            assert re.search(rf"\b{name}\b", statement), name
    page = PAGE.read_text()
    assert f"**{len(sent)} statements**: {len(reads)} that read, and {len(inserts)} INSERT" in page
    assert f"{len(sent) * 48} statements a day" in page
