"""How fast to ask. Partner Central allows an account ten reads a second, shared with its other integrations."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

CALLS_PER_SECOND = 9.9
SLOWEST = 0.2
LONGEST_WAIT = 20.0
CATCH_UP = 5
EASE, BRAKE, OFTEN = 0.92, 0.6, 3
SOON, CALM = 10, 150
QUICK, CAREFUL, BOLD = 1.05, 1.001, 1.005


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to make one call, after `pause` seconds; `number` counts them."""

    number: int
    pause: float


class Pace:
    """Spaces the calls of all threads, slows down when the service throttles, and speeds up again carefully.

    Turns that nobody took are caught up, a few at a time, as the service allows bursts; the first throttle ends that
    and leaves the rate. Throttles of calls that left before the rate was lowered count as one with the throttle that
    lowered it. One eases off; the third that comes soon after another brakes hard: so the rate finds a quota far below
    its own quickly, and stays close to one just below it. It comes back quickly to near where it was throttled,
    carefully from there; boldly once no throttle came for much longer than that takes, as then the service allows more
    than it did.

    It tells how long to wait; waiting is the caller's, one after another in `line`, and saying when the call leaves.
    A service without bursts counts from one arrival to the next, so a call that left late must not bring the next one
    close behind it.

    Args:
        calls_per_second: the rate never exceeded, but for catching up.
        clock: a monotonic clock, in seconds.

    Attributes:
        line: held by the thread whose turn is next, until its call leaves.
    """

    def __init__(self, calls_per_second: float = CALLS_PER_SECOND, clock: Callable[[], float] = time.monotonic) -> None:
        self._ceiling = self._rate = calls_per_second
        self._clock = clock
        self.line = threading.Lock()
        self._lock = threading.Lock()
        self._next = clock()
        self._catch_up = CATCH_UP
        self._turns = self._left = self._slowed_at = 0
        self._answers = SOON
        self._in_a_row = 0
        self._careful_from = calls_per_second

    @property
    def rate(self) -> float:
        """Calls a second now allowed."""
        return self._rate

    def limit(self, calls_per_second: float) -> None:
        """Set the rate never exceeded; a rate that was slowed down stays so."""
        with self._lock:
            if self._rate >= min(self._ceiling, calls_per_second):
                self._rate = self._careful_from = calls_per_second
            self._ceiling = calls_per_second

    def turn(self) -> Turn:
        """Take the next turn."""
        with self._lock:
            now = self._clock()
            self._next = max(self._next, now - self._catch_up / self._rate)
            pause = max(0.0, self._next - now)
            self._next += 1 / self._rate
            self._turns += 1
            return Turn(self._turns, pause)

    def leaves(self) -> None:
        """The call of the last turn is sent now."""
        with self._lock:
            self._left = self._turns
            if not self._catch_up:
                self._next = max(self._next, self._clock() + 1 / self._rate)

    def answered(self) -> None:
        """A call succeeded: come back towards the full rate."""
        with self._lock:
            self._answers += 1
            if self._rate < self._careful_from:
                faster = min(self._careful_from, self._rate * QUICK)
            else:
                faster = self._rate * (CAREFUL if self._answers < CALM else BOLD)
            self._rate = min(self._ceiling, faster)

    def throttled(self, turn: Turn) -> None:
        """The service said that the call of a turn was too fast."""
        with self._lock:
            if turn.number <= self._slowed_at:
                return
            self._in_a_row = self._in_a_row + 1 if self._answers < SOON else 1
            if not self._catch_up:
                self._careful_from = self._rate * EASE
                slower = self._rate * (EASE if self._in_a_row < OFTEN else BRAKE)
                self._rate = max(min(SLOWEST, self._ceiling), slower)
            self._slowed_at = max(self._left, turn.number)
            self._catch_up = self._answers = 0
            self._next = max(self._next, self._clock() + 1 / self._rate)


def back_off(failures: int) -> float:
    """Seconds to wait after `failures` failures in a row: doubling from half a second, with jitter, to a ceiling."""
    longest = min(LONGEST_WAIT, 0.5 * 2.0 ** min(failures - 1, 10)) if failures else 0.0
    return longest * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret
