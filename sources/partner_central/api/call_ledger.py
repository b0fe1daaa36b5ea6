"""Counts calls. Partner Central allows an account 100,000 reads within any 24 hours, all its programs together.

Calls are remembered by account and minute in an SQLite file in dlt's data folder, so that all runs on this machine
share one budget. The file holds a digest of the account, times and counts.

The machine's clock may be wrong for a while. Minutes later than now are not counted. Old minutes are forgotten in the
order in which they were written, not by date. So a clock that was ahead does not block later days.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CallBudgetExhausted

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS_PER_DAY = 100_000
DAY, MINUTE = 86_400, 60
CALLS_PER_SAVE = 50
KEPT = 2 * (DAY // MINUTE + 1)  # minutes of an account; no clock, however it jumps, writes more of them in a day
LOCK_TIMEOUT_S = 10.0
TABLE = "CREATE TABLE IF NOT EXISTS calls (account TEXT, minute INTEGER, calls INTEGER, PRIMARY KEY (account, minute))"
OF_A_DAY = "FROM calls WHERE account = ? AND minute BETWEEN ? AND ?"
OLDEST = (
    "DELETE FROM calls WHERE account = ? AND rowid <= "
    "(SELECT rowid FROM calls WHERE account = ? ORDER BY rowid DESC LIMIT 1 OFFSET ?)"
)
# more than a day ahead of now, although what was written before them is of the day up to now
OF_A_CLOCK_AHEAD = (
    "DELETE FROM calls WHERE account = ? AND minute > ? AND EXISTS (SELECT 1 FROM calls AS before "
    "WHERE before.account = ? AND before.rowid < calls.rowid AND before.minute BETWEEN ? AND ?)"
)


class CallLedger:
    """The calls of one account, by minute, in a file.

    Args:
        path: the file; it is made when it is missing.
        account: whose calls these are.
    """

    def __init__(self, path: Path, account: str) -> None:
        self._path = path
        self._account = account

    def add(self, minutes: dict[int, int], now: float) -> int:
        """Add calls by minute since the epoch; gives the calls of the last 24 hours, and forgets the oldest minutes.

        Raises:
            OSError, sqlite3.Error: the file cannot be read or written.
        """
        with self._open() as calls:
            calls.execute(OF_A_CLOCK_AHEAD, (self._account, _minute(now + DAY), *self._day(now)))
            calls.executemany(
                "INSERT INTO calls VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET calls = calls + excluded.calls",
                [(self._account, minute, count) for minute, count in minutes.items()],
            )
            calls.execute(OLDEST, (self._account, self._account, KEPT))
            (spent,) = calls.execute(f"SELECT sum(calls) {OF_A_DAY}", self._day(now)).fetchone()
        return spent or 0

    def oldest(self, now: float) -> float | None:
        """Returns when the oldest call of the last 24 hours was made, in seconds since the epoch.

        Raises:
            OSError, sqlite3.Error: the file cannot be read.
        """
        with self._open() as calls:
            (minute,) = calls.execute(f"SELECT min(minute) {OF_A_DAY}", self._day(now)).fetchone()
        return None if minute is None else minute * MINUTE

    def _day(self, now: float) -> tuple[str, int, int]:
        """Returns what `OF_A_DAY` asks for."""
        return self._account, *_day(now)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # sqlite would let others read it
        with closing(sqlite3.connect(self._path, timeout=LOCK_TIMEOUT_S)) as connection, connection:
            connection.execute(TABLE)
            yield connection


class CallBudget:
    """Calls left to an account today, for all threads.

    Without a ledger, or when it fails, only this process's own calls count.

    Args:
        ledger: where calls are remembered.
        calls_per_day: calls allowed within 24 hours.
        now: seconds since the epoch.

    Attributes:
        save_error: why calls are not remembered; None if they are.
    """

    def __init__(
        self,
        ledger: CallLedger | None = None,
        calls_per_day: int = CALLS_PER_DAY,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.calls_per_day = calls_per_day
        self.save_error: str | None = None
        self._ledger = ledger
        self._now = now
        self._lock = threading.Lock()
        self._spent = self._known = 0  # of the day; what of it the ledger told last
        self._unsaved: dict[int, int] = {}
        self._save()

    @property
    def left(self) -> int:
        """Calls left now."""
        return max(0, self.calls_per_day - self._spent)

    def kept(self, share: float) -> int:
        """Calls of a day that are left to others by whoever may take a share of it, 0 to 1."""
        return self.calls_per_day - int(self.calls_per_day * share)

    def take(self) -> None:
        """Take one call.

        Raises:
            CallBudgetExhausted: none is left; the message says when there will be.
        """
        with self._lock:
            if not self.left:
                self._save()
            if not self.left:
                raise CallBudgetExhausted(self._when_free())
            self._spent += 1
            minute = _minute(self._now())
            self._unsaved[minute] = self._unsaved.get(minute, 0) + 1
            if sum(self._unsaved.values()) >= CALLS_PER_SAVE:
                self._save()

    def save(self) -> None:
        """Remember what was taken since the last time; it also happens by itself, every fifty calls."""
        with self._lock:
            self._save()

    def _save(self) -> None:
        if self._ledger is None:
            first, last = _day(self._now())
            self._spent = self._known + sum(count for minute, count in self._unsaved.items() if first <= minute <= last)
            self._unsaved = dict(list(self._unsaved.items())[-KEPT:])
            return
        try:
            self._spent = self._known = self._ledger.add(self._unsaved, self._now())
        except (sqlite3.Error, OSError) as error:
            self.save_error = str(error)
            self._ledger = None
        else:
            self._unsaved = {}

    def _when_free(self) -> str:
        said = f"The {self.calls_per_day:,} calls of 24 hours are spent (setting calls_per_day)."
        try:
            oldest = self._ledger.oldest(self._now()) if self._ledger else None
        except (sqlite3.Error, OSError):
            oldest = None
        if oldest is None:
            return f"{said} Run again tomorrow."
        free = datetime.fromtimestamp(oldest + DAY + MINUTE, UTC)
        return f"{said} The first of them are free again at {free:%Y-%m-%d %H:%M} UTC: run again then."


def _day(now: float) -> tuple[int, int]:
    """The first and the last minute of the 24 hours up to now."""
    return _minute(now - DAY), _minute(now)


def _minute(now: float) -> int:
    return int(now // MINUTE)
