"""The type and the example of each column, in the heads of the views, are those of the case worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central_sync.views.files import head_of, view_texts
from partner_central_sync.views.translation import columns_of
from views.test_views import opened
from worked_example import SMALL_CASE

WORDS = {"VARCHAR": "text", "BIGINT": "integer", "INTEGER": "integer", "TIMESTAMP WITH TIME ZONE": "timestamp"}
READ = {
    "text": str,
    "integer": int,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "timestamp": lambda text: datetime.strptime(text, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC),
    "boolean": lambda text: {"true": True, "false": False}[text],
}


@pytest.fixture(scope="module")
def small_case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlJobClientBase]:
    with opened("duckdb", "", tmp_path_factory.mktemp("examples"), "examples", SMALL_CASE) as client:
        client.sql_client.execute_sql("SET TimeZone = 'UTC'")
        yield client


def written(value: object) -> str:
    """A value as the heads have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{value:f}" if isinstance(value, Decimal) else f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("view", view_texts())
def test_a_column_has_its_type_and_an_example_of_its_values(view: str, small_case: SqlJobClientBase) -> None:
    head, columns = head_of(view_texts()[view]), columns_of(view_texts()[view])
    assert [*head.columns] == [*columns]
    sql = small_case.sql_client
    name = sql.make_qualified_table_name(view)
    kinds = {column: kind for column, kind, *_ in sql.execute_sql(f"DESCRIBE SELECT * FROM {name}") or ()}
    rows = sql.execute_sql(f"SELECT * FROM {name}") or ()
    for place, column in enumerate(columns):
        kind = kinds[column].partition("(")[0]
        word = WORDS.get(kind, "decimal" if kind == "DOUBLE" else kind.lower())
        assert head.types[column] == word, column
        example = head.columns[column].partition(" Example: ")[2].removesuffix(".")
        assert example, column
        READ[word](example)
        values = {written(row[place]) for row in rows if row[place] is not None}
        assert not values or example in values, column
