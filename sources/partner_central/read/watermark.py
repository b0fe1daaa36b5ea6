"""The newest LastModifiedDate a listing begins with: where the next run starts."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..api.client import Page
from ..tables.rows import key_and_modified

RESOLUTION = timedelta(seconds=1)  # of the Date header
FAR = timedelta(minutes=5)


def watermark_of(page: Page, before: datetime | None) -> datetime | None:
    """The watermark of a listing, from its first page, newest first; None while there is no date to go by.

    It is never above the service's own clock, which the Date header shows: a date that lies ahead would, as a
    watermark, hide every change until that time has come.

    Args:
        page: the first page that has a date which is not ahead.
        before: the watermark of the last run.
    """
    dates, clock = _dates(page), page.served_at
    past = dates if clock is None else [min(date, clock) for date in dates if date < clock + RESOLUTION]
    return max([*past, *([before] if before else [])], default=None)


def lies_ahead(page: Page) -> bool:
    """Whether a record is dated well ahead of the service's own clock."""
    return page.served_at is not None and any(date > page.served_at + FAR for date in _dates(page))


def _dates(page: Page) -> list[datetime]:
    return [modified for _, modified in map(key_and_modified, page.records) if modified is not None]
