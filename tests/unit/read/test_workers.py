"""Partitions read side by side by real threads, from an account in memory. What threads wait for are events."""

from __future__ import annotations

import itertools
import random
import threading
import time
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import pytest

from opportunity import filter_set, list_request
from partner_central.errors import PaginationError, RequestRejected, ServiceUnavailable
from partner_central.read.created_dates import MissingPartitionDate
from partner_central.read.density import Density
from partner_central.read.pages import Page
from partner_central.read.partition_plan import PartitionPlan
from partner_central.read.partitions import Partition, PartitionPage, first_partitions
from partner_central.read.workers import PAGES_AHEAD, ParallelReader

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FIRST = NOON - timedelta(days=400)
LISTING = list_request("AWS", filter_set(identifier=("O1",)), FIRST)
PATIENCE = 30.0
TokenKind = Literal["offset", "position", "snapshot"]
TOKENS: list[TokenKind] = ["offset", "position", "snapshot"]
Entry = tuple[datetime, int]


@dataclass
class Account:
    """Lists opportunities by CreatedDate as Partner Central might, whatever its tokens mean and its bound includes.

    `on_call` is called with the number of each call, from 1, before it is answered.
    """

    entries: list[Entry]
    token: TokenKind = "offset"
    inclusive: bool = True
    on_call: Callable[[int], None] = lambda _: None
    requests: list[dict[str, Any]] = field(default_factory=list)
    answered: int = 0
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshots: dict[str, list[Entry]] = {}

    def ask(self, request: Mapping[str, Any]) -> Page:
        with self._lock:
            self.requests.append(dict(request))
            number = len(self.requests)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            self.on_call(number)
            with self._lock:
                page = self._page(request, number)
                self.answered += 1
                return page
        finally:
            with self._lock:
                self.at_once -= 1

    def add(self, created: datetime) -> None:
        """One more opportunity, however old."""
        with self._lock:
            insort(self.entries, (created, len(self.entries)))

    def _page(self, request: Mapping[str, Any], number: int) -> Page:
        since = request.get("CreatedDate", {}).get("AfterCreatedDate")
        bisect = bisect_left if self.inclusive else bisect_right
        entries = self.entries if since is None else self.entries[bisect(self.entries, since, key=_created) :]
        name, offset = str(number), 0
        if token := request.get("NextToken"):
            name, _, place = token.partition(" ")
            entries = self._snapshots.get(name, entries)
            offset = int(place) if self.token != "position" else bisect_right(entries, _entry(place))
        found, end = entries[offset : offset + 100], offset + 100
        if end >= len(entries):
            return Page([record(*entry) for entry in found], None, NOON)
        if self.token == "snapshot":
            self._snapshots[name] = entries
        place = str(end) if self.token != "position" else f"{found[-1][0].isoformat()}#{found[-1][1]}"
        return Page([record(*entry) for entry in found], f"{name} {place}", NOON)


def _created(entry: Entry) -> datetime:
    return entry[0]


def _entry(place: str) -> Entry:
    date, _, number = place.partition("#")
    return datetime.fromisoformat(date), int(number)


def record(created: datetime, number: int) -> dict[str, Any]:
    return {"Id": f"O{number}", "CreatedDate": created.isoformat()}


def account(records: int, token: TokenKind = "offset", *, seed: int = 0, inclusive: bool = True) -> Account:
    """An account where a third of the records were created within a minute, and some within one second."""
    chance = random.Random(seed)
    spans = [400 * 86_400] * 2 + [60, 0]
    seconds = [100 + spans[number % 4] * chance.random() for number in range(records)]
    dates = [NOON - timedelta(seconds=second) for second in seconds]
    return Account(sorted((date, number) for number, date in enumerate(dates)), token, inclusive)


def plan_for(listed_from: Account, partitions: int = 6, sample: int = 40) -> PartitionPlan:
    """A plan as a run makes one."""
    dates = [created for created, _ in listed_from.entries]
    density = Density(random.Random(1).sample(dates, min(sample, len(dates))))
    return PartitionPlan(first_partitions(density, partitions), density, NOON)


def sweep(
    listed_from: Account, plan: PartitionPlan | None = None, readers: Callable[[], int] = lambda: 6
) -> Iterator[PartitionPage]:
    return ParallelReader(plan or plan_for(listed_from), LISTING, listed_from.ask, readers).parts()


def numbers(parts: list[PartitionPage]) -> list[int]:
    """Which records were handed on."""
    return [int(one["Id"][1:]) for part in parts for one in part.records if isinstance(one, dict)]


def ended_since(before: set[threading.Thread]) -> set[threading.Thread]:
    """The threads that began since then, after each was given time to end."""
    found = set(threading.enumerate()) - before
    for thread in found:
        while thread.ident is None:  # it is listed before it begins
            time.sleep(0.001)
        thread.join(PATIENCE)
    return found


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Every thread that a test starts ends with it."""
    before = set(threading.enumerate())
    yield
    for thread in ended_since(before):
        assert not thread.is_alive()


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("readers", [1, 2, 16])
def test_every_record_comes_once(token: TokenKind, readers: int, *, inclusive: bool) -> None:
    listed_from = account(3_000, token, inclusive=inclusive)
    assert sorted(numbers(list(sweep(listed_from, readers=lambda: readers)))) == list(range(3_000))
    assert listed_from.most_at_once <= readers


@pytest.mark.parametrize("records", [0, 1, 99, 100, 101, 200])
@pytest.mark.parametrize("token", TOKENS)
def test_accounts_of_a_page_or_less_or_a_little_more_come_once_as_well(records: int, token: TokenKind) -> None:
    assert sorted(numbers(list(sweep(account(records, token))))) == list(range(records))


@pytest.mark.parametrize("token", TOKENS)
def test_records_of_one_instant_come_once(token: TokenKind) -> None:
    listed_from = Account([(NOON, number) for number in range(1_234)], token)
    assert sorted(numbers(list(sweep(listed_from)))) == list(range(1_234))


@pytest.mark.parametrize("token", TOKENS)
def test_records_of_one_instant_at_which_a_partition_ends_belong_to_it(token: TokenKind) -> None:
    listed_from = Account(sorted((NOON + timedelta(seconds=one % 3 - 1), one) for one in range(900)), token)
    plan = PartitionPlan([Partition(None, NOON), Partition(NOON, None)], Density([]), NOON)
    by_partition: Counter[datetime | None] = Counter()
    for part in sweep(listed_from, plan):
        by_partition[part.partition.start] += len(part.records)
    assert by_partition == {None: 600, NOON: 300}


def test_a_partition_that_was_begun_is_asked_for_from_where_it_was() -> None:
    listed_from = account(1_000)
    middle = listed_from.entries[500][0]
    list(sweep(listed_from, PartitionPlan([Partition(None, None, position=middle)], Density([]), NOON), lambda: 1))
    assert listed_from.requests[0]["CreatedDate"] == {
        "AfterCreatedDate": middle.replace(microsecond=0) - timedelta(seconds=1)
    }


def test_a_partition_that_is_being_read_is_shared_as_soon_as_its_first_page_is_there() -> None:
    listed_from, engaged, together, times = account(3_000), threading.Event(), threading.Barrier(2), [0]

    def concurrency() -> int:
        times[0] += 1
        if times[0] == 2:
            engaged.set()
        return 1 if times[0] <= 2 else 6

    def hold(number: int) -> None:
        if number == 1:
            wait_for(engaged)
        elif number <= 3:
            together.wait(PATIENCE)

    listed_from.on_call = hold
    plan = PartitionPlan([Partition(None, None)], Density(created for created, _ in listed_from.entries[::50]), NOON)
    assert sorted(numbers(list(sweep(listed_from, plan, concurrency)))) == list(range(3_000))
    assert len(plan.snapshot()) > 2


def test_the_pages_of_a_partition_come_in_order_and_only_its_last_is_called_so() -> None:
    parts = list(sweep(account(3_000)))
    by_partition: dict[int, list[PartitionPage]] = {}
    for part in parts:
        by_partition.setdefault(id(part.partition), []).append(part)
    for pages in by_partition.values():
        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
        reached = [page.reached for page in pages if page.reached]
        assert all(earlier <= later for earlier, later in pairwise(reached))
        for page in pages:
            dates = [datetime.fromisoformat(one["CreatedDate"]) for one in page.records if isinstance(one, dict)]
            assert all(page.partition.start is None or date > page.partition.start for date in dates)
            assert page.reached is not None or not dates
            assert all(page.reached is not None and date <= page.reached for date in dates)


def test_finished_partitions_are_not_asked_for() -> None:
    listed_from = account(1_000)
    middle = listed_from.entries[500][0]
    plan = PartitionPlan([Partition(None, middle, middle, done=True), Partition(middle, None)], Density([]), NOON)
    found = numbers(list(sweep(listed_from, plan)))
    assert sorted(found) == sorted(number for created, number in listed_from.entries if created > middle)
    assert all(
        request["CreatedDate"]["AfterCreatedDate"] > middle - timedelta(seconds=2) for request in listed_from.requests
    )


def test_a_plan_with_nothing_left_asks_for_nothing() -> None:
    listed_from = account(10)
    assert list(sweep(listed_from, PartitionPlan([Partition(None, None, NOON, done=True)], Density([]), NOON))) == []
    assert listed_from.requests == []


def test_every_request_repeats_what_is_asked_for_in_ascending_created_date() -> None:
    listed_from = account(1_000)
    list(sweep(listed_from))
    for request in listed_from.requests:
        assert request["Sort"] == {"SortBy": "CreatedDate", "SortOrder": "ASCENDING"}
        assert request["Identifier"] == ["O1"]
        assert request["LastModifiedDate"] == {"AfterLastModifiedDate": FIRST}
    assert {request["MaxResults"] for request in listed_from.requests} == {100}


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_created_or_becomes_visible_meanwhile_hides_nothing_that_was_there(token: TokenKind, seed: int) -> None:
    listed_from = account(2_000, token, seed=seed)
    chance = random.Random(seed)
    added = iter([*[listed_from.entries[chance.randrange(2_000)][0] for _ in range(500)], NOON])

    def more(_: int) -> None:
        for created in itertools.islice(added, 20):  # a list iterator that several threads may share
            listed_from.add(created)

    listed_from.on_call = more
    found = Counter(numbers(list(sweep(listed_from))))
    assert set(range(2_000)) <= set(found)


def test_readers_are_added_as_soon_as_there_is_room_for_more() -> None:
    listed_from, room = account(3_000), [1]
    together = threading.Barrier(4)

    def more(number: int) -> None:
        room[0] = 4
        if 1 < number <= 5:
            together.wait(PATIENCE)

    listed_from.on_call = more
    assert len(numbers(list(sweep(listed_from, readers=lambda: room[0])))) == 3_000
    assert listed_from.most_at_once == 4


def test_readers_who_end_are_not_replaced_when_there_is_room_for_fewer() -> None:
    listed_from, room = account(3_000), [5]
    started = threading.Barrier(5)
    late: list[int] = []

    def fewer(number: int) -> None:
        if number <= 5:
            started.wait(PATIENCE)
            room[0] = 1
        elif listed_from.at_once > 1:
            late.append(number)

    listed_from.on_call = fewer
    plan = PartitionPlan(
        [Partition(NOON - timedelta(days=one), NOON - timedelta(days=one - 1)) for one in range(40, 0, -1)],
        Density([]),
        NOON,
    )
    list(sweep(listed_from, plan, lambda: room[0]))
    assert late == []
    assert listed_from.most_at_once == 5


@pytest.mark.parametrize(
    "failure", [ServiceUnavailable("no network"), RequestRejected("no sort"), ZeroDivisionError("a defect")]
)
def test_a_call_that_fails_is_raised_behind_all_pages_that_arrived(failure: Exception) -> None:
    listed_from = account(3_000)

    def fail(number: int) -> None:
        if number == 9:
            raise failure

    listed_from.on_call = fail
    parts: list[PartitionPage] = []
    with pytest.raises(type(failure)) as raised:
        parts.extend(sweep(listed_from))
    assert raised.value is failure
    assert len(parts) == listed_from.answered >= 8
    assert len(listed_from.requests) <= 9 + 6, "the others end with the page they are at"


def test_of_several_failures_one_is_raised_when_all_readers_have_ended() -> None:
    listed_from = account(3_000)
    together = threading.Barrier(6)

    def fail(_: int) -> None:
        together.wait(PATIENCE)
        raise ServiceUnavailable("no network")

    listed_from.on_call = fail
    with pytest.raises(ServiceUnavailable):
        list(sweep(listed_from))
    assert len(listed_from.requests) == 6


def test_a_repeated_token_breaks_a_partition() -> None:
    listed_from = account(3_000)
    broken = Page([record(NOON, 1)], "again", NOON)
    with pytest.raises(PaginationError):
        list(ParallelReader(plan_for(listed_from), LISTING, lambda _: broken, lambda: 2).parts())


@pytest.mark.parametrize("nobody", [{"Id": "O7"}, {"Id": "O7", "CreatedDate": "soon"}, None, "text"])
def test_a_record_without_a_created_date_has_no_place_in_a_sweep(nobody: object) -> None:
    page = Page([record(NOON, 1), nobody], None, NOON)
    listed_from = account(1_000)
    with pytest.raises(MissingPartitionDate):
        list(ParallelReader(plan_for(listed_from), LISTING, lambda _: page, lambda: 3).parts())


def test_a_partition_goes_on_after_an_empty_page() -> None:
    pages = iter([Page([], "a", NOON), Page([record(NOON, 1)], "b", NOON), Page([], None, NOON)])
    plan = PartitionPlan([Partition(None, None)], Density([]), NOON)
    assert numbers(list(ParallelReader(plan, LISTING, lambda _: next(pages), lambda: 1).parts())) == [1]


def test_closing_ends_all_readers_with_the_page_they_are_at() -> None:
    listed_from = account(3_000)
    release = threading.Event()
    listed_from.on_call = lambda number: None if number == 1 else wait_for(release)
    before = set(threading.enumerate())
    parts = ParallelReader(plan_for(listed_from, partitions=30), LISTING, listed_from.ask, lambda: 4).parts()
    next(parts)
    parts.close()
    release.set()
    ended_since(before)
    assert len(listed_from.requests) <= 1 + 4


def wait_for(event: threading.Event) -> None:
    assert event.wait(PATIENCE)


def test_a_consumer_that_is_closed_while_readers_wait_for_it_lets_them_end() -> None:
    listed_from = account(12_000)
    ahead = threading.Event()
    listed_from.on_call = lambda number: ahead.set() if number > PAGES_AHEAD + 1 else None
    parts = ParallelReader(plan_for(listed_from), LISTING, listed_from.ask, lambda: 4).parts()
    next(parts)
    wait_for(ahead)
    parts.close()


def test_readers_that_were_started_ahead_end_when_nobody_takes_their_pages() -> None:
    listed_from, ahead, before = account(12_000), threading.Event(), set(threading.enumerate())
    listed_from.on_call = lambda number: ahead.set() if number > PAGES_AHEAD else None
    reader = ParallelReader(plan_for(listed_from, partitions=30), LISTING, listed_from.ask, lambda: 4)
    assert reader.pages_waiting == 0
    reader.start()
    wait_for(ahead)
    assert reader.pages_waiting >= PAGES_AHEAD - 4
    reader.close()
    for thread in ended_since(before):
        assert not thread.is_alive()


def test_readers_are_only_so_far_ahead_of_the_consumer() -> None:
    listed_from, too_far = account(12_000), threading.Event()
    listed_from.on_call = lambda number: too_far.set() if number > 1 + PAGES_AHEAD + 4 else None
    parts = sweep(listed_from, readers=lambda: 4)
    found = [next(parts)]
    assert not too_far.wait(0.2)
    found.extend(parts)
    assert sorted(numbers(found)) == list(range(12_000))


@pytest.mark.parametrize("at", range(1, 8))
@pytest.mark.parametrize("records", [30, 3_000])
def test_a_defect_in_engaging_readers_is_raised_and_leaves_nobody_waiting(records: int, at: int) -> None:
    times = [0]

    def concurrency() -> int:
        times[0] += 1
        if times[0] == at:
            raise ZeroDivisionError
        return 1

    with pytest.raises(ZeroDivisionError):
        list(sweep(account(records), readers=concurrency))
