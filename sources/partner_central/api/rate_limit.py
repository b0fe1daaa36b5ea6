"""Limits the rate of calls. Partner Central allows an account ten reads a second, all its programs together."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

CALLS_PER_SECOND = 9.9
MIN_CALLS_PER_SECOND = 0.2
MAX_BACK_OFF_S = 20.0
BURST_SECONDS = 0.8  # of calls; a quota of ten a second is likely to let ten through at once
CATCHING_UP = 2  # times the rate
SLOW_DOWN, HARD_SLOW_DOWN, THROTTLES_BEFORE_HARD = 0.95, 0.6, 3
SAME_EPISODE_CALLS, QUIET_CALLS = 10, 150
RECOVER_FAST, PROBE, PROBE_WHEN_QUIET = 1.05, 1.0003, 1.005


class Slot(NamedTuple):
    """Leave to make one call, after `pause` seconds; `number` counts them."""

    number: int
    pause: float


class RateLimiter:
    """Spaces the calls of all threads, slows down when the service throttles, and speeds up again carefully.

    Turns that nobody took are caught up, some of them and at twice the rate, as the service allows bursts. So are those
    before the first call, when nobody called. The first throttle ends that and leaves the rate. Throttles of calls that
    left before the rate was lowered count as one with the throttle that lowered it. One throttle lowers the rate a
    little; the third that comes soon after another lowers it much. So the rate finds a quota far below its own quickly,
    and stays close to one just below it. The rate recovers quickly to near where it was throttled, and slowly from
    there. Once no throttle came for long, it rises faster: the service allows more than it did.

    It tells how long to wait; waiting is the caller's, one after another under `send_lock`, and saying when the call
    leaves. A service without bursts counts from one arrival to the next, so a call that left late must not bring the
    next one close behind it.

    Args:
        calls_per_second: the rate never exceeded, but for catching up.
        clock: a monotonic clock, in seconds.
        before: what spaced the calls of the account until now.

    Attributes:
        send_lock: held by the thread whose slot is next, until its call leaves.
    """

    def __init__(
        self,
        calls_per_second: float = CALLS_PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
        before: RateLimiter | None = None,
    ) -> None:
        self._ceiling = self._rate = calls_per_second
        self._clock = clock
        self.send_lock = threading.Lock()
        self._lock = threading.Lock()
        self._next = self._after_last = clock() - BURST_SECONDS
        if before is not None:
            self._next, self._after_last = map(max, (self._next, self._after_last), before.next_starts)
        self._catch_up = BURST_SECONDS
        self._turns = self._left = self._slowed_at = 0
        self._answers = SAME_EPISODE_CALLS
        self._in_a_row = 0
        self._careful_from = calls_per_second

    @property
    def rate(self) -> float:
        """Calls a second now allowed."""
        return self._rate

    @property
    def next_starts(self) -> tuple[float, float]:
        """The time when the next call starts, at the rate, and at the earliest while it catches up."""
        return self._next, self._after_last

    def limit(self, calls_per_second: float) -> None:
        """Set the rate never exceeded; a rate that was slowed down stays so."""
        with self._lock:
            if self._rate >= min(self._ceiling, calls_per_second):
                self._rate = self._careful_from = calls_per_second
            self._ceiling = calls_per_second

    def next_slot(self) -> Slot:
        """Take the next slot."""
        with self._lock:
            now = self._clock()
            self._next = max(self._next, now - self._catch_up)
            starts = max(now, self._next, self._after_last)
            self._next += 1 / self._rate
            self._after_last = starts + 1 / (CATCHING_UP * self._rate)
            self._turns += 1
            return Slot(self._turns, starts - now)

    def sent(self) -> None:
        """The call of the last slot is sent now."""
        with self._lock:
            self._left = self._turns
            if not self._catch_up:
                self._next = max(self._next, self._clock() + 1 / self._rate)

    def answered(self) -> None:
        """A call succeeded: come back towards the full rate."""
        with self._lock:
            self._answers += 1
            if self._rate < self._careful_from:
                faster = min(self._careful_from, self._rate * RECOVER_FAST)
            else:
                faster = self._rate * (PROBE if self._answers < QUIET_CALLS else PROBE_WHEN_QUIET)
            self._rate = min(self._ceiling, faster)

    def throttled(self, slot: Slot) -> None:
        """The service said that the call of a slot was too fast."""
        with self._lock:
            if slot.number <= self._slowed_at:
                return
            self._in_a_row = self._in_a_row + 1 if self._answers < SAME_EPISODE_CALLS else 1
            if not self._catch_up:
                self._careful_from = self._rate * SLOW_DOWN
                slower = self._rate * (SLOW_DOWN if self._in_a_row < THROTTLES_BEFORE_HARD else HARD_SLOW_DOWN)
                self._rate = max(min(MIN_CALLS_PER_SECOND, self._ceiling), slower)
            self._slowed_at = max(self._left, slot.number)
            self._catch_up = self._answers = 0
            self._next = max(self._next, self._clock() + 1 / self._rate)


def back_off(failures: int) -> float:
    """Seconds to wait after `failures` failures in a row: doubling from half a second, with jitter, to a ceiling."""
    longest = min(MAX_BACK_OFF_S, 0.5 * 2.0 ** min(failures - 1, 10)) if failures else 0.0
    return longest * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret
