"""One chain of pages, newest first: each page's token is on the page before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..api.client import Page
from ..tables.rows import key_and_modified
from .request import ListRequest, Order, pages
from .until_stable import Call


class SequentialReader:
    """Follows the pages of a listing, newest first, and checks their order.

    Attributes:
        count: pages that came.
        is_in_order: whether all of them were in order.
    """

    def __init__(self, listing: ListRequest, ask: Call, next_token: str | None = None) -> None:
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


def _modified(record: object) -> datetime | None:
    return key_and_modified(record)[1]
