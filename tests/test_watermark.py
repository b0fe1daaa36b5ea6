"""Where the next run starts: the newest LastModifiedDate a listing begins with, unless it lies in the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from partner_central.client import Page
from partner_central.watermark import Watermark

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW_YEAR_2999 = datetime(2999, 1, 1, tzinfo=UTC)


def page(*moments: datetime | str | None, served_at: datetime | None = NOON) -> Page:
    """A page of records with these LastModifiedDates."""
    dates = [moment.isoformat() if isinstance(moment, datetime) else moment for moment in moments]
    return Page([{"Id": "O1", "LastModifiedDate": date} for date in dates], None, served_at)


def found(before: datetime | None, *pages: Page) -> tuple[datetime | None, int]:
    """The watermark of a listing, and how many dates it passed over."""
    watermark = Watermark(before)
    for each in pages:
        watermark.look(each)
    watermark.end()
    return watermark.value, watermark.passed_over


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ((), None),
        ((NOON - HOUR, NOON, NOON - DAY), NOON),
        ((NOON + DAY,), NOON + DAY),
        (("soon", None, NOON - HOUR), NOON - HOUR),
        (("soon", None), None),
        (("2026-05-01T11:00:00Z", "2026-05-01T11:00:00.900Z"), NOON - HOUR + timedelta(seconds=0.9)),
        (("2026-05-01T13:00:00+02:00", "2026-05-01T10:59:59Z"), NOON - HOUR),
    ],
)
def test_the_newest_date_of_the_first_page_is_the_watermark(
    dates: tuple[datetime | str | None, ...], expected: datetime | None
) -> None:
    assert found(None, page(*dates)) == (expected, 0)


def test_only_the_first_page_with_a_date_counts() -> None:
    assert found(None, page(None), page(NOON - HOUR), page(NOON)) == (NOON - HOUR, 0)


def test_the_watermark_never_goes_back() -> None:
    assert found(NOON, page(NOON - HOUR)) == (NOON, 0)
    assert found(NOON, page()) == (NOON, 0)


@pytest.mark.parametrize("ahead", [1, 9, 100])
def test_dates_in_the_future_are_passed_over_for_the_first_likely_one(ahead: int) -> None:
    assert found(None, page(*[NEW_YEAR_2999] * ahead), page(NOON - HOUR)) == (NOON - HOUR, ahead)
    assert found(NOON - DAY, page(*[NEW_YEAR_2999] * ahead)) == (NOON - DAY, ahead)


def test_a_few_dates_in_the_future_and_nothing_else_give_no_watermark() -> None:
    assert found(None, page(NEW_YEAR_2999)) == (None, 1)


def test_data_that_run_ahead_of_the_services_clock_as_a_whole_are_believed() -> None:
    assert found(None, page(*[NOON + 30 * DAY] * 10), page(NOON + 29 * DAY)) == (NOON + 30 * DAY, 0)
    assert found(NOON + 30 * DAY, page(NOON + 31 * DAY)) == (NOON + 31 * DAY, 0)


def test_without_a_clock_of_the_service_every_date_is_believed() -> None:
    assert found(NOON, page(NOON + 30 * DAY, served_at=None)) == (NOON + 30 * DAY, 0)
