"""One chain of pages, newest first: each page's token is on the page before."""

from __future__ import annotations

from collections.abc import Iterator

from .pages import Call, Order, Page, pages
from .request import ListRequest

DISORDER = "A page was not in the order of LastModifiedDate: what is gone cannot be told."
EARLY_END = "The search may have ended early, and does not sort by CreatedDate: what it lacks cannot be told this time."


class SequentialReader:
    """Follows the pages of a listing, newest first, and checks their order.

    Attributes:
        listing: what is read.
        count: pages that came.
        is_in_order: whether all of them were in order.
        may_have_ended_early: whether the last one came behind so many that an index may have stopped there.
    """

    def __init__(self, listing: ListRequest, ask: Call, next_token: str | None = None) -> None:
        self.count = 0
        self.is_in_order = True
        self.may_have_ended_early = False
        self.listing = listing
        self._ask = ask
        self._token = next_token
        self._may_end_after = listing.stream.operation.may_end_after
        self._records = 0 if next_token is None else self._may_end_after or 0

    @property
    def doubt(self) -> str | None:
        """Returns a sentence on why the pages may not be everything; None if nothing says so."""
        if not self.is_in_order:
            return DISORDER
        return EARLY_END if self.may_have_ended_early else None

    def pages(self) -> Iterator[Page]:
        """The pages, from the one behind the token on."""
        order = Order(self.listing.stream.members.modified_date, descending=True)
        for page in pages(self.listing, self._ask, self._token):
            self.count += 1
            self._records += len(page.records)
            self.is_in_order = order.holds(page) and self.is_in_order
            if page.next_token is None and self._may_end_after is not None:
                self.may_have_ended_early = self._records >= self._may_end_after
            yield page
