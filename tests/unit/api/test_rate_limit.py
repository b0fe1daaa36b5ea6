"""How fast calls go out: rule by rule, then thousands of calls against a quota, in time that is only counted."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partner_central.api.rate_limit import (
    BURST_SECONDS,
    CALLS_PER_SECOND,
    HARD_SLOW_DOWN,
    MAX_BACK_OFF_S,
    MIN_CALLS_PER_SECOND,
    QUIET_CALLS,
    SAME_EPISODE_CALLS,
    SLOW_DOWN,
    THROTTLES_BEFORE_HARD,
    RateLimiter,
    Slot,
    back_off,
)

BURST = 8  # of ten calls a second


class Clock:
    """Moves only when it is told to."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def starts(pace: RateLimiter, clock: Clock, count: int) -> list[float]:
    """When `count` calls go out whose turns are all taken now."""
    return [clock.now + pace.next_slot().pause for _ in range(count)]


def evenly(rate: float, clock: Clock) -> RateLimiter:
    """A pace whose first burst is over."""
    pace = RateLimiter(rate, clock)
    clock.now = starts(pace, clock, 2 * BURST + 1)[-1] + 1 / rate
    return pace


def gaps(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(moments)]


def sent(pace: RateLimiter) -> Slot:
    """The slot of a call that has left."""
    slot = pace.next_slot()
    pace.sent()
    return slot


def throttled(pace: RateLimiter, times: int, answers: int = 0) -> RateLimiter:
    """The pace after throttles with so many answers before each."""
    for _ in range(times):
        for _ in range(answers):
            pace.answered()
        pace.throttled(pace.next_slot())
    return pace


def answered(pace: RateLimiter, answers: int) -> list[float]:
    """The rate after each of so many answers."""
    rates = []
    for _ in range(answers):
        pace.answered()
        rates.append(pace.rate)
    return rates


@pytest.mark.parametrize("began", [0.0, 1e6])
def test_the_first_calls_go_out_at_twice_the_rate_and_the_others_at_an_even_one(began: float) -> None:
    clock = Clock(began)
    moments = starts(RateLimiter(10, clock), clock, 2 * BURST + 5)
    assert moments[0] == began
    assert gaps(moments[: 2 * BURST + 1]) == pytest.approx([0.05] * 2 * BURST)
    assert gaps(moments[2 * BURST :]) == pytest.approx([0.1] * 4)


@pytest.mark.parametrize("idle", [0, 60])
def test_a_rate_lower_than_the_quota_has_a_smaller_burst(idle: float) -> None:
    clock = Clock()
    pace = RateLimiter(10, clock)
    pace.limit(1)
    clock.now += idle
    assert starts(pace, clock, 3) == pytest.approx([idle, idle + 0.5, idle + 2 - BURST_SECONDS])


def test_a_pace_that_comes_after_another_one_has_no_burst_that_was_used() -> None:
    clock = Clock()
    pace = RateLimiter(10, clock)
    clock.now = starts(pace, clock, 2 * BURST + 1)[-1]
    after = RateLimiter(10, clock, before=pace)
    assert starts(after, clock, 3) == pytest.approx([clock.now + one / 10 for one in range(1, 4)])
    clock.now += 60
    assert gaps(starts(RateLimiter(10, clock, before=after), clock, 3)) == pytest.approx([0.05] * 2)


def test_time_the_service_takes_counts_towards_the_turn() -> None:
    clock = Clock()
    pace = evenly(10, clock)
    pauses = []
    for _ in range(4):
        pauses.append(pace.next_slot().pause)
        clock.now += pauses[-1] + 0.07
    assert pauses == pytest.approx([0, 0.03, 0.03, 0.03])


def test_of_the_turns_that_nobody_took_a_few_are_caught_up() -> None:
    clock = Clock()
    pace = RateLimiter(10, clock)
    starts(pace, clock, 3)
    clock.now += 60
    moments = starts(pace, clock, 2 * BURST + 4)
    assert gaps(moments[: 2 * BURST + 1]) == pytest.approx([0.05] * 2 * BURST)
    assert gaps(moments[2 * BURST :]) == pytest.approx([0.1] * 3)


def test_a_call_that_is_late_by_less_than_a_turn_is_caught_up_and_shifts_no_other() -> None:
    clock = Clock()
    pace = evenly(10, clock)
    began, moments = clock.now, list[float]()
    for late in (0, 0.05, 0, 0.02, 0):
        clock.now = max(clock.now, began + len(moments) / 10 + late)
        moments.append(clock.now + pace.next_slot().pause - began)
    assert moments == pytest.approx([0, 0.15, 0.2, 0.32, 0.4])


def test_after_the_first_throttle_nothing_is_caught_up_any_more() -> None:
    clock = Clock()
    pace = throttled(RateLimiter(10, clock), 1)
    answered(pace, 500)
    clock.now += 60
    assert gaps(starts(pace, clock, 5)) == pytest.approx([0.1] * 4)


def test_turns_are_counted() -> None:
    pace = RateLimiter(10, Clock())
    assert [pace.next_slot().number for _ in range(3)] == [1, 2, 3]


def without_bursts(clock: Clock | None = None) -> RateLimiter:
    """A pace of ten calls a second that has met its first throttle long ago."""
    pace = throttled(RateLimiter(10, clock or Clock()), 1)
    assert answered(pace, SAME_EPISODE_CALLS)[-1] == 10
    return pace


def test_the_first_throttle_ends_catching_up_and_leaves_the_rate() -> None:
    pace = throttled(RateLimiter(10, Clock()), 1)
    assert pace.rate == 10
    assert throttled(pace, 1).rate == pytest.approx(10 * SLOW_DOWN)


def test_a_throttle_eases_the_rate_and_the_next_call_waits_a_turn() -> None:
    clock = Clock()
    pace = without_bursts(clock)
    slot = pace.next_slot()
    clock.now += 5
    pace.throttled(slot)
    assert pace.rate == pytest.approx(10 * SLOW_DOWN)
    assert pace.next_slot().pause == pytest.approx(1 / pace.rate)


def test_a_throttle_long_after_others_eases_again() -> None:
    pace = throttled(without_bursts(), THROTTLES_BEFORE_HARD - 1)
    before = answered(pace, SAME_EPISODE_CALLS)[-1]
    assert throttled(pace, 1).rate == pytest.approx(before * SLOW_DOWN)


@pytest.mark.parametrize("answers", [0, 1, SAME_EPISODE_CALLS - 1])
def test_the_third_throttle_soon_after_another_brakes(answers: int) -> None:
    pace = without_bursts()
    for _ in range(THROTTLES_BEFORE_HARD - 1):
        before = pace.rate
        assert throttled(pace, 1).rate == pytest.approx(before * SLOW_DOWN)
        before = [pace.rate, *answered(pace, answers)][-1]
    assert throttled(pace, 1).rate == pytest.approx(before * HARD_SLOW_DOWN)


def test_throttles_of_calls_that_were_under_way_together_count_once() -> None:
    pace = without_bursts()
    together = [sent(pace) for _ in range(8)]
    for slot in together:
        pace.throttled(slot)
    assert pace.rate == pytest.approx(10 * SLOW_DOWN)
    pace.throttled(sent(pace))
    assert pace.rate == pytest.approx(10 * SLOW_DOWN * SLOW_DOWN)


def test_the_throttle_of_a_call_that_left_after_the_slow_down_counts() -> None:
    pace = without_bursts()
    under_way, in_line = sent(pace), pace.next_slot()
    pace.throttled(under_way)
    pace.sent()
    pace.throttled(in_line)
    assert pace.rate == pytest.approx(10 * SLOW_DOWN * SLOW_DOWN)


def test_the_same_throttle_told_twice_counts_once() -> None:
    pace = without_bursts()
    slot = pace.next_slot()
    pace.throttled(slot)
    pace.throttled(slot)
    assert pace.rate == pytest.approx(10 * SLOW_DOWN)


def test_without_bursts_a_call_that_left_late_moves_the_next_one() -> None:
    clock = Clock()
    pace = without_bursts(clock)
    clock.now += pace.next_slot().pause + 0.04
    pace.sent()
    assert pace.next_slot().pause == pytest.approx(0.1)


def test_with_bursts_a_call_that_left_late_moves_no_other() -> None:
    clock = Clock()
    pace = evenly(10, clock)
    clock.now += pace.next_slot().pause + 0.04
    pace.sent()
    assert pace.next_slot().pause == pytest.approx(0.06)


def test_throttles_slow_down_to_a_slowest_rate_and_no_further() -> None:
    assert throttled(RateLimiter(10, Clock()), 50).rate == MIN_CALLS_PER_SECOND


def test_a_rate_below_the_slowest_is_not_raised_by_a_throttle() -> None:
    assert throttled(RateLimiter(MIN_CALLS_PER_SECOND / 2, Clock()), 5).rate == MIN_CALLS_PER_SECOND / 2


def test_the_rate_comes_back_quickly_to_near_where_it_was_throttled_and_carefully_from_there() -> None:
    pace = throttled(without_bursts(), THROTTLES_BEFORE_HARD)
    throttled_at = 10 * SLOW_DOWN ** (THROTTLES_BEFORE_HARD - 1)
    assert pace.rate == pytest.approx(throttled_at * HARD_SLOW_DOWN)
    rates = answered(pace, 200)
    assert rates[10] == pytest.approx(throttled_at * SLOW_DOWN, rel=0.01)
    careful = [later / earlier for earlier, later in pairwise(rates[10 : QUIET_CALLS - 10])]
    assert all(1 <= step < 1.002 for step in careful)
    assert rates[100] > throttled_at * SLOW_DOWN


def test_what_was_far_too_fast_long_ago_is_tried_again_in_a_few_hundred_answers() -> None:
    pace = throttled(RateLimiter(10, Clock()), 8, answers=5)
    assert pace.rate < 1.6
    assert answered(pace, 600)[-1] == 10


@given(
    some.floats(0.1, 50),
    some.lists(some.sampled_from(["answered", "throttled", "limit 2", "limit 7", "limit 30"]), max_size=60),
)
def test_the_rate_is_never_above_the_limit_whatever_happens(ceiling: float, events: list[str]) -> None:
    clock = Clock()
    pace = RateLimiter(ceiling, clock)
    for event in events:
        if event == "answered":
            answered(pace, 20)
        elif event == "throttled":
            throttled(pace, 1)
        else:
            ceiling = float(event.split()[1])
            pace.limit(ceiling)
        assert min(MIN_CALLS_PER_SECOND, ceiling) <= pace.rate <= ceiling


@given(some.floats(0.1, 50), some.lists(some.tuples(some.booleans(), some.floats(0, 3)), max_size=60))
def test_no_more_calls_go_out_than_the_rate_and_catching_up_allow(
    rate: float, events: list[tuple[bool, float]]
) -> None:
    clock = Clock()
    pace = RateLimiter(rate, clock)
    moments = []
    for is_throttle, took in events:
        slot = pace.next_slot()
        clock.now += slot.pause
        moments.append(clock.now)
        clock.now += took
        if is_throttle:
            pace.throttled(slot)
        else:
            pace.answered()
    for first, last in itertools.combinations(range(len(moments)), 2):
        assert last - first <= (moments[last] - moments[first] + BURST_SECONDS) * rate + 1e-6


def test_a_rate_at_its_limit_follows_the_limit_up_and_down() -> None:
    pace = RateLimiter(10, Clock())
    for limit in (20, 5, 9.9):
        pace.limit(limit)
        assert pace.rate == limit


def test_a_rate_that_was_slowed_down_stays_so_under_a_higher_limit_and_falls_under_a_lower_one() -> None:
    pace = throttled(RateLimiter(10, Clock()), 2)
    slowed = pace.rate
    for limit in (10, 20):
        pace.limit(limit)
        assert pace.rate == slowed
    pace.limit(slowed / 2)
    assert pace.rate == slowed / 2


def test_a_limit_between_the_rate_and_where_it_was_throttled_holds_on_the_way_back() -> None:
    pace = throttled(RateLimiter(10, Clock()), 2)
    limit = (pace.rate + 10 * SLOW_DOWN * SLOW_DOWN) / 2
    pace.limit(limit)
    assert max(answered(pace, 500)) == limit


def test_threads_share_the_turns_and_none_is_given_twice() -> None:
    clock = Clock()
    pace, found = evenly(10, clock), list[Slot]()
    first = pace.next_slot().number + 1

    def take() -> None:
        for _ in range(200):
            found.append(pace.next_slot())
            pace.answered()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.sort(key=lambda slot: slot.number)
    assert [slot.number for slot in found] == list(range(first, first + 1600))
    assert [slot.pause for slot in found] == pytest.approx([number / 10 for number in range(1, 1601)])


@pytest.mark.parametrize(("failures", "longest"), [(1, 0.5), (2, 1), (3, 2), (6, 16), (7, 20), (50, 20), (2000, 20)])
def test_waiting_after_failures_doubles_up_to_a_ceiling_with_jitter(failures: int, longest: float) -> None:
    waits = [back_off(failures) for _ in range(50)]
    assert longest / 2 <= min(waits) <= max(waits) <= min(longest, MAX_BACK_OFF_S)
    assert len({round(wait, 6) for wait in waits}) > 10


WAY, SHAKE, LATE, LATENCY, JITTER = 0.02, 0.005, 0.003, 0.25, 0.15


@dataclass
class Bucket:
    """The service's quota: a token bucket that is filled at a rate which may change with time."""

    rate: Callable[[float], float]
    burst: float
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def allows(self, now: float) -> bool:
        """Whether a call that arrives now is answered."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate(now))
        self.at = now
        self.tokens -= (allowed := self.tokens >= 1)
        return allowed


@dataclass
class Outcome:
    """When calls came back, which of them were throttled, and at which rate that left the pace."""

    calls: list[tuple[float, bool, float]] = field(default_factory=list)

    def throttled(self, first: int = 0) -> float:
        """The share of calls that were throttled, from a call on."""
        return sum(throttle for _, throttle, _ in self.calls[first:]) / len(self.calls[first:])

    def per_second(self, first: int = 0) -> float:
        """Answers a second, from a call on."""
        part = self.calls[first:]
        return sum(not throttle for _, throttle, _ in part) / (part[-1][0] - part[0][0] + 1e-9)


@dataclass(order=True)
class Reader:
    """A reader of pages: what it does next, and when."""

    at: float
    number: int
    does: str = field(default="stand in line", compare=False)
    failures: int = field(default=0, compare=False)
    slot: Slot = field(default=Slot(0, 0), compare=False)


def simulate(bucket: Bucket, calls: int, *, latency: float = LATENCY, seed: int = 0) -> Outcome:
    """Readers who ask as `client.py` does: stand in line, wait for their slot, ask, and back off when throttled.

    Calls leave some `LATE` seconds late and are on their way for about `WAY` seconds before they are counted; answers
    take about `latency`.
    """
    chance, clock, outcome = random.Random(seed), Clock(), Outcome()
    pace = RateLimiter(CALLS_PER_SECOND, clock)
    line: list[Reader] = []
    readers = [Reader(0.0, number) for number in range(int(CALLS_PER_SECOND * latency * 1.2) + 2)]

    def next_in_line() -> None:
        reader = line[0]
        reader.next_slot = pace.next_slot()
        reader.at, reader.does = clock.now + reader.next_slot.pause + chance.expovariate(1 / LATE), "leave"
        heapq.heappush(readers, reader)

    while len(outcome.calls) < calls:
        reader = heapq.heappop(readers)
        clock.now = reader.at
        if reader.does == "stand in line":
            line.append(reader)
            if len(line) == 1:
                next_in_line()
            continue
        if reader.does == "leave":
            pace.sent()
            line.pop(0)
            if line:
                next_in_line()
            reader.at, reader.does = clock.now + WAY + chance.uniform(-SHAKE, SHAKE), "arrive"
        else:
            reader.does = "stand in line"
            allowed = bucket.allows(clock.now)
            if allowed:
                pace.answered()
                reader.at, reader.failures = clock.now + latency * chance.uniform(1 - JITTER, 1 + JITTER), 0
            else:
                pace.throttled(reader.next_slot)
                longest = min(MAX_BACK_OFF_S, 0.5 * 2 ** (reader.failures - 1)) if reader.failures else 0.0
                reader.at, reader.failures = clock.now + chance.uniform(longest / 2, longest), reader.failures + 1
            outcome.calls.append((clock.now, not allowed, pace.rate))
        heapq.heappush(readers, reader)
    return outcome


def steady(rate: float) -> Callable[[float], float]:
    return lambda _: rate


SEEDS = range(5)


@pytest.mark.parametrize("latency", [0.05, 0.25, 0.6])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_quota_of_ten_with_a_burst_of_ten_throttles_nothing_and_is_used_up(latency: float, seed: int) -> None:
    outcome = simulate(Bucket(steady(10), 10), 1000, latency=latency, seed=seed)
    assert outcome.throttled() == 0
    assert outcome.per_second() > 0.98 * 10


@pytest.mark.parametrize("latency", [0.05, 0.25, 0.6])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_quota_without_bursts_throttles_few_calls_and_most_of_it_is_used(latency: float, seed: int) -> None:
    outcome = simulate(Bucket(steady(10), 1), 1000, latency=latency, seed=seed)
    assert outcome.throttled() < 0.02
    assert outcome.per_second() > 0.8 * 10


@pytest.mark.parametrize(("quota", "burst"), [(1, 1), (1, 5), (1, 10), (3, 1), (5, 5), (9, 1), (9, 9)])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_quota_below_the_own_rate_is_found_and_then_seldom_exceeded(quota: float, burst: float, seed: int) -> None:
    outcome = simulate(Bucket(steady(quota), burst), 1000, seed=seed)
    assert outcome.throttled() < 0.05
    assert outcome.throttled(200) < 0.025
    assert outcome.per_second(200) > 0.75 * quota
    assert all(rate < 1.5 * quota for _, _, rate in outcome.calls[200:])


@pytest.mark.parametrize("burst", [1, 10])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_quota_that_drops_for_a_while_is_followed_down_and_up_again(burst: float, seed: int) -> None:
    drop, back = 100, 200
    outcome = simulate(Bucket(lambda now: 3 if drop < now < back else 10, burst), 2500, seed=seed)
    assert outcome.throttled() < 0.03
    lowest = [rate for now, _, rate in outcome.calls if drop + 20 < now < back]
    assert 1.7 < sum(lowest) / len(lowest) < 3.6
    again = next(now for now, _, rate in outcome.calls if now > back and rate > 8.5)
    assert again - back < 120
