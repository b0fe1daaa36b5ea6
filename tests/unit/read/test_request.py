"""What is asked of Partner Central: requests as data, pages in order, and the watermark on the first of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opportunity import filter_set, list_request
from partner_central.errors import ConfigurationError, PaginationError
from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES
from partner_central.read.filters import FilterSet
from partner_central.read.pages import Page, pages
from partner_central.read.request import ListRequest

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASE = {
    "Catalog": "AWS",
    "MaxResults": 100,
    "Sort": {"SortBy": "LastModifiedDate", "SortOrder": "DESCENDING"},
}


def page(*moments: datetime | str | None, served_at: datetime | None = NOON, token: str | None = None) -> Page:
    """A page of records with these LastModifiedDates."""
    dates = [timestamp.isoformat() if isinstance(timestamp, datetime) else timestamp for timestamp in moments]
    return Page([{"Id": "O1", "LastModifiedDate": date} for date in dates], token, served_at)


class Book:
    """Pages by the token that leads to them; remembers what was asked."""

    def __init__(self, following: Mapping[str | None, str | None]) -> None:
        self.asked: list[dict[str, Any]] = []
        self._following = following

    def __call__(self, request: Mapping[str, Any]) -> Page:
        assert len(self.asked) < 10, "asked without end"
        self.asked.append(dict(request))
        return page(token=self._following[request.get("NextToken")])


def test_a_first_listing_asks_for_everything_newest_first() -> None:
    assert list_request("AWS").request() == BASE


def test_a_later_listing_asks_from_its_date_and_each_page_repeats_the_whole_request() -> None:
    listing = list_request("Sandbox", filter_set(life_cycle_stage=("Launched",)), NOON)
    expected = BASE | {
        "Catalog": "Sandbox",
        "LifeCycleStage": ["Launched"],
        "LastModifiedDate": {"AfterLastModifiedDate": NOON},
    }
    assert listing.request() == expected
    assert listing.request("token") == expected | {"NextToken": "token"}


def test_a_listing_oldest_first_goes_by_created_date_from_a_moment_on_and_keeps_the_rest() -> None:
    listing = list_request("Sandbox", filter_set(life_cycle_stage=("Launched",)), NOON)
    expected = {
        "Catalog": "Sandbox",
        "MaxResults": 100,
        "Sort": {"SortBy": "CreatedDate", "SortOrder": "ASCENDING"},
        "LifeCycleStage": ["Launched"],
        "LastModifiedDate": {"AfterLastModifiedDate": NOON},
    }
    assert listing.oldest_first(None).request() == expected
    later = listing.oldest_first(NOON - DAY)
    assert later.request() == expected | {"CreatedDate": {"AfterCreatedDate": NOON - DAY}}
    assert later.oldest_first(None).request("token") == expected | {"NextToken": "token"}


def test_samples_are_the_same_opportunities_from_both_ends_of_the_customers() -> None:
    listing = list_request("Sandbox", filter_set(identifier=("O1",)), NOON)
    requests = [sample.request() for sample in listing.samples()]
    assert [request.pop("Sort") for request in requests] == [
        {"SortBy": "CustomerCompanyName", "SortOrder": "ASCENDING"},
        {"SortBy": "CustomerCompanyName", "SortOrder": "DESCENDING"},
    ]
    expected = listing.request()
    del expected["Sort"]
    assert requests == [expected, expected]


def test_every_filter_is_sent_under_the_name_the_api_has_for_it() -> None:
    filters = filter_set(
        life_cycle_stage=("Launched", "Committed"),
        life_cycle_review_status="In review",
        customer_company_name=("Kiel & Sons",),
        identifier=("O1", "O2"),
    )
    assert list_request("AWS", filters).request() == BASE | {
        "LifeCycleStage": ["Launched", "Committed"],
        "LifeCycleReviewStatus": ["In review"],
        "CustomerCompanyName": ["Kiel & Sons"],
        "Identifier": ["O1", "O2"],
    }


def test_the_same_selection_has_the_same_scope_whatever_the_order_or_repetition() -> None:
    assert filter_set(life_cycle_stage=("a", "b")).name() == filter_set(life_cycle_stage=("b", "a", "b")).name()
    assert filter_set().name() == "all"


def test_the_names_of_filters_are_those_that_stored_states_have() -> None:
    both = filter_set(life_cycle_stage=("b", "a"), life_cycle_review_status=("In review",))
    assert both.name() == "life_cycle_stage-life_cycle_review_status-ad7fd4bbfbdb395f"
    assert filter_set(customer_company_name=("Kiel & Sons",)).name() == "customer_company_name-9a2e2b2d738ac1c1"


SEARCH = OPPORTUNITY_SEARCH_SUMMARIES


def test_a_search_sends_its_conditions_as_one_tree() -> None:
    def leaf(kind: str, key: str, **value: object) -> dict[str, object]:
        return {kind: {"Key": key, "Value": value}}

    assert "Filter" not in ListRequest(SEARCH, "AWS").request()
    since = ListRequest(SEARCH, "AWS", modified_since=NOON)
    assert since.request()["Filter"] == leaf("GreaterThanOrEquals", "LastModifiedDate", DateValue=NOON)
    stages = FilterSet.of(SEARCH.filters, {"life_cycle_stage": ("Launched", "Committed"), "identifier": ("O1",)})
    assert ListRequest(SEARCH, "AWS", stages, NOON).oldest_first(NOON - DAY).request()["Filter"] == {
        "AndAllFilters": [
            {
                "OrAllFilters": [
                    leaf("EqualsTo", "Stage", StringValue="Launched"),
                    leaf("EqualsTo", "Stage", StringValue="Committed"),
                ]
            },
            leaf("EqualsTo", "OpportunityId", StringValue="O1"),
            leaf("GreaterThanOrEquals", "LastModifiedDate", DateValue=NOON),
            leaf("GreaterThanOrEquals", "CreatedDate", DateValue=NOON - DAY),
        ]
    }


def leaves(tree: Mapping[str, Any], depth: int = 1) -> Iterator[int]:
    """How deep each condition of a filter lies."""
    for kind, inner in tree.items():
        if kind in {"AndAllFilters", "OrAllFilters"}:
            assert 1 <= len(inner) <= 10
            for one in inner:
                yield from leaves(one, depth + 1)
        else:
            assert len(inner["Value"].get("StringListValue", [])) <= 20
            yield depth


@pytest.mark.parametrize("number", [1, 2, 4, 5, 10, 20])
def test_a_search_with_every_filter_stays_within_what_a_tree_may_have(number: int) -> None:
    texts = tuple(f"text {place}" for place in range(number))
    values = {one.option: texts[: one.max_values] for one in SEARCH.filters}
    listing = ListRequest(SEARCH, "AWS", FilterSet.of(SEARCH.filters, values), NOON).oldest_first(NOON)
    depths = list(leaves(listing.request()["Filter"]))
    assert len(depths) <= 20
    assert max(depths) <= 3


def test_different_selections_have_different_scopes() -> None:
    filters = [
        filter_set(),
        filter_set(life_cycle_stage=("a",)),
        filter_set(life_cycle_stage=("b",)),
        filter_set(life_cycle_stage=("a", "b")),
        filter_set(life_cycle_stage=("a, b",)),
        filter_set(life_cycle_review_status=("a",)),
        filter_set(life_cycle_stage=("a",), life_cycle_review_status=("a",)),
        filter_set(customer_company_name=("a",)),
        filter_set(identifier=("a",)),
        filter_set(life_cycle_stage=("all",)),
    ]
    assert len({one.name() for one in filters}) == len(filters)


@pytest.mark.parametrize(
    ("name", "most"),
    [("life_cycle_stage", 10), ("life_cycle_review_status", 10), ("customer_company_name", 10), ("identifier", 20)],
)
def test_more_values_than_the_api_takes_are_refused_before_asking(name: str, most: int) -> None:
    values = tuple(f"v{number}" for number in range(most + 1))
    filter_set(**{name: values[:most]})
    with pytest.raises(ConfigurationError, match=f"{name} takes at most {most} values, {most + 1} were given"):
        filter_set(**{name: values})


def test_pages_follow_the_tokens_to_the_end() -> None:
    book = Book({None: "a", "a": "b", "b": None})
    assert [found.next_token for found in pages(list_request("AWS"), book)] == ["a", "b", None]
    assert [asked.get("NextToken") for asked in book.asked] == [None, "a", "b"]


def test_nothing_is_asked_before_a_page_is_wanted() -> None:
    book = Book({None: "a", "a": None})
    found = pages(list_request("AWS"), book)
    assert book.asked == []
    next(found)
    assert len(book.asked) == 1


@pytest.mark.parametrize("following", [{None: "a", "a": "a"}, {None: "a", "a": "b", "b": "a"}])
def test_a_repeated_token_breaks_the_listing_instead_of_running_forever(following: dict[str | None, str]) -> None:
    book = Book(following)
    with pytest.raises(PaginationError, match=f"same token for two pages, after {len(following) - 1} pages"):
        list(pages(list_request("AWS"), book))
    assert len(book.asked) == len(following)
