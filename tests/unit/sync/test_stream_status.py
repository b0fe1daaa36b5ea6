"""How long what is read by ids takes, in numbers and in words."""

from __future__ import annotations

import pytest

from partner_central.streams.opportunity_details import OPPORTUNITY_DETAILS as STREAM
from partner_central_sync.sync.status import time_of
from partner_central_sync.sync.stream_status import StreamStatus


@pytest.mark.parametrize(
    ("waiting", "pace", "days", "text"),
    [
        (0, 100.0, 0, "less than a day"),
        (3, 100.0, 1, "less than a day"),
        (100, 100.0, 1, "less than a day"),
        (101, 100.0, 2, "2 days"),
        (100_000, 20_000.0, 5, "5 days"),
        (5_000_000, 2_500.0, 2_000, "2,000 days"),
    ],
)
def test_a_day_that_is_begun_counts(waiting: int, pace: float, days: int, text: str) -> None:
    status = StreamStatus(STREAM, 0, None, None, "each run", waiting, waiting, pace)
    assert (status.days_left, status.days, time_of(days)) == (days, days, text)


def test_without_a_share_there_is_no_end() -> None:
    status = StreamStatus(STREAM, 0, None, None, "each run", 5, 5, 0.0)
    assert (status.days_left, status.days) == (None, None)
