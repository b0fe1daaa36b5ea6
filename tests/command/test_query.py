"""`query`: one SELECT to whatever holds the data, and its rows printed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from partner_central.errors import ConfigurationError
from partner_central_sync.console.failures import NotReadable, WrongQuery
from partner_central_sync.query.listing import list_tables
from partner_central_sync.query.output_formats import print_rows
from partner_central_sync.query.read_only import open_read_only, run_query
from partner_central_sync.sync.settings import Settings
from postgres import Postgres
from sandbox import TIMEOUT_S, Sandbox
from worked_example import SMALL_CASE, filled

HOLD = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The small case with its views, in a database that `settings` names."""
    folder = tmp_path_factory.mktemp("asked")
    if request.param == "duckdb":
        yield filled(Settings(database=folder / "partner_central.duckdb"), folder, SMALL_CASE)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    os.environ["DESTINATION__POSTGRES__CREDENTIALS"] = server.url(server.database("asked"))
    yield filled(Settings(destination="postgres"), folder, SMALL_CASE)
    del os.environ["DESTINATION__POSTGRES__CREDENTIALS"]


def asked(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with open_read_only(settings) as client, run_query(client, query) as answer:
        return list(answer.rows)


def test_tables_and_views_are_found_by_bare_names_and_moments_are_in_utc(settings: Settings) -> None:
    query = "SELECT o.id, o.last_modified_date FROM opportunities o JOIN stalled s ON s.id = o.id ORDER BY o.id;"
    with open_read_only(settings) as client, run_query(client, query) as answer:
        assert answer.columns == ["id", "last_modified_date"]
        rows = list(answer.rows)
    assert rows == [
        ("B2", datetime(2026, 4, 1, 23, 30, tzinfo=UTC)),
        ("I9", datetime(2026, 5, 11, 9, 0, tzinfo=UTC)),
    ]
    assert asked(settings, "WITH x AS (SELECT 1 AS a) SELECT a FROM x UNION ALL SELECT 2 ORDER BY 1") == [(1,), (2,)]
    assert asked(settings, "SELECT id FROM opportunities WHERE id LIKE 'A%' AND id <> '%s'") == [("A1",)]
    assert asked(settings, "SELECT id FROM opportunities WHERE FALSE") == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("DROP TABLE opportunities", "one SELECT"),
        ("SELECT 1; DELETE FROM opportunities", "one SELECT"),
        ("DELETE FROM opportunities", "one SELECT"),
        ("INSERT INTO opportunities (id) SELECT 'x'", "one SELECT"),
        ("WITH x AS (DELETE FROM opportunities RETURNING id) SELECT * FROM x", "only reads|read-only|not allowed"),
        ("SELECT id INTO copied FROM opportunities", "only reads|syntax error"),
        ("COPY opportunities TO 'x.csv'", "one SELECT"),
        ("ATTACH 'x.duckdb'", "SELECT"),
        ("", "one SELECT"),
        ("-- nothing", "one SELECT"),
        ("SELECT (1", "(?i)line 1"),
        ("SELECT " + "(" * 3000 + "1" + ")" * 3000, "nested too deep|depth"),
        ("EXPLAIN ANALYZE DELETE FROM opportunities", "one SELECT|read-only"),
        ("SHOW TABLES; DROP TABLE opportunities", "one SELECT"),
        ("CALL pragma_version()", "one SELECT"),
        ("SELECT 'never ends", "not a SELECT"),
        ("SELECT nothing FROM opportunities", "nothing"),
        ("SELECT * FROM oportunities", "oportunities"),
    ],
)
def test_what_is_no_single_select_or_is_wrong_is_refused_with_a_sentence(
    query: str, words: str, settings: Settings
) -> None:
    with pytest.raises(WrongQuery, match=words):
        asked(settings, query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM stalled;",
        "-- first\n/* and */ SELECT count(*) FROM stalled /* last */ ; -- end",
        "SHOW TABLES;",
        "describe stalled -- which columns",
        "EXPLAIN SELECT * FROM stalled;",
        "EXPLAIN ANALYZE SELECT * FROM stalled",
    ],
)
def test_what_shows_what_there_is_works_with_semicolons_and_comments(query: str, settings: Settings) -> None:
    assert asked(settings, query)


def test_a_terminal_shows_texts_of_amounts_as_it_shows_amounts(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    query = "SELECT monthly_spend, monthly_amount FROM opportunity_current WHERE monthly_amount >= 1000 ORDER BY id"
    with open_read_only(settings) as client, run_query(client, query) as answer:
        print_rows(answer.columns, answer.rows, "table")
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if "." in line]
    assert rows
    assert [spend for *_, spend, amount in rows if spend != amount or "," not in amount] == []


def test_a_plan_is_text_in_lines(settings: Settings) -> None:
    lines = asked(settings, "EXPLAIN SELECT * FROM opportunities WHERE id = 'A1'")
    assert len(lines) > 1
    assert all(len(line) == 1 and "\n" not in line[0] for line in lines)


def test_show_and_describe_name_what_is_there(settings: Settings) -> None:
    assert {"opportunities", "stalled"} <= {row[0] for row in asked(settings, "SHOW TABLES")}
    assert "days_unchanged" in {row[0] for row in asked(settings, "DESCRIBE stalled")}


def test_tables_and_views_are_listed_with_what_they_hold(settings: Settings) -> None:
    with open_read_only(settings) as client:
        lines = {name: (kind, text) for name, kind, text in list_tables(client)}
    assert lines["opportunities"] == ("table", "A row for each opportunity, as last seen.")
    assert lines["stalled"] == ("view", "Which deals of the pipeline has nobody touched for 30 days?")
    assert all(text for _, text in lines.values())


def test_a_dataset_that_is_not_there_is_said_to_be_empty(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="Nothing is loaded yet into the dataset other"):
        asked(replace(settings, dataset="other"), "SELECT 1")


def test_the_session_itself_cannot_write(settings: Settings) -> None:
    with open_read_only(settings) as client, pytest.raises(Exception, match="read-only"):
        client.sql_client.native_connection.cursor().execute("CREATE TABLE made (a INT)")


def test_a_result_that_fits_no_memory_is_printed_row_by_row(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = "SELECT generate_series(1, 100000000000) AS number"
    if settings.destination == "duckdb":
        endless = "SELECT range AS number, repeat('x', 100) AS text FROM range(1, 100000000000)"
    with open_read_only(settings) as client, run_query(client, endless) as answer:
        print_rows(answer.columns, answer.rows, "table")
    told = capsys.readouterr()
    assert "first 1,000 rows" in told.err
    assert " 1000" in told.out
    assert " 1002" not in told.out


def test_without_data_the_command_says_what_to_do_and_makes_no_file(sandbox: Sandbox) -> None:
    ended = sandbox.command("query", "SELECT 1")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Nothing is loaded yet" in ended.stderr
    assert "run partner-central sync first" in ended.stderr
    assert not sandbox.database.exists()
    with pytest.raises(ConfigurationError):
        asked(sandbox.settings(), "SELECT 1")


def test_a_wide_table_is_printed_whole_and_a_closed_pipe_is_no_error(synced: Sandbox) -> None:
    columns = "arn, id, customer_company_name, customer_website_url, customer_industry, life_cycle_stage"
    ended = synced.command("query", f"SELECT {columns} FROM opportunities ORDER BY id LIMIT 1")
    assert ended.returncode == 0
    (row,) = [line for line in ended.stdout.splitlines() if "arn:aws" in line]
    assert "…" not in row
    assert ended.stderr == "1 row\n"
    running = synced.start("query", "SELECT * FROM range(3000000)", "--format", "csv")
    assert running.stdout is not None
    assert running.stdout.readline() == "range\n"
    running.stdout.close()
    assert running.stderr is not None
    assert (running.stderr.read(), running.wait(TIMEOUT_S)) == ("", 0)
    running.stderr.close()


def test_a_file_that_another_program_writes_to_is_named_with_that_program(synced: Sandbox) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(synced.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(NotReadable, match=rf"process {holder.pid}\).*Run this again"):
            asked(synced.settings(), "SELECT 1")
    finally:
        holder.communicate(timeout=TIMEOUT_S)
