"""How much there is to read and how it lies, judged from a page or three."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opportunity import list_request
from partner_central.read.size_estimate import (
    FEWEST,
    MAX_SEQUENTIAL_PAGES,
    MOST_OF_A_GROUP,
    estimate_density,
    has_many_records,
    spans_many_pages,
)
from partner_central.read.timestamps import MOMENT

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BROKEN: list[object] = [None, 7, "text", [], {}, {"Id": "O1"}, {"LastModifiedDate": "soon", "CreatedDate": "soon"}]


def modified(*dates: datetime) -> list[object]:
    """Records last modified then."""
    return [{"Id": f"O{number}", "LastModifiedDate": date.isoformat()} for number, date in enumerate(dates)]


def made(created: datetime | None, customer: Any = "Kiel & Sons") -> object:
    """A record of a customer."""
    return {
        "Id": "O1",
        "CreatedDate": created and created.isoformat(),
        "Customer": {"Account": {"CompanyName": customer}},
    }


def test_everything_there_is_may_be_long() -> None:
    assert spans_many_pages(modified(NOON, NOON - HOUR), list_request(since=None))


@pytest.mark.parametrize(
    ("reaches_back", "expected"), [(HOUR, True), (DAY / MAX_SEQUENTIAL_PAGES, False), (DAY / 7.9, False), (DAY, False)]
)
def test_a_listing_is_long_when_its_first_page_reaches_back_a_small_part_of_the_way(
    reaches_back: timedelta, *, expected: bool
) -> None:
    page = modified(NOON, NOON - reaches_back / 2, NOON - reaches_back)
    assert spans_many_pages(page, list_request(since=NOON - DAY)) == expected


def test_a_page_of_one_second_may_be_the_first_of_many() -> None:
    assert spans_many_pages(modified(*[NOON] * 100), list_request(since=NOON - timedelta(seconds=1)))


def test_a_page_that_lies_at_the_end_of_the_listing_is_not_long() -> None:
    assert not spans_many_pages(modified(*[NOON] * 100), list_request(since=NOON))


def test_a_page_without_dates_to_go_by_may_be_the_first_of_many() -> None:
    assert spans_many_pages(BROKEN, list_request(since=NOON))
    assert spans_many_pages([], list_request(since=NOON))


def test_broken_records_do_not_hide_the_dates_of_the_others() -> None:
    assert not spans_many_pages([*BROKEN, *modified(NOON, NOON - DAY)], list_request(since=NOON - DAY))


def ids(*numbers: int) -> list[object]:
    return [{"Id": f"O{number}", "LastModifiedDate": NOON.isoformat()} for number in numbers]


@pytest.mark.parametrize(("common", "expected"), [(0, True), (24, True), (25, False), (100, False)])
def test_a_listing_is_many_pages_when_few_records_of_one_are_in_a_sample(common: int, *, expected: bool) -> None:
    page, sample = ids(*range(100)), ids(*range(100 - common, 300 - common))
    assert has_many_records(page, sample, list_request()) == expected


def test_a_listing_without_a_sample_is_not_many_pages() -> None:
    assert not has_many_records(ids(1, 2), [], list_request())


@pytest.mark.parametrize(("records", "likely"), [(300, False), (500, False), (3_000, True), (20_000, True)])
@pytest.mark.parametrize("seed", range(5))
def test_a_first_page_and_samples_tell_a_few_pages_from_many(records: int, seed: int, *, likely: bool) -> None:
    chance = random.Random(seed)
    sample = chance.sample(range(records), min(200, records))
    assert has_many_records(ids(*range(100)), ids(*sample), list_request()) == likely


def test_the_density_is_that_of_the_records_created() -> None:
    records = [made(NOON + number * DAY, f"customer {number}") for number in range(40)]
    assert estimate_density(records, list_request()).share(NOON, NOON + 20 * DAY) == 0.5


def test_of_a_customer_whose_records_came_together_only_a_few_count() -> None:
    others = [made(NOON + number * DAY, f"customer {number}") for number in range(95)]
    crowd = [made(NOON + DAY / 2, "Big Importer")] * 100
    density = estimate_density([*others, *crowd], list_request())
    assert density.count(None, None) == 95 + MOST_OF_A_GROUP
    assert density.count(NOON + DAY / 4, NOON + DAY * 3 / 4) == MOST_OF_A_GROUP


def test_where_many_of_a_customer_came_within_a_second_is_known_though_only_a_few_count() -> None:
    others = [made(NOON + number * DAY, f"customer {number}") for number in range(95)]
    import_of_one = [made(NOON + number * DAY, "Big Importer") for number in range(90)] + [
        made(NOON + DAY / 2, "Big Importer")
    ] * 10
    density = estimate_density([*others, *import_of_one], list_request())
    assert density.hot_seconds(9) == [NOON + DAY / 2 - MOMENT]
    assert density.count(NOON + DAY / 4, NOON + DAY * 3 / 4) <= MOST_OF_A_GROUP


@pytest.mark.parametrize("others", [0, FEWEST - MOST_OF_A_GROUP - 1])
def test_where_hardly_any_other_customer_is_all_records_count(others: int) -> None:
    records = [made(NOON + number * DAY, f"customer {number}") for number in range(others)] + [made(NOON)] * 100
    assert estimate_density(records, list_request()).count(None, None) == 100 + others


def test_records_without_a_date_or_a_customer_do_no_harm() -> None:
    broken_customers: list[Any] = [None, 7, {}, ["x"]]
    records = [*BROKEN, made(None), *[made(NOON + DAY, customer) for customer in broken_customers]]
    records += [{"CreatedDate": NOON.isoformat(), "Customer": customer} for customer in (None, "x", {"Account": 3})]
    assert estimate_density(records, list_request()).count(None, None) == 7


def test_an_empty_sample_has_a_density_of_nothing() -> None:
    assert estimate_density([], list_request()).count(None, None) == 0
