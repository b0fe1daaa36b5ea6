"""The events of a run: what they name is read, and their messages are deleted once that is in the destination.

A queue that fails does not keep a run from loading what it finds without events. The run fails when that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from partner_central.public import NamedIds, PartnerCentralError, SyncMetrics

from ..events.batch import VISIBILITY_S, Limits
from .own_session import open_queue
from .settings import Settings

if TYPE_CHECKING:
    from ..events.batch import Batch
    from ..events.message import Event
    from ..events.queue import EventQueue

OF_INVITATIONS = frozenset({"engagement_invitations", "engagement_by_accepting_invitation_tasks"})
OF_ENGAGEMENTS = frozenset(
    {
        "engagements",
        "engagement_resource_associations",
        "engagement_from_opportunity_tasks",
        "opportunity_from_engagement_tasks",
    }
)
NO_CALLS = "No call is left to read what events name. Their messages stay in the queue."
READABLE_AFTER = timedelta(minutes=1)  # an event may be told so long before its change can be read


@dataclass(slots=True)
class EventsStep:
    """The events that one run takes from a queue.

    Attributes:
        queue: the queue.
        batch: what was received and is not settled yet; None before anything was received.
        takes_more: whether to receive messages besides that batch.
        received: events that were received.
        unread: how many of the opportunities that they named AWS did not show.
        tables: tables of lists that they are about.
        ids: the opportunities that they named.
        engagement_ids: the engagements that they named.
        is_drained: whether this run received all that the queue had.
        failure: why the queue could not be used.
    """

    queue: EventQueue
    batch: Batch | None = None
    takes_more: bool = True
    received: int = 0
    unread: int = 0
    tables: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    engagement_ids: set[str] = field(default_factory=set)
    is_drained: bool = False
    failure: PartnerCentralError | None = None
    _later: list[str] = field(default_factory=list)
    _seconds: list[float] = field(default_factory=list)
    _read_at: dict[str, datetime] = field(default_factory=dict)
    _begun: datetime | None = None
    _left_since: float | None = None

    @property
    def seconds(self) -> float | None:
        """The median of the seconds from an event to the commit of what it named; None without such an event."""
        return round(median(self._seconds), 3) if self._seconds else None

    def batches(self, metrics: SyncMetrics) -> Generator[NamedIds]:
        """Yields the opportunities of each batch; call `loaded` before the next one is taken.

        What an earlier batch of the run loaded is not read again for an event that is older than that. Where no call is
        left, nothing is received, since each receipt brings a message nearer to the dead letters. Nor is anything more
        once a message can come back that the run received and did not delete, or once the queue failed. The batch that
        has nothing older than the run is the last one.

        The messages of a batch stay hidden until it is loaded; those of one that was given are held by who gave it.
        """
        started, begun = metrics.service_now(), metrics.clock()
        while self._receive(metrics) and self.batch is not None:
            batch, self.is_drained = self.batch, self.batch.is_last and self.takes_more
            if batch.events:
                self._begun = metrics.served_at and metrics.service_now()
                with self.queue.hold(batch.handles) if self.takes_more else nullcontext():
                    yield NamedIds(self._to_read(batch))
            self.batch = None
            if self._left_since is None and (batch.foreign or batch.unreadable or self._later):
                self._left_since = begun
            is_older = batch.oldest is not None and batch.oldest < started
            has_more = batch.is_full(Limits()) or (is_older and not batch.is_last)
            if not (self.takes_more and has_more) or self._sees_no_others(metrics):
                return
            begun = metrics.clock()

    def loaded(self, named: NamedIds, metrics: SyncMetrics) -> None:
        """Deletes the messages of a batch whose rows are committed; what AWS does not show yet comes again."""
        batch = self.batch
        if batch is None:
            return
        settled = batch.settle(named.unread)
        about = {event.handle for event in batch.events.values() if self._note_tables(event)}
        self._later += [handle for handle in settled.done if handle in about]
        now = metrics.service_now()
        read = {*named.ids} - named.unread
        self._seconds += [
            max(0.0, (now - event.happened_at) / timedelta(seconds=1))
            for event in batch.events.values()
            if event.happened_at and event.opportunity_ids and read.issuperset(event.opportunity_ids)
        ]
        if self._begun is not None:
            self._read_at.update(dict.fromkeys(read, self._begun))
        self.received += len(batch.events)
        self.unread += len(named.unread)
        self.ids.update(batch.opportunity_ids)
        self._try_to(lambda: self.queue.delete([h for h in (*settled.done, *settled.given_up) if h not in about]))
        self._try_to(lambda: self.queue.release(settled.waiting))

    def _to_read(self, batch: Batch) -> tuple[str, ...]:
        """Returns the opportunities of a batch, unless it was read well after all that the batch says of it."""
        ids: dict[str, None] = {}
        for event in batch.events.values():
            known = event.happened_at and event.happened_at + READABLE_AFTER
            ids.update(
                {
                    one: None
                    for one in event.opportunity_ids
                    if known is None or one not in self._read_at or known > self._read_at[one]
                }
            )
        return tuple(ids)

    def conclude(self) -> None:
        """Deletes the messages about lists, which are loaded now."""
        later, self._later = self._later, []
        self._try_to(lambda: self.queue.delete(later))

    def raise_failure(self) -> None:
        """Raises why the queue could not be used, when everything else is loaded.

        Raises:
            PartnerCentralError: what the queue, or a call to it, gave.
        """
        if self.failure is not None:
            raise self.failure

    def _receive(self, metrics: SyncMetrics) -> bool:
        """Receives a batch, unless one is there that is not loaded yet; returns whether there is one."""
        if self.batch is None and not metrics.has_calls_left:
            metrics.add_note(NO_CALLS)
        elif self.batch is None:
            self._try_to(self._take)
        return self.batch is not None

    def _take(self) -> None:
        self.batch = self.queue.receive()

    def _sees_no_others(self, metrics: SyncMetrics) -> bool:
        """Returns whether the next messages may be the ones that this run received and left in the queue."""
        is_back = self._left_since is not None and metrics.clock() - self._left_since >= VISIBILITY_S
        return is_back or self.failure is not None

    def _note_tables(self, event: Event) -> bool:
        """Notes the lists and engagements that an event is about; returns whether there are any lists."""
        self.engagement_ids.update(event.engagement_ids)
        self.tables |= OF_INVITATIONS if event.is_about_invitations else set()
        self.tables |= OF_ENGAGEMENTS if event.is_about_engagements else set()
        return event.is_about_invitations or event.is_about_engagements

    def _try_to(self, use: Callable[[], object]) -> None:
        try:
            use()
        except PartnerCentralError as error:
            self.failure = self.failure or error


def events_of(settings: Settings) -> EventsStep | None:
    """Returns the queue of events that the settings name; None without one.

    Raises:
        ConfigurationError: it is not the URL of a queue, or there are no credentials.
    """
    queue = open_queue(settings)
    return None if queue is None else EventsStep(queue)
