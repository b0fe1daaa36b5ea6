"""The newest LastModifiedDate a listing begins with: where the next run starts."""

from __future__ import annotations

from datetime import datetime, timedelta

from .client import Page
from .rows import identity

FUTURE = timedelta(days=1)
MANY = 10


class Watermark:
    """Looks for the watermark on the pages of a listing, newest first; it is on the first with a date to go by.

    A date more than a day ahead of the service's own clock (the Date header) would, as a watermark, hide every change
    until that day comes. It is passed over, unless the data as a whole run ahead of that clock: the last watermark did,
    or every date of a first listing does.

    Args:
        before: the watermark of the last run.

    Attributes:
        value: the watermark, never below `before`; None while there is none to go by.
        passed_over: how many dates were passed over.
    """

    def __init__(self, before: datetime | None) -> None:
        self.value: datetime | None = None
        self.passed_over = 0
        self._before = before
        self._ahead: datetime | None = None

    def look(self, page: Page) -> None:
        """Look at the next page, unless the watermark is known."""
        if self.value is not None:
            return
        dates = [modified for _, modified in map(identity, page.records) if modified is not None]
        limit = None if page.served_at is None else page.served_at + FUTURE
        believed = limit is None or (self._before is not None and self._before > limit)
        likely = [modified for modified in dates if believed or (limit is not None and modified <= limit)]
        self.passed_over += len(dates) - len(likely)
        self._ahead = self._ahead or max(dates, default=None)
        self.value = max([*likely, *([self._before] if self._before else [])], default=None)

    def end(self) -> None:
        """The listing has ended."""
        if self.value is None and self.passed_over >= MANY:
            self.value, self.passed_over = self._ahead, 0
