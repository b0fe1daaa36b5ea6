"""The emulated clock and the timestamps it is written with.

An instant is an `int`: microseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_WIRE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def parse_instant(text: str) -> int:
    """Returns the instant of an ISO 8601 timestamp with a zone; digits below a microsecond are cut.

    Raises:
        ValueError: The text is not such a timestamp.
    """
    if not _WIRE.fullmatch(text):
        raise ValueError(f"{text!r} is not a timestamp such as 2026-01-05T09:00:00Z")
    return from_datetime(datetime.fromisoformat(text))


def from_datetime(moment: datetime) -> int:
    """Returns the instant of an aware datetime.

    Raises:
        ValueError: The datetime has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; give one, such as datetime.UTC")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(instant: int) -> datetime:
    """Returns the instant as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=instant)


class Stamp:
    """The form in which the service writes instants: with whole seconds or with milliseconds."""

    def __init__(self, *, milliseconds: bool) -> None:
        self.quantum = 1_000 if milliseconds else SECOND
        self._timespec = "milliseconds" if milliseconds else "seconds"

    def floor(self, instant: int) -> int:
        """Returns the instant, cut to what the service writes, so that lists sort by what is seen."""
        return instant - instant % self.quantum

    def text(self, instant: int) -> str:
        """Returns the wire form, `2026-01-05T09:00:00Z` or `2026-01-05T09:00:00.000Z`."""
        return (_NAIVE_EPOCH + timedelta(microseconds=instant)).isoformat(timespec=self._timespec) + "Z"


class Clock:
    """A clock that starts at a chosen instant, runs with real time, and can be moved forward."""

    def __init__(self, start: int) -> None:
        self._lock = threading.Lock()
        self._lived = start
        self._since = time.monotonic_ns()

    @property
    def lived(self) -> int:
        """The start and every advance, without the real time that has passed."""
        return self._lived

    def now(self) -> int:
        """Returns the emulated instant."""
        with self._lock:
            return self._lived + (time.monotonic_ns() - self._since) // 1_000

    def advance(self, span: int) -> None:
        """Moves the clock forward by `span` microseconds."""
        with self._lock:
            self._lived += span
