"""Loads of accounts of which all, or most, was created within one second: two workers read them by Identifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adversarial_server import DEFECTS, AdversarialServer, Record, bad_records
from keyed_account import KeyOrder, TokenKind
from partner_central.errors import CallBudgetExhausted
from partner_central_sync.console.exit_codes import ExitCode
from runs.test_conditions import gone, truth_of
from sandbox import Sandbox
from variants import rarely

SandboxFor = Callable[[str], Sandbox]
SIZE = 1_200
IDEAL = SIZE // 100
SECOND = "2026-03-01T00:00:00"


def of_one_second(size: int = SIZE) -> list[Record]:
    """Opportunities of one second, a few of its neighbours, and a few of other days; identifiers of several lengths."""
    records = truth_of(size)
    for number, record in enumerate(records):
        record["Id"] = f"O{(number * 7919) % 12_000}"
        if number % 50:
            record["CreatedDate"] = f"{SECOND}.{number % 10}Z"
        elif number % 100:
            record["CreatedDate"] = f"2026-02-28T23:59:{50 + number % 10}Z"
    return records


def identifier_sorts(calls: list[dict[str, Any]]) -> list[str]:
    """The SortOrder of each request that sorts by Identifier."""
    return [call["Sort"]["SortOrder"] for call in calls if call["Sort"]["SortBy"] == "Identifier"]


@pytest.mark.parametrize("key_order", ["length", "ignored", rarely("text"), rarely("refused")])
def test_a_load_equals_the_source_however_identifiers_are_sorted(key_order: KeyOrder, sandbox_for: SandboxFor) -> None:
    with AdversarialServer(of_one_second(), sorts_names=True, key_order=key_order, undated_match=False) as server:
        sandbox = sandbox_for(server.endpoint)
        summary = sandbox.sync()
        sandbox.assert_equals(server.truth())
        assert summary.calls <= IDEAL + 12
        assert gone(sandbox) == set()
        by_key = identifier_sorts(server.calls)
        assert set(by_key) == {"ASCENDING", "DESCENDING"}
        assert (len(by_key) >= IDEAL) == (key_order in {"text", "length"})


@pytest.mark.parametrize("token", ["offset", rarely("position"), rarely("snapshot")])
def test_what_changes_and_appears_meanwhile_is_right_after_the_next_run(
    token: TokenKind, sandbox_for: SandboxFor
) -> None:
    records = of_one_second()

    def live(number: int, _: dict[str, Any]) -> None:
        changed = server.records[records[number * 37 % SIZE]["Id"]]
        server.put({**changed, "LastModifiedDate": f"2026-07-01T00:00:{number:02}Z"})
        server.put({**changed, "Id": f"O{number * 997}x", "LastModifiedDate": f"2026-07-01T00:01:{number:02}Z"})

    with AdversarialServer(records, sorts_names=True, token_kind=token) as server:
        sandbox = sandbox_for(server.endpoint)
        server.on_call = live
        sandbox.sync()
        server.on_call = None
        assert len(identifier_sorts(server.calls)) >= IDEAL
        sandbox.sync()
        sandbox.assert_equals(server.truth())


@pytest.mark.parametrize("token", ["offset", rarely("position"), rarely("snapshot")])
def test_a_load_of_few_calls_a_run_continues_both_ends(token: TokenKind, sandbox_for: SandboxFor) -> None:
    with AdversarialServer(of_one_second(), sorts_names=True, token_kind=token) as server:
        sandbox = sandbox_for(server.endpoint)
        runs, needed = 0, ExitCode.RETRY_LATER
        while needed is not ExitCode.DONE:
            runs += 1
            try:
                needed = sandbox.sync(max_calls=10).code
            except CallBudgetExhausted:
                assert runs < 8
        assert runs > 1
        sandbox.assert_equals(server.truth())
        assert len(identifier_sorts(server.calls)) <= IDEAL + 4, "pages were read again"


def test_a_rejected_record_near_where_both_ends_meet_counts_once(sandbox_for: SandboxFor) -> None:
    bad = [
        {**one, "Id": f"O46{number:02}x", "CreatedDate": f"{SECOND}Z"}
        for number, one in enumerate(bad_records(1, len(DEFECTS)))
        if isinstance(one.get("Id"), str) and isinstance(one.get("LastModifiedDate"), str)
    ]
    with AdversarialServer([*of_one_second(), *bad], sorts_names=True) as server:
        summary = sandbox_for(server.endpoint).sync()
        assert summary.rejected == len(bad)
        assert summary.read == len(server.records) + 100, "the first page, newest first, comes again"
        assert len(identifier_sorts(server.calls)) >= IDEAL


def test_a_full_load_of_a_crowd_tells_what_is_gone(sandbox_for: SandboxFor) -> None:
    with AdversarialServer(of_one_second(), sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        vanished = set(sorted(server.records)[::300])
        for key in vanished:
            server.remove(key)
        sandbox.sync(full=True)
        assert gone(sandbox) == vanished


def test_a_filter_that_records_may_leave_is_not_read_from_both_ends(sandbox_for: SandboxFor) -> None:
    records = [{**one, "LifeCycle": {**one["LifeCycle"], "Stage": "Qualified"}} for one in of_one_second(900)]
    with AdversarialServer(records, sorts_names=True) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync(filters={"life_cycle_stage": ["Qualified"]})
        assert not identifier_sorts(server.calls)
        sandbox.assert_equals(server.truth())
