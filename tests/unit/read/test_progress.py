"""Which pages tell the watermark: the first, or those behind it where that has no date in the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from opportunity import list_request
from partner_central.metrics import SyncMetrics
from partner_central.public import OPPORTUNITIES
from partner_central.read.checkpoint import Checkpoint
from partner_central.read.filters import FilterSet
from partner_central.read.pages import Page
from partner_central.read.progress import Progress
from partner_central.read.read_options import ReadOptions
from partner_central.read.state import State

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def begun(*first: datetime | None, before: datetime | None = None) -> tuple[Progress, Checkpoint]:
    """A reading that began at noon with records of these dates."""
    state = State({"cursors": {"all": {"watermark": before and before.isoformat(), "seen": {}}}}, "all")
    options = ReadOptions(OPPORTUNITIES, "AWS", FilterSet(), None, full=False, lookback=timedelta(minutes=5))
    progress = Progress(options, state, SyncMetrics(), lambda: "this")
    return progress, progress.begin(list_request(), Page(records(*first), "more", NOON))


def records(*dates: datetime | None) -> list[object]:
    return [{"Id": f"O{number}", "LastModifiedDate": date and date.isoformat()} for number, date in enumerate(dates)]


@pytest.mark.parametrize("later", [NOON - HOUR, NOON, NOON + HOUR])
def test_a_first_page_with_a_date_in_the_past_tells_the_watermark_alone(later: datetime) -> None:
    progress, checkpoint = begun(NOON + HOUR, NOON - SECOND, NOON - 2 * HOUR)
    progress.note(records(later), [], 1)
    assert checkpoint.watermark == NOON - SECOND


@pytest.mark.parametrize("first", [(NOON + HOUR,), (None,), ()])
@pytest.mark.parametrize("before", [None, NOON - 3 * HOUR])
def test_otherwise_the_newest_behind_it_does_that_is_not_above_its_time(
    before: datetime | None, first: tuple[datetime | None, ...]
) -> None:
    progress, checkpoint = begun(*first, before=before)
    seen = []
    for dates in ((None, NOON + SECOND), (NOON - 2 * HOUR,), (NOON - HOUR, NOON + HOUR), (NOON - 2 * HOUR,)):
        progress.note(records(*dates), [], 1)
        seen.append(checkpoint.watermark)
    assert seen == [before, NOON - 2 * HOUR, NOON - HOUR, NOON - HOUR]


@pytest.mark.parametrize(
    ("at", "modified", "expected"),
    [
        (NOON, NOON, NOON),
        (NOON, NOON + SECOND, NOON - HOUR),
        (NOON, NOON - 2 * HOUR, NOON - HOUR),
        (None, NOON, NOON - HOUR),
    ],
)
def test_a_reading_that_is_continued_knows_when_it_began_or_leaves_the_watermark(
    at: datetime | None, modified: datetime, expected: datetime
) -> None:
    progress, _ = begun()
    progress.resume(checkpoint := Checkpoint(NOON - HOUR, None, full=False, at=at))
    progress.note(records(modified), [], 1)
    assert checkpoint.watermark == expected
