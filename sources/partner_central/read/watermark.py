"""The newest LastModifiedDate of what was listed, and none after it began: where the next run starts."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..tables.record import Members
from .pages import Page

RESOLUTION = timedelta(seconds=1)  # of the Date header
FAR = timedelta(minutes=5)
LIES_AHEAD = (
    "A LastModifiedDate lies in the future of the service's clock: its record is loaded, and read again by every run "
    "until then."
)


def watermark_of(page: Page, members: Members) -> datetime | None:
    """The newest date of a page's records that is not above the clock it carries; None if there is none.

    A watermark ahead of the service's own clock would hide every change until that time has come.

    Args:
        page: its `served_at` is when the listing began, by the Date header.
        members: where a record has its dates.
    """
    dates, clock = _dates(page, members), page.served_at
    past = dates if clock is None else [min(date, clock) for date in dates if date < clock + RESOLUTION]
    return max(past, default=None)


def lies_ahead(page: Page, members: Members) -> bool:
    """Returns whether a record is dated well ahead of the service's own clock."""
    return page.served_at is not None and any(date > page.served_at + FAR for date in _dates(page, members))


def _dates(page: Page, members: Members) -> list[datetime]:
    return [date for date in map(members.modified_date, page.records) if date is not None]
