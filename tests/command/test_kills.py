"""Runs that are killed, interrupted or doubled: the next one completes, nothing is lost and nothing there twice.

The command gets a signal at moments that are seen, not guessed: a call that arrives at the emulator, or a file in
dlt's working folder, which the process looks for itself at whatever it does next with the file system.
"""

from __future__ import annotations

import glob
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from command_server import KillWhen, Process
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.failures import AnotherRun
from partner_central_sync.console.output import Console
from partner_central_sync.sync.job import sync
from sandbox import TIMEOUT_S, Sandbox, held_at
from variants import rarely

MOMENTS = {
    "everything read": "normalize/*/*/new_jobs/opportunities.*",
    "normalizing": "load/new/*/new_jobs/*",
    "normalized": "load/normalized/*",
    "loading": "load/normalized/*/started_jobs/opportunities.*",
    "loaded": "load/loaded/*",
}
PENDING = ("normalize/extracted/*", "load/normalized/*")
TABLES_MADE = "load/normalized/*/applied_schema_updates.json"
NOT_LOADED = "load/normalized/*/new_jobs/"


def found(sandbox: Sandbox, *patterns: str) -> list[str]:
    """The files of the working folder that match one of the patterns."""
    full = [str(sandbox.working_folder / pattern) for pattern in patterns]
    return [path for pattern in full for path in glob.glob(pattern)]  # noqa: PTH207 - it bears folders that vanish


def kill_when(
    sandbox: Sandbox, number: signal.Signals, *patterns: str, command: Sequence[str] = ("sync",)
) -> tuple[int, str]:
    """A sync that gets a signal as soon as a file of one of these patterns is in the working folder."""
    files = [str(sandbox.working_folder / pattern) for pattern in patterns]
    return ended(sandbox.start(*command, kill_when=KillWhen(number, files)))


def ended(process: Process) -> tuple[int, str]:
    """Wait for the end: return code, and what was said."""
    try:
        out, error = process.communicate(timeout=TIMEOUT_S / 2)  # less than a held answer is waited for
    finally:
        process.kill()
    return process.returncode, out + error


@pytest.mark.long
def test_a_run_killed_while_reading_leaves_everything_as_it_was(synced: Sandbox, emulator: Emulator) -> None:
    before = synced.tables()
    emulator.advance(days=120)
    with held_at(emulator, 2) as arrived:
        process = synced.start("sync")
        assert arrived.wait(TIMEOUT_S)
        process.kill()
        assert ended(process)[0] == -signal.SIGKILL
    assert synced.tables() == before
    synced.sync()
    synced.assert_equals(emulator.truth())


@pytest.mark.parametrize(
    "moment", ["normalizing", "loading", *map(rarely, ("everything read", "normalized", "loaded"))]
)
def test_a_first_run_killed_in_any_phase_is_completed_by_the_next(
    moment: str, sandbox: Sandbox, emulator: Emulator
) -> None:
    assert kill_when(sandbox, signal.SIGKILL, MOMENTS[moment])[0] == -signal.SIGKILL
    emulator.advance(days=1)
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_what_a_killed_run_left_is_finished_before_new_data_is_read(
    sandbox: Sandbox, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    kill_when(sandbox, signal.SIGKILL, TABLES_MADE)
    assert found(sandbox, *PENDING)
    emulator.advance(days=2)
    summary = sync(sandbox.settings(), Console())
    said = capsys.readouterr().err
    assert "finishing what it left first" in said
    assert said.index("loading") < said.index("reading")
    assert (summary.calls, 0 < summary.read < 50) == (1, True), "the pending rows were read again"
    assert not found(sandbox, *PENDING)
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
@pytest.mark.parametrize(
    ("opportunities", "kind", "memory"), [(250, "json", 25), rarely(250, "json", 150), rarely(1500, "parquet", 150)]
)
def test_rows_that_were_staged_when_the_run_was_killed_are_not_there_twice(
    opportunities: int, kind: str, memory: int, sandbox_for: Callable[[str], Sandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between DuckDB's commit of a file and dlt's note of it: the file is loaded again.

    With little memory, that fails at first, and is tried once more.
    """
    monkeypatch.setattr("partner_central_sync.destinations.duckdb_sql_client.MEMORY_MB", memory)
    monkeypatch.setattr("partner_central_sync.destinations.duckdb_sql_client.MEMORY_MB_PER_CORE", 0)
    with Emulator(opportunities=opportunities, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        kill_when(sandbox, signal.SIGKILL, TABLES_MADE)
        files = [
            Path(file)
            for file in found(
                sandbox, *(f"{NOT_LOADED}{name}.{kind}*" for name in ("opportunities.*", "opportunities__*"))
            )
        ]
        assert len(files) >= 3
        with duckdb.connect(str(sandbox.database)) as connection:
            like = (
                "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'partner_central_%_staging'"
            )
            ((staging,),) = connection.execute(like).fetchall()
            for file in files:
                table = f"partner_central.{staging}.{file.name.partition('.')[0]}"
                connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM read_{kind}('{file}')")
                file.rename(str(file).replace("/new_jobs/", "/started_jobs/"))
        sandbox.sync()
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_run_killed_again_and_again_while_the_account_lives_loses_nothing(
    synced: Sandbox, emulator: Emulator
) -> None:
    for moment in ("everything read", "loading"):
        emulator.advance(days=10)
        assert kill_when(synced, signal.SIGKILL, MOMENTS[moment])[0] == -signal.SIGKILL
    synced.sync()
    synced.assert_equals(emulator.truth())


def runs(sandbox: Sandbox) -> list[int]:
    """The exit codes in `sync_runs`, in their order."""
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        found = connection.execute(
            "SELECT exit_code FROM partner_central.partner_central.sync_runs ORDER BY started_at"
        )
        return [code for (code,) in found.fetchall()]


@pytest.mark.long
@pytest.mark.parametrize("number", [rarely(signal.SIGINT), signal.SIGTERM, signal.SIGHUP])
def test_a_run_interrupted_while_it_waits_for_a_page_ends_at_once(
    number: signal.Signals, sandbox: Sandbox, emulator: Emulator
) -> None:
    with held_at(emulator, 2) as arrived:
        process = sandbox.start("sync")
        assert arrived.wait(TIMEOUT_S)
        process.send_signal(number)
        code, said = ended(process)
    assert (code, "Nothing is lost" in said, "Traceback" in said) == (128 + number, True, False)
    assert runs(sandbox) == [128 + number], "an interrupted run has its row"
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())


def test_ctrl_c_ends_a_run_that_waits_for_the_quota(sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.faults.append(Fault("throttle"))
    with held_at(emulator, 1) as arrived:
        process = sandbox.start("sync", SOURCES__PARTNER_CENTRAL__CALLS_PER_SECOND="0.001")
        assert arrived.wait(TIMEOUT_S)
    process.send_signal(signal.SIGINT)
    code, said = ended(process)
    assert (code, "Nothing is lost" in said, "Traceback" in said) == (130, True, False)
    assert len(emulator.calls) == 1, "the second call is a quarter of an hour away"


@pytest.mark.long
@pytest.mark.parametrize("number", [rarely(signal.SIGINT), signal.SIGTERM, rarely(signal.SIGHUP)])
def test_a_run_interrupted_while_loading_ends_and_is_completed_by_the_next(
    number: signal.Signals, sandbox: Sandbox, emulator: Emulator
) -> None:
    code, said = kill_when(sandbox, number, MOMENTS["loading"])
    assert (code, "Nothing is lost" in said, "Traceback" in said) == (128 + number, True, False), said
    emulator.advance(days=1)
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_second_run_ends_without_a_call_and_leaves_the_first_alone(sandbox: Sandbox, emulator: Emulator) -> None:
    with held_at(emulator, 4) as arrived:
        first = sandbox.start("sync")
        assert arrived.wait(TIMEOUT_S)
        calls = len(emulator.calls)
        with pytest.raises(AnotherRun, match=f"process {first.pid} "):
            sandbox.sync()
        second = sandbox.command("sync")
        assert (second.returncode, second.stdout, len(emulator.calls)) == (5, "", calls)
        assert f"process {first.pid} " in second.stderr
        assert "Traceback" not in second.stderr
        other = sandbox.sync(dataset="of_another_pipeline")
        assert other.changed == 250, "each dataset has a lock of its own"
    assert ended(first)[0] == 0
    sandbox.assert_equals(emulator.truth())
