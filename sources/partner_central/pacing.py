"""How fast to ask. Partner Central allows an account ten reads a second, shared with its other integrations."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

CALLS_PER_SECOND = 9.8
SLOWEST = 0.2
LONGEST_WAIT = 20.0


class Pace:
    """Spaces calls evenly, slows down when the service throttles, and speeds up again carefully.

    Args:
        calls_per_second: the rate never exceeded.
        sleep: how to wait, in seconds.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self,
        calls_per_second: float = CALLS_PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ceiling = self._rate = calls_per_second
        self._sleep = sleep
        self._clock = clock
        self._next = 0.0
        self.waited = 0.0

    def wait_for_turn(self) -> None:
        """Wait until the next call may go out."""
        now = self._clock()
        self._next = max(self._next, now)
        pause = self._next - now
        self._next += 1 / self._rate
        self._wait(pause)

    def answered(self) -> None:
        """A call succeeded: come back towards the full rate, a fiftieth of it at a time."""
        self._rate = min(self._ceiling, self._rate + self._ceiling / 50)

    def throttled(self) -> None:
        """The service said that was too fast: go on at two thirds of the rate."""
        self._rate = max(min(SLOWEST, self._ceiling), self._rate * 2 / 3)

    def back_off(self, failures: int) -> None:
        """Wait after `failures` failures in a row: doubling from half a second, with jitter, to a ceiling."""
        longest = min(LONGEST_WAIT, 0.5 * 2 ** min(failures - 1, 10))
        self._wait(longest * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.waited += seconds
            self._sleep(seconds)
