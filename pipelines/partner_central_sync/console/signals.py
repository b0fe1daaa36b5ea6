"""Signals that end a run: Ctrl-C, SIGTERM and SIGHUP end it alike, each with its own exit code.

The kernel ends process 1 of a container only if a handler is installed. While
dlt normalizes and loads, its own handlers are installed. They end the run between two jobs, and at the second signal
at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BASE = 128  # of the exit code of a shell for a signal


class Terminated(KeyboardInterrupt):
    """The process was told to end, by a signal with this number."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def end_at_once() -> None:
    """Ends the process with a sentence when a signal arrives: nothing has begun yet. An ignored signal stays so."""
    _install(_end_process)


def end_the_run() -> None:
    """Raises `Terminated` in the main thread when a signal arrives, or KeyboardInterrupt for Ctrl-C."""
    _install(_raise)


def number_of(error: BaseException) -> int:
    """Returns the number of the signal that an error stands for, `Terminated` or dlt's own; 2 (Ctrl-C) for others."""
    number = getattr(error, "number", getattr(error, "signal_code", signal.SIGINT))
    return number if isinstance(number, int) and number > 0 else int(signal.SIGINT)


def _install(handler: signal._HANDLER) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, handler)


def _end_process(number: int, _: FrameType | None) -> NoReturn:
    with contextlib.suppress(OSError):
        os.write(2, b"Ended by a signal.\n")
    os._exit(BASE + number)


def _raise(number: int, frame: FrameType | None) -> None:
    of_dlt = signal.getsignal(signal.SIGTERM)
    if number == signal.SIGHUP and callable(of_dlt) and of_dlt is not _raise:  # dlt takes over the other two
        of_dlt(number, frame)
    elif number == signal.SIGINT:
        raise KeyboardInterrupt
    else:
        raise Terminated(number)
