"""PostgreSQL that is away, closed to the loader, emptied, or dies: a sentence, an exit code, and nothing lost."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.check import check
from partner_central_sync.sync.job import sync
from postgres import PASSWORD, Postgres, own_name, own_server
from sandbox import TIMEOUT_S
from servers import free_port
from startable_destinations import Warehouse

SCHEMA = "partner_central"
CHANGE = {"LifeCycle": {"NextSteps": "A call."}}


@pytest.fixture
def server(postgres_server: Postgres) -> Postgres:
    """The server that all tests share."""
    return postgres_server


@pytest.fixture
def sandbox(tmp_path: Path, emulator: Emulator, server: Postgres, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """A database to sync into from `emulator`."""
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", server.url(server.database("pipeline")))
    return Warehouse(tmp_path, emulator.endpoint, "postgres")


def failed(sandbox: Warehouse, report: Console | None = None) -> tuple[ExitCode, str]:
    """How a sync fails."""
    with pytest.raises(Exception) as error:  # noqa: PT011 - what it is explained as is asserted
        sync(sandbox.settings(), report or Console(quiet=True))
    code, sentence = exit_code_and_message(error.value)
    assert PASSWORD not in sentence
    return code, sentence


def test_a_server_that_cannot_be_entered_is_told_before_any_call(
    sandbox: Warehouse, server: Postgres, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    entrance = "DESTINATION__POSTGRES__CREDENTIALS"
    monkeypatch.setenv(entrance, server.url("pipeline", password="wrong"))
    code, sentence = failed(sandbox)
    assert code is ExitCode.CONFIGURATION
    assert 'password authentication failed for user "loader"' in sentence
    monkeypatch.setenv(entrance, server.url("elsewhere"))
    code, sentence = failed(sandbox)
    assert code is ExitCode.CONFIGURATION
    assert f'database "{own_name("elsewhere")}" does not exist' in sentence
    monkeypatch.setenv(entrance, server.url("pipeline").replace(f":{server.port}/", f":{free_port()}/"))
    code, sentence = failed(sandbox)
    assert code is ExitCode.RETRY_LATER
    assert "Connection refused" in sentence
    assert emulator.calls == []


@pytest.mark.long
def test_a_missing_grant_is_named(sandbox: Warehouse, server: Postgres, emulator: Emulator) -> None:
    server.sql("pipeline", f"REVOKE CREATE ON DATABASE {own_name('pipeline')} FROM loader")
    code, sentence = failed(sandbox)
    assert code is ExitCode.CONFIGURATION
    assert f"GRANT CREATE ON DATABASE {own_name('pipeline')} TO" in sentence
    assert [finding.code for finding in check(sandbox.settings())][-1] is ExitCode.CONFIGURATION
    server.sql("pipeline", f"CREATE SCHEMA {SCHEMA}", f"GRANT USAGE ON SCHEMA {SCHEMA} TO loader")
    code, sentence = failed(sandbox)
    assert code is ExitCode.CONFIGURATION
    assert f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO" in sentence
    server.sql("pipeline", f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO loader")
    assert "GRANT CREATE ON DATABASE" in failed(sandbox)[1]  # for the schema where rows are staged
    server.sql("pipeline", f"GRANT CREATE ON DATABASE {own_name('pipeline')} TO loader")
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())
    server.sql("pipeline", f"ALTER TABLE {SCHEMA}.opportunities OWNER TO postgres")
    emulator.change(emulator.truth()[0]["Id"], CHANGE)
    calls = len(emulator.calls)
    for _ in range(2):
        code, sentence = failed(sandbox)
        assert code is ExitCode.CONFIGURATION
        assert "owner of opportunities" in sentence
    assert len(emulator.calls) == calls
    server.sql("pipeline", f"ALTER TABLE {SCHEMA}.opportunities OWNER TO loader")
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())


def test_check_proves_a_write_and_leaves_nothing(sandbox: Warehouse, server: Postgres) -> None:
    server.sql("pipeline", f"CREATE SCHEMA {SCHEMA}", f"GRANT USAGE ON SCHEMA {SCHEMA} TO loader")
    found = list(check(sandbox.settings()))[-1]
    assert (found.subject, found.code) == ("destination", ExitCode.CONFIGURATION), "who may only read cannot sync"
    assert "writable" not in found.text
    assert f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO" in found.text
    server.sql("pipeline", f"GRANT USAGE, CREATE ON SCHEMA {SCHEMA} TO loader")
    server.sql("pipeline", f"REVOKE CREATE ON DATABASE {own_name('pipeline')} FROM loader")
    assert list(check(sandbox.settings()))[-1].code is ExitCode.CONFIGURATION, "no staging dataset"
    server.sql("pipeline", f"GRANT CREATE ON DATABASE {own_name('pipeline')} TO loader")
    found = list(check(sandbox.settings()))[-1]
    assert (found.code, "is writable" in found.text) == (ExitCode.DONE, True)
    left = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'partner%' AND nspname <> %s"
    assert server.sql("pipeline", left.replace("%s", f"'{SCHEMA}'")) == []
    assert server.sql("pipeline", f"SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}'") == []


@pytest.mark.views
def test_a_users_column_that_differs_in_capital_letters_only_is_passed_over(
    sandbox: Warehouse, server: Postgres, emulator: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    """Views read `customer_city`, and an `owner` and a `value` of other tables."""
    sandbox.sync()
    table = f"{SCHEMA}.opportunities"
    for name in ("Customer_City", "Owner", "Value"):
        server.sql("pipeline", f"ALTER TABLE {table} ADD \"{name}\" TEXT DEFAULT 'mine'")
    server.sql("pipeline", f"ALTER TABLE {table} ADD life_cycle_next_steps_bigint BIGINT")  # views read both as one
    emulator.put({"Id": "O1", "Customer": {"Account": {"Address": {"City": "Rome"}}}})
    sandbox.sync(full=True)
    assert "WARNING" not in capfd.readouterr().err
    asked = f"SELECT customer_city FROM {SCHEMA}.opportunity_current WHERE id = 'O1'"
    assert server.sql("pipeline", asked) == [("Rome",)]
    kept = f"""SELECT count(*) FROM {table} WHERE "Customer_City" || "Owner" || "Value" = 'mineminemine'"""
    assert server.sql("pipeline", kept) == [(251,)]


@pytest.mark.long
def test_a_schema_that_was_dropped_is_filled_again(sandbox: Warehouse, server: Postgres, emulator: Emulator) -> None:
    sandbox.sync()
    server.sql("pipeline", f"DROP SCHEMA {SCHEMA} CASCADE")
    assert sandbox.sync().changed == len(emulator.truth())
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_another_machine_goes_on_where_the_last_one_stopped(sandbox: Warehouse, emulator: Emulator) -> None:
    sandbox.sync()
    shutil.rmtree(sandbox.folder / "data")
    emulator.change(emulator.truth()[0]["Id"], CHANGE)
    again = sandbox.sync()
    assert (again.calls, again.changed) == (1, 1)
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_new_column_waits_for_a_reader_for_a_limited_time(
    sandbox: Warehouse, server: Postgres, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partner_central_sync.destinations.postgres_client.LONGEST_WAIT_FOR_A_TABLE", "50ms")
    sandbox.sync()
    before = sandbox.tables()
    record = emulator.truth()[0]
    emulator.overlay(record["Id"], {"Motto": "new"})
    emulator.change(record["Id"], CHANGE)
    with closing(psycopg2.connect(server.url("pipeline", user="postgres"))) as reader, reader.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {SCHEMA}.opportunities")
        code, sentence = failed(sandbox)
    assert code is ExitCode.RETRY_LATER
    assert "Another session of PostgreSQL holds a table" in sentence
    assert "Nothing is lost" in sentence
    assert sandbox.tables() == before
    sandbox.sync()
    with closing(psycopg2.connect(server.url("pipeline"))) as loaded, loaded.cursor() as cursor:
        cursor.execute(f"SELECT motto FROM {SCHEMA}.opportunities WHERE motto IS NOT NULL")
        assert cursor.fetchall() == [("new",)]


def test_a_session_waits_for_no_lock_without_end_unless_it_was_set_to(
    sandbox: Warehouse, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limit() -> str:
        client: Any = working_folder.attach(sandbox.settings()).destination_client()
        with client:
            return str(client.sql_client.execute_sql("SHOW lock_timeout")[0][0])

    assert limit() == "5min"
    url = f"{server.url('pipeline')}?options=-clock_timeout%3D7s"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
    assert limit() == "7s"


@pytest.mark.long
def test_a_server_that_dies_in_the_middle_of_a_merge_costs_nothing(
    sandbox: Warehouse, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_server() as server:
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", server.url(server.database("pipeline")))
        die_and_live_again(sandbox, server, emulator)


def die_and_live_again(sandbox: Warehouse, server: Postgres, emulator: Emulator) -> None:
    sandbox.sync()
    before = sandbox.tables()
    for record in emulator.truth():
        emulator.change(record["Id"], CHANGE)
    dying = threading.Thread(target=die_while_rows_are_merged, args=(server,))
    dying.start()
    code, sentence = failed(sandbox)
    dying.join(TIMEOUT_S)
    assert code is ExitCode.RETRY_LATER, sentence
    server.start()
    assert sandbox.tables() == before
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())


def die_while_rows_are_merged(server: Postgres) -> None:
    """Keep the merge from its table until it waits for it, then end the server as a power cut would."""
    holder = psycopg2.connect(server.url("pipeline", user="postgres"))
    with holder.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {SCHEMA}.opportunities IN SHARE MODE")
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'loader' AND wait_event_type = 'Lock'"
        end = time.monotonic() + TIMEOUT_S
        while server.sql("pipeline", waiting) == [(0,)] and time.monotonic() < end:
            time.sleep(0.02)
        server.kill()
