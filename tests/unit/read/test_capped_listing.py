"""A listing that ends at a cap without a sign, and what can be known of one that did not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partner_central.errors import PaginationError
from partner_central.public import OPPORTUNITIES, OPPORTUNITY_SEARCH_SUMMARIES
from partner_central.read.capped_listing import pages_past_caps
from partner_central.read.filters import FilterSet
from partner_central.read.pages import Page
from partner_central.read.request import ListRequest
from partner_central.stream import IncrementalStream

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE = 100


class Index:
    """Records by CreatedDate, of which a listing shows so many."""

    def __init__(self, dates: list[datetime], cap: int) -> None:
        self.asked = 0
        self._dates = sorted(dates)
        self._cap = cap

    def __call__(self, request: Mapping[str, Any]) -> Page:
        self.asked += 1
        since = request.get("Filter", {}).get("GreaterThanOrEquals", {}).get("Value", {}).get("DateValue")
        found = [date for date in self._dates if since is None or date >= since][: self._cap]
        begin = int(request.get("NextToken", 0))
        records: list[object] = [{"CreatedDate": date.isoformat()} for date in found[begin : begin + PAGE]]
        end = begin + PAGE
        return Page(records, str(end) if end < len(found) else None, NOON)


def listed(index: Index, stream: IncrementalStream = OPPORTUNITY_SEARCH_SUMMARIES) -> set[str]:
    listing = ListRequest(stream, "AWS", FilterSet()).oldest_first(None)
    pages = [page for page, _ in pages_past_caps(listing, index)]
    assert [page.next_token is None for page in pages] == [False] * (len(pages) - 1) + [True]
    return {str(record["CreatedDate"]) for page in pages for record in page.records if isinstance(record, dict)}


@pytest.mark.parametrize("cap", [1000, 1500, 10_000])
@pytest.mark.parametrize("number", [0, 1, 999, 1000, 1001, 3210])
def test_every_record_is_listed_whatever_the_cap(cap: int, number: int) -> None:
    dates = [NOON + timedelta(seconds=one) for one in range(number)]
    assert listed(Index(dates, cap)) == {date.isoformat() for date in dates}


def test_a_list_without_a_cap_is_not_asked_again() -> None:
    index = Index([NOON + timedelta(seconds=one) for one in range(2000)], 10_000)
    listed(index, OPPORTUNITIES)
    assert index.asked == 20


def test_a_listing_that_ends_within_one_second_is_an_error() -> None:
    crowd = [NOON] * 1200
    with pytest.raises(PaginationError, match=r"SearchOpportunities lists only 1,000 records .* within one second"):
        listed(Index(crowd, 1000))
