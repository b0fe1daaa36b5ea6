"""The quota on read operations."""

from __future__ import annotations

import threading
import time

from .errors import ServiceError


class Quota:
    """A token bucket: `rps` calls a second on average, `burst` at once; `rps=None` sets no limit.

    It counts real time, not emulated time: a client waits in real time.
    """

    def __init__(self, rps: float | None, burst: float) -> None:
        self._rps = rps
        self._burst = burst
        self._tokens = burst
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def spend(self) -> None:
        """Takes one call from the bucket.

        Raises:
            ServiceError: `ThrottlingException`; the bucket is empty.
        """
        if self._rps is None:
            return
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rps)
            self._at = now
            if self._tokens < 1:
                raise ServiceError("ThrottlingException", "Rate exceeded")
            self._tokens -= 1
