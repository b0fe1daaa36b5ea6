"""Reads a list that records may leave while it is read: page after page without tokens.

A token may be an offset. Then a record that leaves the list shifts an unread one past the reader. Here every page is
the first page of a listing of its own, which begins at the CreatedDate that the last page reached. So nothing shifts.
If more records share a second than a page holds, no later date tells where to continue. Such a second is read with
tokens, until two readings agree (`until_stable.py`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import datetime
from functools import partial
from typing import NamedTuple

from ..tables.record import Members
from .capped_listing import hides_records
from .pages import Call, Page
from .request import ListRequest
from .timestamps import second_before
from .until_stable import StableRead, pages_until_stable


class KeysetPage(NamedTuple):
    """A page, and where to continue after it.

    Attributes:
        page: the page.
        asked: the `AfterCreatedDate` of its listing.
        reached: the CreatedDate up to which everything has been shown; None while a crowd is read.
        crowd: how far the readings of a crowd are, if one is read.
        last: whether everything has been shown.
    """

    page: Page
    listed_from: datetime | None
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
        ServiceUnavailable: a crowd kept changing while it was read.
        PaginationError: a listing ended within one second, behind so many records that there may be more.
    """
    members = listing.stream.members
    while True:
        listed_from = listing.created_since
        if crowd is None:
            page = ask(listing.request())
            if page.next_token is None or _end(members, listed_from, page) is not None:
                step = KeysetPage(page, listed_from, _reached(members, page), last=page.next_token is None)
            else:
                crowd = StableRead().shows(page, members)
                step = KeysetPage(page, listed_from, None, crowd)
            yield step
        if crowd is not None:
            step = yield from _crowd(listing, ask, crowd)
        if step.last:
            return
        listing, crowd = listing.oldest_first(second_before(step.reached)), None


def _crowd(listing: ListRequest, ask: Call, so_far: StableRead) -> Generator[KeysetPage, None, KeysetPage]:
    """The pages of a crowd; gives the last, which is settled."""
    listed_from = listing.created_since
    for page, stable_read in pages_until_stable(
        listing, ask, so_far, partial(_end, listing.stream.members, listed_from)
    ):
        step = KeysetPage(page, listed_from, None, stable_read)
        if stable_read.is_settled:
            if stable_read.until is None and stable_read.may_have_ended_early(listing):
                raise hides_records(listing, len(stable_read.keys))
            step = KeysetPage(page, listed_from, stable_read.until, last=stable_read.until is None)
        yield step
    return step


def _end(members: Members, listed_from: datetime | None, page: Page) -> datetime | None:
    """The CreatedDate a page comes to, if a listing from there on is another than the one from `asked` on."""
    reached = _reached(members, page)
    following = second_before(reached)
    return reached if following is not None and (listed_from is None or following > listed_from) else None


def _reached(members: Members, page: Page) -> datetime | None:
    return max((date for date in map(members.created_date, page.records) if date is not None), default=None)
