"""Reads a listing that may end at a cap, as those of an index do, though there is more.

A listing by CreatedDate that ends behind many records is asked on from the date it has come to, a second early, until
one ends behind few. Records of that second come twice, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from ..errors import PaginationError
from .pages import Call, Page, pages
from .request import ListRequest
from .timestamps import second_before

GOES_ON = ""  # in place of a token: the next page is of another listing


class ListedPage(NamedTuple):
    """A page, the date that its listing begins at, and how many records that listing has shown with it.

    The number is None where nobody knows it: an earlier release began the listing.
    """

    page: Page
    listed_from: datetime | None
    shown: int | None


def pages_past_caps(
    listing: ListRequest,
    call: Call,
    next_token: str | None = None,
    *,
    shown: int | None = 0,
    reached: datetime | None = None,
) -> Iterator[ListedPage]:
    """Returns every page of a listing in ascending CreatedDate.

    Args:
        listing: what to list.
        call: asks for a page.
        next_token: where to continue.
        shown: how many records came before; None where that is not known, since it may have been many.
        reached: the date that they came to.

    Raises:
        PaginationError: a listing ended within one second, so that no date tells where to continue.
    """
    operation = listing.stream.operation
    while True:
        for page in pages(listing, call, next_token):
            shown = None if shown is None else shown + len(page.records)
            reached = max(filter(None, map(listing.stream.members.created_date, page.records)), default=reached)
            may_end_early = page.next_token is None and _is_many(shown, operation.may_end_after)
            page_or_more = page._replace(next_token=GOES_ON) if may_end_early else page
            yield ListedPage(page_or_more, listing.created_since, shown)
        if not may_end_early:
            return
        created_since = second_before(reached)
        if shown is None:
            created_since = created_since or listing.created_since
        elif created_since is None or created_since == listing.created_since:
            raise hides_records(listing, shown)
        listing, next_token, shown = listing.oldest_first(created_since), None, 0


def _is_many(shown: int | None, may_end_after: int | None) -> bool:
    """Returns whether a listing that ended behind so many records may have ended at a cap."""
    return may_end_after is not None and (shown is None or shown >= may_end_after)


def hides_records(listing: ListRequest, count: int) -> PaginationError:
    """Returns the error of a listing that ended within one second, behind so many records."""
    return PaginationError(
        f"{listing.stream.operation.name} lists only {count:,} records that were created within one second, and there "
        "may be more. No date leads behind them."
    )
