"""Queries of views in warehouses that lack a function or a number, in the warehouse's dialect."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from partner_central_sync import destinations
from partner_central_sync.views.files import view_texts


def adapted(destination: str, text: str) -> str:
    """A query as the destination gets it."""
    query: Any = sqlglot.parse_one(text, dialect="duckdb")
    destinations.get(destination).adapt_view(query)
    written: str = query.sql(dialect=destination)
    assert sqlglot.parse_one(written, dialect=destination).sql(dialect=destination) == written
    return written


def test_a_part_of_a_text_is_an_element_of_an_array() -> None:
    text = "SELECT SPLIT_PART(spend, '; ', digit + 1) AS entry FROM versions"
    assert "COALESCE(SPLIT(spend, '; ')[SAFE_ORDINAL(digit + 1)], '')" in adapted("bigquery", text)
    assert "arrayElement(splitByString('; ', ifNull(spend, '')), digit + 1)" in adapted("clickhouse", text)


def test_amounts_in_bigquery_have_36_digits_before_the_point() -> None:
    text = "SELECT CAST(NULL AS DECIMAL(38, 2)) AS amount, CAST(days AS DECIMAL(18, 9)) AS days FROM stays"
    assert (
        adapted("bigquery", text)
        == "SELECT CAST(NULL AS BIGNUMERIC) AS amount, CAST(days AS NUMERIC) AS days FROM stays"
    )
    assert "SAFE_CAST(entry AS BIGNUMERIC)" in adapted(
        "bigquery", "SELECT TRY_CAST(entry AS DECIMAL(38, 2)) FROM words"
    )


def test_nothing_is_divided_by_0_in_clickhouse() -> None:
    written = adapted(
        "clickhouse", "SELECT CAST(100 * won / NULLIF(won + lost, 0) AS DECIMAL(18, 9)) AS rate FROM deals"
    )
    assert "100 * won / CASE WHEN (won + lost) = 0 THEN 1 ELSE (won + lost) END" in written
    assert "CASE WHEN (won + lost) <> 0 THEN" in written


def test_what_is_calculated_is_rounded_where_a_cast_does_not() -> None:
    text = "SELECT CAST(amount * weight AS DECIMAL(38, 2)) AS weighted, TRY_CAST(word || '1' AS DECIMAL(38, 2)) AS read"
    assert "ROUND(CAST(amount * weight AS BIGNUMERIC), 2) AS weighted" in adapted("bigquery", text)
    assert "ROUND(CAST(amount * weight AS Nullable(Decimal(76, 20))), 2)" in adapted("clickhouse", text)
    assert adapted("bigquery", text).count("ROUND") == adapted("clickhouse", text).count("ROUND") == 1
    average = "SELECT ROUND(CAST(AVG(days) AS DECIMAL(18, 9)), 1) AS days"
    assert adapted("bigquery", average) == "SELECT ROUND(CAST(AVG(days) AS NUMERIC), 1) AS days"


def test_days_are_added_to_a_date_by_a_function() -> None:
    text = "SELECT CAST(DATE '1970-01-05' + CAST(week + 6 AS INTEGER) AS DATE) AS week_end, 1 + 2 AS three FROM weeks"
    assert "DATEADD(DAY, CAST(week + 6 AS INT), CAST('1970-01-05' AS DATE))" in adapted("snowflake", text)
    assert "DATE_ADD(CAST('1970-01-05' AS DATE), INTERVAL (CAST(week + 6 AS INT64)) DAY)" in adapted("bigquery", text)
    assert "1 + 2 AS three" in adapted("snowflake", text)


@pytest.mark.parametrize("name", view_texts())
def test_bigquery_groups_by_no_name_of_two_meanings(name: str) -> None:
    """It is given the name that SELECT gives a column, and refuses one that a table's column has as well."""
    for select in sqlglot.parse_one(adapted("bigquery", view_texts()[name]), dialect="bigquery").find_all(exp.Select):
        grouped = select.args.get("group", exp.Group()).expressions
        bare = {one.name for one in grouped if isinstance(one, exp.Column) and not one.table}
        assert not bare & {one.name for one in select.find_all(exp.Column) if one.table}
