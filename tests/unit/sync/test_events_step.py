"""The events that a run takes from its queue, without Partner Central."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fake_queue import FakeSqs, queue_of
from partner_central.metrics import SyncMetrics
from partner_central_sync.sync.events_step import NO_CALLS, EventsStep

NOW = datetime(2026, 11, 28, 8, tzinfo=UTC)


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
