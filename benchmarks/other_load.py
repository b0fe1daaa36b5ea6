"""Another first load on the machine, with its own emulator, in a process of its own.

Argument: a folder. It prints a line when its emulator is ready, and loads again and again until it is ended.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE, Popen

from emulated import emulated
from workshop import MIDDLE, SEARCH, SPINE, Workshop

LATENCY_MS = 250


@contextmanager
def another_load(folder: Path, *options: str) -> Iterator[None]:
    """Lets another load run meanwhile.

    Raises:
        RuntimeError: it ended by itself, so what was measured meanwhile was not beside it.
    """
    command = [sys.executable, __file__, str(folder), *options]
    with Popen(command, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()
            yield
            if process.poll() is not None:
                raise RuntimeError(f"the other load ended with {process.returncode}")
        finally:
            process.send_signal(signal.SIGTERM)


def main() -> None:
    """Load again and again."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--search", action="store_true", help="with the search")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what it started ends with it
    shop = Workshop(given.folder, given.folder, given.folder)
    with suppress(KeyboardInterrupt), emulated(MIDDLE, latency_ms=LATENCY_MS, search=given.search) as emulator:
        print("ready", flush=True)
        while True:
            shop.ours(emulator, tables=SEARCH if given.search else SPINE)


if __name__ == "__main__":
    main()
