"""Which pages tell the watermark: the first, or those behind it where that has no date in the past."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
OPTIONS = ReadOptions(OPPORTUNITIES, "AWS", FilterSet(), None, full=False, lookback=timedelta(minutes=5))
INTERRUPTED = sorted((Path(__file__).parent / "states").glob("*interrupted*.json"))


def begun(
    *first: datetime | None, before: datetime | None = None, served_at: datetime | None = NOON
) -> tuple[Progress, Checkpoint]:
    """A reading that began with a page of records of these dates."""
    state = State({"cursors": {"all": {"watermark": before and before.isoformat(), "seen": {}}}}, "all")
    progress = Progress(OPTIONS, state, SyncMetrics(), lambda: "this")
    return progress, progress.begin(list_request(), Page(records(*first), "more", served_at))


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


@pytest.mark.parametrize("first", [(NOON - 2 * HOUR,), (), (NOON + HOUR,)])
def test_the_watermark_never_goes_back(first: tuple[datetime, ...]) -> None:
    _, checkpoint = begun(*first, before=NOON - HOUR)
    assert checkpoint.watermark == NOON - HOUR


def test_without_a_clock_of_the_service_nothing_behind_the_first_page_does() -> None:
    progress, checkpoint = begun(None, served_at=None)
    progress.note(records(NOON - HOUR), [], 1)
    assert checkpoint.watermark is None


@pytest.mark.parametrize(
    ("until", "modified", "expected"),
    [
        (NOON, NOON, NOON),
        (NOON, NOON + SECOND, NOON - HOUR),
        (NOON, NOON - 2 * HOUR, NOON - HOUR),
        (None, NOON, NOON - HOUR),
    ],
)
def test_a_reading_that_is_continued_raises_it_as_before(
    until: datetime | None, modified: datetime, expected: datetime
) -> None:
    progress, _ = begun()
    progress.resume(checkpoint := Checkpoint(NOON - HOUR, None, full=False, at=NOON + HOUR, watermark_until=until))
    progress.note(records(modified), [], 1)
    assert checkpoint.watermark == expected


@pytest.mark.parametrize("path", INTERRUPTED, ids=lambda path: path.stem)
def test_a_reading_that_an_earlier_release_left_keeps_its_watermark(path: Path) -> None:
    state = State(json.loads(path.read_text()), "all")
    assert state.checkpoint is not None
    before = state.checkpoint.watermark
    progress = Progress(OPTIONS, state, SyncMetrics(), lambda: "this")
    progress.resume(state.checkpoint)
    progress.note(records(NOON + 40 * 24 * HOUR), [], 1)
    assert state.checkpoint.watermark == before
