"""One chain of pages, newest first: each page's token is on the page before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from .client import Page
from .cursor import content_hash
from .errors import Unavailable
from .keyset import Ask
from .listing import Filters, Listing, Order, pages
from .rows import identity

MOST_READINGS = 6


class Chain:
    """Follows the pages of a listing, newest first, and checks their order.

    Attributes:
        count: pages that came.
        is_in_order: whether all of them were in order.
    """

    def __init__(self, listing: Listing, ask: Ask, next_token: str | None = None) -> None:
        self.count = 0
        self.is_in_order = True
        self._listing = listing
        self._ask = ask
        self._token = next_token

    def pages(self) -> Iterator[Page]:
        """The pages, from the one behind the token on."""
        order = Order(_modified, descending=True)
        for page in pages(self._listing, self._ask, self._token):
            self.count += 1
            self.is_in_order = order.holds(page) and self.is_in_order
            yield page


def settled_pages(listing: Listing, ask: Ask) -> Iterator[Page]:
    """The pages of a list that records may leave, read again until nothing changed meanwhile.

    What leaves the list shifts what is unread, so the newest changes of the whole account are looked at before and
    after.

    Raises:
        Unavailable: something changed during every reading.
    """
    everything = replace(listing, filters=Filters(), modified_since=None)
    before = _newest(everything, ask)
    for _ in range(MOST_READINGS):
        yield from pages(listing, ask)
        after = _newest(everything, ask)
        if after == before:
            return
        before = after
    raise Unavailable(
        "Opportunities kept changing while the filtered list was read, so it may lack some. Run again later; nothing "
        "is lost."
    )


def _newest(listing: Listing, ask: Ask) -> list[str]:
    return [content_hash(record) for record in ask(listing.request()).records]


def _modified(record: object) -> datetime | None:
    return identity(record)[1]
