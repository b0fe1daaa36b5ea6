"""Where the next run starts: the newest LastModifiedDate a listing begins with, never above the service's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opportunity import MEMBERS
from partner_central.read.pages import Page
from partner_central.read.watermark import lies_ahead, watermark_of

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def page(*moments: datetime | str | None, served_at: datetime | None = NOON) -> Page:
    """A page of records with these LastModifiedDates."""
    dates = [timestamp.isoformat() if isinstance(timestamp, datetime) else timestamp for timestamp in moments]
    return Page([{"Id": "O1", "LastModifiedDate": date} for date in dates], None, served_at)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ((), None),
        ((NOON - HOUR, NOON, NOON - DAY), NOON),
        (("soon", None, NOON - HOUR), NOON - HOUR),
        (("soon", None), None),
        (("2026-05-01T11:00:00Z", "2026-05-01T11:00:00.900Z"), NOON - HOUR + timedelta(seconds=0.9)),
        (("2026-05-01T13:00:00+02:00", "2026-05-01T10:59:59Z"), NOON - HOUR),
    ],
)
def test_the_newest_date_of_a_page_is_the_watermark(
    dates: tuple[datetime | str | None, ...], expected: datetime | None
) -> None:
    assert watermark_of(page(*dates), MEMBERS) == expected


@pytest.mark.parametrize("ahead", [SECOND, HOUR, 20 * HOUR, DAY, 300 * 365 * DAY])
def test_a_date_ahead_of_the_services_clock_is_no_watermark(ahead: timedelta) -> None:
    assert watermark_of(page(NOON + ahead, NOON - HOUR), MEMBERS) == NOON - HOUR
    assert watermark_of(page(NOON + ahead), MEMBERS) is None


def test_within_the_second_that_the_header_shows_the_clock_itself_is_the_watermark() -> None:
    assert watermark_of(page(NOON + SECOND / 2, NOON - HOUR), MEMBERS) == NOON


def test_without_a_clock_of_the_service_every_date_is_believed() -> None:
    assert watermark_of(page(NOON + 30 * DAY, served_at=None), MEMBERS) == NOON + 30 * DAY
    assert not lies_ahead(page(NOON + 30 * DAY, served_at=None), MEMBERS)


def test_a_date_lies_ahead_when_clocks_that_differ_a_little_do_not_explain_it() -> None:
    assert lies_ahead(page(NOON - DAY, NOON + HOUR), MEMBERS)
    assert not lies_ahead(page(NOON + SECOND), MEMBERS)
