"""The CreatedDates of a page, without which a listing is not read by partitions."""

from __future__ import annotations

from datetime import datetime

from ..tables.record import Members
from .pages import Order, Page

UNDATED = "a record has no CreatedDate to go by."
UNSORTED = "a page was not in the order of CreatedDate."


class MissingPartitionDate(Exception):
    """Records are not listed by CreatedDate, so partitions may not hold them all. The message says why."""


def created_dates(page: Page, members: Members, order: Order | None = None) -> list[datetime]:
    """The CreatedDates of a page, which is in their order if one is given.

    Raises:
        MissingPartitionDate: a record has none, or they are not in order.
    """
    dates = [date for date in map(members.created_date, page.records) if date is not None]
    if len(dates) < len(page.records):
        raise MissingPartitionDate(UNDATED)
    if order is not None and not order.holds(page):
        raise MissingPartitionDate(UNSORTED)
    return dates
