"""`sync_runs` has a row for every run that came as far as its destination, and costs the others nothing."""

from __future__ import annotations

import signal
import socket
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.pipeline.exceptions import PipelineStepFailed

from command.test_kills import ended
from databases import MOSTLY_DUCKDB, Database
from partner_central.errors import CallBudgetExhausted, ConfigurationError
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.errors import NotWritable
from partner_central_sync.sync import pending
from partner_central_sync.sync.job import sync
from partner_central_sync.sync.run_log import COLUMNS
from partner_central_sync.sync.status import status
from partner_central_sync.version import version
from runs.test_tables import query
from sandbox import TIMEOUT_S, Sandbox, held_at


def runs(sandbox: Sandbox, what: str) -> list[tuple[Any, ...]]:
    """Something of every run, oldest first."""
    return query(sandbox, f"SELECT {what} FROM sync_runs ORDER BY started_at")


def test_each_run_leaves_what_its_summary_says(sandbox: Sandbox, emulator: Emulator) -> None:
    began = datetime.now(UTC)
    summaries = [sandbox.sync()]
    before = query(sandbox, "SELECT count(*) FROM opportunity_history")
    emulator.advance(days=5)
    emulator.overlay(emulator.truth()[0]["Id"], {"Mascot": "owl"})
    summaries += [
        sandbox.sync(),
        sandbox.sync(),
        sandbox.sync(full=True),
        sandbox.sync(filters={"identifier": ["O10000008"]}),
    ]
    counts = "calls, throttles, waited_seconds, pages, records, rows_changed, rejected"
    wanted = [(s.calls, s.throttles, s.waited, s.pages, s.read, s.changed, s.rejected) for s in summaries]
    assert runs(sandbox, counts) == wanted
    first, moved, *again = (counts[5] for counts in wanted)
    assert again == [0, 0, 0], "the third run is quiet; those after it read what is known"
    assert summaries[3].read > 250
    assert query(sandbox, "SELECT count(*) FROM opportunity_history") == [(before[0][0] + moved,)]
    assert before == [(first,)]
    modes = runs(sandbox, "mode, scope[:10], outcome, exit_code, message, complete, version")
    assert modes == [
        (mode, scope, "done", 0, None, True, version())
        for mode, scope in (
            ("first", "all"),
            ("incremental", "all"),
            ("incremental", "all"),
            ("full", "all"),
            ("first", "identifier"),
        )
    ]
    marks = [summary.watermark and int(summary.watermark.timestamp()) for summary in summaries]
    assert runs(sandbox, "epoch(watermark)::BIGINT") == [(mark,) for mark in marks]
    assert [row for row in runs(sandbox, "new_columns") if row != (None,)] == [("opportunities.mascot",)]
    assert len(set(runs(sandbox, "run_id"))) == 5
    ((first, ordered, last),) = query(
        sandbox,
        "SELECT epoch(min(started_at)), bool_and(started_at < finished_at), epoch(max(finished_at)) FROM sync_runs",
    )
    assert began.timestamp() - 1 < first < last < datetime.now(UTC).timestamp() + 1
    assert ordered


def test_the_table_is_as_documented_with_comments(synced: Sandbox) -> None:
    found = query(
        synced,
        "SELECT column_name, data_type, comment FROM duckdb_columns() "
        "WHERE schema_name = 'partner_central' AND table_name = 'sync_runs' ORDER BY column_index",
    )
    kinds = {"text": "VARCHAR", "timestamp": "TIMESTAMP WITH TIME ZONE", "bool": "BOOLEAN"}
    assert found == [(c.name, kinds.get(c.kind, c.kind.upper()), c.description) for c in COLUMNS]


@pytest.mark.long
def test_failed_runs_say_why_also_the_very_first(sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.faults.append(Fault("access_denied", calls=1_000))
    with pytest.raises(PipelineStepFailed):
        sandbox.sync()
    emulator.faults.clear()
    with pytest.raises(ConfigurationError):
        sandbox.sync({"since": "yesterday"})
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())
    with pytest.raises(CallBudgetExhausted):
        sandbox.sync(full=True, max_calls=1)
    found = runs(sandbox, "mode, scope, outcome, exit_code, complete, calls, watermark IS NULL")
    assert found == [
        ("first", "all", "refused", 3, False, 1, True),
        ("first", "all", "configuration", 2, False, 0, True),
        ("first", "all", "done", 0, True, 5, False),
        ("full", "all", "later", 4, False, 1, True),
    ]
    said = [message for (message,) in runs(sandbox, "message")]
    assert "partnercentral:ListOpportunities" in said[0]
    assert "yesterday" in said[1]
    assert said[2] is None
    assert "Stopped as told, after 1 calls" in said[3]


@pytest.mark.long
def test_a_sweep_cut_short_counts_what_it_read(sandbox: Sandbox) -> None:
    with Emulator(opportunities=1_500, rps=None, latency_ms=20) as long:
        sandbox.endpoint = long.endpoint
        with pytest.raises(CallBudgetExhausted):
            sandbox.sync(max_calls=12)
        sandbox.sync()
    (first, second) = runs(sandbox, "mode, outcome, complete, calls, records > 500")
    assert first == ("first", "later", False, 12, True)
    assert second[:3] == ("first", "done", True)


def test_a_destination_that_cannot_be_reached_leaves_the_run_its_own_error(synced: Sandbox) -> None:
    with duckdb.connect(str(synced.database)):
        run = synced.command("sync")
    assert run.returncode == 4
    assert "is open in another program" in run.stderr
    assert "sync_runs" not in run.stderr
    before = len(runs(synced, "run_id"))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings = {"DESTINATION__POSTGRES__CREDENTIALS": f"postgresql://loader:hunter2@127.0.0.1:{port}/none"}
    run = synced.command("sync", "--destination", "postgres", **settings)
    assert run.returncode != 0
    assert "hunter2" not in run.stderr + run.stdout
    assert len(runs(synced, "run_id")) == before


@pytest.mark.long
def test_a_row_that_cannot_be_written_does_not_hide_how_the_run_ended(
    synced: Sandbox, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("USE partner_central.partner_central; CREATE UNIQUE INDEX one ON sync_runs (outcome)")
    emulator.advance(days=1)
    assert synced.sync().changed > 0
    assert "Everything is loaded, but the run's row in sync_runs could not be written" in capsys.readouterr().err
    synced.assert_equals(emulator.truth())
    emulator.faults.append(Fault("access_denied"))
    with pytest.raises(PipelineStepFailed, match="ListOpportunities"):
        synced.sync()


@pytest.mark.long
def test_an_interrupted_run_leaves_a_row_and_one_that_found_another_none(synced: Sandbox, emulator: Emulator) -> None:
    with held_at(emulator, 1) as arrived:
        process = synced.start("sync")
        assert arrived.wait(TIMEOUT_S)
        assert synced.command("sync").returncode == 5
        process.send_signal(signal.SIGINT)
        assert ended(process)[0] == 130
    synced.sync()
    assert runs(synced, "outcome") == [("done",), ("interrupted",), ("done",)]


def test_a_table_that_is_not_there_yet_is_made_without_a_load(synced: Sandbox) -> None:
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("DROP TABLE partner_central.partner_central.sync_runs")
    assert synced.sync().changed == 0
    assert runs(synced, "outcome") == [("done",)]


@pytest.mark.long
def test_a_row_holds_no_secret(sandbox: Sandbox, emulator: Emulator) -> None:
    secrets = {
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI-not-to-be-seen",
        "SOURCES__PARTNER_CENTRAL__PII_KEY": "pepper-not-to-be-seen-either",
    }
    emulator.faults.append(Fault("access_denied", calls=1))
    assert sandbox.command("sync", "--pii", "mask", **secrets).returncode == 3
    assert sandbox.command("sync", "--pii", "mask", **secrets).returncode == 0
    assert not [value for value in secrets.values() if value in str(runs(sandbox, "*"))]
    for file in sandbox.folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not [name for name, value in secrets.items() if value.encode() in content], file


@pytest.mark.long
def test_no_null_is_a_parameter_of_a_statement_as_bigquery_refuses_such(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, given = DuckDbSqlClient.execute_sql, []

    def noted(client: DuckDbSqlClient, sql: Any, *values: Any, **named: Any) -> Any:
        if "INTO" in str(sql) and "sync_runs" in str(sql):
            given.append(values)
        return execute(client, sql, *values, **named)

    monkeypatch.setattr(DuckDbSqlClient, "execute_sql", noted)
    sandbox.sync()
    assert given
    assert None not in given[0]
    assert query(sandbox, "SELECT account, message, outcome FROM sync_runs") == [(None, None, "done")]


@pytest.mark.long
def test_each_stream_of_a_run_has_a_row_of_its_own(sandbox: Sandbox) -> None:
    sandbox.sync()
    sandbox.sync()
    found = query(
        sandbox,
        "SELECT stream, s.mode, s.scope, s.calls = r.calls, s.pages = r.pages, s.records, s.rows_changed, s.rejected, "
        "s.watermark = r.watermark, s.complete FROM sync_run_streams AS s JOIN sync_runs AS r USING (run_id) "
        "ORDER BY r.started_at",
    )
    whole = ("opportunities", True, True, 0, True, True)
    assert [(row[0], row[3], row[4], row[7], row[8], row[9]) for row in found] == [whole, whole]
    assert [(row[1], row[2], row[5] > 0, row[6]) for row in found] == [
        ("first", "all", True, 250),
        ("incremental", "all", True, 0),
    ]


@pytest.mark.long
def test_a_first_run_that_fails_before_it_loads_leaves_nothing_to_be_missed(
    sandbox: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise NotWritable("not today")

    with monkeypatch.context() as patch:
        patch.setattr(pending, "complete_tables", refuse)
        with pytest.raises(NotWritable):
            sandbox.sync()
    sync(sandbox.settings(), Console())
    said = capsys.readouterr().err
    assert "An earlier run was interrupted: finishing what it left first." in said
    assert "WARNING" not in said
    assert "issing in the destination" not in said
    sandbox.assert_equals(emulator.truth())


def test_versions_count_in_the_run_that_loads_them(
    synced: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.change(emulator.truth()[3]["Id"], {"LifeCycle": {"NextSteps": "Call."}})

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pending, "complete_tables", interrupt)
        with pytest.raises(KeyboardInterrupt):
            synced.sync()
    emulator.change(emulator.truth()[4]["Id"], {"LifeCycle": {"NextSteps": "Write."}})
    assert synced.sync().changed == 2
    assert runs(synced, "outcome, rows_changed") == [("done", 250), ("interrupted", 0), ("done", 2)]
    assert query(synced, "SELECT rows_changed FROM sync_run_streams ORDER BY 1") == [(0,), (2,), (250,)]


@MOSTLY_DUCKDB
def test_a_failing_run_is_not_hidden_by_one_with_filters(database: Database, emulator: Emulator) -> None:
    emulator.faults.append(Fault("access_denied"))
    with pytest.raises(PipelineStepFailed):
        database.sync()
    database.sync({"life_cycle_stage": ["Launched"]})
    values: dict[str, Any] = {}
    for line in status(database.settings()):
        values |= line.values
    assert (values["last_run"]["exit_code"], values["data_as_of"]) == (0, None)
    assert [(run["scope"], run["exit_code"]) for run in values["other_runs"]] == [("all", 3)]
