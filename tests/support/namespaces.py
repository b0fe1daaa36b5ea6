"""Programs as process 1 of namespaces of their own, with a user and an interpreter that this user may start."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sandbox import TIMEOUT_S


def hidden_interpreter() -> str:
    """Returns where Python is, if that is in a folder that only root may enter; empty otherwise."""
    found = Path(sys.base_prefix)
    return "" if all(one.stat().st_mode & stat.S_IXOTH for one in (found, *found.parents)) else str(found)


def write_users(folder: Path, name: str, number: int, home: str) -> None:
    """Writes copies of the system's users and groups with one more."""
    lines = {"passwd": f"{name}:x:{number}:{number}::{home}:/bin/false", "group": f"{name}:x:{number}:"}
    for file, line in lines.items():
        (folder / file).write_text(f"{Path('/etc', file).read_text()}{line}\n")


def process_1(outside: subprocess.Popen[str], is_there: Callable[[int], bool]) -> int:
    """Waits until process 1 of what `outside` made is there; returns its number on the machine."""
    end = time.monotonic() + TIMEOUT_S
    while outside.poll() is None:
        found = [number for number in _descendants(outside.pid) if _is_process_1(number)]
        if found and is_there(found[0]):
            return found[0]
        assert time.monotonic() < end
        time.sleep(0.1)
    raise AssertionError(outside.stderr.read() if outside.stderr else f"it ended with {outside.returncode}")


def _descendants(number: int) -> list[int]:
    children = [int(child) for child in _read(f"/proc/{number}/task/{number}/children").split()]
    return [*children, *(one for child in children for one in _descendants(child))]


def _is_process_1(number: int) -> bool:
    """Returns whether a process has the number 1 in the namespace that it is in."""
    found = re.search(r"^NSpid:(.*)$", _read(f"/proc/{number}/status"), re.MULTILINE)
    return found is not None and found[1].split()[1:] == ["1"]


def _read(file: str) -> str:
    """Returns what a file of a process has; nothing once that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(file).read_text()
    return ""
