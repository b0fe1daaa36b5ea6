"""What is to be read again is, however often that is interrupted, and whichever set of filters reads first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from adversarial_server import AdversarialServer, Record
from partner_central.errors import CallBudgetExhausted
from partner_central_emulator import Emulator
from runs.test_conditions import bad_date, ids, later_version, rows, truth_of
from runs.test_few_calls import until_done
from sandbox import Sandbox

SandboxFor = Callable[[str], Sandbox]
BAD = "2026-07-01T00:00:00Z"
STAGE = {"life_cycle_stage": ["Qualified"]}


def changed_at_once(count: int, bad: Callable[[int], bool] = lambda _: False) -> list[Record]:
    """Records that were all modified within four minutes, less than the lookback; some cannot be rows."""
    records = sorted(truth_of(count), key=lambda record: record["CreatedDate"])
    for number, record in enumerate(records):
        record["LastModifiedDate"] = f"2026-06-01T00:0{number % 4}:{number % 60:02d}Z"
        if bad(number):
            record["LifeCycle"] = {**record["LifeCycle"], "TargetCloseDate": BAD}
    return records


def rejected(sandbox: Sandbox) -> int:
    return int(rows(sandbox, "SELECT count(*) FROM opportunities_rejected")[0][0])


@pytest.mark.long
def test_a_retry_by_runs_of_few_calls_tries_every_rejected_record(
    sandbox_for: SandboxFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AdversarialServer(changed_at_once(700, lambda number: number % 10 == 5)) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        assert (len(ids(sandbox)), rejected(sandbox)) == (630, 70)
        later_version(monkeypatch)
        until_done(sandbox, 12, max_calls=3)
        assert (len(ids(sandbox)), rejected(sandbox)) == (700, 0)


@pytest.mark.long
def test_a_full_load_of_many_rejected_is_gone_on_with_by_a_later_version(
    sandbox_for: SandboxFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AdversarialServer(changed_at_once(700)) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        for number, record in enumerate(changed_at_once(700, lambda number: number % 10 == 5)):
            if number % 10 == 5:
                server.put({**record, "LastModifiedDate": f"2026-06-02T00:0{number % 4}:00Z"})
        assert sandbox.sync().mass_rejected
        with pytest.raises(CallBudgetExhausted):
            sandbox.sync(full=True, max_calls=4)
        later_version(monkeypatch)
        sandbox.sync()
        assert (len(ids(sandbox)), rejected(sandbox)) == (700, 0)
        assert ids(sandbox, "id IN (SELECT id FROM opportunity_presence WHERE rejected_since IS NOT NULL)") == set()


@pytest.mark.long
def test_deleted_rows_come_back_by_a_full_load_that_a_plain_run_ends(sandbox_for: SandboxFor) -> None:
    with AdversarialServer(changed_at_once(700)) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        rows(sandbox, "DELETE FROM opportunities")
        with pytest.raises(CallBudgetExhausted):
            sandbox.sync(full=True, max_calls=6)
        assert 0 < len(ids(sandbox)) < 700
        sandbox.sync()
        assert len(ids(sandbox)) == 700


@pytest.mark.long
def test_a_rejected_record_is_noted_again_when_a_load_begins_anew(
    sandbox_for: SandboxFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = changed_at_once(520)
    newest = {**records[0], "LastModifiedDate": "2026-06-01T05:00:00Z"}
    records[0] = {**newest, "LifeCycle": {**newest["LifeCycle"], "TargetCloseDate": BAD}}
    with AdversarialServer(records, refuse_created=True) as server:
        sandbox = sandbox_for(server.endpoint)
        with pytest.raises(CallBudgetExhausted):
            sandbox.sync(max_calls=4)
        server._places.clear()  # it accepts no token that it gave
        sandbox.sync()
        assert (len(ids(sandbox)), rejected(sandbox)) == (519, 1)
        later_version(monkeypatch)
        sandbox.sync()
        assert (len(ids(sandbox)), rejected(sandbox)) == (520, 0)


@pytest.mark.long
def test_what_a_filtered_run_rejects_is_tried_again_by_the_others(
    synced: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = emulator.truth()[5]["Id"]
    emulator.change(key, {})
    synced.sync()
    bad_date(emulator, key)
    assert synced.sync(filters={"identifier": [key]}).rejected == 1
    assert synced.sync().rejected == 1
    emulator.advance(days=2)
    later_version(monkeypatch)
    synced.sync()
    assert ids(synced, f"id = '{key}' AND life_cycle_next_steps = 'won'") == {key}
    assert rejected(synced) == 0


@pytest.mark.long
def test_what_a_filtered_run_loads_is_not_taken_for_seen_by_a_first_load(
    sandbox_for: SandboxFor,
) -> None:
    with AdversarialServer(changed_at_once(1500), sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        with pytest.raises(CallBudgetExhausted):
            sandbox.sync(max_calls=8, rows_per_chunk=100)
        (key,) = sorted(ids(sandbox, "last_modified_date >= '2026-06-01 00:03:00+00'"))[:1]
        first = dict(server.records[key])
        steps: dict[str, Any] = {**first["LifeCycle"], "NextSteps": "for a second", "Stage": "Qualified"}
        server.put({**first, "LifeCycle": steps})
        sandbox.sync(filters=STAGE)
        server.put(first)
        sandbox.sync()
        assert ids(sandbox, f"id = '{key}' AND life_cycle_next_steps = 'for a second'") == set()


@pytest.mark.long
def test_an_empty_increment_is_not_over_if_a_filtered_run_loaded_since(
    sandbox_for: SandboxFor,
) -> None:
    records = changed_at_once(400)
    for number, record in enumerate(records):
        record["LifeCycle"] = {**record["LifeCycle"], "Stage": "Qualified" if number < 150 else "Prospect"}
    with AdversarialServer(records, sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        while "looked" not in cursor_of(sandbox):
            with pytest.raises(CallBudgetExhausted):
                sandbox.sync(max_calls=2)
        server.put({**records[200], "LastModifiedDate": "2026-06-01T01:00:00Z"})
        for record in records[:150]:
            server.put({**record, "LastModifiedDate": "2026-06-01T02:00:00Z"})
        sandbox.sync(filters=STAGE)
        sandbox.sync()
        sandbox.assert_equals(server.truth())


def cursor_of(sandbox: Sandbox) -> dict[str, Any]:
    """The state of the runs without filters."""
    state = json.loads((sandbox.working_folder / "state.json").read_text())
    cursors = state["sources"]["partner_central"]["resources"]["opportunities"]["cursors"]
    return dict(cursors["all"])
