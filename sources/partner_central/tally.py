"""What a run did, counted while it does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Tally:
    """Counts of one run; whoever runs the source may pass one in, watch it, and read it afterwards.

    Attributes:
        calls: requests sent, retries included.
        throttles: requests refused for being too fast.
        retries: requests repeated after any failure.
        waited: seconds spent waiting for the quota and between retries.
        pages: pages read.
        read: records read; a record seen twice counts twice.
        changed: rows handed on to be merged.
        rejected: records that could not become rows.
        watermark: LastModifiedDate the next run starts below; set when everything has been read.
        notes: sentences a user should see.
        watch: called after every change, from the thread that reads.
    """

    calls: int = 0
    throttles: int = 0
    retries: int = 0
    waited: float = 0.0
    pages: int = 0
    read: int = 0
    changed: int = 0
    rejected: int = 0
    watermark: datetime | None = None
    notes: list[str] = field(default_factory=list)
    watch: Callable[[Tally], None] | None = None

    def called(self, *, waited: float) -> None:
        """A request goes out, after `waited` seconds of waiting in this run."""
        self.calls += 1
        self.waited = waited
        self._changed()

    def failed(self, *, throttled: bool) -> None:
        """A request failed."""
        self.retries += 1
        self.throttles += throttled
        self._changed()

    def page(self, *, read: int, changed: int, rejected: int) -> None:
        """A page has been turned into rows."""
        self.pages += 1
        self.read += read
        self.changed += changed
        self.rejected += rejected
        self._changed()

    def note(self, sentence: str) -> None:
        """Something a user should see, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)
        self._changed()

    def _changed(self) -> None:
        if self.watch:
            self.watch(self)
