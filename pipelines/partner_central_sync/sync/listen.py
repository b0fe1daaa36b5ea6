"""Waits for events, and loads what they name as soon as they come.

Between two loads nothing is held: no lock, no lease, no open database. So a sync of cron runs beside it. A message that
is not loaded comes again by itself, since only what is committed is deleted. After a failure that passes, the messages
that were received are kept and hidden until they are loaded, since each receipt brings one nearer to the dead letters.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Self

from partner_central.public import ConfigurationError

from ..console.exit_codes import INTERRUPTIONS, ExitCode
from ..console.failures import exit_code_and_message
from ..console.output import Console
from ..events.batch import Batch, Limits
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


def queue_to_listen(settings: Settings) -> EventQueue:
    """Returns the queue of the settings.

    Raises:
        ConfigurationError: none is configured, its URL is wrong, or there are no credentials.
    """
    queue = open_queue(settings)
    if queue is None:
        raise ConfigurationError(NO_QUEUE)
    return queue


def listen(
    settings: Settings,
    console: Console,
    queue: EventQueue,
    *,
    poll_every: timedelta,
    gather: float,
    is_over: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Loads what events name, until a signal tells the process to end: that is not a failure.

    It begins with a whole sync, and makes one again from time to time, since an event may be lost. A failure that
    passes is told once, and tried again after a pause that doubles. A load that runs is interrupted by the signal as a
    sync is: the next run finishes what was extracted, and the messages come again.

    Args:
        settings: what is read, and where it goes.
        console: where the loads are shown.
        queue: the queue.
        poll_every: how long after a whole sync the next one is made; zero for never but the first.
        gather: seconds in which further events are waited for after a first one; they are loaded together.
        is_over: whether to end, asked after each load and each poll of the queue.
        sleep: waits for some seconds.

    Raises:
        ConfigurationError: something is wrong that does not pass.
        PartnerCentralError: AWS refuses the opportunities or the queue.
    """
    next_sync: float | None = 0.0
    try:
        with _Listener(settings, console, queue, Limits(seconds=gather), sleep) as listener:
            while not is_over():
                if next_sync is not None and time.monotonic() >= next_sync:
                    if listener.attempt(listener.sync_everything):
                        next_sync = time.monotonic() + poll_every.total_seconds() if poll_every else None
                else:
                    listener.attempt(listener.load_events)
    except (Exception, KeyboardInterrupt) as error:
        if exit_code_and_message(error)[0] not in INTERRUPTIONS:
            raise
        console.note("Ended as told. What was not loaded yet stays in the queue.")


class _Listener:
    """Makes the loads of a listener; what it received and did not load is kept, and held until it ends."""

    def __init__(
        self,
        settings: Settings,
        console: Console,
        queue: EventQueue,
        limits: Limits,
        sleep: Callable[[float], object],
    ) -> None:
        self._settings, self._console, self._queue, self._limits = settings, console, queue, limits
        self._sleep = sleep
        self._batch: Batch | None = None
        self._hold = ExitStack()
        self._pause, self._told = 0.0, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hold.close()

    def sync_everything(self) -> None:
        """Makes a whole sync, with what is in the queue."""
        self._load(self._settings)

    def load_events(self) -> None:
        """Waits for events, unless some are kept, and loads what they name."""
        if self._batch is None:
            batch = self._queue.receive(self._limits, wait=LONG_WAIT_S)
            if not batch.events:
                return
            self._keep(batch)
        self._load(replace(self._settings, polls=False, full=False))

    def attempt(self, load: Callable[[], None]) -> bool:
        """Makes a load; after a failure that passes, waits. Returns whether it was made."""
        try:
            load()
        except Exception as error:
            code, message = exit_code_and_message(error)
            if code not in PASSING:
                raise
            if message != self._told:
                self._console.warn(f"{message} It is tried again.")
            self._told = message
        else:
            self._pause, self._told = 0.0, ""
            return True
        self._pause = min(LONGEST_PAUSE_S, self._pause * 2 or 2.0)
        self._sleep(self._pause)
        return False

    def _load(self, settings: Settings) -> None:
        """Makes a run with the events that are kept, or with new ones; keeps what it does not settle."""
        events = EventsStep(self._queue, self._batch, takes_more=self._batch is None)
        try:
            summary = sync(settings, self._console, events)
        finally:
            if events.batch is not self._batch:
                self._keep(events.batch)
        if settings.polls:
            self._console.print_summary(summary)
            self._console.note(f"Waiting for events in {self._queue.address.url}.")
        else:
            after = "" if events.seconds is None else f", {events.seconds:.1f} s after them at the median"
            self._console.note(f"Loaded what events named: {events.received:,} events{after}.")

    def _keep(self, batch: Batch | None) -> None:
        self._hold.close()
        self._batch = batch
        if batch is not None:
            self._hold.enter_context(self._queue.hold(batch.handles))
