"""Keeps a database file open for a moment after its last use: to open it, DuckDB reads every view that is in it.

A run with nothing new uses the file twice, with one API call between. Before a load there are four uses. And where one
process syncs many accounts, the next one follows at once. But while the file is open, no other process can read it. So
it stays open for a moment only, which a run that waits for Partner Central soon outlasts.

Where use follows use, no moment ever ends. So a file that was open for long is closed with its last use, and is left
alone until whoever waits for it has had a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock, Timer
from time import monotonic, sleep

SECONDS = 0.5
LONGEST, TURN_SECONDS = 2.0, 0.2  # both, and some time to open it: less than this project's programs wait for a file


@dataclass(slots=True, eq=False)
class OpenFile:
    """A file that is open.

    Attributes:
        path: where it is.
        close: closes what keeps it open.
        identity: which file was at its path when it was opened.
        since: when that was.
        uses: how many have it open now.
        until: when the moment after its last use is over.
    """

    path: Path
    close: Callable[[], object]
    identity: object
    since: float
    uses: int = 0
    until: float = 0.0


class KeptOpen:
    """The files that a process keeps open, within a scope; for any thread."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._scopes = 0
        self._files: dict[Path, OpenFile] = {}
        self._turns: dict[Path, float] = {}
        self._timer: Timer | None = None

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Keeps files open that are used inside, each for a moment; at the end of the outermost scope none is."""
        with self._lock:
            self._scopes += 1
        try:
            yield
        finally:
            with self._lock:
                self._scopes -= 1
                if not self._scopes:
                    self._close(list(self._files))

    @contextmanager
    def opening(self, path: Path) -> Iterator[None]:
        """Lets a file be opened while none is closed; closes one that was moved, into which rows would go.

        Where it is the turn of others, waits until that is over.
        """
        if (turn := self._turns.pop(path, 0.0) - monotonic()) > 0:
            sleep(turn)
        with self._lock:
            if path in self._files and self._files[path].identity != _identity(path):
                self._close([path])
            yield

    def begin_use(self, path: Path, open_again: Callable[[], Callable[[], object]]) -> OpenFile | None:
        """Counts a use of a file that was opened just now.

        Args:
            path: of the file.
            open_again: opens it once more, and returns what closes that.

        Returns:
            The use, to end it; None outside of a scope.
        """
        with self._lock:
            if not self._scopes:
                return None
            if path not in self._files:
                self._files[path] = OpenFile(path, open_again(), _identity(path), monotonic())
            self._files[path].uses += 1
            return self._files[path]

    def end_use(self, file: OpenFile) -> None:
        """Begins the moment for which the file stays open, if nobody else has it open; closes it if it was for long."""
        with self._lock:
            file.uses -= 1
            now = monotonic()
            file.until = now + SECONDS
            if not file.uses and now - file.since >= LONGEST and self._files.get(file.path) is file:
                self._close([file.path])
                self._turns[file.path] = monotonic() + TURN_SECONDS
            self._wait()

    def _wait(self) -> None:
        due = [file.until for file in self._files.values() if not file.uses]
        if due and self._timer is None:
            self._timer = Timer(max(min(due) - monotonic(), 0), self._close_due)
            self._timer.daemon = True
            self._timer.start()

    def _close_due(self) -> None:
        with self._lock:
            self._timer = None
            now = monotonic()
            self._close([path for path, file in self._files.items() if not file.uses and file.until <= now])
            self._wait()

    def _close(self, paths: list[Path]) -> None:
        for path in paths:
            self._files.pop(path).close()
        if not self._files and self._timer is not None:
            self._timer.cancel()
            self._timer = None


KEPT = KeptOpen()


def _identity(path: Path) -> object:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
