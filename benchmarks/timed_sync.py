"""`partner-central sync`, which writes what its parts cost as JSON into the file that is named.

Each part is charged for its own time, not for that of a part within it. Its memory is the most that the process had
while the part was under way, with whatever other parts had left.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

from dlt.destinations.impl.duckdb.configuration import DuckDbConnectionPool
from dlt.pipeline.pipeline import Pipeline

from partner_central.read.workers import ParallelReader
from partner_central.tables.arrow import Columnar
from partner_central.tables.row_batch import RowBatchBuilder
from partner_central_sync.cli import main
from partner_central_sync.sync import chunks, job

START, READING, THREADS = "start", "reading", "threads"
SECONDS_BETWEEN_LOOKS = 0.02
PARTS: tuple[tuple[str, Any, str], ...] = (
    ("rows", RowBatchBuilder, "batch"),
    ("arrow", Columnar, "items"),
    ("extraction", Pipeline, "extract"),
    ("normalization", Pipeline, "normalize"),
    ("loading", chunks, "load_pending"),
    ("closing", DuckDbConnectionPool, "return_conn"),
    ("views", job, "begin_views"),
    ("views", job, "keep_views"),
)


class Clock:
    """Charges the time of the main thread to the innermost part that it is in."""

    def __init__(self) -> None:
        self.seconds = Counter[str]()
        self.readers: list[float] = []
        self.peaks = Counter[str]()
        self._inside = [START]
        self._since = 0.0

    def charge(self) -> None:
        """The time since the last change belongs to the part that the thread is in."""
        now = time.thread_time()
        self.seconds[self._inside[-1]] += now - self._since
        self._since = now

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose time on the main thread is that of a part, also if it is a generator."""

        @wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return function(*arguments, **options)
            answer = self._within(part, lambda: function(*arguments, **options))
            return self._steps(part, answer) if isinstance(answer, Iterator) else answer

        return call

    def reader(self, function: Callable[..., None]) -> Callable[..., None]:
        """The function of a worker, which a thread runs from its begin to its end."""

        @wraps(function)
        def run(*arguments: Any) -> None:
            try:
                function(*arguments)
            finally:
                self.readers.append(time.thread_time())

        return run

    def watch_memory(self) -> None:
        """Notes the resident memory, in MiB, again and again."""
        while True:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.note_memory(pages * os.sysconf("SC_PAGE_SIZE") >> 20)
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def note_memory(self, resident: int) -> None:
        """The part that the main thread is in has so much; what is between other parts is not the start again."""
        part = self._inside[-1]
        if part != START or self.seconds.keys() <= {START}:
            self.peaks[part] = max(self.peaks[part], resident)

    def _within(self, part: str, step: Callable[[], Any]) -> Any:
        self.charge()
        self._inside.append(part)
        try:
            return step()
        finally:
            self.charge()
            self._inside.pop()

    def _steps(self, part: str, items: Iterator[Any]) -> Iterator[Any]:
        nothing = object()
        while (item := self._within(part, lambda: next(items, nothing))) is not nothing:
            yield item


def sync(out: Path) -> NoReturn:
    """Syncs, and writes the seconds of the parts, of the workers, and of all other threads; and the memory of parts."""
    clock, end = Clock(), os._exit
    for part, owner, name in PARTS:
        setattr(owner, name, clock.timed(part, getattr(owner, name)))
    ParallelReader._run = clock.reader(ParallelReader._run)
    threading.Thread(target=clock.watch_memory, daemon=True).start()

    def write(code: int) -> NoReturn:
        clock.charge()
        seconds = dict(clock.seconds) | {READING: sum(clock.readers)}
        seconds[THREADS] = time.process_time() - sum(seconds.values())
        out.write_text(json.dumps({"seconds": seconds, "peaks": dict(clock.peaks)}), encoding="utf-8")
        end(code)

    os._exit = write
    sys.argv = ["partner-central", "sync", "--quiet"]
    main()
    raise AssertionError("the command ended without its exit")


if __name__ == "__main__":
    sync(Path(sys.argv[1]))
