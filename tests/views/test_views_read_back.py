"""The views as a warehouse gets them, read back by sqlglot and run by DuckDB: the rows are those of DuckDB's own views.

This holds the translation, as far as sqlglot knows the dialect. No warehouse runs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central_sync import destinations
from partner_central_sync.views.absent_tables import empty_queries
from partner_central_sync.views.files import tables_read, view_texts
from partner_central_sync.views.translation import translate
from views.test_views import opened
from worked_example import SMALL_CASE, TABLES


@pytest.fixture(scope="module")
def small_case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlJobClientBase]:
    with opened("duckdb", "", tmp_path_factory.mktemp("read_back"), "read_back", SMALL_CASE) as client:
        yield client


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
@pytest.mark.parametrize("view", view_texts())
def test_a_translated_view_has_the_rows_of_its_own(view: str, dialect: str, small_case: SqlJobClientBase) -> None:
    sql = small_case.sql_client
    warehouse: Any = SimpleNamespace(
        adapter=destinations.get(dialect),
        capabilities=SimpleNamespace(sqlglot_dialect=dialect),
        sql_client=SimpleNamespace(make_qualified_table_name=lambda name: f"partner_central.partner_central.{name}"),
    )
    written = translate(view_texts()[view], warehouse, empty_queries(tables_read() - TABLES.keys()))
    (back,) = sqlglot.transpile(written, read=dialect, write="duckdb")
    found, wanted = sql.execute_sql(back), sql.execute_sql(f"SELECT * FROM {sql.make_qualified_table_name(view)}")
    assert wanted
    assert Counter(map(tuple, found or ())) == Counter(map(tuple, wanted))
