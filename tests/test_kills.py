"""Runs that are killed, interrupted or doubled: the next one completes, nothing is lost and nothing there twice.

The real command is struck at moments that are seen, not guessed: a call that arrives at the emulator, a file that
appears in dlt's working folder.
"""

from __future__ import annotations

import glob
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from partner_central_emulator import Emulator, Fault
from partner_central_sync.job import sync
from partner_central_sync.outcome import AnotherRun
from partner_central_sync.report import Report
from place import Place, held_at

MOMENTS = {
    "everything read": "normalize/*/*/new_jobs/opportunities.*",
    "normalizing": "load/new/*/new_jobs/*",
    "normalized": "load/normalized/*",
    "loading": "load/normalized/*/started_jobs/opportunities.*",
    "loaded": "load/loaded/*",
}
PENDING = ("normalize/extracted/*", "load/normalized/*")
TABLES_MADE = "load/normalized/*/applied_schema_updates.json"
STAGED = "load/normalized/*/completed_jobs/opportunities.*.jsonl*"
SOON = 2.5


def found(place: Place, *patterns: str) -> list[str]:
    """The files of the working folder that match one of the patterns."""
    full = [str(place.working_folder / pattern) for pattern in patterns]
    return [path for pattern in full for path in glob.glob(pattern)]  # noqa: PTH207 - it bears folders that vanish


def strike(place: Place, process: subprocess.Popen[str], number: signal.Signals, *patterns: str) -> None:
    """Send a signal as soon as a file of one of these patterns is in the working folder."""
    end = time.monotonic() + 30
    while not found(place, *patterns):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail(f"there was no {patterns}: {process.communicate()}")
        time.sleep(0.0005)
    process.send_signal(number)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, float]:
    """Wait for the end: return code, what was said, and seconds it took."""
    start = time.monotonic()
    out, error = process.communicate(timeout=30)
    return process.returncode, out + error, time.monotonic() - start


def test_a_run_killed_while_reading_leaves_everything_as_it_was(place: Place, emulator: Emulator) -> None:
    place.sync()
    before = place.tables()
    emulator.advance(days=120)
    with held_at(emulator, 2) as arrived:
        process = place.start("sync")
        assert arrived.wait(30)
        process.kill()
        assert ended(process)[0] == -signal.SIGKILL
    assert place.tables() == before
    place.sync()
    place.assert_equals(emulator.truth())


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_first_run_killed_in_any_phase_is_completed_by_the_next(
    moment: str, place: Place, emulator: Emulator
) -> None:
    process = place.start("sync")
    this_or_later = list(MOMENTS.values())[list(MOMENTS).index(moment) :]
    strike(place, process, signal.SIGKILL, *this_or_later)
    assert ended(process)[0] == -signal.SIGKILL
    emulator.advance(days=1)
    place.sync()
    place.assert_equals(emulator.truth())


def test_what_a_killed_run_left_is_finished_first_and_then_the_new_data_is_read(
    place: Place, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    process = place.start("sync")
    strike(place, process, signal.SIGKILL, TABLES_MADE)
    ended(process)
    assert found(place, *PENDING)
    emulator.advance(days=2)
    summary = sync(place.settings(), Report())
    said = capsys.readouterr().err
    assert "finishing what it left first" in said
    assert said.index("loading") < said.index("reading")
    assert (summary.calls, 0 < summary.changed < 50) == (1, True), "the pending rows were read again"
    assert not found(place, *PENDING)
    place.assert_equals(emulator.truth())


def test_rows_that_were_staged_when_the_run_was_killed_are_not_there_twice(place: Place, emulator: Emulator) -> None:
    """Killed between DuckDB's commit of a file and dlt's note of it: the file is loaded again."""
    process = place.start("sync")
    strike(place, process, signal.SIGKILL, STAGED)
    ended(process)
    staged = found(place, STAGED)
    assert staged
    for path in staged:
        Path(path).rename(path.replace("/completed_jobs/", "/started_jobs/"))
    place.sync()
    place.assert_equals(emulator.truth())


def test_a_run_killed_again_and_again_while_the_account_lives_loses_nothing(place: Place, emulator: Emulator) -> None:
    rng = random.Random(5)
    place.sync()
    for _ in range(2):
        emulator.advance(days=10)
        with held_at(emulator, 1) as arrived:
            process = place.start("sync")
            assert arrived.wait(30)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, 0.35))
        process.kill()
        ended(process)
        assert process.returncode == -signal.SIGKILL
    place.sync()
    place.assert_equals(emulator.truth())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_interrupted_while_it_waits_for_a_page_ends_at_once(
    number: signal.Signals, place: Place, emulator: Emulator
) -> None:
    with held_at(emulator, 2) as arrived:
        process = place.start("sync")
        assert arrived.wait(30)
        process.send_signal(number)
        code, said, seconds = ended(process)
    assert seconds < SOON
    assert "Traceback" not in said
    if number == signal.SIGINT:
        assert (code, "Nothing is lost" in said) == (130, True)
    else:
        assert code != 0
    place.sync()
    place.assert_equals(emulator.truth())


def test_ctrl_c_ends_a_run_that_waits_for_the_quota(place: Place, emulator: Emulator) -> None:
    emulator.faults.append(Fault("throttle", calls=100))
    with held_at(emulator, 4) as arrived:
        process = place.start("sync")
        assert arrived.wait(30)
    process.send_signal(signal.SIGINT)
    code, said, seconds = ended(process)
    assert (code, "Nothing is lost" in said, "Traceback" in said) == (130, True, False)
    assert seconds < SOON


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_interrupted_while_loading_ends_soon_and_is_completed_by_the_next(
    number: signal.Signals, place: Place, emulator: Emulator
) -> None:
    process = place.start("sync")
    strike(place, process, signal.SIGSTOP, MOMENTS["loading"])
    process.send_signal(number)
    process.send_signal(signal.SIGCONT)
    code, said, seconds = ended(process)
    assert seconds < SOON
    assert "Traceback" not in said
    if number == signal.SIGINT:
        assert (code, "Nothing is lost" in said) == (130, True), said
    else:
        assert code != 0
    emulator.advance(days=1)
    place.sync()
    place.assert_equals(emulator.truth())


def test_a_second_run_ends_at_once_without_a_call_and_leaves_the_first_alone(place: Place, emulator: Emulator) -> None:
    with held_at(emulator, 2) as arrived:
        first = place.start("sync")
        assert arrived.wait(30)
        calls = len(emulator.calls)
        with pytest.raises(AnotherRun, match=f"process {first.pid} "):
            place.sync()
        second = place.command("sync")
        assert (second.returncode, second.stdout, len(emulator.calls)) == (5, "", calls)
        assert f"process {first.pid} " in second.stderr
        assert "Traceback" not in second.stderr
        other = place.sync(dataset="of_another_pipeline")
        assert other.changed == 250, "each dataset has a lock of its own"
    assert ended(first)[0] == 0
    place.assert_equals(emulator.truth())
