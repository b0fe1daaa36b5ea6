"""Reads a list that records may leave with tokens, again and again, until a reading shows all that the one before did.

A token may be an offset: a record that has been read and leaves the list shifts an unread one past the reader. But a
record that the next reading shows again has not left. So if it shows all that the one before did, nothing was shifted
in the one before: that one is whole, as far as it came. This holds however long a reading takes. So it may be
interrupted, and another run continues it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ..errors import PaginationError, ServiceUnavailable
from ..tables.record import Members
from .pages import Call, Page, pages
from .request import ListRequest
from .timestamps import from_text, to_text

MOST_READINGS, FEW = 6, 4


class StableRead(NamedTuple):
    """The progress of repeated readings of a list.

    Attributes:
        token: the token of the next page; None where a reading begins.
        keys: what the reading under way has shown.
        before: what the one before has; None before there is one.
        until: the CreatedDate that the one before came to; None for the end of the list.
        pages: calls that the reading under way has taken.
        took: calls that the longest reading took.
        failed: how many readings lacked something that the one before them had.
        is_settled: whether the reading that has ended shows all that the one before did.
    """

    token: str | None = None
    keys: frozenset[str] = frozenset()
    before: frozenset[str] | None = None
    until: datetime | None = None
    pages: int = 0
    took: int = 0
    failed: int = 0
    is_settled: bool = False

    def shows(self, page: Page, members: Members) -> StableRead:
        """With one more page."""
        keys = self.keys.union(filter(None, map(members.key_of, page.records)))
        return self._replace(token=page.next_token, keys=keys, pages=self.pages + 1)

    def ended(self, until: datetime | None) -> StableRead:
        """Behind the last page of a reading, which came so far: settled, or before another reading."""
        if self.before is not None and self.before <= self.keys:
            return self._replace(token=None, is_settled=True)
        failed = self.failed + (self.before is not None)
        return StableRead(before=self.keys, until=until, took=max(self.took, self.pages), failed=failed)

    def restarted(self) -> StableRead:
        """Before the reading under way, which cannot be continued."""
        return self._replace(token=None, keys=frozenset(), pages=0, failed=self.failed + 1)

    def may_have_ended_early(self, listing: ListRequest) -> bool:
        """Returns whether the reading shows so many that the listing may have ended at a cap, though there is more."""
        may_end_after = listing.stream.operation.may_end_after
        return may_end_after is not None and len(self.keys) >= may_end_after

    def calls_needed(self) -> int | None:
        """Calls of a run that reads the list twice, behind this; None while nothing says that it must be one run."""
        return 3 * max(self.took, self.pages) + FEW if self.failed else None

    def dump(self) -> dict[str, Any]:
        """This as JSON-ready state."""
        return {
            "token": self.token,
            "keys": sorted(self.keys),
            "before": None if self.before is None else sorted(self.before),
            "until": to_text(self.until),
            "pages": self.pages,
            "took": self.took,
            "failed": self.failed,
        }

    @classmethod
    def load(cls, state: Mapping[str, Any] | None) -> StableRead | None:
        """Read what `dump` wrote."""
        if state is None:
            return None
        before = state["before"]
        return cls(
            state["token"],
            frozenset(state["keys"]),
            None if before is None else frozenset(before),
            from_text(state["until"]),
            state["pages"],
            state["took"],
            state["failed"],
        )


def pages_until_stable(
    listing: ListRequest, ask: Call, so_far: StableRead, end: Callable[[Page], datetime | None] = lambda _: None
) -> Iterator[tuple[Page, StableRead]]:
    """The pages of a list that records may leave, each with how far the readings are behind it; the last is settled.

    Args:
        listing: what to list.
        ask: asks for one page.
        so_far: how far the readings are.
        end: the CreatedDate a page comes to, where another listing may begin, so that a reading can end there.

    Raises:
        Unavailable: every reading lacked something that the one before had.
    """
    for _ in range(MOST_READINGS):
        try:
            for page in pages(listing, ask, so_far.token):
                so_far, until = so_far.shows(page, listing.stream.members), end(page)
                ends = page.next_token is None or until is not None
                if ends:
                    goes_on = page.next_token is not None or so_far.may_have_ended_early(listing)
                    so_far = so_far.ended(until if goes_on else None)
                yield page, so_far
                if ends:
                    break
        except PaginationError:
            if so_far.token is None:
                raise
            so_far = so_far.restarted()
        if so_far.is_settled:
            return
    raise ServiceUnavailable(
        "Records kept leaving the filtered list while it was read, so it may lack some. Run again later; nothing is "
        "lost."
    )
