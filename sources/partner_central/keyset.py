"""Reads a list that records may leave while it is read: page after page without tokens.

A token may be an offset. Then a record that leaves the list shifts an unread one past the reader. Here every page is
the first page of a listing of its own, which begins at the CreatedDate that the last page reached. So nothing shifts.
Only where more records share a second than a page holds are there no dates to go on by: such a crowd is read with
tokens, and again until two readings agree.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import datetime
from typing import Any

from .client import Page
from .errors import Unavailable
from .listing import Listing, pages
from .rows import created, key_of
from .windows import early, second_of

Ask = Callable[[Mapping[str, Any]], Page]
MOST_READINGS = 6


def keyset_pages(listing: Listing, ask: Ask) -> Iterator[Page]:
    """Every page of a listing in ascending CreatedDate; records near the edge of two pages come in both.

    Args:
        listing: sorted by CreatedDate, ascending.
        ask: asks for one page.

    Raises:
        Unavailable: a crowd kept changing while it was read.
    """
    asked = listing.created_since
    page = ask(listing.request())
    yield page
    while page.next_token is not None:
        following = early(_reached(page))
        if following is None or (asked is not None and following <= asked):
            beyond = yield from _crowds(listing.oldest_first(asked), ask, page)
            if beyond is None:
                return
            following = early(_reached(beyond))
        asked = following
        page = ask(listing.oldest_first(asked).request())
        yield page


def _crowds(listing: Listing, ask: Ask, page: Page) -> Generator[Page, None, Page | None]:
    """The pages of a crowd, and of those in the seconds behind it, up to a page that a later listing can begin at."""
    beyond: Page | None = page
    while beyond is not None:
        beyond = yield from _crowd(listing, ask, _reached(beyond))
        if beyond is None:
            return None
        yield beyond
        following = early(_reached(beyond))
        if following is not None and (listing.created_since is None or following > listing.created_since):
            return beyond
    return None


def _crowd(listing: Listing, ask: Ask, second: datetime | None) -> Generator[Page, None, Page | None]:
    """The pages of records that share a second; gives the first page that reaches beyond it, None if there is none."""
    before: set[str | None] | None = None
    for _ in range(MOST_READINGS):
        keys: set[str | None] = set()
        beyond = None
        for page in pages(listing, ask):
            reached = _reached(page)
            if page.next_token and reached and (second is None or second_of(reached) > second_of(second)):
                beyond = page
                break
            keys.update(map(key_of, page.records))
            yield page
        if keys == before:
            return beyond
        before = keys
    raise Unavailable("The list kept changing while records of one second were read. Run again later; nothing is lost.")


def _reached(page: Page) -> datetime | None:
    return max((date for date in map(created, page.records) if date is not None), default=None)
