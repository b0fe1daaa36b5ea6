"""Events in other databases, in a shared dataset, beside --full, with masks, and for what became invisible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from databases import Database, databases
from fake_queue import FakeSqs
from partner_central_emulator import Emulator
from runs.test_events import ids, last, load
from runs.test_listen import Listening
from sandbox import Sandbox, rows
from variants import at_length

TABLES = ("opportunities", "aws_opportunity_summaries")


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


@pytest.fixture(params=["duckdb", at_length("postgres")])
def anywhere(
    request: pytest.FixtureRequest, tmp_path: Path, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    yield from databases(request.param, tmp_path, small.endpoint, request, monkeypatch)


def test_an_event_is_loaded_and_its_details_are_due(anywhere: Database, small: Emulator, sqs: FakeSqs) -> None:
    anywhere.sync(tables=TABLES)
    identifier = ids(small)[0]
    small.change_aws_side(identifier)
    small.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
    sqs.send_update(identifier)
    small.calls.clear()
    load(anywhere, sqs, tables=TABLES)
    assert [call.operation for call in small.calls] == ["ListOpportunities", "GetAwsOpportunitySummary"]
    assert sqs.deleted == ["1"]
    sqs.send_update(identifier)
    load(anywhere, sqs, tables=TABLES)
    assert small.calls[-1].operation == "GetAwsOpportunitySummary", "the row in the table of reads was let due"
    anywhere.assert_equals(small.truth())


@pytest.mark.long
def test_an_event_is_loaded_into_a_lake(
    tmp_path: Path, small: Emulator, sqs: FakeSqs, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lake in databases("filesystem", tmp_path, small.endpoint, request, monkeypatch):
        lake.sync()
        identifier = ids(small)[0]
        small.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
        sqs.send_update(identifier)
        load(lake, sqs)
        assert sqs.deleted == ["1"]
        lake.assert_equals(small.truth())


def test_an_event_of_what_became_invisible_marks_nothing(small_synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    identifier = ids(small)[0]
    small.remove(identifier)
    sqs.send_update(identifier)
    for _ in range(4):
        load(small_synced, sqs)
    gone = "SELECT id FROM opportunity_presence WHERE gone_since IS NOT NULL"
    assert (rows(small_synced, gone), sqs.deleted) == ([], ["1"])
    small_synced.sync(full=True)
    assert [row["id"] for row in rows(small_synced, gone)] == [identifier]


def test_events_beside_a_full_listing_and_a_mask(tmp_path: Path, small: Emulator, sqs: FakeSqs) -> None:
    sandbox = Sandbox(tmp_path, small.endpoint)
    masked: dict[str, Any] = {"source": {"pii": "mask", "pii_key": "k" * 32}}
    sandbox.sync(**masked)
    before = rows(sandbox, "SELECT id, customer_company_name FROM opportunities ORDER BY id")
    for one in ids(small)[:5]:
        small.change(one, {"LifeCycle": {"Stage": "Committed"}})
        sqs.send_update(one)
    load(sandbox, sqs, polls=True, full=True, **masked)
    sqs.send_update(ids(small)[0])
    load(sandbox, sqs, **masked)
    assert rows(sandbox, "SELECT id, customer_company_name FROM opportunities ORDER BY id") == before
    assert len(rows(sandbox, "SELECT id FROM opportunity_history")) == 25, "20, and one version of each of the five"
    assert (len(sqs.deleted), last(sandbox)["mode"]) == (6, "events")


@pytest.mark.long
def test_accounts_of_a_shared_dataset_have_a_queue_each(tmp_path: Path, small: Emulator) -> None:
    with Emulator(opportunities=20, seed=2, rps=None) as other:
        boxes = {"one": Sandbox(tmp_path, small.endpoint), "two": Sandbox(tmp_path, other.endpoint)}
        for name, box in boxes.items():
            box.sync(account=name, tables=TABLES)
        shared = ids(small)[0]
        small.change(shared, {"LifeCycle": {"NextSteps": "Of one."}})
        queues = {name: FakeSqs() for name in boxes}
        queues["one"].send_update(shared)
        other.calls.clear()
        load(boxes["one"], queues["one"], account="one", tables=TABLES)
        load(boxes["two"], queues["two"], account="two")
        found = rows(boxes["one"], f"SELECT account, life_cycle_next_steps FROM opportunities WHERE id = '{shared}'")
        assert {row["account"]: row["life_cycle_next_steps"] == "Of one." for row in found}["one"]
        assert other.calls == []
        events = rows(boxes["one"], "SELECT account, events FROM sync_runs WHERE mode = 'events' ORDER BY started_at")
        assert [(row["account"], row["events"]) for row in events] == [("one", 1), ("two", 0)]


def test_a_listener_makes_the_very_first_load(tmp_path: Path, small: Emulator, sqs: FakeSqs) -> None:
    sandbox = Sandbox(tmp_path, small.endpoint)
    sqs.send_update(ids(small)[0])
    Listening(sandbox, sqs).until_empty()
    sandbox.assert_equals(small.truth())
    assert last(sandbox)["mode"] == "first"


def test_events_alone_into_nothing_leave_the_first_load_whole(tmp_path: Path, small: Emulator, sqs: FakeSqs) -> None:
    sandbox = Sandbox(tmp_path, small.endpoint)
    sqs.send_update(ids(small)[0])
    load(sandbox, sqs)
    assert len(rows(sandbox, "SELECT id FROM opportunities")) == 1
    sandbox.sync()
    sandbox.assert_equals(small.truth())
    assert (last(sandbox)["mode"], last(sandbox)["complete"]) == ("first", True)
