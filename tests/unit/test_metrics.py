"""What a run counts, while any number of threads do it."""

from __future__ import annotations

import threading

import pytest

from partner_central.metrics import SyncMetrics


class Clock:
    """Moves only when it is told to."""

    now = 1e6

    def __call__(self) -> float:
        return self.now


def test_calls_failures_and_pages_are_added_up() -> None:
    assert SyncMetrics().calls_left is None
    metrics = SyncMetrics()
    for left in (99, 98):
        metrics.record_call(left=left)
    metrics.record_failure(throttled=True)
    metrics.record_failure(throttled=False)
    metrics.record_page(read=100, changed=7, rejected=1)
    metrics.record_page(read=50, changed=2, rejected=0)
    assert (metrics.calls, metrics.calls_left, metrics.retries, metrics.throttles) == (2, 98, 2, 1)
    assert (metrics.pages, metrics.read, metrics.changed, metrics.rejected) == (2, 150, 9, 1)


def test_waits_one_after_another_add_up() -> None:
    metrics = SyncMetrics(clock=(clock := Clock()))
    for seconds in (2, 0.5, 3):
        metrics.record_wait(seconds)
        clock.now += seconds + 1
    assert metrics.waited == 5.5


def test_waits_side_by_side_count_once() -> None:
    metrics = SyncMetrics(clock=Clock())
    for _ in range(5):
        metrics.record_wait(2)
    assert metrics.waited == 2


@pytest.mark.parametrize(
    ("first", "after", "second", "together"), [(4, 1, 1, 4), (4, 1, 9, 10), (4, 4, 1, 5), (4, 9, 1, 5)]
)
def test_of_waits_that_overlap_the_overlap_counts_once(
    first: float, after: float, second: float, together: float
) -> None:
    metrics = SyncMetrics(clock=(clock := Clock()))
    metrics.record_wait(first)
    clock.now += after
    metrics.record_wait(second)
    assert metrics.waited == together


def test_a_note_is_taken_once_in_the_order_it_came() -> None:
    metrics = SyncMetrics()
    for sentence in ("one", "two", "one"):
        metrics.add_note(sentence)
    assert metrics.notes == ["one", "two"]


def test_who_watches_sees_every_change_as_it_is_then() -> None:
    seen: list[tuple[int, int, int, int]] = []
    metrics = SyncMetrics(watch=lambda now: seen.append((now.calls, now.retries, now.pages, len(now.notes))))
    metrics.record_call(left=9)
    metrics.record_failure(throttled=True)
    metrics.record_page(read=1, changed=1, rejected=0)
    metrics.add_note("a sentence")
    assert seen == [(1, 0, 0, 0), (1, 1, 0, 0), (1, 1, 1, 0), (1, 1, 1, 1)]


def test_who_watches_may_count_too() -> None:
    def watch(metrics: SyncMetrics) -> None:
        if not metrics.notes:
            metrics.add_note("seen")

    metrics = SyncMetrics(watch=watch)
    metrics.record_call(left=1)
    assert metrics.notes == ["seen"]


def test_threads_lose_no_count_and_are_watched_one_at_a_time() -> None:
    inside, most = [0], [0]

    def watch(_: SyncMetrics) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        inside[0] -= 1

    metrics = SyncMetrics(watch=watch, clock=Clock())

    def count() -> None:
        for number in range(500):
            metrics.record_call(left=number)
            metrics.record_failure(throttled=True)
            metrics.record_wait(3)
            metrics.record_page(read=2, changed=1, rejected=1)
            metrics.add_note("the same")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (metrics.calls, metrics.retries, metrics.throttles, metrics.pages) == (4000, 4000, 4000, 4000)
    assert (metrics.read, metrics.changed, metrics.rejected, metrics.waited) == (8000, 4000, 4000, 3)
    assert (most, metrics.notes) == ([1], ["the same"])


def test_a_run_says_of_itself_what_its_first_stream_says_and_adds_up_all() -> None:
    metrics = SyncMetrics()
    metrics.current.filter_set = "all"  # known before anything is counted
    metrics.begin_stream("one")
    metrics.record_page(read=100, changed=7, rejected=0)
    metrics.estimate(300)
    assert (metrics.current, metrics.estimated_records) == (metrics.first, 300)
    metrics.begin_stream("two")
    metrics.current.mode, metrics.current.complete = "full", True
    metrics.record_page(read=10, changed=1, rejected=1)
    metrics.estimate(50)
    assert (metrics.read, metrics.changed, metrics.rejected, metrics.estimated_records) == (110, 8, 1, 150)
    assert (metrics.first.filter_set, metrics.first.mode, metrics.first.complete) == ("all", None, False)
    assert metrics.streams == {"one": metrics.first, "two": metrics.current}
    metrics.begin_again()
    assert (metrics.read, metrics.first.read, metrics.current.complete) == (0, 0, False)
    assert metrics.first.filter_set == "all"
