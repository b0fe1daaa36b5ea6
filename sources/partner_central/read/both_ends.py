"""Reads a crowd by two readers that list it by key: one in ascending order, one in descending order.

A crowd is more records within a few seconds than one reader is to page through, and no date cuts it. A key never
changes. So a record can enter such a listing, never leave it or move within it, and what enters shifts others towards
the reader. Each reader has shown everything on its side of the key that it has come to. The two have met once a page of
one shows the key that the other has come to. Then everything has been shown.

The order of keys is checked. It may be that of texts, or shorter keys may come first, as among numbers: O9 before O10.
Whatever the pages do not agree with is ruled out. If nothing is left, or the two listings contradict each other, one
reader pages through the crowd by date. They do so if their keys say that they have passed each other, without a record
that both have shown.
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
        self._shows_some = partition.records > 0
        self._ranks = list(RANKS)
        self._untaken = [ASCENDING, DESCENDING]
        self._readers = 0
        self._is_read = self._have_passed()

    @property
    def is_over(self) -> bool:
        """Returns whether neither end is to be read on."""
        return self._is_read or self.refusal is not None

    def take(self) -> int | None:
        """Returns an end that nobody reads; None where there is none, or no need."""
        with self._lock:
            if not self._untaken or (self.is_over and len(self._untaken) < len(self._ends)):
                return None
            self._readers += 1
            return self._untaken.pop(0)

    def leave(self) -> Literal["is read", "is refused"] | None:
        """A reader has handed on its last page; returns what the crowd has come to, to the last reader of it."""
        with self._lock:
            self._readers -= 1
            if self._readers or not self.is_over:
                return None
            return "is read" if self._is_read else "is refused"

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
        """Notes a page of an end; returns the crowd's records that the other end has not shown, and how far the end is.

        Args:
            end: whose page it is.
            page: the page.
            dates: the CreatedDate of each of its records.
        """
        keys = [self._members.key_of(record) for record in page.records]
        with self._lock:
            other, listed = self._shown[1 - end], zip(page.records, keys, dates, strict=True)
            inside = [(record, key) for record, key, date in listed if self._partition.holds(date)]
            records = [record for record, key in inside if key not in other]
            self._shown[end].extend(key for _, key in inside if key is not None)
            self._shows_some |= bool(inside)
            if not self.is_over:
                self._note(end, keys, dates, page.next_token)
            return records, self._ends[end]

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
        self._ends[end] = End(token, known[-1] if known else self._ends[end].key)
        other = self._ends[1 - end].key
        if other in known or (token is None and other is None and self._shows_some):
            self._is_read = True
        elif token is None or self._have_passed():
            self.refusal = "the listings in both orders of keys do not show the same records."

    def _is_within(self, date: datetime) -> bool:
        second = second_of(date)
        return (self._since is None or second >= self._since) and (self._until is None or second <= self._until)

    def _is_ordered(self, rank: Rank, end: int, keys: list[str]) -> bool:
        """Returns whether a page is in this order; between pages only the far end is compared, as by date."""
        reached = self._ends[end].key
        behind = [] if reached is None or not keys else [(rank(reached), rank(keys[-1]))]
        steps = [*pairwise(map(rank, keys)), *behind]
        return all((one >= next_) if end == DESCENDING else (one <= next_) for one, next_ in steps)

    def _have_passed(self) -> bool:
        low, high = (end.key for end in self._ends)
        return low is not None and high is not None and all(rank(low) >= rank(high) for rank in self._ranks)

    def _begin(self, end: int) -> None:
        with self._lock:
            self._ends[end] = End()

    def _refuse(self, why: str) -> None:
        with self._lock:
            if not self.is_over:
                self.refusal = why
