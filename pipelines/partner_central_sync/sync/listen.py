"""Waits for events, and loads what they name as soon as they come.

Between two loads nothing is held: no lock, no lease, no open database. So a sync of cron runs beside it. A message that
is not loaded comes again by itself, since only what is committed is deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from partner_central.public import ConfigurationError

from ..console.exit_codes import ExitCode
from ..console.failures import exit_code_and_message
from ..console.output import Console
from ..console.signals import Terminated
from ..events.batch import Limits
from ..events.connection import LONG_WAIT_S
from ..events.queue import EventQueue
from .events_step import EventsStep
from .job import sync
from .own_session import open_queue
from .settings import Settings

LONGEST_PAUSE_S = 300.0
PASSING = frozenset({ExitCode.RETRY_LATER, ExitCode.ALREADY_RUNNING})
NO_QUEUE = (
    "listen needs a queue of events: set events_queue under [partner_central] in .dlt/config.toml to its URL. "
    "deploy/events.yaml makes one."
)


def listen(
    settings: Settings,
    console: Console,
    *,
    poll_every: timedelta,
    gather: float,
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """Loads what events name, until the process is told to end.

    It begins with a whole sync, and makes one again from time to time, since an event may be lost. A failure that
    passes is told once, and tried again after a pause that doubles.

    Args:
        settings: what is read, and where it goes.
        console: where the loads are shown.
        poll_every: how long after a whole sync the next one is made; zero for never but the first.
        gather: seconds in which further events are waited for after a first one; they are loaded together.
        is_over: whether to end, asked after each load and each poll of the queue.

    Raises:
        ConfigurationError: there is no queue, or something is wrong that does not pass.
        PartnerCentralError: AWS refuses the opportunities or the queue.
    """
    queue = open_queue(settings)
    if queue is None:
        raise ConfigurationError(NO_QUEUE)
    listener = _Listener(settings, console, queue, Limits(seconds=gather))
    next_sync: float | None = 0.0
    try:
        while not is_over():
            if next_sync is not None and time.monotonic() >= next_sync:
                if listener.attempt(listener.sync_everything):
                    next_sync = time.monotonic() + poll_every.total_seconds() if poll_every else None
            else:
                listener.attempt(listener.load_events)
    except Terminated:
        console.note("Ended as told. What was not loaded yet stays in the queue.")


class _Listener:
    """Makes the loads of a listener."""

    def __init__(self, settings: Settings, console: Console, queue: EventQueue, limits: Limits) -> None:
        self._settings, self._console, self._queue, self._limits = settings, console, queue, limits
        self._pause = 0.0

    def sync_everything(self) -> None:
        """Makes a whole sync, with what is in the queue."""
        self._console.print_summary(sync(self._settings, self._console, EventsStep(self._queue)))

    def load_events(self) -> None:
        """Waits for events, and loads what they name."""
        batch = self._queue.receive(self._limits, wait=LONG_WAIT_S)
        if not batch.events:
            return
        with self._queue.hold(batch.handles):
            events = EventsStep(self._queue, batch)
            sync(replace(self._settings, polls=False, full=False), self._console, events)

    def attempt(self, load: Callable[[], None]) -> bool:
        """Makes a load; after a failure that passes, waits. Returns whether it was made."""
        try:
            load()
        except Exception as error:
            code, message = exit_code_and_message(error)
            if code not in PASSING:
                raise
            if not self._pause:
                self._console.warn(f"{message} It is tried again.")
            self._pause = min(LONGEST_PAUSE_S, self._pause * 2 or 2.0)
            time.sleep(self._pause)
            return False
        self._pause = 0.0
        return True
