"""Standard output and error that never end a run: a reader may have gone, a disk be full, a terminal be closed."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from typing import IO, Any, Literal

Name = Literal["stdout", "stderr"]


def open_standard_streams() -> None:
    """Opens what the process was started without, so that no other file takes its number, nor what is written to it.

    A terminal that cannot show a character gets it escaped.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _nothing())
        elif stream.isatty() and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def write_line(name: Name, text: str) -> None:
    """Writes a line at once, so that lines of threads do not mix; where that fails, the stream is given up."""
    stream: IO[str] = getattr(sys, name)
    try:
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(f"{text}\n".encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        setattr(sys, name, _nothing())


def print_line(text: str) -> None:
    """Prints a line of a result; what comes after its reader has gone, as `head` does, is dropped.

    Raises:
        OSError: it cannot be written.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = _nothing()


class Tolerant:
    """A stream for a display, which also writes from threads of its own: what fails is dropped.

    Args:
        stream: where it is written to.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes text."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Writes out what is buffered."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a stream has
        return getattr(self._stream, name)


def flush_standard_streams() -> str | None:
    """Writes out what is buffered; returns why standard output could not take it, None also if its reader has gone."""
    reason = None
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    return reason


@cache
def _nothing() -> IO[str]:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - for the rest of the process
