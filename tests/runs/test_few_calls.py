"""Loads by runs of few calls: each goes on where the last one ended, and they come to an end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adversarial_server import AdversarialServer, Record
from partner_central.errors import CallBudgetExhausted
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from runs.test_conditions import all_qualified, gone, ids, rows, truth_of
from sandbox import Sandbox
from variants import rarely

SandboxFor = Callable[[str], Sandbox]
QUALIFIED = {"life_cycle_stage": ["Qualified"]}


def qualified(opportunities: int) -> list[Record]:
    return [{**one, "LifeCycle": {**one["LifeCycle"], "Stage": "Qualified"}} for one in truth_of(opportunities)]


def until_done(sandbox: Sandbox, most: int, **options: Any) -> list[int]:
    """How many opportunities there are after each run, until one is done."""
    counts = []
    for _ in range(most):
        try:
            sandbox.sync(**options)
        except CallBudgetExhausted:
            counts.append(len(ids(sandbox)))
        else:
            return [*counts, len(ids(sandbox))]
    raise AssertionError(f"{most} runs came to no end: {counts}")


@pytest.mark.long
@pytest.mark.parametrize(("calls", "token"), [rarely(3, "offset"), (6, "position")])
def test_a_crowd_in_a_filtered_list_is_loaded_by_several_runs(calls: int, token: Any, sandbox_for: SandboxFor) -> None:
    records = qualified(700)
    for record in records[5:]:
        record["CreatedDate"] = "2026-03-01T00:00:00Z"
    with AdversarialServer(records, token_kind=token, sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        counts = until_done(sandbox, 14, filters=QUALIFIED, max_calls=calls)
        assert counts[0] > 0
        assert counts[-1] == 700
        sandbox.assert_equals(server.truth())


@pytest.mark.long
def test_a_record_that_leaves_a_crowd_between_two_runs_hides_no_other(sandbox_for: SandboxFor) -> None:
    records = [{**record, "CreatedDate": "2026-03-01T00:00:00Z"} for record in qualified(700)]
    with AdversarialServer(records, token_kind="offset", sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        left = set[str]()
        for _ in range(12):
            try:
                sandbox.sync(filters=QUALIFIED, max_calls=4)
            except CallBudgetExhausted:
                if len(left) < 3:
                    key = min(ids(sandbox) - left)
                    record = server.records[key]
                    server.put({**record, "LifeCycle": {**record["LifeCycle"], "Stage": "Launched"}})
                    left.add(key)
            else:
                break
        assert len(left) == 3
        assert set(server.records) == ids(sandbox)


@pytest.mark.long
def test_where_records_leave_again_and_again_a_run_says_the_calls_it_takes(sandbox_for: SandboxFor) -> None:
    records = [{**record, "CreatedDate": "2026-03-01T00:00:00Z"} for record in qualified(700)]
    with AdversarialServer(records, token_kind="offset", sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        left, said = set[str](), ""
        for _ in range(12):
            with pytest.raises(CallBudgetExhausted) as spent:
                sandbox.sync(filters=QUALIFIED, max_calls=4)
            said = str(spent.value)
            if "of a run" in said:
                break
            key = min(ids(sandbox) - left)
            record = server.records[key]
            server.put({**record, "LifeCycle": {**record["LifeCycle"], "Stage": "Launched"}})
            left.add(key)
        needed = int(said.split("That takes ")[1].split()[0])
        assert sandbox.sync(filters=QUALIFIED, max_calls=needed).calls <= needed
        assert set(server.records) == ids(sandbox)


@pytest.mark.long
@pytest.mark.parametrize("calls", [rarely(1), 3])
def test_a_filtered_list_is_loaded_where_calls_do_not_pay_for_samples(calls: int, sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=450, seed=1, rps=None) as emulator:
        all_qualified(emulator)
        sandbox = sandbox_for(emulator.endpoint)
        until_done(sandbox, 12, filters=QUALIFIED, max_calls=calls)
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_filtered_list_without_that_order_is_loaded_by_several_runs(sandbox_for: SandboxFor) -> None:
    with AdversarialServer(qualified(700), refuse_created=True) as server:
        sandbox = sandbox_for(server.endpoint)
        counts = until_done(sandbox, 5, filters=QUALIFIED, max_calls=6)
        assert counts[0] > 0
        sandbox.assert_equals(server.truth())


@pytest.mark.long
@pytest.mark.parametrize("size", [rarely(1195), 1395])
def test_a_full_load_by_several_runs_finds_what_is_gone(size: int, sandbox_for: SandboxFor) -> None:
    with AdversarialServer(truth_of(size), refuse_created=True, token_kind="offset") as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        vanished = set(sorted(server.records)[:5])
        for key in vanished:
            server.remove(key)
        until_done(sandbox, 6, full=True, max_calls=4)
        assert gone(sandbox) == vanished


@pytest.mark.long
@pytest.mark.parametrize("calls", [rarely(3), 5])
def test_a_full_load_that_ends_with_its_last_call_is_not_begun_anew(calls: int, sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=390, seed=1, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        until_done(sandbox, 4, full=True, max_calls=calls)
        assert sandbox.sync().calls == 1


@pytest.mark.long
def test_many_changes_within_the_lookback_come_to_an_end(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=700, seed=1, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        for record in emulator.truth():
            emulator.change(record["Id"], {"LifeCycle": {"NextSteps": "all at once"}})
        until_done(sandbox, 12, max_calls=3)
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
@pytest.mark.parametrize("calls", [rarely(2), 4])
def test_many_rejected_records_hold_the_cursor_however_many_runs_read_them(calls: int, sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=205, seed=1, rps=None) as emulator:
        for record in emulator.truth():
            emulator.overlay(record["Id"], {"Arn": {"no": "text"}})
        sandbox = sandbox_for(emulator.endpoint)
        codes = []
        for _ in range(4):
            try:
                codes.append(sandbox.sync(max_calls=calls).code)
            except CallBudgetExhausted as spent:
                codes.append(exit_code_and_message(spent)[0])
            if codes[-1] is not ExitCode.RETRY_LATER:
                break
        assert codes[-1] is ExitCode.REJECTED
        assert codes[0] is ExitCode.RETRY_LATER
        assert rows(sandbox, "SELECT count(*) FROM sync_runs WHERE watermark IS NOT NULL") == [(0,)]
        assert rows(sandbox, "SELECT count(*) FROM opportunities_rejected") == [(205,)]
