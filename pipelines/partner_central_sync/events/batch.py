"""The messages that one load takes from the queue, and which of them are done with after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from .message import Event, Foreign, Unreadable

VISIBILITY_S = 300  # for which a received message is hidden, unless it is held
MOST_ATTEMPTS = 3  # receipts after which an id that cannot be read is left to the next poll; less than the redrive's


class Limits(NamedTuple):
    """Bounds of one batch, so that memory is bounded however many messages wait.

    Attributes:
        messages: messages of any kind. A handle has some 400 characters, so 10,000 take about 10 MB.
        ids: different opportunities; 20 are one call.
        seconds: from the first message on; then a batch is complete, also while more messages arrive.
    """

    messages: int = 10_000
    ids: int = 2_000
    seconds: float = 60.0


class Settled(NamedTuple):
    """Handles of a batch after its load.

    Attributes:
        done: to delete: everything that they say is loaded.
        waiting: to give back: they name an opportunity that could not be read yet.
        given_up: to delete: the same, after enough attempts. The next poll reads what became readable.
    """

    done: tuple[str, ...]
    waiting: tuple[str, ...]
    given_up: tuple[str, ...]


@dataclass(slots=True)
class Batch:
    """Messages, each once, whatever their order. Of a message that came twice, the later handle is kept.

    Attributes:
        events: by the id of their message.
        foreign: messages of another catalog or source, by id.
        unreadable: messages that are not events, by id, with the reason.
        received: how many messages came, repeated ones counted again.
        is_last: whether the queue gave no more after these.
    """

    events: dict[str, Event] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)
    received: int = 0
    is_last: bool = False
    _ids: dict[str, None] = field(default_factory=dict, repr=False)

    def add(self, message: Event | Foreign | Unreadable) -> None:
        """Adds a message."""
        self.received += 1
        match message:
            case Event():
                self.events[message.message_id] = message
                self._ids.update(dict.fromkeys(message.opportunity_ids))
            case Foreign():
                self.foreign.add(message.message_id)
            case Unreadable():
                self.unreadable[message.message_id] = message.reason

    @property
    def opportunity_ids(self) -> tuple[str, ...]:
        """Every opportunity that the events name, once."""
        return tuple(self._ids)

    @property
    def number_of_ids(self) -> int:
        """The number of opportunities that the events name."""
        return len(self._ids)

    @property
    def is_about_engagements(self) -> bool:
        """Set if an event is about an engagement."""
        return any(event.is_about_engagements for event in self.events.values())

    @property
    def is_about_invitations(self) -> bool:
        """Set if an event is about an invitation."""
        return any(event.is_about_invitations for event in self.events.values())

    @property
    def handles(self) -> tuple[str, ...]:
        """The handles of all events."""
        return tuple(event.handle for event in self.events.values())

    @property
    def oldest(self) -> datetime | None:
        """The time of the oldest event; None if no event has one."""
        return min(filter(None, (event.happened_at for event in self.events.values())), default=None)

    @property
    def newest(self) -> datetime | None:
        """The time of the newest event; None if no event has one."""
        return max(filter(None, (event.happened_at for event in self.events.values())), default=None)

    def kinds(self) -> Counter[str]:
        """Returns how many events there are of each kind."""
        return Counter(event.kind for event in self.events.values())

    def settle(self, unread: Collection[str]) -> Settled:
        """Returns which handles are done with.

        Args:
            unread: the opportunities that could not be read; all others, and the lists, are loaded.
        """
        missing = frozenset(unread)
        done, waiting, given_up = [], [], []
        for event in self.events.values():
            if missing.isdisjoint(event.opportunity_ids):
                done.append(event.handle)
            elif event.receive_count < MOST_ATTEMPTS:
                waiting.append(event.handle)
            else:
                given_up.append(event.handle)
        return Settled(tuple(done), tuple(waiting), tuple(given_up))

    def is_full(self, limits: Limits) -> bool:
        """Returns whether no further message fits."""
        return self.received >= limits.messages or self.number_of_ids >= limits.ids


def chunks(handles: Iterable[str], size: int) -> Iterable[list[str]]:
    """Yields different handles, so many at a time."""
    unique = list(dict.fromkeys(handles))
    return (unique[at : at + size] for at in range(0, len(unique), size))
