"""A sync, as a program, that is killed once it has come to some phases, one after another.

python killed_sync.py FOLDER ENDPOINT TABLES ROWS_PER_CHUNK PHASE ...
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from partner_central_sync.console.output import Console
from partner_central_sync.sync.job import sync
from sandbox import TIMEOUT_S, Sandbox


class Killed(Console):
    """Sends the signal when the last of the phases begins."""

    def __init__(self, phases: Sequence[str]) -> None:
        super().__init__(quiet=True)
        self._coming = [*phases]

    def begin_phase(self, what: str) -> None:
        if what == self._coming[0]:
            del self._coming[0]
        if not self._coming:
            os.kill(os.getpid(), signal.SIGKILL)
        super().begin_phase(what)


def sync_until(sandbox: Sandbox, tables: str, rows_per_chunk: int, *phases: str) -> int:
    """A sync in a process of its own that is killed; its return code."""
    arguments = [str(sandbox.folder), sandbox.endpoint, tables, str(rows_per_chunk), *phases]
    done = subprocess.run(
        [sys.executable, __file__, *arguments], check=False, timeout=TIMEOUT_S, env=sandbox.environment()
    )
    return done.returncode


if __name__ == "__main__":
    folder, endpoint, tables, rows_per_chunk, *phases = sys.argv[1:]
    options = {"tables": tuple(tables.split(",")), "rows_per_chunk": int(rows_per_chunk)}
    sync(Sandbox(Path(folder), endpoint).settings(**options), Killed(phases))
