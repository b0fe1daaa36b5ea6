"""The newest LastModifiedDate a listing begins with: where the next run starts."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..tables.record import Members
from .pages import Page

RESOLUTION = timedelta(seconds=1)  # of the Date header
FAR = timedelta(minutes=5)


def watermark_of(page: Page, before: datetime | None, members: Members) -> datetime | None:
    """The watermark of a listing, from its first page, newest first; None while no record has a date.

    It is never above the service's own clock, which the Date header shows. A watermark ahead of it would hide every
    change until that time has come.

    Args:
        page: the first page that has a date which is not ahead.
        before: the watermark of the last run.
        members: where a record has its dates.
    """
    dates, clock = _dates(page, members), page.served_at
    past = dates if clock is None else [min(date, clock) for date in dates if date < clock + RESOLUTION]
    return max([*past, *([before] if before else [])], default=None)


def lies_ahead(page: Page, members: Members) -> bool:
    """Returns whether a record is dated well ahead of the service's own clock."""
    return page.served_at is not None and any(date > page.served_at + FAR for date in _dates(page, members))


def _dates(page: Page, members: Members) -> list[datetime]:
    return [date for date in map(members.modified_date, page.records) if date is not None]
