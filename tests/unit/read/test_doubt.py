"""Doubts whether a listing shows everything: they outlast an interruption, and end a search at its cap."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from opportunity import filter_set, row_maker
from partner_central.api.client import PartnerCentral
from partner_central.api.raw_json import Answer
from partner_central.errors import CallBudgetExhausted, PaginationError, RequestInvalid
from partner_central.metrics import SyncMetrics
from partner_central.public import OPPORTUNITIES, OPPORTUNITY_SEARCH_SUMMARIES
from partner_central.read.density import Density
from partner_central.read.filters import FilterSet
from partner_central.read.incremental import IncrementalReader
from partner_central.read.pages import Page
from partner_central.read.partition_plan import PartitionPlan
from partner_central.read.partitions import Partition
from partner_central.read.read_options import ReadOptions
from partner_central.read.request import ListRequest
from partner_central.read.sequential import DISORDER, EARLY_END
from partner_central.read.until_stable import StableRead, pages_until_stable
from partner_central.read.workers import ParallelReader
from partner_central.stream import IncrementalStream
from partner_central.tables.pii import PiiPolicy

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
PAGE, PAGES = 100, 14


class Service:
    """Lists records newest first, and refuses other orders; the records of a page can be in no order."""

    def __init__(self, stream: IncrementalStream, disordered: int | None, calls: int, pages: int = PAGES) -> None:
        self.metrics, self.is_hurried = SyncMetrics(), False
        self.stream, self._disordered, self._left, self._pages = stream, disordered, calls, pages

    def call(self, _operation: str, request: Mapping[str, Any], parse: Any) -> Any:
        if request["Sort"]["SortBy"] != "LastModifiedDate":
            raise RequestInvalid("there is no such order")
        if not self._left:
            raise CallBudgetExhausted("no call is left")
        self._left -= 1
        if "LastModifiedDate" in request:  # an increment behind it
            return parse(Answer(json.dumps({self.stream.operation.records: [self._record(0)]}).encode(), NOON))
        page = int(request.get("NextToken", 0))
        records = [self._record(page * PAGE + number) for number in range(PAGE)]
        if page == self._disordered:
            records.reverse()
        following = {"NextToken": str(page + 1)} if page + 1 < self._pages else {}
        return parse(Answer(json.dumps({self.stream.operation.records: records, **following}).encode(), NOON))

    def concurrency(self) -> int:
        return 4

    def close(self) -> None:
        """Nothing is open."""

    @staticmethod
    def _record(number: int) -> dict[str, str]:
        date = (NOON - timedelta(minutes=number)).isoformat()
        return {"Id": f"O{number}", "Catalog": "AWS", "CreatedDate": date, "LastModifiedDate": date}


def read(service: Service, state: dict[str, Any], filters: FilterSet | None = None) -> dict[str, Any]:
    """The state behind a reading, as the next run finds it."""
    options = ReadOptions(service.stream, "AWS", filters or FilterSet(), None, full=True, lookback=timedelta(minutes=5))
    client = cast("PartnerCentral", service)
    reader = IncrementalReader(options, "all", state, client, row_maker(), PiiPolicy("keep", None, ()))
    with contextlib.suppress(CallBudgetExhausted):
        for _ in reader.batches():
            reader.state()
    return cast("dict[str, Any]", json.loads(json.dumps(reader.state())))


@pytest.mark.parametrize("disordered", [None, 0, 1, 2, 7, 11])
@pytest.mark.parametrize("calls", [1, 2, 10])
def test_disorder_around_an_interruption_is_told_and_remembered(calls: int, disordered: int | None) -> None:
    first, second = Service(OPPORTUNITIES, disordered, calls), Service(OPPORTUNITIES, disordered, 100)
    state = read(first, {})
    assert state["cursors"]["all"]["backfill"]
    state = read(second, state)
    assert (DISORDER in [*first.metrics.notes, *second.metrics.notes]) is (disordered is not None)
    assert (state["listing"].get("complete") is None) is (disordered is not None)


@pytest.mark.parametrize(("pages", "early"), [(9, False), (10, True), (14, True)])
def test_a_filtered_search_by_one_order_says_that_it_may_have_ended_early(pages: int, *, early: bool) -> None:
    service = Service(OPPORTUNITY_SEARCH_SUMMARIES, None, 100, pages)
    read(service, {}, filter_set(life_cycle_stage=["Launched"]))
    assert (EARLY_END in service.metrics.notes) is early


class Index:
    """Records by CreatedDate, of which a listing shows so many; all match every filter."""

    def __init__(self, dates: list[datetime], cap: int) -> None:
        self.dates, self._cap = sorted(dates), cap

    def __call__(self, request: Mapping[str, Any]) -> Page:
        tree = request.get("Filter", {})
        since = [
            one["GreaterThanOrEquals"]["Value"]["DateValue"] for one in _leaves(tree) if "GreaterThanOrEquals" in one
        ]
        numbered = [(number, date) for number, date in enumerate(self.dates) if not since or date >= since[0]]
        begin = int(request.get("NextToken", 0))
        shown = numbered[: self._cap]
        records: list[object] = [
            {"Id": f"O{number}", "CreatedDate": date.isoformat(), "LastModifiedDate": date.isoformat()}
            for number, date in shown[begin : begin + PAGE]
        ]
        return Page(records, str(begin + PAGE) if begin + PAGE < len(shown) else None, NOON)


def _leaves(tree: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return tree.get("AndAllFilters", [tree])


def listed(index: Index) -> set[object]:
    """The ids that a search shows under a filter that records can leave."""
    filters = filter_set(life_cycle_stage=["Launched"])
    assert filters.records_can_leave
    listing = ListRequest(OPPORTUNITY_SEARCH_SUMMARIES, "AWS", filters)
    plan = PartitionPlan([Partition(None, None)], Density([]), NOON + timedelta(days=1))
    parts = list(ParallelReader(plan, listing, index, lambda: 1).parts())
    assert parts[-1].last
    return {record["Id"] for part in parts for record in part.records if isinstance(record, dict)}


@pytest.mark.parametrize(("crowd", "cap"), [(0, 1000), (150, 1000), (950, 1000), (999, 1000), (1400, 1500)])
@pytest.mark.parametrize("later", [1, 700, 1300])
def test_a_filtered_search_is_read_past_its_cap(crowd: int, cap: int, later: int) -> None:
    dates = [NOON] * crowd + [NOON + timedelta(seconds=5 + number) for number in range(later)]
    assert len(listed(Index(dates, cap))) == crowd + later


@pytest.mark.parametrize(("crowd", "later"), [(1000, 500), (1200, 500), (1000, 0), (1300, 0)])
def test_a_second_that_fills_the_cap_ends_a_filtered_search_with_an_error(crowd: int, later: int) -> None:
    dates = [NOON] * crowd + [NOON + timedelta(seconds=5 + number) for number in range(later)]
    with pytest.raises(PaginationError, match=r"lists only 1,000 records .* within one second"):
        listed(Index(dates, 1000))


def test_repeated_readings_of_a_search_tell_that_it_may_have_ended_early() -> None:
    listing = ListRequest(OPPORTUNITY_SEARCH_SUMMARIES, "AWS", FilterSet())
    for number, early in ((999, False), (1000, True), (1700, True)):
        index = Index([NOON + timedelta(seconds=one) for one in range(number)], 1000)
        *_, (_, last) = pages_until_stable(listing, index, StableRead())
        assert (last.is_settled, last.may_have_ended_early(listing)) == (True, early)
