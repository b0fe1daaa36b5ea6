"""Sends events to an EventBridge endpoint or to a function, as unreliably as a test wants."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from .clock import to_datetime
from .data.news import Event

log = logging.getLogger(__name__)

Entry = dict[str, Any]
Receive = Callable[[Entry], object]

SOURCE: Final = "aws.partnercentral-selling"
REGION: Final = "us-east-1"

_ENTRIES_AT_MOST: Final = 10
_WAITING_AT_MOST: Final = 100_000
_TIMEOUT_S: Final = 2


@dataclass(slots=True)
class EventState:
    """The behavior of events, and the number of them so far.

    Attributes:
        loss: The share of events, 0 to 1, that are never sent.
        duplicates: The share that is sent twice.
        disorder: The share that is sent after the event that follows it.
        delay_seconds: How much later they are sent, in real seconds.
        sent: How many arrived, duplicates included.
        lost: How many were lost, on purpose or because the endpoint did not take them.
    """

    loss: float = 0
    duplicates: float = 0
    disorder: float = 0
    delay_seconds: float = 0
    sent: int = 0
    lost: int = 0


class Publisher:
    """Sends events. An endpoint is called by a thread of its own, so that it slows nothing.

    Args:
        target: The address of an EventBridge endpoint, or a function that is called with each entry of `PutEvents`.
        seed: Chooses which events are lost, repeated and out of order.
    """

    def __init__(self, target: str | Receive, seed: int) -> None:
        self.state = EventState()
        self._target = target
        self._rng = Random(seed)  # noqa: S311
        self._lock = threading.RLock()  # a test's function may change records
        self._waiting: queue.Queue[tuple[float, Entry] | None] = queue.Queue(_WAITING_AT_MOST)
        self._thread: threading.Thread | None = None
        self._hurry = threading.Event()

    def publish(self, events: list[Event]) -> None:
        """Sends events, or has them sent; returns at once if the target is an endpoint."""
        with self._lock:
            entries = self._spoiled([_entry(event) for event in events])
            if callable(self._target) and not self.state.delay_seconds:
                for entry in entries:
                    self._hand_over(self._target, entry)
                return
            if entries and self._thread is None:
                self._hurry.clear()
                self._thread = threading.Thread(target=self._send_all, daemon=True)
                self._thread.start()
            for entry in entries:
                self._enqueue(entry)

    def wait(self) -> None:
        """Waits until every event so far was sent or is lost."""
        self._waiting.join()

    def stop(self) -> None:
        """Sends what waits, without delay, and ends the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._hurry.set()
            self._waiting.put(None)
            thread.join()

    def _spoiled(self, entries: list[Entry]) -> list[Entry]:
        spoiled: list[Entry] = []
        for entry in entries:
            if self._rng.random() < self.state.loss:
                self.state.lost += 1
                continue
            spoiled += [entry] * (2 if self._rng.random() < self.state.duplicates else 1)
        for place in range(len(spoiled) - 1):
            if self._rng.random() < self.state.disorder:
                spoiled[place], spoiled[place + 1] = spoiled[place + 1], spoiled[place]
        return spoiled

    def _enqueue(self, entry: Entry) -> None:
        try:
            self._waiting.put_nowait((time.monotonic() + self.state.delay_seconds, entry))
        except queue.Full:
            self.state.lost += 1

    def _send_all(self) -> None:
        client = None if callable(self._target) else _client(self._target)
        while (first := self._waiting.get()) is not None:
            batch = [first]
            self._hurry.wait(max(0.0, first[0] - time.monotonic()))
            while len(batch) < _ENTRIES_AT_MOST and not self._waiting.empty():
                following = self._waiting.queue[0]
                if following is None or (following[0] > time.monotonic() and not self._hurry.is_set()):
                    break
                batch.append(self._waiting.get())  # type: ignore[arg-type]
            self._send(client, [entry for _, entry in batch])
            for _ in batch:
                self._waiting.task_done()
        self._waiting.task_done()

    def _send(self, client: Any, entries: list[Entry]) -> None:  # noqa: ANN401
        if callable(self._target):
            for entry in entries:
                self._hand_over(self._target, entry)
            return
        try:
            failed = client.put_events(Entries=entries)["FailedEntryCount"]
        except (BotoCoreError, ClientError) as error:
            log.debug("No events arrive at %s: %s", self._target, error)
            failed = len(entries)
        self.state.lost += failed
        self.state.sent += len(entries) - failed

    def _hand_over(self, receive: Receive, entry: Entry) -> None:
        try:
            receive(entry)
        except Exception:  # a test's function must not break the emulator
            log.exception("An event was not taken")
            self.state.lost += 1
        else:
            self.state.sent += 1


def _entry(event: Event) -> Entry:
    return {
        "Detail": json.dumps(event.detail),
        "DetailType": event.kind,
        "Resources": list(event.resources),
        "Source": SOURCE,
        "Time": to_datetime(event.at),
    }


def _client(endpoint: str) -> Any:  # noqa: ANN401
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=_TIMEOUT_S, read_timeout=_TIMEOUT_S)
    return botocore.session.Session().create_client(
        "events",
        REGION,
        endpoint_url=endpoint,
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",  # noqa: S106 - of nobody
        config=config,
    )
