"""A crowd is read by two readers until they meet; whatever keeps them from meeting loses no record."""

from __future__ import annotations

import itertools
import json
import logging
import random
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, reject
from hypothesis import strategies as some

from keyed_account import NOON, PAGE, SECOND, KeyedAccount, KeyOrder, TokenKind, Until
from opportunity import filter_set, list_request
from partner_central.errors import PaginationError, ServiceUnavailable
from partner_central.read.both_ends import BothEnds
from partner_central.read.created_dates import MissingPartitionDate
from partner_central.read.density import Density
from partner_central.read.pages import Page
from partner_central.read.partition_plan import PartitionPlan
from partner_central.read.partitions import End, EndPage, Partition, PartitionPage, dump, first_partitions, load
from partner_central.read.workers import ParallelReader

LISTING = list_request("AWS", filter_set(identifier=("O1",)), NOON - timedelta(days=400))
TOKENS: tuple[TokenKind, ...] = get_args(TokenKind)
PATIENCE = 30.0


def crowded(records: int, **settings: Any) -> KeyedAccount:
    """An account with so many records of one second, and some of the seconds and days around."""
    keys = [f"O{number}" for number in range(900, 900 + records)]
    around = [-3, -2, -1, 1, 2, 3, 4, 86_400, -86_400]
    created = dict.fromkeys(keys, NOON) | {f"N{one}": NOON + SECOND * one for one in around}
    return KeyedAccount(created, **settings)


def plan_for(account: KeyedAccount) -> PartitionPlan:
    """A plan as a run makes one."""
    density = Density(random.Random(1).sample(sorted(account.created.values()), min(120, len(account.created))))
    return PartitionPlan(first_partitions(density, 4, both_ends=True), density, NOON)


def read(account: KeyedAccount, plan: PartitionPlan | None = None, readers: int = 4) -> Iterator[PartitionPage]:
    return ParallelReader(plan or plan_for(account), LISTING, account.ask, lambda: readers).parts()


def keys(parts: list[PartitionPage]) -> Counter[str]:
    """How often each record was handed on."""
    return Counter(one["Id"] for part in parts for one in part.records if isinstance(one, dict))


def delivered(parts: Iterator[PartitionPage]) -> Iterator[PartitionPage]:
    """All parts, each noted in its partition."""
    for part in parts:
        part.partition.mark_delivered(part)
        yield part


def stored(plan: PartitionPlan) -> list[Partition]:
    """The partitions as a later run finds them."""
    return load(json.loads(json.dumps(dump(plan.snapshot()))))


def is_refused(caplog: pytest.LogCaptureFixture) -> bool:
    return "is not read from both ends" in caplog.text


@pytest.fixture(autouse=True)
def plan_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="partner_central.plan")


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("readers", [1, 2, 4, 16])
def test_every_record_of_a_crowd_comes_once(token: TokenKind, readers: int, caplog: pytest.LogCaptureFixture) -> None:
    account = crowded(3_000, token=token)
    plan = plan_for(account)
    parts = list(delivered(read(account, plan, readers)))
    assert keys(parts) == dict.fromkeys(account.created, 1)
    assert all(partition.done for partition in plan.snapshot())
    assert len(account.requests) <= 30 + 8
    assert not is_refused(caplog)


def test_both_ends_are_read_at_the_same_time() -> None:
    account, together = crowded(3_000), threading.Barrier(2)
    plan = PartitionPlan([Partition(NOON - SECOND, NOON + 2 * SECOND, ends=(End(), End()))], Density([]), NOON)
    first = {"ASCENDING": threading.Event(), "DESCENDING": threading.Event()}

    def ask(request: Mapping[str, Any]) -> Page:
        event = first[request["Sort"]["SortOrder"]]
        if not event.is_set():
            event.set()
            together.wait(PATIENCE)
        return account.ask(request)

    found = keys(list(ParallelReader(plan, LISTING, ask, lambda: 2).parts()))
    assert found.keys() >= {key for key, date in account.created.items() if date == NOON}
    assert set(found.values()) == {1}


def test_a_crowd_is_asked_for_with_a_second_more_at_either_side() -> None:
    account = crowded(1_000)
    list(read(account))
    for request in account.by_key():
        assert request["CreatedDate"] == {
            "AfterCreatedDate": NOON - 2 * SECOND,
            "BeforeCreatedDate": NOON + 3 * SECOND,
        }
        assert request["LastModifiedDate"] == {"AfterLastModifiedDate": NOON - timedelta(days=400)}
        assert request["Identifier"] == ["O1"]


@pytest.mark.parametrize("records", [3, 20, 99, 100, 101, 199, 200, 201, 300, 1_234])
@pytest.mark.parametrize("token", TOKENS)
def test_a_crowd_may_be_smaller_or_larger_than_it_seemed(records: int, token: TokenKind) -> None:
    account = crowded(records, token=token)
    partitions = [
        Partition(None, NOON - SECOND),
        Partition(NOON - SECOND, NOON + 2 * SECOND, ends=(End(), End())),
        Partition(NOON + 2 * SECOND, None),
    ]
    assert keys(list(read(account, PartitionPlan(partitions, Density([]), NOON)))) == dict.fromkeys(account.created, 1)


@pytest.mark.parametrize("order", ["text", "length"])
def test_keys_may_be_sorted_as_texts_or_as_numbers(order: KeyOrder, caplog: pytest.LogCaptureFixture) -> None:
    """O900 to O3899: as texts, O1000 comes before O999."""
    account = crowded(3_000, order=order)
    assert keys(list(read(account))) == dict.fromkeys(account.created, 1)
    assert not is_refused(caplog)


@pytest.mark.parametrize(
    "settings",
    [
        {"order": "ignored"},
        {"order": "refused"},
        {"until": "refused"},
        {"until": "of the day before"},
        {"most": {"ASCENDING": 700}},
        {"most": {"DESCENDING": 700}},
        {"most": {"ASCENDING": 700, "DESCENDING": 900}},
        {"most": {"ASCENDING": 0, "DESCENDING": 0}},
    ],
)
def test_a_service_that_does_not_list_by_key_is_read_by_date(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    account = crowded(2_000, **settings)
    plan = plan_for(account)
    parts = list(delivered(read(account, plan)))
    assert keys(parts).keys() == account.created.keys()
    assert all(partition.done for partition in plan.snapshot())
    assert is_refused(caplog)


@pytest.mark.parametrize("until", ["inclusive", "ignored"])
def test_whatever_the_upper_bound_means_no_record_is_lost(until: Until, caplog: pytest.LogCaptureFixture) -> None:
    account = crowded(2_000, until=until)
    assert keys(list(read(account))).keys() == account.created.keys()
    assert is_refused(caplog) == (until == "ignored")


def test_a_crowd_that_was_refused_is_not_read_once_more_by_a_worker_that_comes_late() -> None:
    account = crowded(2_000, order="refused")
    plan = plan_for(account)
    found: list[PartitionPage] = []
    for part in ParallelReader(plan, LISTING, account.ask, lambda: 1 if len(found) < 5 else 4).parts():
        part.partition.mark_delivered(part)
        found.append(part)
    assert keys(found) == dict.fromkeys(account.created, 1)
    assert len(account.by_key()) == 1


def in_order(records: list[Any], request: Mapping[str, Any]) -> list[Any]:
    return sorted(records, key=lambda one: one["Id"], reverse=request["Sort"]["SortOrder"] == "DESCENDING")


def all_but_the_last_turned_round(records: list[Any], _: Mapping[str, Any]) -> list[Any]:
    return [*records[-2::-1], *records[-1:]]


@pytest.mark.parametrize(
    ("order", "arrange"), [("ignored", in_order), ("text", all_but_the_last_turned_round)], ids=["between", "within"]
)
def test_pages_out_of_order_are_noticed_within_a_page_and_between_two(
    order: KeyOrder, arrange: Callable[[list[Any], Mapping[str, Any]], list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    account = crowded(2_000, order=order)

    def ask(request: Mapping[str, Any]) -> Page:
        page = account.ask(request)
        is_by_key = request["Sort"]["SortBy"] == "Identifier"
        return page._replace(records=arrange(page.records, request)) if is_by_key else page

    assert (
        keys(list(ParallelReader(plan_for(account), LISTING, ask, lambda: 4).parts())).keys() == account.created.keys()
    )
    assert is_refused(caplog)


def test_a_record_without_a_key_is_read_by_date(caplog: pytest.LogCaptureFixture) -> None:
    account = crowded(1_000)

    def ask(request: Mapping[str, Any]) -> Page:
        page = account.ask(request)
        nameless = [
            {**one, "Id": None} if one["Id"] == "O950" else one for one in page.records if isinstance(one, dict)
        ]
        return page._replace(records=nameless)

    parts = list(ParallelReader(plan_for(account), LISTING, ask, lambda: 4).parts())
    assert keys(parts).keys() == {*account.created, None} - {"O950"}
    assert is_refused(caplog)


def test_a_record_without_created_date_ends_the_reading_by_partitions() -> None:
    account = crowded(1_000)

    def ask(request: Mapping[str, Any]) -> Page:
        page = account.ask(request)
        undated = [{"Id": "O1"}] if request["Sort"]["SortBy"] == "Identifier" else []
        return page._replace(records=[*page.records, *undated])

    with pytest.raises(MissingPartitionDate):
        list(ParallelReader(plan_for(account), LISTING, ask, lambda: 4).parts())


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("order", ["text", "length"])
def test_what_is_created_within_the_crowd_meanwhile_hides_nothing_that_was_there(
    token: TokenKind, order: KeyOrder
) -> None:
    account = crowded(2_000, token=token, order=order)
    there, chance = set(account.created), random.Random(7)

    def more(_: int, __: Mapping[str, Any]) -> None:
        for _ in range(20):
            account.created[f"O{chance.randrange(10_000)}x"] = NOON

    account.on_call = more
    assert keys(list(read(account))).keys() >= there


@pytest.mark.parametrize("order", ["ASCENDING", "DESCENDING"])
def test_an_end_that_fails_is_continued_by_the_next_run(order: str) -> None:
    account = crowded(3_000)
    plan = plan_for(account)

    def fail(_: int, request: Mapping[str, Any]) -> None:
        if request["Sort"]["SortOrder"] == order and len(account.by_key(order)) == 5:
            raise ServiceUnavailable("no network")

    account.on_call = fail
    parts: list[PartitionPage] = []
    with pytest.raises(ServiceUnavailable):
        parts.extend(delivered(read(account, plan)))
    account.on_call, before = lambda *_: None, len(account.requests)
    (crowd,) = [partition for partition in stored(plan) if partition.ends is not None]
    parts += delivered(read(account, PartitionPlan(stored(plan), Density([]), NOON)))
    assert keys(parts) == dict.fromkeys(account.created, 1)
    assert len(account.requests) - before <= (3_000 - crowd.records) / PAGE + 6, "pages were read again"


@pytest.mark.parametrize("readers", [1, 2])
def test_tokens_that_expired_meanwhile_are_done_without(readers: int, caplog: pytest.LogCaptureFixture) -> None:
    account = crowded(3_000)
    plan = plan_for(account)
    parts = read(account, plan, readers)
    found: list[PartitionPage] = []
    while sum(len(part.records) for part in found) < 1_000:
        found.append(next(parts))
        found[-1].partition.mark_delivered(found[-1])
    parts.close()
    partitions = stored(plan)
    account.expire()
    found += delivered(read(account, PartitionPlan(partitions, Density([]), NOON), readers))
    assert keys(found).keys() == account.created.keys()
    assert all(partition.done for partition in partitions)
    assert not is_refused(caplog)


def test_a_token_that_expires_while_a_run_reads_ends_it_and_loses_nothing() -> None:
    account = crowded(3_000)
    plan = plan_for(account)
    account.on_call = lambda *_: account.expire() if len(account.by_key("DESCENDING")) == 4 else None
    found: list[PartitionPage] = []
    with pytest.raises(PaginationError):
        found.extend(delivered(read(account, plan)))
    account.on_call = lambda *_: None
    found += delivered(read(account, PartitionPlan(stored(plan), Density([]), NOON)))
    assert keys(found).keys() == account.created.keys()


@pytest.mark.parametrize("settings", [{"order": "refused"}, {"most": {"ASCENDING": 700}}])
@pytest.mark.parametrize("pages", range(1, 4))
def test_a_crowd_that_was_refused_is_continued_by_date(pages: int, settings: dict[str, Any]) -> None:
    account = crowded(2_000, **settings)
    plan = plan_for(account)
    parts = delivered(read(account, plan, 2))
    found: list[PartitionPage] = []
    while pages:
        found.append(next(parts))
        span = found[-1].partition
        pages -= span.holds(NOON) and span.ends is None
    parts.close()
    account.requests.clear()
    found += delivered(read(account, PartitionPlan(stored(plan), Density([]), NOON)))
    assert keys(found).keys() == account.created.keys()
    assert not account.by_key()


@pytest.mark.parametrize("order", ["ASCENDING", "DESCENDING"])
def test_an_end_that_waits_for_its_answer_leaves_the_rest_to_the_other(order: str) -> None:
    account, over = crowded(2_000), threading.Event()

    def ask(request: Mapping[str, Any]) -> Page:
        sort = request["Sort"]
        if sort == {"SortBy": "Identifier", "SortOrder": order} and len(account.by_key(order)) == 3:
            over.wait(PATIENCE)
        page = account.ask(request)
        if sort["SortBy"] == "Identifier" and any(one["Id"] == met for one in page.records if isinstance(one, dict)):
            over.set()
        return page

    met = {"ASCENDING": "O1199", "DESCENDING": "O2599"}[order]
    assert keys(list(ParallelReader(plan_for(account), LISTING, ask, lambda: 4).parts())) == dict.fromkeys(
        account.created, 1
    )


def test_a_record_that_comes_twice_on_a_page_ends_nothing() -> None:
    account = crowded(1_000)

    def ask(request: Mapping[str, Any]) -> Page:
        page = account.ask(request)
        return page._replace(records=[one for one in page.records for _ in range(2)])

    assert (
        keys(list(ParallelReader(plan_for(account), LISTING, ask, lambda: 4).parts())).keys() == account.created.keys()
    )


def test_ends_whose_keys_had_passed_when_a_run_was_killed_begin_again() -> None:
    """Nothing says that they had met: the pages between may not have been handed on, or one listing lacked records."""
    account, ends = crowded(1_000), (End("token 9", "O950"), End("token 10", "O949"))
    plan = PartitionPlan([Partition(NOON - SECOND, NOON + 2 * SECOND, records=1_000, ends=ends)], Density([]), NOON)
    found = keys(list(delivered(read(account, plan))))
    (partition,) = plan.snapshot()
    assert found == dict.fromkeys((key for key, date in account.created.items() if partition.holds(date)), 1)
    assert partition.done


def test_a_refused_crowd_is_read_by_date_by_a_later_run_too() -> None:
    """A run ends right behind the refusal, when its keys may have passed each other already."""
    account, ends = crowded(1_000, order="ignored"), (End(), End())
    plan = PartitionPlan([Partition(NOON - SECOND, NOON + 2 * SECOND, ends=ends)], Density([]), NOON)
    found = keys(list(itertools.takewhile(lambda part: part.is_page, delivered(read(account, plan, 2)))))
    (refused,) = stored(plan)
    assert (refused.ends, refused.done) == (None, False)
    account.requests.clear()
    found += keys(list(read(account, PartitionPlan([refused], Density([]), NOON))))
    assert found.keys() >= {key for key, date in account.created.items() if date == NOON}
    assert not account.by_key()


def test_a_crowd_is_read_though_a_call_fails_that_is_not_needed_any_more() -> None:
    """So it is if the calls of a run end while both ask: keys that have passed each other begin again."""
    account, last_page = crowded(300), threading.Event()
    plan = PartitionPlan([Partition(NOON - SECOND, NOON + 2 * SECOND, ends=(End(), End()))], Density([]), NOON)
    first = {"ASCENDING": threading.Event(), "DESCENDING": threading.Event()}

    def ask(request: Mapping[str, Any]) -> Page:
        order = request["Sort"]["SortOrder"]
        if "NextToken" not in request:
            first[order].set()
        else:
            assert all(event.wait(PATIENCE) for event in first.values())
            if order == "DESCENDING":
                assert last_page.wait(PATIENCE)
                raise ServiceUnavailable("No more calls.")
        page = account.ask(request)
        if len(account.by_key("ASCENDING")) == 3:
            last_page.set()
        return page

    found = keys(list(delivered(ParallelReader(plan, LISTING, ask, lambda: 2).parts())))
    assert found.keys() >= {key for key, date in account.created.items() if date == NOON}
    assert [partition.done for partition in stored(plan)] == [True]


def test_a_service_that_sorts_within_pages_only_is_read_by_date(caplog: pytest.LogCaptureFixture) -> None:
    """The same pages come in both orders, each sorted."""
    account = crowded(1_000)
    order = sorted(account.created, key=lambda key: zlib.crc32(key.encode()))

    def ask(request: Mapping[str, Any]) -> Page:
        if request["Sort"]["SortBy"] != "Identifier":
            return account.ask(request)
        at = int(request.get("NextToken", 0))
        found = sorted(order[at : at + PAGE], reverse=request["Sort"]["SortOrder"] == "DESCENDING")
        records = [{"Id": key, "CreatedDate": NOON.isoformat()} for key in found]
        return Page(records, str(at + PAGE) if at + PAGE < len(order) else None, NOON)

    plan = PartitionPlan([Partition(NOON - SECOND, NOON + 2 * SECOND, ends=(End(), End()))], Density([]), NOON)
    found = keys(list(ParallelReader(plan, LISTING, ask, lambda: 2).parts()))
    assert found.keys() >= {key for key, date in account.created.items() if date == NOON}
    assert is_refused(caplog)


def test_a_list_that_records_may_leave_has_no_crowds() -> None:
    assert list_request("AWS", filter_set(identifier=("O1",))).can_be_by_key
    assert not list_request("AWS", filter_set(life_cycle_stage=("Launched",))).can_be_by_key


class Readers:
    """Two readers of a crowd, a step at a time: a page is asked for, is noted, and is handed on much later."""

    def __init__(
        self, partition: Partition, account: KeyedAccount, chance: random.Random, *, may_be_refused: bool
    ) -> None:
        self.partition, self._chance, self._may_be_refused = partition, chance, may_be_refused
        self._crowd = BothEnds(partition, LISTING, account.ask)
        self._pages: dict[int, Iterator[Page]] = {}
        for _ in range(chance.randint(1, 2)):
            if (end := self._crowd.take()) is not None:
                self._pages[end] = self._crowd.pages(end)
        self._arrived: dict[int, Page] = {}
        self._waiting: list[PartitionPage] = []
        self.handed_on: Counter[str] = Counter()

    def step(self) -> None:
        steps: list[Callable[[], None]] = [self._read] if self._pages else []
        self._chance.choice(steps + [self._hand_on] * bool(self._waiting))()

    def _read(self) -> None:
        end = self._chance.choice(sorted(self._pages))
        if (page := self._arrived.pop(end, None)) is not None:
            dates = [NOON] * len(page.records)
            records, position = self._crowd.receive(end, page, dates)
            self._waiting.append(
                PartitionPage(self.partition, records, None, last=False, of_end=EndPage(end, position))
            )
        elif (asked := next(self._pages[end], None)) is not None:
            self._arrived[end] = asked
        else:
            del self._pages[end]
            if (outcome := self._crowd.leave()) is not None:
                if outcome == "is refused":  # it is read by date
                    assert self._may_be_refused, self._crowd.refusal
                    reject()
                self._waiting.append(PartitionPage(self.partition, [], NOON, last=True, is_page=False))

    def _next_of_each_end(self) -> list[int]:
        """The places of the parts that may come next: two threads put theirs into the queue."""
        ends = [part.of_end.number if part.of_end is not None else None for part in self._waiting]
        return [ends.index(end) for end in set(ends) if end is not None] or [0]

    def _hand_on(self) -> None:
        part = self._waiting.pop(self._chance.choice(self._next_of_each_end()))
        if part.of_end is not None:
            part = part._replace(records=self._crowd.without_repeats(part.of_end.number, part.records))
        self.partition.mark_delivered(part)
        self.handed_on.update(keys([part]))


@given(
    records=some.integers(1, 1_500),
    token=some.sampled_from(TOKENS),
    order=some.sampled_from(["text", "length"]),
    interruptions=some.integers(0, 3),
    seed=some.integers(0, 2**32),
    grows=some.booleans(),
)
def test_readers_interrupted_at_any_page_and_continued_lose_no_record(
    records: int, token: TokenKind, order: KeyOrder, interruptions: int, seed: int, *, grows: bool
) -> None:
    chance = random.Random(seed)
    account = KeyedAccount({f"O{number + 900}": NOON for number in range(records)}, token=token, order=order)
    there = set(account.created)
    if grows:
        account.on_call = lambda *_: account.created.setdefault(f"O{chance.randrange(9_000)}", NOON) and None
    partition = Partition(NOON - SECOND, NOON + 2 * SECOND, ends=(End(), End()))
    found: Counter[str] = Counter()
    for left in range(interruptions, -1, -1):
        readers = Readers(partition, account, chance, may_be_refused=grows or interruptions > 0)
        steps = chance.randint(0, 60) if left else 10_000
        while steps and not partition.done:
            readers.step()
            steps -= 1
        found += readers.handed_on
        (partition,) = load(json.loads(json.dumps(dump([partition]))))
        if partition.done:
            break
        if chance.random() < 0.2:
            account.expire()
    assert partition.done
    assert found.keys() >= there
    if not interruptions and not grows:
        assert found == dict.fromkeys(there, 1)
