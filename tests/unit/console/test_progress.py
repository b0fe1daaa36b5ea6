"""Progress in one line: per cent, rate and time left, as soon as each is known."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from partner_central.metrics import SyncMetrics
from partner_central_sync.console.progress import Progress


@dataclass
class Clock:
    """Moves only when it is told to."""

    now: float = 1e6

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_before_two_seconds_there_is_no_rate_and_without_a_total_no_share(clock: Clock) -> None:
    progress = Progress(clock)
    metrics = SyncMetrics(read=0, pages=1)
    assert progress.text(metrics) == "0 records, 1 pages, 0 throttled"
    clock.now += 1.9
    metrics.read = 190
    assert progress.text(metrics) == "190 records, 1 pages, 0 throttled"
    clock.now += 0.1
    metrics.read = 200
    assert progress.text(metrics) == "200 records, 1 pages, 0 throttled, 100 records a second"


def test_share_rate_and_time_left_follow_from_the_total(clock: Clock) -> None:
    progress = Progress(clock)
    metrics = SyncMetrics(estimated_records=43_210)
    progress.text(metrics)
    clock.now += 10
    metrics.read, metrics.pages, metrics.throttles = 4_400, 44, 3
    assert progress.text(metrics) == (
        "4,400 of about 44,000 records (10%), 44 pages, 3 throttled, 440 records a second, 1 min 30 s left"
    )
    assert progress.values(metrics) == {
        "records": 4_400,
        "total": 44_000,
        "percent": 10,
        "records_per_second": 440.0,
        "seconds_left": 90,
        "exceeds_calls_left": False,
    }


@pytest.mark.parametrize(("read", "left"), [(44_000 - 440, "1 s"), (44_000 - 44_000 // 2, "50 s")])
def test_time_left_is_in_its_two_largest_units(clock: Clock, read: int, left: str) -> None:
    progress = Progress(clock)
    progress.text(SyncMetrics(estimated_records=44_000))
    clock.now += read / 440
    assert progress.text(SyncMetrics(read=read, estimated_records=44_000)).endswith(f", {left} left")


def test_hours_have_minutes(clock: Clock) -> None:
    progress = Progress(clock)
    progress.text(SyncMetrics(estimated_records=1_000_000))
    clock.now += 100
    assert progress.text(SyncMetrics(read=10_000, estimated_records=1_000_000)).endswith("2 h 45 min left")


def test_a_reading_that_exceeds_its_estimate_never_claims_to_be_done(clock: Clock) -> None:
    progress = Progress(clock)
    for read in (990, 1_000, 1_049):
        values = progress.values(SyncMetrics(read=read, estimated_records=1_000))
        assert (values["percent"] or 0) <= 99
        assert (values["total"] or 0) >= read


def test_a_total_settles(clock: Clock) -> None:
    progress = Progress(clock)
    totals = [
        progress.values(SyncMetrics(read=100, estimated_records=about))["total"]
        for about in (10_000, 10_900, 9_200, 10_400, 12_000, 11_500, None, 5_000)
    ]
    assert totals == [10_000, 10_000, 10_000, 10_000, 12_000, 12_000, None, 5_000]


def test_a_reading_that_begins_again_has_a_rate_of_its_own(clock: Clock) -> None:
    progress = Progress(clock)
    progress.text(SyncMetrics())
    clock.now += 100
    assert progress.values(SyncMetrics(read=10_000))["records_per_second"] == 100
    assert progress.values(SyncMetrics(read=0))["records_per_second"] is None
    clock.now += 2
    assert progress.values(SyncMetrics(read=20))["records_per_second"] == 10


@pytest.mark.parametrize(("calls_left", "exceeds"), [(9, True), (10, False), (None, False)])
def test_what_the_day_has_no_calls_for_is_said(clock: Clock, calls_left: int | None, exceeds: bool) -> None:  # noqa: FBT001
    text = Progress(clock).text(SyncMetrics(estimated_records=1_000, calls_left=calls_left))
    assert text.endswith("more than the 9 calls that are left of the day") == exceeds
