"""A machine whose clock is an hour off: cursors are AWS's own dates, so nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.exit_codes import ExitCode
from sandbox import Sandbox


@pytest.mark.long
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_sync_whose_clock_is_an_hour_off_loses_nothing_and_asks_no_more(hours: int, sandbox: Sandbox) -> None:
    aws = datetime.now(UTC) + timedelta(hours=hours)
    with Emulator(opportunities=150, seed=1, rps=None, now=aws) as emulator:
        sandbox.endpoint = emulator.endpoint
        newest = emulator.truth()[0]["Id"]
        emulator.change(newest, {"LifeCycle": {"NextSteps": "now, by AWS's clock"}})
        assert sandbox.sync().read >= 150
        sandbox.assert_equals(emulator.truth())
        emulator.change(newest, {"LifeCycle": {"NextSteps": "again"}})
        emulator.advance(days=1 / 24)
        emulator.change(emulator.truth()[1]["Id"], {"LifeCycle": {"NextSteps": "an hour later"}})
        summary = sandbox.sync()
        assert summary.calls == 1
        assert summary.watermark is not None
        sandbox.assert_equals(emulator.truth())
        assert sandbox.sync().changed == 0


@pytest.mark.long
def test_a_clock_that_aws_refuses_ends_with_2_and_the_next_run_goes_on(synced: Sandbox, emulator: Emulator) -> None:
    emulator.advance(days=1)
    emulator.faults.append(Fault("wrong_clock"))
    ended = synced.command("sync")
    assert ended.returncode == ExitCode.CONFIGURATION
    assert "this machine's clock may be wrong" in ended.stderr
    synced.sync()
    synced.assert_equals(emulator.truth())
