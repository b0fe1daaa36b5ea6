"""What is asked of Partner Central: requests as data, pages in order, and the watermark on the first of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partner_central.api.client import Page
from partner_central.errors import ConfigurationError, PaginationError
from partner_central.read.request import Filters, ListRequest, pages
from partner_central_emulator import Emulator
from sandbox import Sandbox

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASE = {
    "Catalog": "AWS",
    "MaxResults": 100,
    "Sort": {"SortBy": "LastModifiedDate", "SortOrder": "DESCENDING"},
}


def page(*moments: datetime | str | None, served_at: datetime | None = NOON, token: str | None = None) -> Page:
    """A page of records with these LastModifiedDates."""
    dates = [moment.isoformat() if isinstance(moment, datetime) else moment for moment in moments]
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
    assert ListRequest("AWS").request() == BASE


def test_a_later_listing_asks_from_its_date_and_each_page_repeats_the_whole_request() -> None:
    listing = ListRequest("Sandbox", Filters(life_cycle_stage=("Launched",)), NOON)
    expected = BASE | {
        "Catalog": "Sandbox",
        "LifeCycleStage": ["Launched"],
        "LastModifiedDate": {"AfterLastModifiedDate": NOON},
    }
    assert listing.request() == expected
    assert listing.request("token") == expected | {"NextToken": "token"}


def test_a_listing_oldest_first_goes_by_created_date_from_a_moment_on_and_keeps_the_rest() -> None:
    listing = ListRequest("Sandbox", Filters(life_cycle_stage=("Launched",)), NOON)
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
    listing = ListRequest("Sandbox", Filters(identifier=("O1",)), NOON)
    requests = [sample.request() for sample in listing.samples()]
    assert [request.pop("Sort") for request in requests] == [
        {"SortBy": "CustomerCompanyName", "SortOrder": "ASCENDING"},
        {"SortBy": "CustomerCompanyName", "SortOrder": "DESCENDING"},
    ]
    expected = listing.request()
    del expected["Sort"]
    assert requests == [expected, expected]


def test_every_filter_is_sent_under_the_name_the_api_has_for_it() -> None:
    filters = Filters(("Launched", "Committed"), ("In review",), ("Kiel & Sons",), ("O1", "O2"))
    assert filters.request() == {
        "LifeCycleStage": ["Launched", "Committed"],
        "LifeCycleReviewStatus": ["In review"],
        "CustomerCompanyName": ["Kiel & Sons"],
        "Identifier": ["O1", "O2"],
    }
    assert Filters().request() == {}


def test_the_same_selection_has_the_same_scope_whatever_the_order_or_repetition() -> None:
    assert Filters(("a", "b")).scope() == Filters(("b", "a", "b")).scope()
    assert Filters().scope() == "all"


def test_different_selections_have_different_scopes() -> None:
    filters = [
        Filters(),
        Filters(("a",)),
        Filters(("b",)),
        Filters(("a", "b")),
        Filters(("a, b",)),
        Filters((), ("a",)),
        Filters(("a",), ("a",)),
        Filters((), (), ("a",)),
        Filters((), (), (), ("a",)),
        Filters(("all",)),
    ]
    assert len({one.scope() for one in filters}) == len(filters)


@pytest.mark.parametrize(
    ("name", "most"),
    [("life_cycle_stage", 10), ("life_cycle_review_status", 10), ("customer_company_name", 10), ("identifier", 20)],
)
def test_more_values_than_the_api_takes_are_refused_before_asking(name: str, most: int) -> None:
    values = tuple(f"v{number}" for number in range(most + 1))
    Filters(**{name: values[:most]})
    with pytest.raises(ConfigurationError, match=f"{name} takes at most {most} values, {most + 1} were given"):
        Filters(**{name: values})


def test_pages_follow_the_tokens_to_the_end() -> None:
    book = Book({None: "a", "a": "b", "b": None})
    assert [found.next_token for found in pages(ListRequest("AWS"), book)] == ["a", "b", None]
    assert [asked.get("NextToken") for asked in book.asked] == [None, "a", "b"]


def test_nothing_is_asked_before_a_page_is_wanted() -> None:
    book = Book({None: "a", "a": None})
    found = pages(ListRequest("AWS"), book)
    assert book.asked == []
    next(found)
    assert len(book.asked) == 1


@pytest.mark.parametrize("following", [{None: "a", "a": "a"}, {None: "a", "a": "b", "b": "a"}])
def test_a_repeated_token_breaks_the_listing_instead_of_running_forever(following: dict[str | None, str]) -> None:
    book = Book(following)
    with pytest.raises(PaginationError, match=f"same token for two pages, after {len(following) - 1} pages"):
        list(pages(ListRequest("AWS"), book))
    assert len(book.asked) == len(following)


def test_one_filter_value_given_as_bare_text_is_that_one_value(place: Sandbox, emulator: Emulator) -> None:
    launched = [record for record in emulator.truth() if record["LifeCycle"]["Stage"] == "Launched"]
    assert place.sync({"life_cycle_stage": "Launched"}).read == len(launched)
    assert emulator.calls[0].request["LifeCycleStage"] == ["Launched"]


@pytest.mark.parametrize("setting", [{"calls_per_second": 0}, {"calls_per_second": -1}, {"lookback": -1}])
def test_a_setting_no_listing_could_run_with_is_refused_before_asking(
    place: Sandbox, emulator: Emulator, setting: dict[str, float]
) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(setting))):
        place.sync(dict(setting))
    assert emulator.calls == []
