"""How fast calls go out, on a clock that moves only while somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partner_central.pacing import LONGEST_WAIT, SLOWEST, Pace


class Clock:
    """Counts seconds of sleep and of work."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def starts(pace: Pace, clock: Clock, count: int, after: Callable[[], object] = lambda: None) -> list[float]:
    """When each of `count` calls goes out."""
    found = []
    for _ in range(count):
        pace.wait_for_turn()
        found.append(clock.now)
        after()
    return found


def gaps(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(moments)]


@pytest.mark.parametrize("began", [0.0, 1e6])
def test_the_first_call_goes_out_at_once_and_the_others_at_an_even_rate(began: float) -> None:
    clock = Clock(began)
    moments = starts(Pace(10, clock.sleep, clock), clock, 5)
    assert moments[0] == began
    assert gaps(moments) == pytest.approx([0.1] * 4)


def test_time_the_service_takes_counts_towards_the_turn() -> None:
    clock = Clock()
    pace = Pace(10, clock.sleep, clock)
    assert gaps(starts(pace, clock, 4, lambda: clock.sleep(0.07))) == pytest.approx([0.1] * 3)
    assert pace.waited == pytest.approx(3 * 0.03)


def test_a_pause_saves_up_no_burst() -> None:
    clock = Clock()
    pace = Pace(10, clock.sleep, clock)
    starts(pace, clock, 3)
    clock.now += 60
    assert min(gaps(starts(pace, clock, 5))) == pytest.approx(0.1)


@given(
    some.floats(0.1, 50),
    some.lists(some.tuples(some.sampled_from(["answered", "throttled", "back_off"]), some.floats(0, 3)), max_size=40),
)
def test_calls_never_exceed_the_rate_whatever_happens(rate: float, events: list[tuple[str, float]]) -> None:
    clock = Clock()
    pace = Pace(rate, clock.sleep, clock)
    moments = []
    for event, took in events:
        pace.wait_for_turn()
        moments.append(clock.now)
        clock.now += took
        if event == "back_off":
            pace.back_off(1)
        else:
            getattr(pace, event)()
    assert all(gap >= 1 / rate - 1e-9 for gap in gaps(moments))


def test_each_throttle_takes_a_third_of_the_rate_down_to_a_slowest() -> None:
    clock = Clock()
    pace = Pace(9, clock.sleep, clock)
    pace.throttled()
    assert gaps(starts(pace, clock, 3)) == pytest.approx([1 / 6] * 2)
    for _ in range(50):
        pace.throttled()
    assert gaps(starts(pace, clock, 3))[-1] == pytest.approx(1 / SLOWEST)


def test_a_rate_below_the_slowest_is_not_raised_by_a_throttle() -> None:
    clock = Clock()
    pace = Pace(SLOWEST / 2, clock.sleep, clock)
    pace.throttled()
    assert gaps(starts(pace, clock, 3)) == pytest.approx([2 / SLOWEST] * 2)


def test_after_throttling_the_rate_comes_back_gradually_and_not_beyond() -> None:
    clock = Clock()
    pace = Pace(10, clock.sleep, clock)
    for _ in range(5):
        pace.throttled()
    found = gaps(starts(pace, clock, 100, pace.answered))
    assert found[0] > 0.5
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(found))
    assert found[-1] == pytest.approx(0.1)
    assert sum(gap > 0.101 for gap in found) > 30, "it takes dozens of good answers"


@pytest.mark.parametrize(("failures", "longest"), [(1, 0.5), (2, 1), (3, 2), (6, 16), (7, 20), (50, 20), (2000, 20)])
def test_waiting_after_failures_doubles_up_to_a_ceiling_with_jitter(failures: int, longest: float) -> None:
    clock = Clock()
    pace = Pace(10, clock.sleep, clock)
    waits = []
    for _ in range(50):
        before = clock.now
        pace.back_off(failures)
        waits.append(clock.now - before)
    assert longest / 2 - 1e-9 <= min(waits) <= max(waits) <= min(longest, LONGEST_WAIT) + 1e-9
    assert len({round(wait, 6) for wait in waits}) > 10
    assert pace.waited == pytest.approx(sum(waits))
