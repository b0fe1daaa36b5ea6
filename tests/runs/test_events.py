"""Runs that read what events name: beside the cursor, committed before a message is deleted, and counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.session import get_session
from dlt.pipeline.exceptions import PipelineStepFailed

from fake_queue import FakeSqs, queue_of
from partner_central.errors import ServiceUnavailable
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.output import Console
from partner_central_sync.events.queue import EventQueue
from partner_central_sync.events.state import QueueState
from partner_central_sync.sync import check_events
from partner_central_sync.sync.events_step import EventsStep
from partner_central_sync.sync.job import sync
from partner_central_sync.sync.status import LAST, status
from partner_central_sync.sync.summary import Summary
from partner_central_sync.sync.utc import in_utc
from sandbox import Sandbox, rows

OPPORTUNITY = "SELECT * FROM opportunities WHERE id = '{}'"


@pytest.fixture
def synced(small_synced: Sandbox) -> Sandbox:
    return small_synced


@pytest.fixture
def sqs() -> FakeSqs:
    return FakeSqs()


def load(sandbox: Sandbox, sqs: FakeSqs, *, polls: bool = False, **options: Any) -> Summary:
    """One run with the queue; by default of what events name alone."""
    settings = sandbox.settings(polls=polls, **options)
    return sync(settings, Console(quiet=True), EventsStep(queue_of(sqs)))


def ids(emulator: Emulator) -> list[str]:
    return sorted(one["Id"] for one in emulator.truth())


def stage(sandbox: Sandbox, identifier: str) -> str:
    (row,) = rows(sandbox, OPPORTUNITY.format(identifier))
    return str(row["life_cycle_stage"])


def watermarks(sandbox: Sandbox) -> set[Any]:
    return {row["watermark"] for row in rows(sandbox, "SELECT watermark FROM sync_runs WHERE watermark IS NOT NULL")}


def last(sandbox: Sandbox) -> dict[str, Any]:
    return rows(sandbox, "SELECT * FROM sync_runs ORDER BY started_at")[-1]


def test_an_event_loads_its_opportunity_and_leaves_the_cursor(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    first, second, *_ = ids(small)
    before = watermarks(synced)
    small.change(first, {"LifeCycle": {"Stage": "Committed"}})
    small.change(second, {"LifeCycle": {"Stage": "Negotiation"}})
    sqs.send_update(first)
    load(synced, sqs)
    assert (stage(synced, first), watermarks(synced)) == ("Committed", before)
    assert (stage(synced, second) == "Negotiation", len(small.calls), sqs.deleted) == (False, 1, ["1"])
    assert (last(synced)["mode"], last(synced)["events"], last(synced)["missed_by_events"]) == ("events", 1, None)
    synced.sync()
    synced.assert_equals(small.truth())


def test_the_poll_still_finds_what_no_event_named_on_later_pages(tmp_path: Path, sqs: FakeSqs) -> None:
    with Emulator(opportunities=250, seed=1, rps=None) as emulator:
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        sandbox.sync()
        missed, *named = ids(emulator)[:130]
        for identifier in (missed, *named):
            emulator.change(identifier, {"LifeCycle": {"NextSteps": "Call them."}})
        for identifier in named:
            sqs.send_update(identifier)
        load(sandbox, sqs)
        sandbox.sync()
        sandbox.assert_equals(emulator.truth())


def test_a_record_that_returns_to_what_it_was_is_right(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    identifier = ids(small)[0]
    former = stage(synced, identifier)
    (date,) = (one["LastModifiedDate"] for one in small.truth() if one["Id"] == identifier)
    small.change(identifier, {"LifeCycle": {"Stage": "Committed"}}, at=date)
    sqs.send_update(identifier)
    load(synced, sqs)
    assert stage(synced, identifier) == "Committed"
    small.change(identifier, {"LifeCycle": {"Stage": former}}, at=date)
    synced.sync(source={"lookback": 86_400 * 3650})
    synced.assert_equals(small.truth())
    versions = rows(synced, f"SELECT life_cycle_stage FROM opportunity_history WHERE id = '{identifier}'")
    assert [row["life_cycle_stage"] for row in versions].count("Committed") == 1


def test_duplicates_and_a_second_run_change_nothing(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    identifier = ids(small)[0]
    small.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
    for _ in range(3):
        sqs.send_update(identifier)
    load(synced, sqs)
    sqs.send_update(identifier)
    load(synced, sqs)
    assert len(rows(synced, f"SELECT * FROM opportunity_history WHERE id = '{identifier}'")) == 2
    assert (len(small.calls), len(sqs.deleted)) == (2, 4)


def test_an_id_that_is_not_shown_yet_comes_again_and_is_given_up(
    synced: Sandbox, small: Emulator, sqs: FakeSqs
) -> None:
    sqs.send_update("O99999999")
    for attempt in range(3):
        assert sqs.deleted == [], attempt
        load(synced, sqs)
    assert (sqs.deleted, sqs.waiting) == (["1"], [])
    assert len(small.calls) == 3


def test_nothing_is_deleted_when_the_load_fails(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    identifier = ids(small)[0]
    small.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
    sqs.send_update(identifier)
    small.faults.append(Fault("server_error", calls=99))
    with pytest.raises(PipelineStepFailed):
        load(synced, sqs, source={"attempts": 1})
    assert sqs.deleted == []
    small.faults.clear()
    sqs.come_back()
    load(synced, sqs)
    assert (stage(synced, identifier), sqs.deleted) == ("Committed", ["1"])


def test_an_event_outside_of_the_filters_is_done(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    identifier = ids(small)[0]
    small.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
    former = stage(synced, identifier)
    sqs.send_update(identifier)
    load(synced, sqs, filters={"life_cycle_stage": ["Launched"]})
    assert (stage(synced, identifier), sqs.deleted) == (former, ["1"])


def test_a_sync_drains_the_queue_and_counts_what_events_missed(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    first, second, third, *_ = ids(small)
    small.change(first, {"LifeCycle": {"Stage": "Committed"}})
    small.change(second, {"LifeCycle": {"Stage": "Committed"}})
    small.advance(0.5)
    changed = {row["Id"] for row in small.truth()}
    sqs.send_update(first)
    load(synced, sqs, polls=True)
    synced.assert_equals(small.truth())
    new = rows(
        synced,
        "SELECT DISTINCT id FROM opportunity_history WHERE _dlt_load_id > "
        "(SELECT min(_dlt_load_id) FROM opportunity_history)",
    )
    named = {first}
    assert last(synced)["missed_by_events"] == len({row["id"] for row in new} - named) > 0
    assert (last(synced)["events"], third in changed, sqs.deleted) == (1, True, ["1"])


def test_a_queue_that_fails_keeps_no_row_back(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    identifier = ids(small)[0]
    small.change(identifier, {"LifeCycle": {"Stage": "Committed"}})
    sqs.failure = EndpointConnectionError(endpoint_url="https://sqs.us-east-1.amazonaws.com")
    with pytest.raises(ServiceUnavailable, match="queue"):
        load(synced, sqs, polls=True)
    synced.assert_equals(small.truth())
    assert last(synced)["watermark"] is not None


def test_an_event_of_an_invitation_makes_its_list_due(
    begin: Callable[..., Sandbox], small: Emulator, sqs: FakeSqs
) -> None:
    tables = ("opportunities", "engagement_invitations", "engagements")
    sandbox = begin(*tables)
    sqs.send({"engagementInvitation": {"id": "engi-1"}}, "Engagement Invitation Created")
    load(sandbox, sqs, tables=tables)
    assert {call.operation for call in small.calls} == {"ListEngagementInvitations"}
    assert sqs.deleted == ["1"]


@pytest.mark.views
def test_a_run_of_events_alone_says_nothing_of_freshness(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    freshness = (
        "SELECT last_success_at, last_run_at, last_run_outcome FROM data_freshness WHERE stream = 'opportunities'"
    )
    before = rows(synced, freshness)
    (poll,) = rows(synced, "SELECT started_at FROM sync_runs")
    sqs.send_update(ids(small)[0])
    load(synced, sqs)
    assert rows(synced, freshness) == before
    assert (last(synced)["mode"], last(synced)["outcome"], last(synced)["complete"]) == ("events", "done", False)
    said = {line.subject: line for line in status(synced.settings())}
    shown = said["data as of"].values[LAST]
    assert (shown.as_of, shown.values["mode"]) == (poll["started_at"], "first")
    assert said["events"].text.startswith("1 at ")
    small.faults.append(Fault("server_error", calls=99))
    sqs.send_update(ids(small)[0])
    with pytest.raises(PipelineStepFailed):
        load(synced, sqs, source={"attempts": 1})
    said = {line.subject: line for line in status(synced.settings())}
    assert (last(synced)["mode"], said["data as of"].values[LAST].values["mode"]) == ("events", "first")
    assert said["data as of"].values[LAST].code(timedelta(days=1), datetime.now(UTC)) is ExitCode.DONE
    assert "ended: later" in said["events"].text
    assert rows(synced, freshness) == before


def test_the_status_shows_what_came_without_an_event(synced: Sandbox, small: Emulator, sqs: FakeSqs) -> None:
    assert "events" not in {line.subject for line in status(synced.settings())}
    load(synced, sqs, polls=True)
    small.advance(0.5)
    load(synced, sqs, polls=True)
    (line,) = [line for line in status(synced.settings()) if line.subject == "events"]
    missed = last(synced)["missed_by_events"]
    assert (line.text, missed > 0) == (f"none yet; {missed} changes came without one", True)
    assert line.values["events"]["missed"] == missed


def test_the_check_says_when_the_last_event_came(
    synced: Sandbox, small: Emulator, sqs: FakeSqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = queue_of(sqs)
    monkeypatch.setattr(check_events, "open_queue", lambda *_: queue)
    monkeypatch.setattr(EventQueue, "describe", lambda _: QueueState(3, 1, 14.0, "dead", 0))
    monkeypatch.setattr(EventQueue, "prove", lambda _: None)

    def told() -> str:
        found = {one.subject: one for one in check_events.findings(synced.settings(), get_session())}
        assert (found.keys(), {one.mark for one in found.values()}) == ({"events", "last event"}, {"ok"})
        return found["last event"].text

    assert told() == check_events.NO_EVENT
    sqs.send_update(ids(small)[0])
    load(synced, sqs)
    began = in_utc(last(synced)["started_at"])
    assert told() == f"loaded by the run of {began:%Y-%m-%d %H:%M:%S} UTC, 1 in that run"
    synced.sync()
    assert f"{began:%H:%M:%S}" in told(), "a run without the queue changes nothing of that"
