"""Reads a crowd by two readers that list it by key: one in ascending order, one in descending order.

A crowd is more records within a few seconds than one reader is to page through, and no date cuts it. A key never
changes. So a record can enter such a listing, never leave it or move within it, and what enters shifts others towards
the reader. Each reader has shown everything on its side of the key that it has come to. The two have met once a page of
one shows the key that the other has come to. Then everything has been shown.

The order of keys is checked. It may be that of texts, or shorter keys may come first, as among numbers: O9 before O10.
Whatever the pages do not agree with is ruled out. If nothing is left, one reader pages through the crowd by date. So it
does if a page has a key that should have come before, or if the keys pass each other without a record that both have
shown. And so it does if a listing has more pages behind the key that the other one began with.

Only a shown record proves that they have met. So a crowd whose keys have passed each other in an earlier run, which did
not come to say that it is read, is begun again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal

from ..errors import PaginationError, RequestInvalid
from ..tables.record import Members
from .pages import Call, Page, pages
from .partitions import End, Partition
from .request import ListRequest
from .timestamps import SECOND, second_before, second_of

ASCENDING, DESCENDING = 0, 1
PAGES_COMPARED = 3
Rank = Callable[[str], tuple[int, str]]
RANKS: tuple[Rank, ...] = (lambda key: (0, key), lambda key: (len(key), key))


class BothEnds:
    """A crowd while it is read; its readers may be threads.

    Args:
        partition: the crowd.
        listing: what to ask for within it.
        ask: asks for one page.

    Attributes:
        is_read: whether its readers have met.
        refusal: why it cannot be read from both ends; None while nothing says so.
    """

    def __init__(self, partition: Partition, listing: ListRequest, ask: Call) -> None:
        self.refusal: str | None = None
        self._lock = threading.Lock()
        self._partition = partition
        self._ask = ask
        since, until = second_before(partition.start), partition.end and partition.end + SECOND
        self._listings = tuple(listing.by_key(since, until, descending=end == DESCENDING) for end in range(2))
        self._members: Members = listing.stream.members
        self._since, self._until = since, until
        self._ends = list(partition.ends or (End(), End()))
        recent = PAGES_COMPARED * listing.stream.operation.page_size
        self._shown: tuple[deque[str], ...] = (deque(maxlen=recent), deque(maxlen=recent))
        self._handed_on: tuple[deque[str | None], ...] = (deque(maxlen=recent), deque(maxlen=recent))
        self._first: list[str | None] = [None, None]
        self._shows_some = partition.records > 0
        self._ranks = list(RANKS)
        self._untaken = [ASCENDING, DESCENDING]
        self._readers = 0
        self.is_read = False
        if self._have_passed():
            self._ends = [End(), End()]

    @property
    def is_over(self) -> bool:
        """Returns whether neither end is to be read on."""
        return self.is_read or self.refusal is not None

    def take(self) -> int | None:
        """Returns an end that nobody reads; None where there is none, or no need."""
        with self._lock:
            if self.is_over or not self._untaken:
                return None
            self._readers += 1
            return self._untaken.pop(0)

    def leave(self) -> Literal["is read", "is refused"] | None:
        """A reader has handed on its last page; returns what the crowd has come to, to the last reader of it."""
        with self._lock:
            self._readers -= 1
            if self._readers or not self.is_over:
                return None
            return "is read" if self.is_read else "is refused"

    def pages(self, end: int) -> Iterator[Page]:
        """The pages of an end, from where it was left; ends once the crowd is read or refused."""
        return iter(()) if self.is_over else self._pages(end)

    def _pages(self, end: int) -> Iterator[Page]:
        listing, token = self._listings[end], self._ends[end].token
        try:
            if token is not None:
                try:
                    page = self._ask(listing.request(token))
                except PaginationError:
                    token = None  # it is no longer accepted
                else:
                    yield page
                    token = page.next_token
                    if token is None or self.is_over:
                        return
            if token is None:
                self._begin(end)
            for page in pages(listing, self._ask, token):
                yield page
                if self.is_over:
                    return
        except RequestInvalid as error:
            self._refuse(str(error))

    def receive(self, end: int, page: Page, dates: Sequence[datetime]) -> tuple[list[object], End]:
        """Notes a page of an end; returns the crowd's records in it, and how far the end is.

        Args:
            end: whose page it is.
            page: the page.
            dates: the CreatedDate of each of its records.
        """
        keys = [self._members.key_of(record) for record in page.records]
        records = [record for record, date in zip(page.records, dates, strict=True) if self._partition.holds(date)]
        with self._lock:
            self._shows_some |= bool(records)
            if not self.is_over:
                self._note(end, keys, dates, page.next_token)
            return records, self._ends[end]

    def without_repeats(self, end: int, records: Sequence[object]) -> list[object]:
        """Returns the records of a page, as it is handed on, that the other end has not handed on before.

        What is not handed on yet may never be: the other end would have shown it in vain.
        """
        keyed = [(self._members.key_of(record), record) for record in records]
        self._handed_on[end].extend(key for key, _ in keyed)
        return [record for key, record in keyed if key not in self._handed_on[1 - end]]

    def _note(self, end: int, keys: list[str | None], dates: Sequence[datetime], token: str | None) -> None:
        known = [key for key in keys if key is not None]
        if len(known) < len(keys):
            self.refusal = "a record has no key."
            return
        if not all(map(self._is_within, dates)):
            self.refusal = "a record was not created within the bounds that were asked for."
            return
        self._ranks = [rank for rank in self._ranks if self._is_ordered(rank, end, known)]
        if not self._ranks:
            self.refusal = "a page was not in the order of keys."
            return
        self._shown[end].extend(known)
        self._first[end] = self._first[end] or next(iter(known), None)
        self._ends[end] = End(token, known[-1] if known else self._ends[end].key)
        other = self._ends[1 - end].key
        if token is not None and self._is_at(end, self._first[1 - end]):
            self.refusal = "a listing has more pages behind the key that the other one began with."
        elif other in known or (token is None and other is None and self._shows_some):
            self.is_read = True
        elif token is None or self._have_passed():
            self.refusal = "the listings in both orders of keys do not show the same records."

    def _is_within(self, date: datetime) -> bool:
        second = second_of(date)
        return (self._since is None or second >= self._since) and (self._until is None or second <= self._until)

    def _is_ordered(self, rank: Rank, end: int, keys: list[str]) -> bool:
        """Returns whether a page is in this order, and behind the one before it but for what that has shown, too."""
        reached, shown = self._ends[end].key, self._shown[end]
        behind = [] if reached is None else [(reached, key) for key in keys if shown and key not in shown]
        return all(_is_listed_so(rank, end, one, next_) for one, next_ in [*pairwise(keys), *behind])

    def _is_at(self, end: int, key: str | None) -> bool:
        """Returns whether an end has come to a key, or behind it, in every order that is left."""
        reached = self._ends[end].key
        if key is None or reached is None:
            return False
        return all(_is_listed_so(rank, end, key, reached) for rank in self._ranks)

    def _have_passed(self) -> bool:
        return self._is_at(ASCENDING, self._ends[DESCENDING].key)

    def _begin(self, end: int) -> None:
        with self._lock:
            self._ends[end] = End()

    def _refuse(self, why: str) -> None:
        with self._lock:
            if not self.is_over:
                self.refusal = why


def _is_listed_so(rank: Rank, end: int, key: str, next_key: str) -> bool:
    """Returns whether an end lists two keys in this order, which may be equal."""
    return rank(key) <= rank(next_key) if end == ASCENDING else rank(key) >= rank(next_key)
