"""Counts of a run, taken while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

Mode = Literal["full", "first", "incremental", "events"]


@dataclass(slots=True)
class StreamMetrics:
    """Counts of one stream within a run. What `SyncMetrics` has as well is described there.

    Attributes:
        mass_rejected: a sentence where so many were rejected that the cursor does not move.
        pages_waiting: about how many pages were read and are not rows yet, when `estimated_records` was estimated.
        full_listing: number of the listing of everything that this run completed.
        watermark: LastModifiedDate the next run starts below; set when everything has been read.
        complete: whether everything has been read.
        mode: `full` if everything is read again, `first` if nothing was read before, `events` if only what events name
            is read, else `incremental`; None before reading.
        filter_set: the name of what the filters select, `all` without; None before they are known.
    """

    calls: int = 0
    throttles: int = 0
    pages: int = 0
    read: int = 0
    estimated_records: int | None = None
    pages_waiting: int = 0
    changed: int = 0
    rejected: int = 0
    mass_rejected: str | None = None
    full_listing: int | None = None
    mode: Mode | None = None
    filter_set: str | None = None
    watermark: datetime | None = None
    complete: bool = False


@dataclass(slots=True)
class SyncMetrics:
    """Counts of one run; whoever runs the source may pass one in, watch it, and read it afterwards.

    Attributes:
        calls: requests sent, retries included.
        throttles: requests refused for being too fast.
        retries: requests repeated after any failure.
        waited: seconds in which a call waited for the quota or for a retry; waits side by side count once.
        calls_left: calls left of the day's; None before the first call.
        served_at: the service's clock in its last answer; None before the first one.
        pages: pages read.
        read: records read; a record seen twice counts twice.
        estimated_records: estimated number of records to read; None if everything is read sequentially.
        changed: rows handed on to be merged, including rows that the destination has already.
        rejected: records that could not become rows.
        first: counts of the stream that was begun first: what a run says of cursor, mode and completeness.
        current: counts of the stream that was begun last.
        streams: counts of each stream that was read, by its table.
        left_out: members that personal data may be in and that were not stored, by the table of the stream.
        notes: sentences a user should see.
        trouble: a sentence while calls fail again and again; None once one succeeds.
        watch: called after every change, from any thread, one at a time.
        clock: a monotonic clock, in seconds.
    """

    calls: int = 0
    throttles: int = 0
    retries: int = 0
    waited: float = 0.0
    calls_left: int | None = None
    served_at: datetime | None = None
    pages: int = 0
    read: int = 0
    estimated_records: int | None = None
    changed: int = 0
    rejected: int = 0
    first: StreamMetrics = field(default_factory=StreamMetrics)
    streams: dict[str, StreamMetrics] = field(default_factory=dict)
    left_out: dict[str, set[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    trouble: str | None = None
    watch: Callable[[SyncMetrics], None] | None = None
    clock: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)
    _waiting_until: float = 0.0
    _answered: float = 0.0
    _reserved: int = field(default=0, repr=False, compare=False)
    _most: int | None = field(default=None, repr=False, compare=False)
    current: StreamMetrics = field(init=False)

    def __post_init__(self) -> None:
        self.current = self.first

    @property
    def mass_rejected(self) -> str | None:
        """Returns a sentence if so many records of a stream were rejected that its cursor does not move."""
        if self.first.mass_rejected:
            return self.first.mass_rejected
        found = (f"{table}: {counts.mass_rejected}" for table, counts in self.streams.items() if counts.mass_rejected)
        return next(found, None)

    def record_answer(self, served_at: datetime | None) -> None:
        """An answer came; the service's own clock was that, if it said so."""
        if served_at is not None:
            with self._lock:
                self.served_at, self._answered = served_at, self.clock()

    def service_now(self) -> datetime:
        """Returns the service's present time, by its last answer; the machine's own before the first one."""
        with self._lock:
            if self.served_at is None:
                return datetime.now(UTC)
            return self.served_at + timedelta(seconds=max(0.0, self.clock() - self._answered))

    def reserve_call(self, most: int | None) -> bool:
        """A request is to go out, if it is not one more than the run may send; returns whether it may.

        Until then it counts among those of the run, since others are prepared side by side.
        """
        with self._lock:
            self._most = most
            if not self._has_room:
                return False
            self._reserved += 1
            return True

    @property
    def has_calls_left(self) -> bool:
        """Returns whether another call may be made, as far as the calls before it tell."""
        with self._lock:
            return self._has_room and self.calls_left != 0

    @property
    def _has_room(self) -> bool:
        return self._most is None or self.calls + self._reserved < self._most

    def release_call(self) -> None:
        """A request that was reserved does not go out."""
        with self._lock:
            self._reserved -= 1

    def record_call(self, *, left: int) -> None:
        """A request that was reserved goes out, and leaves so many of the day."""
        with self._lock:
            self._reserved -= 1
            self.calls += 1
            self.current.calls += 1
            self.calls_left = left
            self._changed()

    def record_failure(self, *, throttled: bool) -> None:
        """A request failed."""
        with self._lock:
            self.retries += 1
            self.throttles += throttled
            self.current.throttles += throttled
            self._changed()

    def record_trouble(self, sentence: str | None) -> None:
        """A call failed repeatedly and is tried again, or one succeeded (None)."""
        with self._lock:
            if sentence != self.trouble:
                self.trouble = sentence
                self._changed()

    def record_wait(self, seconds: float) -> None:
        """A call is about to wait."""
        with self._lock:
            now = self.clock()
            self.waited += max(0.0, now + seconds - max(now, self._waiting_until))
            self._waiting_until = max(self._waiting_until, now + seconds)

    def record_page(self, *, read: int, changed: int, rejected: int) -> None:
        """A page has been turned into rows."""
        with self._lock:
            for counts in (self, self.current):
                counts.pages += 1
                counts.read += read
                counts.changed += changed
                counts.rejected += rejected
            self._changed()

    def begin_stream(self, table: str) -> None:
        """Count what follows for a stream as well."""
        with self._lock:
            made = StreamMetrics() if self.streams else self.first
            self.current = self.streams.setdefault(table, made)

    def drop_rows(self, table: str) -> None:
        """Forget what was read of a stream, which is begun again; what was asked counts."""
        with self._lock:
            counts = self.streams.get(table, StreamMetrics())
            for name in ("pages", "read", "changed", "rejected"):
                setattr(self, name, getattr(self, name) - getattr(counts, name))
            self.streams[table] = StreamMetrics(calls=counts.calls, throttles=counts.throttles)

    def estimate(self, records: int, *, pages_waiting: int = 0) -> None:
        """About so many records are to be read of the stream that was begun last, and so many pages wait already."""
        with self._lock:
            self.current.estimated_records, self.current.pages_waiting = records, pages_waiting
            self.estimated_records = self.read - self.current.read + records

    def end_list(self, *, complete: bool, mode: Mode = "full") -> None:
        """Note whether all was read that was to be read of the stream that was begun last, which has no watermark."""
        with self._lock:
            self.current.mode, self.current.complete = mode, complete

    def begin_again(self) -> None:
        """Returns what was read counts no more; what was asked does."""
        with self._lock:
            self.read = self.changed = self.rejected = 0
            self.estimated_records = None
            for stream in (self.first, *self.streams.values()):
                stream.read = stream.changed = stream.rejected = 0
                stream.mass_rejected = stream.full_listing = stream.estimated_records = None
                stream.watermark, stream.complete = None, False
            self._changed()

    def record_left_out(self, table: str, member: str) -> bool:
        """A member of a record was not stored, since it may be personal; returns whether that is new in this run."""
        with self._lock:
            members = self.left_out.setdefault(table, set())
            is_new = member not in members
            members.add(member)
        return is_new

    def add_note(self, sentence: str) -> None:
        """Something a user should see, once."""
        with self._lock:
            if sentence not in self.notes:
                self.notes.append(sentence)
            self._changed()

    def _changed(self) -> None:
        if self.watch:
            self.watch(self)
