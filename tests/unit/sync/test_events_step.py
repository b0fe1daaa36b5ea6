"""The events that a run takes from its queue, without Partner Central."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session

from fake_queue import URL, FakeSqs, queue_of
from partner_central.errors import PartnerCentralError
from partner_central.metrics import SyncMetrics
from partner_central_sync.events.batch import VISIBILITY_S
from partner_central_sync.events.queue import EventQueue
from partner_central_sync.sync.events_step import NO_CALLS, EventsStep

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)


def spent(*, of_the_day: bool) -> SyncMetrics:
    """The metrics of a run that made its last call."""
    metrics = SyncMetrics()
    assert metrics.reserve_call(None if of_the_day else 1)
    metrics.record_call(left=0 if of_the_day else 99)
    return metrics


@pytest.mark.parametrize("of_the_day", [True, False])
def test_nothing_is_received_where_no_call_is_left(*, of_the_day: bool) -> None:
    sqs, metrics = FakeSqs(), spent(of_the_day=of_the_day)
    sqs.send_update("O1")
    events = EventsStep(queue_of(sqs))
    assert list(events.batches(metrics)) == []
    assert [message["count"] for message in sqs.waiting] == [0]
    assert (metrics.notes, events.is_drained) == ([NO_CALLS], False)


def test_an_event_at_the_end_of_the_calendar_is_loaded_like_any_other() -> None:
    sqs, metrics = FakeSqs(), SyncMetrics()
    sqs.send_update("O1", at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    events = EventsStep(queue_of(sqs))
    for named in events.batches(metrics):
        assert named.ids == ("O1",)
        events.loaded(named, metrics)
    assert sqs.deleted == ["1"]


class ReturningSqs(FakeSqs):
    """A queue whose messages come back after their visibility timeout; each call takes a quarter of a second."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.calls = 0
        self._given_at: dict[str, float] = {}

    def receive_message(self, MaxNumberOfMessages: int, **more: object) -> dict[str, Any]:  # noqa: N803 - of SQS
        self.calls += 1
        assert self.calls < 10_000, "the run receives for ever"
        self.seconds += 0.25
        for key in [key for key, at in self._given_at.items() if self.seconds - at >= VISIBILITY_S]:
            del self._given_at[key]
            if key in self.in_flight:
                self.waiting.append(self.in_flight.pop(key))
        answer = super().receive_message(MaxNumberOfMessages, **more)
        self._given_at |= {one["MessageId"]: self.seconds for one in answer["Messages"]}
        return answer

    def delete_message_batch(self, Entries: list[dict[str, str]], **_: object) -> dict[str, Any]:  # noqa: N803
        return super().delete_message_batch([one for one in Entries if one["ReceiptHandle"] in self.in_flight])


class SlowSqs(ReturningSqs):
    """A queue whose calls take ten seconds, so that the time of a batch ends before it is full."""

    def __init__(self, *, is_busy: bool = False, denied_after: int | None = None) -> None:
        super().__init__()
        self._is_busy, self._denied_after = is_busy, denied_after

    def receive_message(self, MaxNumberOfMessages: int, **more: object) -> dict[str, Any]:  # noqa: N803 - of SQS
        self.seconds += 9.75
        if self.calls == self._denied_after:
            raise denied_error("ReceiveMessage")
        if self._is_busy:
            self.send_update(f"O{self.calls}")
        return super().receive_message(MaxNumberOfMessages, **more)


def drain(sqs: ReturningSqs, clock: Callable[[], float] = lambda: 0.0) -> EventsStep:
    """Takes all that a run takes, and loads it at once."""
    metrics = SyncMetrics(clock=lambda: sqs.seconds)
    queue = EventQueue(URL, Session(), "AWS", client=cast("Any", sqs), clock=clock, sleep=lambda _: None)
    events = EventsStep(queue)
    for named in events.batches(metrics):
        events.loaded(named, metrics)
    return events


@pytest.mark.parametrize("kind", ["of another catalog", "about a list", "not an event"])
def test_messages_that_are_left_in_the_queue_do_not_keep_a_run_for_ever(kind: str) -> None:
    """As many as come back while the run receives the others; those of opportunities are all loaded and deleted."""
    sqs = ReturningSqs()
    for _ in range(15_000):
        match kind:
            case "of another catalog":
                sqs.send({"catalog": "Sandbox", "opportunity": {"identifier": "O1"}})
            case "about a list":
                sqs.send({"engagement": {"id": "eng-1"}}, kind="Engagement Member Added")
            case _:
                sqs.send_update("O1")
                sqs.waiting[-1]["Body"] = "{}"
    events = drain(sqs)
    assert (events.is_drained, sqs.seconds) == (False, 500)
    events.conclude()
    assert (len(sqs.deleted) > 0) == (kind == "about a list")


def test_a_run_that_may_not_delete_receives_no_further_batch() -> None:
    sqs = ReturningSqs()
    sqs.delete_message_batch = denied  # type: ignore[method-assign]
    for number in range(5000):
        sqs.send_update(f"O{number}")
    events = drain(sqs)
    assert (events.is_drained, len(sqs.in_flight)) == (False, 2000)
    with pytest.raises(PartnerCentralError, match="sqs:DeleteMessage"):
        events.raise_failure()


def test_a_slow_queue_is_emptied_all_the_same() -> None:
    sqs = SlowSqs()
    for number in range(500):
        sqs.send_update(f"O{number}", at=LONG_AGO)
    events = drain(sqs, clock=lambda: sqs.seconds)
    assert (events.is_drained, events.received, len(sqs.deleted)) == (True, 500, 500)


def test_a_queue_in_which_events_keep_arriving_ends_with_those_that_are_newer_than_the_run() -> None:
    sqs = SlowSqs(is_busy=True)
    sqs.send_update("O99", at=LONG_AGO)
    events = drain(sqs, clock=lambda: sqs.seconds)
    assert (events.is_drained, sqs.in_flight) == (False, {})
    assert 1 < events.received < 20


def test_a_queue_that_is_denied_meanwhile_fails_the_run_behind_what_came() -> None:
    sqs = SlowSqs(denied_after=3)
    for number in range(100):
        sqs.send_update(f"O{number}", at=LONG_AGO)
    events = drain(sqs)
    assert (events.is_drained, len(sqs.deleted)) == (False, 30)
    with pytest.raises(PartnerCentralError, match="sqs:ReceiveMessage"):
        events.raise_failure()


def denied(**_: object) -> dict[str, Any]:
    raise denied_error("DeleteMessageBatch")


def denied_error(operation: str) -> ClientError:
    action = operation.removesuffix("Batch")
    answer = {"Error": {"Code": "AccessDenied", "Message": f"not authorized to perform: sqs:{action}"}}
    return ClientError(cast("Any", answer), operation)
