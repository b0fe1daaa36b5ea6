"""The progress of a reading: counts, per cent, rate and time left."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil, floor, log10

from partner_central.public import SyncMetrics

SETTLED = 0.1  # a total that differs by less from the one that is shown is not shown
DIGITS = 2  # of a total that is an estimate
SECONDS_BEFORE_RATE = 2.0
MOST_PERCENT = 99
RECORDS_PER_CALL = 100  # the largest page of the service


class Progress:
    """Describes the counts of a run.

    Args:
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: tuple[float, int] | None = None
        self._read = 0
        self._total: int | None = None

    def text(self, metrics: SyncMetrics) -> str:
        """Returns the counts in one line: per cent and time left where a total is known, a rate after two seconds."""
        known = self.values(metrics)
        total, rate, left = known["total"], known["records_per_second"], known["seconds_left"]
        share = f" of about {total:,} records ({known['percent']}%)" if total else " records"
        parts = [f"{metrics.read:,}{share}", f"{metrics.pages:,} pages", f"{metrics.throttles:,} throttled"]
        if rate:
            parts.append(f"{rate:,.0f} records a second")
        if left is not None:
            parts.append(f"{_duration(left)} left")
        if known["exceeds_calls_left"]:
            parts.append(f"more than the {metrics.calls_left:,} calls that are left of the day")
        return ", ".join(parts)

    def values(self, metrics: SyncMetrics) -> dict[str, float | int | None]:
        """Returns the same as numbers: total, percent, records_per_second, seconds_left, exceeds_calls_left."""
        now = self._clock()
        if self._began is None or metrics.read < self._read:
            self._began = now, metrics.read
        self._read = metrics.read
        began, read_before = self._began
        took = now - began
        rate = (metrics.read - read_before) / took if took >= SECONDS_BEFORE_RATE else None
        total = self._settled(metrics)
        missing = None if total is None else max(0, total - metrics.read)
        calls = None if missing is None else ceil(missing / RECORDS_PER_CALL)
        return {
            "records": metrics.read,
            "total": total,
            "percent": min(MOST_PERCENT, metrics.read * 100 // total) if total else None,
            "records_per_second": round(rate, 1) if rate else None,
            "seconds_left": round(missing / rate) if missing is not None and rate else None,
            "exceeds_calls_left": calls is not None and metrics.calls_left is not None and calls > metrics.calls_left,
        }

    def _settled(self, metrics: SyncMetrics) -> int | None:
        """Returns the estimated total, rounded; the last one as long as the new one is close and it is not exceeded."""
        estimated = metrics.estimated_records
        if not estimated:
            self._total = None
            return None
        shown = self._total
        if shown is None or metrics.read > shown or abs(estimated - shown) > SETTLED * shown:
            self._total = _rounded_up(max(estimated, metrics.read))
        return self._total


def _rounded_up(number: int) -> int:
    step: int = 10 ** max(0, floor(log10(number)) + 1 - DIGITS)
    return ceil(number / step) * step


def _duration(seconds: float) -> str:
    """Returns a duration in its two largest units."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
