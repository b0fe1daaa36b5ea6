"""Lists that are read whole after the opportunities: when, what of them is loaded, and what a failure leaves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from partner_central.errors import ServiceUnavailable
from partner_central_emulator import Emulator, Fault
from partner_central_sync.query.read_only import open_read_only
from partner_central_sync.sync import list_notes as module
from partner_central_sync.sync.last_run import last_run
from partner_central_sync.sync.summary import Summary
from sandbox import Sandbox, rows

STREAM = "engagement_invitations"
OPERATION = "ListEngagementInvitations"


def sync(sandbox: Sandbox, **options: Any) -> Summary:
    return sandbox.sync(tables=(STREAM,), **options)


def stored(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The invitations in the database, by id."""
    return {row["id"]: row for row in rows(sandbox, f"SELECT * FROM {STREAM}")}


def operations(emulator: Emulator) -> list[str]:
    return [call.operation for call in emulator.calls]


def assert_equals(sandbox: Sandbox, emulator: Emulator) -> None:
    """Every invitation that is listed is there as it is, and was listed last."""
    found, truth = stored(sandbox), emulator.truth(stream=STREAM)
    newest = max(row["last_listed_at"] for row in found.values())
    assert {key for key, row in found.items() if row["last_listed_at"] == newest} == {one["Id"] for one in truth}
    for one in truth:
        row = found[one["Id"]]
        assert (row["status"], row["participant_type"]) == (one["Status"], one["ParticipantType"])


def test_a_first_sync_loads_both_lists_and_the_next_one_is_one_call(first_sync: Sandbox, small: Emulator) -> None:
    assert_equals(first_sync, small)
    assert {row["participant_type"] for row in stored(first_sync).values()} == {"SENDER", "RECEIVER"}
    sync(first_sync)
    assert operations(small) == ["ListOpportunities"]


@pytest.mark.usefixtures("due")
def test_a_list_that_is_due_and_as_it_was_loads_nothing(first_sync: Sandbox, small: Emulator) -> None:
    before = rows(first_sync, "SELECT * FROM _dlt_loads")
    sync(first_sync)
    assert operations(small) == ["ListOpportunities", OPERATION, OPERATION]
    assert rows(first_sync, "SELECT * FROM _dlt_loads") == before


@pytest.mark.long
@pytest.mark.usefixtures("due")
def test_what_lapses_appears_and_is_listed_no_more_is_seen(first_sync: Sandbox, small: Emulator) -> None:
    gone, lapsed, *_ = sorted(stored(first_sync))
    small.change(lapsed, {"Status": "EXPIRED"}, stream=STREAM)
    small.remove(gone, stream=STREAM)
    small.put({"Id": "engi-0000000000001", "ParticipantType": "RECEIVER", "Status": "PENDING"}, stream=STREAM)
    sync(first_sync)
    assert_equals(first_sync, small)
    assert stored(first_sync)[gone]["status"], "its row stays"
    small.put({"Id": gone, "ParticipantType": "RECEIVER", "Status": "PENDING"}, stream=STREAM)
    sync(first_sync)
    assert_equals(first_sync, small)


@pytest.mark.long
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("page", [0, 1])
def test_a_list_that_fails_leaves_itself_as_it_was_and_the_opportunities_right(
    page: int, first_sync: Sandbox, small: Emulator
) -> None:
    before, first = stored(first_sync), small.truth()[0]["Id"]
    small.change(first, {"LifeCycle": {"NextSteps": "call"}})
    small.change(min(before), {"Status": "EXPIRED"}, stream=STREAM)
    small.faults.append(Fault("unavailable", calls=2, after=page, operation=OPERATION))
    with pytest.raises(ServiceUnavailable, match="Everything is loaded but engagement_invitations"):
        sync(first_sync, source={"attempts": 2})
    first_sync.assert_equals(small.truth())
    assert stored(first_sync) == before
    sync(first_sync)
    assert_equals(first_sync, small)


def test_a_list_that_failed_before_its_time_is_read_by_the_next_run(first_sync: Sandbox, small: Emulator) -> None:
    small.change(min(stored(first_sync)), {"Status": "EXPIRED"}, stream=STREAM)
    small.faults.append(Fault("unavailable", calls=2, operation=OPERATION))
    with pytest.raises(ServiceUnavailable, match="Everything is loaded but engagement_invitations"):
        sync(first_sync, source={"attempts": 2}, full=True)
    sync(first_sync)
    assert_equals(first_sync, small)


@pytest.mark.long
def test_a_refused_list_is_told_and_asked_for_again_after_a_day(
    first_sync: Sandbox, small: Emulator, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    small.denied[OPERATION] = None
    assert sync(first_sync, full=True).code == 0
    assert "engagement_invitations was not loaded, and is asked for again in a day" in capfd.readouterr().err
    small.calls.clear()
    sync(first_sync)
    assert operations(small) == ["ListOpportunities"]
    monkeypatch.setattr(module, "REFUSED_FOR", timedelta())
    small.denied.clear()
    sync(first_sync)
    assert operations(small)[-2:] == [OPERATION, OPERATION]
    assert_equals(first_sync, small)


@pytest.mark.long
@pytest.mark.usefixtures("due")
def test_personal_data_is_masked_in_lists_as_elsewhere(first_sync: Sandbox, small: Emulator) -> None:
    clear = {row["sender_company_name"] for row in stored(first_sync).values()}
    sync(first_sync, source={"pii": "mask", "pii_key": "a secret of sixteen"})
    assert clear.isdisjoint(row["sender_company_name"] for row in stored(first_sync).values())
    assert_equals(first_sync, small)


@pytest.mark.long
@pytest.mark.parametrize("lost", [f"TABLE {STREAM} CASCADE", f"TABLE {STREAM}_rejected"])
def test_a_dropped_list_is_read_again_and_the_opportunities_are_not(
    lost: str, first_sync: Sandbox, small: Emulator
) -> None:
    with duckdb.connect(str(first_sync.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute(f"DROP {lost}")
    assert sync(first_sync).read < 20 + len(small.truth(stream=STREAM))
    assert operations(small) == ["ListOpportunities", OPERATION, OPERATION]
    assert_equals(first_sync, small)
    first_sync.assert_equals(small.truth())
    sync(first_sync)
    assert len(small.calls) == 4


def test_a_member_that_is_new_in_a_list_is_named(first_sync: Sandbox, small: Emulator) -> None:
    one = small.truth(stream=STREAM)[0]
    small.overlay(one["Id"], {"Mood": "good"}, stream=STREAM)
    assert sync(first_sync, full=True).new_columns == [f"{STREAM}.mood"]


@pytest.mark.views
def test_an_account_without_opportunities_is_up_to_date_though_a_list_failed(tmp_path: Path) -> None:
    with Emulator(opportunities=0, seed=1, rps=None) as empty:
        sandbox = Sandbox(tmp_path, empty.endpoint)
        empty.faults.append(Fault("unavailable", calls=2, operation=OPERATION))
        with pytest.raises(ServiceUnavailable, match="Everything is loaded but engagement_invitations"):
            sync(sandbox, source={"attempts": 2})
        assert rows(sandbox, "SELECT exit_code, watermark, complete FROM sync_runs") == [
            {"exit_code": 4, "watermark": None, "complete": True}
        ]
        known = "last_success_at >= last_run_at AND NOT is_stale AS known"
        assert rows(sandbox, f"SELECT {known} FROM data_freshness WHERE stream = 'opportunities'") == [{"known": True}]
        with open_read_only(sandbox.settings()) as client:
            assert last_run(client, None).as_of is not None
        empty.faults.append(Fault("unavailable", calls=2, operation="ListOpportunities"))
        with pytest.raises(PipelineStepFailed):
            sync(sandbox, source={"attempts": 2})
        assert [row["complete"] for row in rows(sandbox, "SELECT complete FROM sync_runs ORDER BY started_at")] == [
            True,
            False,
        ]


@pytest.mark.views
@pytest.mark.usefixtures("due")
def test_nothing_of_a_list_counts_as_listed_once_it_is_empty(first_sync: Sandbox, small: Emulator) -> None:
    for key in stored(first_sync):
        small.remove(key, stream=STREAM)
    sync(first_sync)
    query = f"SELECT records, not_listed FROM data_freshness WHERE stream = '{STREAM}'"
    assert rows(first_sync, query) == [dict.fromkeys(("records", "not_listed"), len(stored(first_sync)))]
    assert rows(first_sync, "SELECT id FROM received_invitations WHERE standing = 'waiting'") == []
