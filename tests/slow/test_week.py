"""A week of runs twice an hour: deploys, outages, a move, a new member, new keys. It ends equal, on a bounded disk."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from databases import Database
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.sync.job import sync
from postgres import Postgres, own_name
from sandbox import Sandbox

RUNS_A_DAY = 48
DEPLOYS, OUTAGES, MOVE, NEW_MEMBER, FULL = (30, 200), (90, 250), 150, 180, 300  # numbers of runs
OUTAGE_CALLS = 20
KEYS_CHANGE = range(270, 273)  # the old keys are refused from the first run on; after the last one there are new ones
PASSWORD_CHANGE = range(4, 6)  # of the runs of a shorter test, in the same way
ROLE = "loader_of_a_week"
REFUSED_KEYS = Fault("unrecognized_client", calls=1_000_000)


@dataclass
class Seen:
    """What the runs of a week left.

    Attributes:
        warnings: what a user was warned of.
        failed: the exit codes of the runs that failed, by their numbers.
        files: how many files were in the working folder after each day.
    """

    warnings: list[str] = field(default_factory=list)
    failed: dict[int, ExitCode] = field(default_factory=dict)
    files: list[int] = field(default_factory=list)


def files_in(folder: Path) -> int:
    """How many files a folder has, with those in folders below it."""
    return sum(path.is_file() for path in folder.rglob("*"))


def run(sandbox: Sandbox, seen: Seen, number: int, **options: object) -> None:
    """A run, and how it failed."""
    try:
        sync(sandbox.settings(options), Console())
    except Exception as error:  # noqa: BLE001 - its exit code is what the test is about
        seen.failed[number], _ = exit_code_and_message(error)


@pytest.mark.slow
def test_a_week_of_runs_ends_equal_on_a_bounded_disk_with_true_warnings_alone(
    sandbox: Sandbox, emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = Seen()
    for number in range(7 * RUNS_A_DAY):
        if number in DEPLOYS:
            shutil.rmtree(sandbox.pipelines_dir)
        if number in OUTAGES:
            emulator.faults.append(Fault("unavailable", calls=OUTAGE_CALLS))
        if number == MOVE:
            moved = Sandbox(tmp_path / "moved", sandbox.endpoint)
            moved.folder.mkdir()
            shutil.copyfile(sandbox.database, moved.database)
            sandbox = moved
        if number == NEW_MEMBER:
            emulator.overlay(emulator.truth()[7]["Id"], {"Priority": "High"})
            emulator.change(emulator.truth()[7]["Id"], {"LifeCycle": {"NextSteps": "A call."}})
        if number in KEYS_CHANGE:
            emulator.faults.append(REFUSED_KEYS)
        run(sandbox, seen, number, full=number == FULL, attempts=2)
        with suppress(IndexError):
            emulator.faults.clear()
        seen.warnings += [line for line in capsys.readouterr().err.splitlines() if " WARNING " in line]
        emulator.advance(days=1 / RUNS_A_DAY)
        if number % RUNS_A_DAY == RUNS_A_DAY - 1:
            seen.files.append(files_in(sandbox.pipelines_dir))
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())
    passing = dict.fromkeys(OUTAGES, ExitCode.RETRY_LATER)
    assert seen.failed == passing | dict.fromkeys(KEYS_CHANGE, ExitCode.CONFIGURATION)
    (warning,) = seen.warnings
    assert warning.endswith("Partner Central sent members that are new here: opportunities.priority.")
    assert max(seen.files) <= 2 * min(seen.files)


@pytest.mark.slow
def test_runs_fail_while_the_password_of_the_database_is_another_and_lose_nothing(
    postgres_server: Postgres, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, name, where = postgres_server, postgres_server.database(tmp_path.name), "DESTINATION__POSTGRES__CREDENTIALS"
    server.sql(
        "postgres",
        f"DROP ROLE IF EXISTS {ROLE}",
        f"CREATE ROLE {ROLE} LOGIN PASSWORD 'first'",
        f'GRANT CREATE ON DATABASE "{own_name(name)}" TO {ROLE}',
    )
    monkeypatch.setenv(where, server.url(name, ROLE, "first"))
    database, seen = Database(tmp_path, emulator.endpoint, "postgres", server), Seen()
    for number in range(8):
        if number == PASSWORD_CHANGE.start:
            server.sql("postgres", f"ALTER ROLE {ROLE} PASSWORD 'second'")
        if number == PASSWORD_CHANGE.stop:
            monkeypatch.setenv(where, server.url(name, ROLE, "second"))
        run(database, seen, number)
        emulator.advance(days=1)
    database.sync()
    database.assert_equals(emulator.truth())
    assert seen.failed == dict.fromkeys(PASSWORD_CHANGE, ExitCode.CONFIGURATION)
    codes = database.sql("SELECT exit_code FROM sync_runs")
    assert codes == [(0,)] * 7, "a run that does not reach its destination leaves no row there"
