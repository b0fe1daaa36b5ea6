"""Reads a listing that may end at a cap, as those of an index do, though there is more.

A listing by CreatedDate that ends behind many records is asked on from the date it has come to, a second early, until
one ends behind few. Records of that second come twice, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..errors import PaginationError
from .pages import Call, Page, pages
from .request import ListRequest
from .timestamps import second_before

GOES_ON = ""  # in place of a token: the next page is of another listing


def pages_past_caps(
    listing: ListRequest, call: Call, next_token: str | None = None
) -> Iterator[tuple[Page, datetime | None]]:
    """Returns every page of a listing in ascending CreatedDate, each with the date that its listing begins at.

    Args:
        listing: what to list.
        call: asks for a page.
        next_token: where to continue. How many records came before is not known then: it may have been many.

    Raises:
        PaginationError: a listing ended within one second, so that no date tells where to continue.
    """
    operation = listing.stream.operation
    if operation.may_end_after is None:
        yield from ((page, listing.created_since) for page in pages(listing, call, next_token))
        return
    is_counted = next_token is None
    count = 0 if is_counted else operation.may_end_after
    reached: datetime | None = None
    while True:
        for page in pages(listing, call, next_token):
            count += len(page.records)
            reached = max(filter(None, map(listing.stream.members.created_date, page.records)), default=reached)
            may_end_early = page.next_token is None and count >= operation.may_end_after
            yield page._replace(next_token=GOES_ON) if may_end_early else page, listing.created_since
        if not may_end_early:
            return
        created_since = second_before(reached)
        if not is_counted:
            created_since = created_since or listing.created_since
        elif created_since is None or created_since == listing.created_since:
            raise hides_records(listing, count)
        listing, next_token, count, is_counted = listing.oldest_first(created_since), None, 0, True


def hides_records(listing: ListRequest, count: int) -> PaginationError:
    """Returns the error of a listing that ended within one second, behind so many records."""
    return PaginationError(
        f"{listing.stream.operation.name} lists only {count:,} records that were created within one second, and there "
        "may be more. No date leads behind them."
    )
