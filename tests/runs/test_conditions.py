"""What must hold for a listing to be complete, broken one by one: filters, clocks, orders, accounts, questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from adversarial_server import AdversarialServer, Record
from partner_central.tables import structure_rows, values
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from sandbox import Sandbox
from variants import rarely

SandboxFor = Callable[[str], Sandbox]
KEY = {"pii_key": "0123456789abcdef0123456789abcdef"}


def rows(sandbox: Sandbox, sql: str) -> list[tuple[Any, ...]]:
    """What a query gives that names tables by their bare names."""
    with duckdb.connect(str(sandbox.database)) as connection:
        (catalog,) = connection.execute("SELECT current_database()").fetchall()[0]
        connection.execute(f'USE "{catalog}"."partner_central"')
        return connection.execute(sql).fetchall()


def ids(sandbox: Sandbox, condition: str = "true") -> set[str]:
    return {key for (key,) in rows(sandbox, f"SELECT id FROM opportunities WHERE {condition}")}


def gone(sandbox: Sandbox) -> set[str]:
    return {key for (key,) in rows(sandbox, "SELECT id FROM opportunity_presence WHERE gone_since IS NOT NULL")}


def in_stage(emulator: Emulator, stage: str) -> set[str]:
    return {record["Id"] for record in emulator.truth() if record["LifeCycle"]["Stage"] == stage}


def all_qualified(emulator: Emulator) -> None:
    for record in emulator.truth():
        emulator.change(record["Id"], {"LifeCycle": {"Stage": "Qualified"}}, at=record["LastModifiedDate"])


def truth_of(opportunities: int) -> list[Record]:
    with Emulator(opportunities=opportunities, seed=1, rps=None) as emulator:
        return emulator.truth()


def outcome(sandbox: Sandbox, **options: Any) -> ExitCode:
    """How a sync ends, however it does."""
    try:
        return sandbox.sync(**options).code
    except Exception as error:  # noqa: BLE001 - explained
        return exit_code_and_message(error)[0]


def ended(sandbox: Sandbox, source: dict[str, Any] | None = None, **options: Any) -> tuple[ExitCode, str]:
    """How a sync that fails ends."""
    with pytest.raises(Exception) as failure:  # noqa: PT011 - explained below
        sandbox.sync(source, **options)
    return exit_code_and_message(failure.value)


@pytest.mark.long
@pytest.mark.parametrize("size", [250, 1500])
def test_a_record_that_leaves_the_filter_during_reading_hides_no_other(size: int, sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=size, seed=1, rps=None) as emulator:
        all_qualified(emulator)
        sandbox = sandbox_for(emulator.endpoint)
        leaving = [record["Id"] for record in sorted(emulator.truth(), key=lambda record: record["LastModifiedDate"])]

        def leave(number: int, _: Record) -> None:
            if number % 2 == 0:
                emulator.change(leaving.pop(), {"LifeCycle": {"Stage": "Launched"}})

        emulator.on_call = leave
        sandbox.sync(filters={"life_cycle_stage": ["Qualified"]})
        emulator.on_call = None
        assert in_stage(emulator, "Qualified") <= ids(sandbox)


@pytest.mark.long
def test_a_filtered_list_without_that_order_is_read_until_nothing_changes(sandbox_for: SandboxFor) -> None:
    records = truth_of(250)
    for record in records:
        record["LifeCycle"] = {**record["LifeCycle"], "Stage": "Qualified"}
    with AdversarialServer(records, refuse_created=True) as server:
        sandbox = sandbox_for(server.endpoint)
        leaving = sorted(records, key=lambda record: record["LastModifiedDate"])

        def leave(number: int, _: Record) -> None:
            if number in {5, 6}:
                record = leaving.pop()
                stage = {**record["LifeCycle"], "Stage": "Launched"}
                server.put({**record, "LifeCycle": stage, "LastModifiedDate": f"2026-06-01T12:00:0{number}Z"})

        server.on_call = leave
        sandbox.sync(filters={"life_cycle_stage": ["Qualified"]})
        assert {record["Id"] for record in leaving} <= ids(sandbox)


@pytest.mark.long
def test_a_date_ahead_of_the_services_clock_hides_no_change_until_then(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=50, seed=1, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        ahead = f"{emulator.now() + timedelta(hours=20):%Y-%m-%dT%H:%M:%SZ}"
        emulator.put({"LastModifiedDate": ahead, "CreatedDate": ahead})
        watermark = sandbox.sync().watermark
        assert watermark is not None
        assert watermark <= emulator.now()
        emulator.advance(days=0.2)
        for record in emulator.truth()[:10]:
            emulator.change(record["Id"], {"LifeCycle": {"NextSteps": "changed"}})
        sandbox.sync()
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_what_changes_while_a_chain_lists_everything_is_not_marked_as_gone(synced: Sandbox, emulator: Emulator) -> None:
    oldest = [record["Id"] for record in sorted(emulator.truth(), key=lambda record: record["LastModifiedDate"])][:3]

    def change(_: int, request: Record) -> None:
        if request.get("NextToken") and oldest:
            emulator.change(oldest.pop(), {"LifeCycle": {"NextSteps": "somebody works on it"}})

    emulator.on_call = change
    synced.sync(full=True)
    emulator.on_call = None
    assert not gone(synced)
    synced.assert_equals(emulator.truth())
    vanished = emulator.truth()[0]["Id"]
    emulator.remove(vanished)
    assert synced.sync(full=True).gone == 1
    assert gone(synced) == {vanished}


class IgnoresTheSort(AdversarialServer):
    """Takes a sort by CreatedDate and sorts by something else."""

    def _listing(self, request: Record) -> Any:
        if request.get("Sort", {}).get("SortBy") == "CreatedDate":
            request = {**request, "Sort": {**request["Sort"], "SortBy": "LastModifiedDate"}}
        return super()._listing(request)


@pytest.mark.long
def test_a_sort_that_is_accepted_and_ignored_loses_nothing(sandbox_for: SandboxFor) -> None:
    with IgnoresTheSort(truth_of(1500), sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        sandbox.assert_equals(server.truth())


@pytest.mark.long
def test_a_record_without_created_date_is_loaded_and_never_marked_as_gone(sandbox_for: SandboxFor) -> None:
    with AdversarialServer(truth_of(1500), sorts_names=True, undated_match=False) as server:
        sandbox = sandbox_for(server.endpoint)
        undated = {**server.truth()[7], "Id": "O99999999", "CreatedDate": None}
        server.put({**undated, "LastModifiedDate": "2025-09-01T00:00:00Z"})
        sandbox.sync()
        sandbox.assert_equals(server.truth())
        sandbox.sync(full=True)
        assert not gone(sandbox)


def test_credentials_of_another_account_load_nothing_unless_accepted(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=60, seed=1, rps=None) as mine, Emulator(opportunities=30, seed=2, rps=None) as other:
        sandbox = sandbox_for(mine.endpoint)
        sandbox.sync()
        before = sandbox.tables()
        sandbox.endpoint = other.endpoint
        code, message = ended(sandbox)
        assert code is ExitCode.CONFIGURATION
        assert "--accept-account" in message
        assert not other.calls
        assert sandbox.tables() == before
        sandbox.sync({"accept_account": True})
        assert {record["Id"] for record in other.truth()} <= ids(sandbox)
        assert sandbox.sync().changed == 0
        sandbox.endpoint = mine.endpoint
        assert ended(sandbox)[0] is ExitCode.CONFIGURATION


@pytest.mark.long
def test_a_load_of_another_mode_of_personal_data_begins_anew(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=1500, seed=1, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        assert ended(sandbox, full=True, max_calls=12)[0] is ExitCode.RETRY_LATER
        sandbox.sync(KEY, full=True, pii="mask")
        clear = "NOT regexp_full_match(customer_company_name, 'm[0-9a-f]{31}')"
        assert not ids(sandbox, clear)


@pytest.mark.long
def test_a_load_from_another_date_begins_anew(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=1500, seed=1, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        rows(sandbox, "UPDATE opportunities SET customer_city = 'WRONG'")
        middle = sorted(record["LastModifiedDate"] for record in emulator.truth())[600]
        assert ended(sandbox, full=True, since=middle, max_calls=12)[0] is ExitCode.RETRY_LATER
        vanished = emulator.truth()[3]["Id"]
        emulator.remove(vanished)
        assert sandbox.sync(full=True).gone == 1
        assert ids(sandbox, "customer_city = 'WRONG'") == {vanished}


@pytest.mark.long
@pytest.mark.parametrize("calls", [rarely(1), rarely(2), 6])
def test_a_chain_that_runs_out_of_calls_goes_on_with_the_next_run(calls: int, sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=700, seed=1, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        found = set[str]()
        while len(found) < 700:
            before = len(found)
            assert outcome(sandbox, max_calls=calls) in {ExitCode.DONE, ExitCode.RETRY_LATER}
            found = ids(sandbox)
            assert len(found) > before
        sandbox.sync()
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_second_with_more_records_than_a_run_s_calls_takes_several_runs(sandbox_for: SandboxFor) -> None:
    records = [{**record, "CreatedDate": "2026-01-01T00:00:00Z"} for record in truth_of(1500)]
    with AdversarialServer(records, sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        ends = [outcome(sandbox, max_calls=7) for _ in range(6)]
        assert ends[0] is ExitCode.RETRY_LATER
        assert ends[-1] is ExitCode.DONE
        sandbox.assert_equals(server.truth())


def bad_date(emulator: Emulator, key: str) -> None:
    """The record changes, and its date no longer fits."""
    emulator.change(key, {"LifeCycle": {"Stage": "Launched", "NextSteps": "won"}})
    emulator.overlay(key, {"LifeCycle": {"TargetCloseDate": "2026-07-01T00:00:00Z"}})


@pytest.mark.long
def test_a_rejected_record_marks_the_row_it_had_until_it_loads(synced: Sandbox, emulator: Emulator) -> None:
    key = emulator.truth()[5]["Id"]
    bad_date(emulator, key)
    assert synced.sync().rejected == 1
    marked = "SELECT id FROM opportunity_presence WHERE rejected_since IS NOT NULL"
    assert rows(synced, marked) == [(key,)]
    assert synced.sync().rejected == 0
    assert rows(synced, marked) == [(key,)]
    emulator.overlay(key, {"LifeCycle": {"TargetCloseDate": "2026-07-01"}})
    emulator.change(key, {"LifeCycle": {"NextSteps": "mended"}})
    synced.sync()
    assert rows(synced, marked) == rows(synced, "SELECT id FROM opportunities_rejected") == []
    synced.assert_equals(emulator.truth())


def later_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the program is a version that understands what `bad_date` makes."""
    monkeypatch.setattr("partner_central.read.incremental.version_of", lambda _: "later")
    monkeypatch.setitem(structure_rows.CONVERT, "date", lambda value: values.to_date(str(value)[:10]))


@pytest.mark.long
def test_a_later_version_tries_again_what_an_earlier_one_rejected(
    synced: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = emulator.truth()[5]["Id"]
    bad_date(emulator, key)
    synced.sync()
    emulator.advance(days=2)
    synced.sync()
    later_version(monkeypatch)
    synced.sync()
    assert ids(synced, f"id = '{key}' AND life_cycle_next_steps = 'won'") == {key}
    assert rows(synced, "SELECT id FROM opportunities_rejected") == []
    assert synced.sync().calls == 1


@pytest.mark.long
def test_many_rejected_records_hold_the_cursor_and_name_the_member(sandbox: Sandbox, emulator: Emulator) -> None:
    first = sandbox.sync()
    for record in emulator.truth()[:60]:
        bad_date(emulator, record["Id"])
    summary = sandbox.sync()
    assert summary.code is ExitCode.REJECTED
    assert "LifeCycle.TargetCloseDate" in (summary.mass_rejected or "")
    (outcome,) = rows(sandbox, "SELECT outcome, exit_code, watermark FROM sync_runs ORDER BY started_at DESC LIMIT 1")
    assert outcome == ("rejected", 7, None)
    assert sandbox.sync().rejected == 60, "the cursor did not move"
    for record in emulator.truth()[:60]:
        emulator.overlay(record["Id"], {"LifeCycle": {"TargetCloseDate": "2026-07-01"}})
    healed = sandbox.sync()
    assert healed.code is ExitCode.DONE
    assert healed.watermark is not None
    assert first.watermark is not None
    assert healed.watermark > first.watermark
    sandbox.assert_equals(emulator.truth())
