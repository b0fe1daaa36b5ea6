"""What is sent to a database as a query, by its text: one statement that reads, in the SQL of each destination."""

from __future__ import annotations

import pytest

from partner_central_sync import destinations
from partner_central_sync.destinations.errors import WrongQuery
from partner_central_sync.destinations.statements import Statements

DEEP = "SELECT " + "(" * 300 + "1" + ")" * 300


def prepared(destination: str, query: str) -> str:
    adapter = destinations.get(destination)
    return Statements(destination, adapter.commands, adapter.outside).prepare(query, "partner_central")


@pytest.mark.parametrize("destination", ["postgres", "redshift", "snowflake", "databricks", "clickhouse", "bigquery"])
@pytest.mark.parametrize(
    "query", ["SELECT 1", "SELECT 1;", "SELECT 1 ; ;", "SELECT 1; -- end", "-- first\n;/* a; b */ SELECT 1 -- end"]
)
def test_semicolons_and_comments_around_a_select_are_left_out(destination: str, query: str) -> None:
    assert prepared(destination, query) == "SELECT 1"


@pytest.mark.parametrize("destination", ["postgres", "redshift", "snowflake", "databricks", "clickhouse", "bigquery"])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT 1; DELETE FROM opportunities", "one SELECT"),
        ("SHOW TABLES; DROP TABLE opportunities", "one SELECT"),
        ("DESCRIBE stalled; DROP TABLE opportunities", "one SELECT"),
        ("DROP TABLE opportunities", "one SELECT"),
        ("", "one SELECT"),
        ("-- nothing", "one SELECT"),
        ("SELECT 'never ends", "not a SELECT"),
        (DEEP, "nested too deep"),
    ],
)
def test_anything_else_is_a_sentence(destination: str, query: str, words: str) -> None:
    with pytest.raises(WrongQuery, match=words):
        prepared(destination, query)


@pytest.mark.parametrize(
    ("destination", "query"),
    [
        ("snowflake", "SELECT 1 ->> DELETE FROM opportunities"),
        ("snowflake", "SHOW TABLES ->> DROP TABLE opportunities"),
        ("snowflake", "EXPLAIN SELECT 1 ->> DELETE FROM opportunities"),
        ("clickhouse", "SELECT * FROM url('http://example.com', 'CSV', 'a String')"),
        ("clickhouse", "SELECT file ('/etc/passwd')"),
        ("clickhouse", "DESCRIBE TABLE executable('x.sh', 'CSV', 'a String')"),
        ("databricks", "SELECT reflect('java.lang.System', 'getenv')"),
        ("databricks", "SELECT `Reflect`('java.lang.System', 'getenv')"),
        ("bigquery", "SELECT * FROM EXTERNAL_QUERY('a', 'DELETE FROM x')"),
        ("postgres", "SELECT pg_terminate_backend(1)"),
        ("postgres", 'SELECT pg_catalog."pg_advisory_lock"(1)'),
        ("redshift", "SELECT pg_cancel_backend(1)"),
    ],
)
def test_what_reaches_beyond_tables_is_refused_by_name(destination: str, query: str) -> None:
    with pytest.raises(WrongQuery, match="does more than read tables"):
        prepared(destination, query)


@pytest.mark.parametrize(
    ("destination", "query"),
    [
        ("snowflake", "SELECT '->>', value:a::text FROM opportunities"),
        ("clickhouse", "SELECT url, file FROM opportunities"),
        ("databricks", "SELECT 'reflect(' FROM opportunities"),
        ("postgres", "SELECT a ->> 'b' FROM opportunities"),
        ("postgres", "EXPLAIN (ANALYZE, BUFFERS) SELECT 1"),
        ("postgres", "EXPLAIN (SELECT 1)"),
        ("clickhouse", "EXPLAIN PIPELINE SELECT 1"),
        ("snowflake", "SHOW VIEWS"),
        ("databricks", "DESCRIBE stalled"),
    ],
)
def test_names_alone_texts_and_what_the_database_has_itself_are_sent_as_they_are(destination: str, query: str) -> None:
    assert prepared(destination, query) == query


@pytest.mark.parametrize("destination", ["postgres", "redshift", "bigquery"])
def test_show_and_describe_ask_the_information_schema_where_there_is_no_such_statement(destination: str) -> None:
    assert "INFORMATION_SCHEMA.TABLES" in prepared(destination, "SHOW TABLES")
    assert "LOWER('stalled')" in prepared(destination, 'DESC "stalled"')
    with pytest.raises(WrongQuery, match="SHOW TABLES and DESCRIBE"):
        prepared(destination, "SUMMARIZE stalled")
    with pytest.raises(WrongQuery, match="has no DESCRIBE"):
        prepared(destination, "DESCRIBE a' OR 'a' = 'a")
