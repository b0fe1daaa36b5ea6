"""A week of runs twice an hour, with deploys, outages, a move and a new member. It ends equal, on a bounded disk."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.sync.job import sync
from sandbox import Sandbox

RUNS_A_DAY = 48
DEPLOYS, OUTAGES, MOVE, NEW_MEMBER, FULL = (30, 200), (90, 250), 150, 180, 300  # numbers of runs
OUTAGE_CALLS = 20


@dataclass
class Seen:
    """What the runs of a week left.

    Attributes:
        warnings: what a user was warned of.
        failed: numbers of the runs that failed.
        files: how many files were in the working folder after each day.
    """

    warnings: list[str] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)


def files_in(folder: Path) -> int:
    """How many files a folder has, with those in folders below it."""
    return sum(path.is_file() for path in folder.rglob("*"))


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
        try:
            sync(sandbox.settings({"full": number == FULL, "attempts": 2}), Console())
        except Exception as error:
            if exit_code_and_message(error)[0] is not ExitCode.RETRY_LATER:
                raise
            seen.failed.append(number)
        with suppress(IndexError):
            emulator.faults.clear()
        seen.warnings += [line for line in capsys.readouterr().err.splitlines() if " WARNING " in line]
        emulator.advance(days=1 / RUNS_A_DAY)
        if number % RUNS_A_DAY == RUNS_A_DAY - 1:
            seen.files.append(files_in(sandbox.pipelines_dir))
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())
    assert seen.failed == [*OUTAGES]
    (warning,) = seen.warnings
    assert warning.endswith("Partner Central sent members that are new here: opportunities.priority.")
    assert max(seen.files) <= 2 * min(seen.files)
