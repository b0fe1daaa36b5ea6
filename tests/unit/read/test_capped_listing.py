"""A listing that ends at a cap without a sign, and what can be known of one that did not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partner_central.errors import PaginationError
from partner_central.public import OPPORTUNITIES, OPPORTUNITY_SEARCH_SUMMARIES
from partner_central.read.capped_listing import pages_past_caps
from partner_central.read.density import Density
from partner_central.read.filters import FilterSet
from partner_central.read.pages import Page
from partner_central.read.partition_plan import PartitionPlan
from partner_central.read.partitions import Partition
from partner_central.read.request import ListRequest
from partner_central.read.workers import ParallelReader
from partner_central.stream import IncrementalStream

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE = 100


class Index:
    """Records by CreatedDate, of which a listing shows so many."""

    def __init__(self, dates: list[datetime], cap: int) -> None:
        self.asked = 0
        self.dates = sorted(dates)
        self._cap = cap

    def __call__(self, request: Mapping[str, Any]) -> Page:
        self.asked += 1
        since = request.get("Filter", {}).get("GreaterThanOrEquals", {}).get("Value", {}).get("DateValue")
        found = [date for date in self.dates if since is None or date >= since][: self._cap]
        begin = int(request.get("NextToken", 0))
        records: list[object] = [{"CreatedDate": date.isoformat()} for date in found[begin : begin + PAGE]]
        end = begin + PAGE
        return Page(records, str(end) if end < len(found) else None, NOON)


def listed(
    index: Index,
    stream: IncrementalStream = OPPORTUNITY_SEARCH_SUMMARIES,
    next_token: str | None = None,
    *,
    is_counted: bool = True,
) -> set[str]:
    listing = ListRequest(stream, "AWS", FilterSet()).oldest_first(None)
    before = int(next_token or 0)
    came = {"shown": before if is_counted else None, "reached": index.dates[before - 1] if before else None}
    pages = [listed.page for listed in pages_past_caps(listing, index, next_token, **came)]
    assert [page.next_token is None for page in pages] == [False] * (len(pages) - 1) + [True]
    return {str(record["CreatedDate"]) for page in pages for record in page.records if isinstance(record, dict)}


@pytest.mark.parametrize("cap", [1000, 1500, 10_000])
@pytest.mark.parametrize("number", [0, 1, 999, 1000, 1001, 3210])
def test_every_record_is_listed_whatever_the_cap(cap: int, number: int) -> None:
    dates = [NOON + timedelta(seconds=one) for one in range(number)]
    assert listed(Index(dates, cap)) == {date.isoformat() for date in dates}


@pytest.mark.parametrize("cap", [1000, 1500, 10_000])
@pytest.mark.parametrize("number", [101, 999, 1000, 1001, 3210])
@pytest.mark.parametrize("is_counted", [False, True])
def test_what_is_behind_a_token_is_listed_whatever_the_cap(cap: int, number: int, *, is_counted: bool) -> None:
    dates = [NOON + timedelta(seconds=one) for one in range(number)]
    for token in range(PAGE, min(cap, number) + 1, PAGE):
        found = listed(Index(dates, cap), next_token=str(token), is_counted=is_counted)
        assert found >= {date.isoformat() for date in dates[token:]}


@pytest.mark.parametrize(("shown", "sizes"), [(100, [50]), (None, [50, 100, 50])])
def test_few_records_of_one_second_behind_a_token_are_no_error(shown: int | None, sizes: list[int]) -> None:
    crowd = [NOON + timedelta(milliseconds=one) for one in range(150)]
    listing = ListRequest(OPPORTUNITY_SEARCH_SUMMARIES, "AWS", FilterSet()).oldest_first(NOON - timedelta(seconds=1))
    pages = [listed.page for listed in pages_past_caps(listing, Index(crowd, 1000), "100", shown=shown, reached=NOON)]
    assert [len(page.records) for page in pages] == sizes


@pytest.mark.parametrize("is_counted", [False, True])
def test_many_of_one_second_behind_a_token_are_one_all_the_same(*, is_counted: bool) -> None:
    with pytest.raises(PaginationError, match=r"only 1,000 records .* within one second"):
        listed(Index([NOON] * 1200, 1000), next_token="100", is_counted=is_counted)


@pytest.mark.parametrize("cap", [1000, 1100])
@pytest.mark.parametrize("after", [100, 900, 1000])
@pytest.mark.parametrize("is_counted", [False, True])
def test_a_partition_that_is_continued_at_a_token_is_read_past_the_cap(
    cap: int, after: int, *, is_counted: bool
) -> None:
    crowd = [NOON + timedelta(milliseconds=one % 2) for one in range(950)]
    index = Index([*crowd, *(NOON + timedelta(seconds=one) for one in range(2, 802))], cap)
    listing = ListRequest(OPPORTUNITY_SEARCH_SUMMARIES, "AWS", FilterSet())
    partition = Partition(None, None, position=NOON, records=after, token=str(after))
    partition.shown = after if is_counted else None
    plan = PartitionPlan([partition], Density([]), NOON + timedelta(days=1))
    parts = list(ParallelReader(plan, listing, index, lambda: 1).parts())
    found = {record["CreatedDate"] for part in parts for record in part.records if isinstance(record, dict)}
    assert found >= {date.isoformat() for date in index.dates[after:]}
    assert parts[-1].last


def test_a_list_without_a_cap_is_not_asked_again() -> None:
    index = Index([NOON + timedelta(seconds=one) for one in range(2000)], 10_000)
    listed(index, OPPORTUNITIES)
    assert index.asked == 20


def test_a_listing_that_ends_within_one_second_is_an_error() -> None:
    crowd = [NOON] * 1200
    with pytest.raises(PaginationError, match=r"SearchOpportunities lists only 1,000 records .* within one second"):
        listed(Index(crowd, 1000))
