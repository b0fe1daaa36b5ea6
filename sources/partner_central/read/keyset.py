"""Reads a list that records may leave while it is read: page after page without tokens.

A token may be an offset. Then a record that leaves the list shifts an unread one past the reader. Here every page is
the first page of a listing of its own, which begins at the CreatedDate that the last page reached. So nothing shifts.
Only where more records share a second than a page holds are there no dates to go on by: such a crowd is read with
tokens, until that is settled (`until_stable.py`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ..api.client import Page
from ..tables.rows import created_date
from .partitions import second_before
from .request import ListRequest
from .until_stable import Call, StableRead, pages_until_stable


@dataclass(frozen=True, slots=True)
class KeysetPage:
    """A page, and where to go on behind it.

    Attributes:
        page: the page.
        asked: the `AfterCreatedDate` of its listing.
        reached: the CreatedDate up to which everything has been shown; None while a crowd is read.
        crowd: how far the readings of a crowd are, if one is read.
        last: whether everything has been shown.
    """

    page: Page
    asked: datetime | None
    reached: datetime | None
    crowd: StableRead | None = None
    last: bool = False


def keyset_pages(listing: ListRequest, ask: Call, crowd: StableRead | None = None) -> Iterator[KeysetPage]:
    """Every page of a listing in ascending CreatedDate; records near the edge of two pages come in both.

    Args:
        listing: sorted by CreatedDate, ascending.
        ask: asks for one page.
        crowd: how far the readings of a crowd are that the listing begins with.

    Raises:
        Unavailable: a crowd kept changing while it was read.
    """
    while True:
        asked = listing.created_since
        if crowd is None:
            page = ask(listing.request())
            if page.next_token is None or _end(asked, page) is not None:
                step = KeysetPage(page, asked, _reached(page), last=page.next_token is None)
            else:
                crowd = StableRead().shows(page)
                step = KeysetPage(page, asked, None, crowd)
            yield step
        if crowd is not None:
            step = yield from _crowd(listing, ask, crowd)
        if step.last:
            return
        listing, crowd = listing.oldest_first(second_before(step.reached)), None


def _crowd(listing: ListRequest, ask: Call, so_far: StableRead) -> Generator[KeysetPage, None, KeysetPage]:
    """The pages of a crowd; gives the last, which is settled."""
    asked = listing.created_since
    for page, settling in pages_until_stable(listing, ask, so_far, partial(_end, asked)):
        step = KeysetPage(page, asked, None, settling)
        if settling.is_settled:
            step = KeysetPage(page, asked, settling.until, last=settling.until is None)
        yield step
    return step


def _end(asked: datetime | None, page: Page) -> datetime | None:
    """The CreatedDate a page comes to, if a listing from there on is another than the one from `asked` on."""
    reached = _reached(page)
    following = second_before(reached)
    return reached if following is not None and (asked is None or following > asked) else None


def _reached(page: Page) -> datetime | None:
    return max((date for date in map(created_date, page.records) if date is not None), default=None)
