"""Long loads, end to end: windows side by side, interrupted and gone on with, and the days they meet."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from partner_central import ChunkedLoad, partner_central
from partner_central.errors import CallBudgetExhausted, ServiceUnavailable
from partner_central_emulator import Emulator, Fault, Skew, TokenKind
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.sync.status import status
from sandbox import TIMEOUT_S, Sandbox
from variants import rarely

SandboxFor = Callable[[str], Sandbox]
SIZE = 1_500
IDEAL = SIZE // 100


def account(**settings: Any) -> Emulator:
    """An account too long for one chain, at a service so slow that readers are worth having."""
    return Emulator(**{"opportunities": SIZE, "rps": None, "latency_ms": 20, "skew": "skewed"} | settings)


@pytest.fixture
def long() -> Iterator[Emulator]:
    with account() as running:
        yield running


def sorts(emulator: Emulator) -> list[str]:
    return [call.request["Sort"]["SortBy"] for call in emulator.calls]


@pytest.mark.parametrize(
    ("skew", "token"),
    [("hour", "position"), ("instant", "offset"), rarely("skewed", "offset"), rarely("uniform", "snapshot")],
)
def test_a_long_first_load_equals_the_source_however_its_records_lie(
    skew: Skew, token: TokenKind, sandbox_for: SandboxFor
) -> None:
    with account(skew=skew, token=token, latency_ms=2) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        summary = sandbox.sync()
        sandbox.assert_equals(emulator.truth())
        assert sorts(emulator).count("Identifier" if skew == "instant" else "CreatedDate") >= IDEAL
        assert summary.calls < 2 * IDEAL
        assert sandbox.sync().calls == 1 or skew == "instant"


@pytest.mark.long
def test_changes_during_a_long_load_are_right_after_the_next(long: Emulator, sandbox_for: SandboxFor) -> None:
    identifiers = [record["Id"] for record in long.truth()]

    def live(number: int, _: dict[str, Any]) -> None:
        long.change(identifiers[number * 37 % SIZE], {"LifeCycle": {"NextSteps": f"at call {number}"}})
        if number % 5 == 0:
            long.put({"Customer": {"Account": {"CompanyName": f"New at {number}"}}})

    sandbox = sandbox_for(long.endpoint)
    long.on_call = live
    sandbox.sync()
    long.on_call = None
    sandbox.sync()
    sandbox.assert_equals(long.truth())


@pytest.mark.slow
def test_when_calls_run_out_what_was_read_is_kept_and_the_next_run_goes_on(
    long: Emulator, sandbox_for: SandboxFor
) -> None:
    sandbox = sandbox_for(long.endpoint)
    with pytest.raises(CallBudgetExhausted, match="after 12 calls") as caught:
        sandbox.sync(max_calls=12)
    assert exit_code_and_message(caught.value)[0] is ExitCode.RETRY_LATER
    assert len(long.calls) == 12
    rows = len(sandbox.tables().opportunities)
    assert rows >= 500
    told = dict(line[:2] for line in status(sandbox.settings()))
    assert re.fullmatch(
        r"\d+%: [\d,]+ of about [\d,]+ records, \d+ partitions left; the next sync continues", told["load under way"]
    )
    assert told["watermark"] == "none: the first load is not complete"
    long.advance(days=1)
    summary = sandbox.sync()
    assert summary.read < SIZE - rows + 1_200, "finished windows were read again"
    sandbox.assert_equals(long.truth())
    assert "load under way" not in dict(line[:2] for line in status(sandbox.settings()))


@pytest.mark.long
def test_a_day_s_calls_spent_midway_end_with_4_and_say_when_they_are_back(
    long: Emulator, sandbox_for: SandboxFor
) -> None:
    sandbox = sandbox_for(long.endpoint)
    with pytest.raises(
        CallBudgetExhausted, match=r"14 calls of 24 hours are spent .* free again at \d{4}-\d\d-\d\d \d\d:\d\d UTC"
    ):
        sandbox.sync({"calls_per_day": 14})
    with pytest.raises(PipelineStepFailed) as caught:
        sandbox.sync({"calls_per_day": 14})
    assert exit_code_and_message(caught.value)[0] is ExitCode.RETRY_LATER
    assert len(long.calls) == 14, "the calls of a run were forgotten by the next"
    assert sandbox.sync({"calls_per_day": 100}).calls_left == 100 - len(long.calls)
    sandbox.assert_equals(long.truth())


@pytest.mark.slow
def test_a_network_that_goes_away_keeps_what_was_read(long: Emulator, sandbox_for: SandboxFor) -> None:
    sandbox = sandbox_for(long.endpoint)
    long.faults.append(Fault("drop", calls=1_000, after=12))
    with pytest.raises(ServiceUnavailable):
        sandbox.sync({"attempts": 1})
    assert len(sandbox.tables().opportunities) >= 500
    long.faults.clear()
    sandbox.sync()
    sandbox.assert_equals(long.truth())


@pytest.mark.slow
@pytest.mark.parametrize("skew", ["skewed", "instant"])
def test_a_long_load_killed_again_and_again_is_completed(skew: Skew, sandbox_for: SandboxFor) -> None:
    with account(latency_ms=50, skew=skew) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        for calls in (8, 15):
            process = sandbox.start("sync", SOURCES__PARTNER_CENTRAL__CALLS_PER_SECOND="200")
            first = len(emulator.calls)
            while len(emulator.calls) < first + calls and process.poll() is None:
                pass
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=TIMEOUT_S)
            emulator.advance(days=1)
        sandbox.sync()
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_full_load_that_was_interrupted_goes_on_and_heals(long: Emulator, sandbox_for: SandboxFor) -> None:
    sandbox = sandbox_for(long.endpoint)
    sandbox.sync()
    with pytest.raises(CallBudgetExhausted):
        sandbox.sync(full=True, max_calls=12)
    long.advance(days=1)
    summary = sandbox.sync()
    assert summary.calls < IDEAL + 15
    sandbox.assert_equals(long.truth())


@pytest.mark.slow
def test_a_long_increment_is_read_side_by_side(long: Emulator, sandbox_for: SandboxFor) -> None:
    sandbox = sandbox_for(long.endpoint)
    sandbox.sync()
    long.calls.clear()
    for record in long.truth()[:1_200]:
        long.change(record["Id"], {"LifeCycle": {"NextSteps": "all at once"}})
    sandbox.sync()
    assert sorts(long).count("CreatedDate") >= 12
    assert all("AfterLastModifiedDate" in call.request["LastModifiedDate"] for call in long.calls)
    sandbox.assert_equals(long.truth())


@pytest.mark.long
def test_a_record_without_created_date_turns_a_sweep_into_one_chain(
    long: Emulator, sandbox_for: SandboxFor, capsys: pytest.CaptureFixture[str]
) -> None:
    oldest = min(long.truth(), key=lambda record: record["CreatedDate"])
    long.overlay(oldest["Id"], {"CreatedDate": None})
    sandbox = sandbox_for(long.endpoint)
    sandbox.sync()
    assert "one page after another" in capsys.readouterr().err
    sandbox.assert_equals(long.truth())


@pytest.mark.slow
def test_any_dlt_pipeline_can_load_in_parts_and_go_on(long: Emulator, tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, long.endpoint)
    arguments = sandbox.settings().source_arguments()
    database = dlt.destinations.duckdb(str(sandbox.database))
    pipeline = dlt.pipeline("plain", pipelines_dir=str(tmp_path / "plain"), destination=database, dataset_name="own")

    def load(**more: Any) -> int:
        parts = 0
        with ChunkedLoad(rows_per_chunk=500) as run:
            while run.has_more():
                pipeline.run(partner_central(chunked_load=run, **arguments, **more), loader_file_format="insert_values")
                parts += 1
        return parts

    with pytest.raises(CallBudgetExhausted):
        load(max_calls=12)
    assert load() > 1
    sandbox.assert_equals(long.truth(), "own")


@pytest.mark.long
def test_a_quota_of_one_call_a_second_is_found_and_kept_to(sandbox_for: SandboxFor) -> None:
    with account(opportunities=1_000, rps=1, burst=1, latency_ms=0) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        summary = sandbox.sync({"calls_per_second": 9.9})
        sandbox.assert_equals(emulator.truth())
        assert sorts(emulator).count("CreatedDate") >= 10
        answered = [call for call in emulator.calls if call.outcome == "ok"]
        assert 0 < summary.throttles < len(answered)
        assert len(answered) <= 10 + 10


@pytest.mark.long
def test_a_server_that_answers_slower_and_slower_is_waited_for(long: Emulator, sandbox_for: SandboxFor) -> None:
    def slower(number: int, _: dict[str, Any]) -> None:
        time.sleep(0.02 * number)

    long.on_call = slower
    sandbox = sandbox_for(long.endpoint)
    assert sandbox.sync({"calls_per_second": 9.9}).throttles == 0
    sandbox.assert_equals(long.truth())


@pytest.mark.long
def test_a_server_slower_than_its_quota_is_read_by_more_at_a_time(sandbox_for: SandboxFor) -> None:
    with account(latency_ms=400) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync({"calls_per_second": 30})
        sandbox.assert_equals(emulator.truth())
        began = sorted(call.at for call in emulator.calls)
        chain = len(began) * 0.4
        assert began[-1] - began[0] < chain / 2


@pytest.mark.long
@pytest.mark.parametrize("opportunities", [100, 101, *map(rarely, (0, 1))])
def test_small_accounts_take_no_more_calls_than_pages_and_two_samples(
    opportunities: int, sandbox_for: SandboxFor
) -> None:
    with account(opportunities=opportunities, latency_ms=0) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        summary = sandbox.sync()
        sandbox.assert_equals(emulator.truth())
        assert summary.calls == (1 if opportunities <= 100 else 2 + 2)
        assert sandbox.sync().calls == 1
