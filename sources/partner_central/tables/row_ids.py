"""The `_dlt_id` of rows: the greatest of a key is its newest row, and a merge keeps that one."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
SECONDS_OF_A_DAY = 86_400


class RowIds:
    """Makes the ids of the rows of one run."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._count = 0

    def next(self, date: datetime) -> str:
        """Returns an id that sorts by date, then by the order of reading."""
        self._count += 1
        since = date - BEGINNING
        microseconds = (since.days * SECONDS_OF_A_DAY + since.seconds) * 1_000_000 + since.microseconds
        return f"{microseconds:015x}{self._count:08x}{self._run}"
