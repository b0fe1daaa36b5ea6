"""One chain of pages, newest first: each page's token is on the page before."""

from __future__ import annotations

from collections.abc import Iterator

from ..operation import Search
from .pages import Call, Order, Page, pages
from .request import ListRequest

DISORDER = "A page was not in the order of LastModifiedDate: what is gone cannot be told."
EARLY_END = "{} may have ended early: what it lacks cannot be told this time."


class SequentialReader:
    """Follows the pages of a listing, newest first, and checks their order.

    Attributes:
        count: pages that came.
        doubt: a sentence about why they may not be everything; None while nothing says so.
    """

    def __init__(self, listing: ListRequest, ask: Call, next_token: str | None = None) -> None:
        self.count = 0
        self.doubt: str | None = None
        self._listing = listing
        self._ask = ask
        self._token = next_token
        self._records = 0

    def pages(self) -> Iterator[Page]:
        """The pages, from the one behind the token on."""
        order = Order(self._listing.stream.members.modified_date, descending=True)
        for page in pages(self._listing, self._ask, self._token):
            self.count += 1
            self._records += len(page.records)
            if not order.holds(page):
                self.doubt = DISORDER
            elif self._may_end_early(page):
                self.doubt = self.doubt or EARLY_END.format(self._listing.stream.operation.name)
            yield page

    def _may_end_early(self, page: Page) -> bool:
        """Returns whether an index may have stopped here, behind so many records."""
        operation = self._listing.stream.operation
        if page.next_token is not None or not isinstance(operation, Search):
            return False
        return self._records >= operation.may_end_after
