"""Runs the emulator in the foreground of a process, until a signal ends it."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from types import FrameType
from typing import TypedDict, Unpack

from .data.records import Skew
from .emulator import Emulator
from .publisher import Receive
from .tokens import TokenKind

log = logging.getLogger(__name__)


class Options(TypedDict, total=False):
    """The parameters of `Emulator`."""

    opportunities: int
    seed: int
    port: int
    token: TokenKind
    latency_ms: float
    rps: float | None
    burst: float
    change_rate: float
    fault_rate: float
    milliseconds: bool
    now: datetime
    skew: Skew
    sandbox_opportunities: int
    secret_access_key: str | None
    events: str | Receive | None


def serve(ready: Callable[[Emulator], object] | None = None, **options: Unpack[Options]) -> None:
    """Runs an emulator until Ctrl-C or SIGTERM. Only the main thread can call it.

    Args:
        ready: Called once the emulator answers; the place to print its `endpoint`.
        **options: The parameters of `Emulator`.

    Raises:
        OSError: The port is taken.
    """
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Emulator(**options) as emulator:
            log.info("Partner Central emulator on %s", emulator.endpoint)
            if ready is not None:
                ready(emulator)
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
