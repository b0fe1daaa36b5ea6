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
    tally = SyncMetrics()
    for left in (99, 98):
        tally.record_call(left=left)
    tally.record_failure(throttled=True)
    tally.record_failure(throttled=False)
    tally.page(read=100, changed=7, rejected=1)
    tally.page(read=50, changed=2, rejected=0)
    assert (tally.calls, tally.calls_left, tally.retries, tally.throttles) == (2, 98, 2, 1)
    assert (tally.pages, tally.read, tally.changed, tally.rejected) == (2, 150, 9, 1)


def test_waits_one_after_another_add_up() -> None:
    tally = SyncMetrics(clock=(clock := Clock()))
    for seconds in (2, 0.5, 3):
        tally.record_wait(seconds)
        clock.now += seconds + 1
    assert tally.waited == 5.5


def test_waits_side_by_side_count_once() -> None:
    tally = SyncMetrics(clock=Clock())
    for _ in range(5):
        tally.record_wait(2)
    assert tally.waited == 2


@pytest.mark.parametrize(
    ("first", "after", "second", "together"), [(4, 1, 1, 4), (4, 1, 9, 10), (4, 4, 1, 5), (4, 9, 1, 5)]
)
def test_of_waits_that_overlap_the_overlap_counts_once(
    first: float, after: float, second: float, together: float
) -> None:
    tally = SyncMetrics(clock=(clock := Clock()))
    tally.record_wait(first)
    clock.now += after
    tally.record_wait(second)
    assert tally.waited == together


def test_a_note_is_taken_once_in_the_order_it_came() -> None:
    tally = SyncMetrics()
    for sentence in ("one", "two", "one"):
        tally.note(sentence)
    assert tally.notes == ["one", "two"]


def test_who_watches_sees_every_change_as_it_is_then() -> None:
    seen: list[tuple[int, int, int, int]] = []
    tally = SyncMetrics(watch=lambda now: seen.append((now.calls, now.retries, now.pages, len(now.notes))))
    tally.record_call(left=9)
    tally.record_failure(throttled=True)
    tally.page(read=1, changed=1, rejected=0)
    tally.note("a sentence")
    assert seen == [(1, 0, 0, 0), (1, 1, 0, 0), (1, 1, 1, 0), (1, 1, 1, 1)]


def test_who_watches_may_count_too() -> None:
    def watch(tally: SyncMetrics) -> None:
        if not tally.notes:
            tally.note("seen")

    tally = SyncMetrics(watch=watch)
    tally.record_call(left=1)
    assert tally.notes == ["seen"]


def test_threads_lose_no_count_and_are_watched_one_at_a_time() -> None:
    inside, most = [0], [0]

    def watch(_: SyncMetrics) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        inside[0] -= 1

    tally = SyncMetrics(watch=watch, clock=Clock())

    def count() -> None:
        for number in range(500):
            tally.record_call(left=number)
            tally.record_failure(throttled=True)
            tally.record_wait(3)
            tally.page(read=2, changed=1, rejected=1)
            tally.note("the same")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tally.calls, tally.retries, tally.throttles, tally.pages) == (4000, 4000, 4000, 4000)
    assert (tally.read, tally.changed, tally.rejected, tally.waited) == (8000, 4000, 4000, 3)
    assert (most, tally.notes) == ([1], ["the same"])
