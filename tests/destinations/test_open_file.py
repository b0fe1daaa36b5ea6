"""When a sync has the DuckDB file open: once for many uses, not while it waits, and never after it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from partner_central.errors import CallBudgetExhausted
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.output import Console
from partner_central_sync.destinations import duckdb_sql_client, kept_open
from partner_central_sync.destinations.duckdb import ADAPTERS
from partner_central_sync.destinations.kept_open import KEPT
from partner_central_sync.sync.accounts import Account
from partner_central_sync.sync.all_accounts import sync_each
from sandbox import Sandbox, held_at

PATIENCE = 60  # seconds until a test fails whose event does not come
NOT_SEEN = "Conflicting lock is held in PID 0. See also https://duckdb.org/docs/current/connect/concurrency"
HOLDS = """
import sys
import duckdb
with duckdb.connect(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""


def is_open(file: Path) -> bool:
    """Whether this process has the file open."""
    return str(file) in {str(Path(link).resolve()) for link in Path("/proc/self/fd").iterdir()}


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A moment that does not end during a test, however busy the machine is."""
    for name in ("SECONDS", "LONGEST"):
        monkeypatch.setattr(kept_open, name, 3_600.0)
    return monkeypatch


@contextmanager
def counted_opens(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every time that the file is read from the disk to open it."""
    opens: list[str] = []
    connect = duckdb.connect

    def recorded(*arguments: Any, **options: Any) -> Any:
        was_open = is_open(file)
        connection = connect(*arguments, **options)
        if not was_open and is_open(file):
            opens.append("opened")
        return connection

    with monkeypatch.context() as patched:
        patched.setattr(duckdb, "connect", recorded)
        yield opens


@contextmanager
def held_elsewhere(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that has the file open until its input ends."""
    command = [sys.executable, "-c", HOLDS, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield holder
        holder.communicate()


def test_a_run_opens_the_file_once_and_has_closed_it_at_the_end(
    synced: Sandbox, emulator: Emulator, moment: pytest.MonkeyPatch
) -> None:
    for changed in (0, 1):
        for record in emulator.truth()[:changed]:
            emulator.change(record["Id"], {"LifeCycle": {"NextSteps": "call"}})
        with counted_opens(synced.database, moment) as opens:
            assert synced.sync().changed == changed
        assert (opens, is_open(synced.database)) == (["opened"], False)


@pytest.mark.usefixtures("moment")
def test_a_run_that_fails_has_closed_the_file(synced: Sandbox) -> None:
    with pytest.raises(CallBudgetExhausted):
        synced.sync(full=True, max_calls=1)
    assert not is_open(synced.database)


def test_the_runs_of_many_accounts_open_the_file_once(sandbox: Sandbox, moment: pytest.MonkeyPatch) -> None:
    accounts = [Account("acme"), Account("globex")]
    for times in (1, 2):
        with counted_opens(sandbox.database, moment) as opens:
            assert sync_each(accounts, sandbox.settings(), Console(quiet=True)) is ExitCode.DONE
        assert (times, opens, is_open(sandbox.database)) == (times, ["opened"], False)


def test_while_a_run_waits_for_an_answer_others_read_the_file(
    synced: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_open, "SECONDS", 0.01)
    with ThreadPoolExecutor() as pool, held_at(emulator, 1) as reached:
        run = pool.submit(synced.sync)
        assert reached.wait(PATIENCE)
        wait_until(lambda: not is_open(synced.database))
        asked = synced.command("query", "SELECT count(*) FROM opportunities")
    assert asked.returncode == 0, asked.stderr
    assert run.result().changed == 0


@pytest.mark.usefixtures("moment")
def test_a_file_that_is_moved_away_between_runs_takes_no_rows_with_it(
    synced: Sandbox, emulator: Emulator, tmp_path: Path
) -> None:
    with KEPT.scope():
        synced.sync()
        synced.database.rename(tmp_path / "moved.duckdb")
        synced.sync()
    synced.assert_equals(emulator.truth())


def test_a_file_that_another_program_closes_at_once_is_waited_for(
    synced: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_sql_client, "WAIT_SECONDS", float(PATIENCE))
    waits: list[float] = []
    with held_elsewhere(synced.database) as holder:

        def end(seconds: float) -> None:
            waits.append(seconds)
            holder.communicate()

        monkeypatch.setattr(duckdb_sql_client, "sleep", end)
        assert synced.sync().changed == 0
    assert len(waits) == 1


def test_a_file_is_waited_for_also_if_its_program_is_not_seen(synced: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [duckdb.IOException(f'IO Error: Could not set lock on file "{synced.database}": {NOT_SEEN}')]
    connect = duckdb.connect

    def refused_once(*arguments: Any, **options: Any) -> Any:
        if answers:
            raise answers.pop()
        return connect(*arguments, **options)

    monkeypatch.setattr(duckdb, "connect", refused_once)
    assert synced.sync().changed == 0


@pytest.mark.parametrize(("writing", "way"), [(True, "open"), (False, "open for writing")])
def test_a_program_that_is_not_seen_is_said_to_have_it_open(*, writing: bool, way: str) -> None:
    (adapter,) = ADAPTERS
    said = adapter.explain_lock(f'IO Error: Could not set lock on file "/a.duckdb": {NOT_SEEN}', writing=writing)
    assert said is not None
    assert said.startswith(f"/a.duckdb is {way} in another program, one that is not seen from here, as in a container")


def test_the_turn_of_others_begins_when_the_file_is_closed(sandbox: Sandbox, moment: pytest.MonkeyPatch) -> None:
    end_use, turns = KEPT.end_use, []
    waits: list[float] = []

    def recorded(file: kept_open.OpenFile) -> None:
        end_use(file)
        if not file.uses:
            turns.append(is_open(sandbox.database))

    moment.setattr(kept_open, "LONGEST", 0.0)
    moment.setattr(kept_open, "sleep", waits.append)
    moment.setattr(KEPT, "end_use", recorded)
    accounts = [Account("acme"), Account("globex")]
    assert sync_each(accounts, sandbox.settings(), Console(quiet=True)) is ExitCode.DONE
    assert set(turns) == {False}
    assert waits


def test_a_file_is_waited_for_longer_than_it_is_kept() -> None:
    assert duckdb_sql_client.WAIT_SECONDS > 2 * kept_open.LONGEST > 2 * kept_open.SECONDS
    assert kept_open.TURN_SECONDS > 2 * duckdb_sql_client.BETWEEN_TRIES
