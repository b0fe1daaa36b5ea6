"""The views over tables in which a column stands under two types: they answer as if it were one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central_emulator import Emulator
from partner_central_sync.destinations import split_columns
from partner_central_sync.destinations.split_columns import quoted
from partner_central_sync.views import absent_tables
from partner_central_sync.views.files import view_texts
from partner_central_sync.views.keeping import create_views
from partner_central_sync.views.translation import translate
from postgres import Postgres
from sandbox import Sandbox
from views.test_views import opened, rows_of
from views.test_views_sync import asked, change, client_of
from worked_answers import ANSWERS
from worked_example import SMALL_CASE

RECORDS = ("opportunities", "opportunity_history")
WORDS = ("user", "order", "group", "current_date", "case", "end", "from", "not", "select")
SPEND = ("opportunities__project_expected_customer_spend",)
# a column, the type it has had until now, the type it has from now on, and what it held: a value of that type, or none
SPLIT = (
    (RECORDS, "life_cycle_target_close_date", "TEXT", "date", "CAST({} AS TEXT)"),
    (RECORDS, "created_date", "TEXT", "timestamp", "REPLACE(CAST({} AT TIME ZONE 'UTC' AS TEXT), ' ', 'T') || 'Z'"),
    (RECORDS, "life_cycle_stage", "BIGINT", "text", None),
    (RECORDS, "project_expected_contract_duration_value", "DOUBLE PRECISION", "bigint", "{}"),
    (SPEND, "amount", "TEXT", "decimal", "CAST({} AS TEXT)"),
)


def split(client: SqlJobClientBase) -> None:
    """Put half of the values of some columns under the plain name, in another type, and the rest under a typed name."""
    sql = client.sql_client
    sql.execute_sql("SET TimeZone = 'UTC'")
    for tables, column, kind, typed, written in SPLIT:
        for name in tables:
            table, key = sql.make_qualified_table_name(name), "opportunity_id" if "__" in name else "id"
            other = f"{column}_{typed}"
            sql.execute_sql(f"ALTER TABLE {table} RENAME COLUMN {column} TO {other}")
            sql.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
            if written:
                sql.execute_sql(
                    f"UPDATE {table} SET {column} = {written.format(other)}, {other} = NULL WHERE {key} < 'E'"
                )


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> str:
    return f"{postgres_server.url(postgres_server.database('types'))}?options=-ctimezone%3DAmerica/Los_Angeles"


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def split_case(
    request: pytest.FixtureRequest, server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlJobClientBase]:
    with opened(request.param, server, tmp_path_factory.mktemp("split"), "split", SMALL_CASE) as client:
        sql = client.sql_client
        for view in ANSWERS:
            sql.execute_sql(f"DROP VIEW IF EXISTS {sql.make_qualified_table_name(view)} CASCADE")
        split(client)
        assert create_views(client).is_complete
        yield client


@pytest.mark.long
@pytest.mark.parametrize("view", ANSWERS)
def test_a_view_answers_the_same_where_columns_stand_under_two_types(view: str, split_case: SqlJobClientBase) -> None:
    columns, expected = ANSWERS[view]
    assert set(rows_of(split_case, view, columns)) == set(expected)


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_other_columns_of_a_split_table_may_be_called_as_they_like(kind: str, server: str, tmp_path: Path) -> None:
    """They are members that AWS adds, or a user's own."""
    with opened(kind, server, tmp_path, "words", {}) as client:
        sql = client.sql_client
        words = {"my note", 'my "note"', *WORDS}
        if kind == "duckdb":
            words |= {str(word) for (word,) in sql.execute_sql("SELECT keyword_name FROM duckdb_keywords()") or ()}
        for table, columns in list(client.get_storage_tables(RECORDS)):
            name = sql.make_qualified_table_name(table)
            sql.execute_sql(f"ALTER TABLE {name} ADD COLUMN life_cycle_target_close_date_text TEXT")
            for word in sorted(words - columns.keys()):
                sql.execute_sql(f"ALTER TABLE {name} ADD COLUMN {quoted(word)} TEXT")
        kept = create_views(client)
        assert (kept.is_complete, len(kept.made) > 10) == (True, True)
        for view in view_texts():
            rows_of(client, view)


def test_a_query_gets_the_columns_that_it_names_as_it_writes_them() -> None:
    columns = {"id": "text", "order": "text", "my note": "text", "score": "bigint", "score_text": "text"}
    text = split_columns.join_columns("opportunities", columns)
    assert text
    read = translate("SELECT o.id, score FROM opportunities AS o", client_of("snowflake"), {"opportunities": text})
    joined = "SELECT id, COALESCE(score_text, CAST(score AS VARCHAR)) AS score FROM data.opportunities AS opportunities"
    assert read == f"SELECT o.id, score FROM ({joined}) AS o"
    counted = translate("SELECT COUNT(*) AS rows FROM opportunities", client_of("duckdb"), {"opportunities": text})
    assert counted == "SELECT COUNT(*) AS rows FROM (SELECT NULL FROM opportunities) AS opportunities"


def test_an_empty_table_may_have_a_member_called_like_a_word() -> None:
    text = absent_tables._empty_query([("id", "text"), ("select", "text")])
    read = translate("SELECT id FROM solutions", client_of("duckdb"), {"solutions": text})
    assert read == "SELECT id FROM (SELECT CAST(NULL AS TEXT) AS id FROM opportunities WHERE 1 = 0) AS solutions"


def test_a_typed_column_is_known_by_its_other_type_and_by_no_such_member() -> None:
    held = {"score": "bigint", "score_text": "text", "score_double_2": "double", "stage": "text", "stage_text": "text"}
    assert split_columns.split_columns_of(held) == {"score": ["score_double_2", "score_text"]}
    assert split_columns.split_columns_of(held, {"score_text"}) == {"score": ["score_double_2"]}
    assert split_columns.split_columns_of({"created_date": "date", "score_bool": "text", "score": "bigint"}) == {}


@pytest.mark.long
def test_the_views_are_made_again_when_a_typed_column_appears(synced: Sandbox, emulator: Emulator) -> None:
    change(synced, "ALTER TABLE opportunities ALTER life_cycle_next_steps TYPE BIGINT USING NULL")
    change(synced, "ALTER TABLE opportunity_history ALTER life_cycle_next_steps TYPE BIGINT USING NULL")
    key = emulator.truth()[0]["Id"]
    emulator.change(key, {"LifeCycle": {"NextSteps": "call them"}})
    assert synced.sync().new_columns == ["opportunities.life_cycle_next_steps_text"]
    told = f"SELECT life_cycle_next_steps FROM opportunity_current WHERE id = '{key}'"
    assert asked(synced, told) == [("call them",)]
    assert asked(synced, f"SELECT life_cycle_next_steps FROM opportunities WHERE id = '{key}'") == [(None,)]
