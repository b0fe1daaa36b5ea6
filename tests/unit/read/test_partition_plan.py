"""The plan of a sweep: who reads what, and what that costs, simulated over whole accounts in time that is counted."""

from __future__ import annotations

import heapq
import itertools
import json
import logging
import math
import random
import statistics
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from opportunity import list_request
from partner_central.api.client import IN_HAND, SPARE
from partner_central.api.rate_limit import CALLS_PER_SECOND, RateLimiter
from partner_central.read.both_ends import BothEnds
from partner_central.read.density import Density
from partner_central.read.pages import Page
from partner_central.read.partition_plan import PartitionPlan
from partner_central.read.partitions import End, Partition, PartitionPage, dump, first_partitions, load
from partner_central.read.timestamps import MOMENT, SECOND

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATEST = NOON + 100 * DAY
PAGE, QUOTA = 100, 10
LISTING = list_request("AWS")
Dates = list[datetime]


def day(number: float) -> datetime:
    return NOON + number * DAY


def plan_of(*partitions: Partition, sample: Dates | None = None, latest: datetime = LATEST) -> PartitionPlan:
    """A plan over partitions; by default one record a day is known of, for a hundred days."""
    return PartitionPlan(
        partitions, Density([day(number) for number in range(100)] if sample is None else sample), latest
    )


def claimed(plan: PartitionPlan) -> Partition:
    """The next partition, which is there."""
    partition = plan.next_partition()
    assert partition is not None
    return partition


def page(first: float, last: float, records: int = PAGE) -> Dates:
    """The dates of a page, from one day to another."""
    return [day(first + (last - first) * number / (records - 1)) for number in range(records)]


def test_partitions_are_given_out_once_each_and_finished_ones_never() -> None:
    partitions = [Partition(None, day(1), done=True), Partition(day(1), day(2)), Partition(day(2), None)]
    plan = plan_of(*partitions)
    assert [plan.next_partition(), plan.next_partition()] == partitions[1:]
    assert plan.next_partition() is None


def test_partitions_that_begin_with_a_crowded_second_are_read_first() -> None:
    crowd = day(50) - SECOND
    plan = plan_of(
        *[Partition(day(number), day(number + 1)) for number in range(3)],
        Partition(crowd, None),
        sample=[*map(day, range(100)), *[day(50)] * 20],
    )
    assert claimed(plan).start == crowd


def test_an_idle_reader_takes_the_later_half_of_what_another_has_left() -> None:
    partition = Partition(None, day(99))
    plan = plan_of(partition)
    plan.page_received(claimed(plan), page(0, 9))
    later = claimed(plan)
    assert (later.start, later.end) == (partition.end, day(99))
    assert partition.end == day(55) - MOMENT


def test_of_several_partitions_the_one_with_most_left_is_split() -> None:
    short, long = Partition(None, day(30)), Partition(day(30), day(99))
    plan = plan_of(short, long)
    for partition in (claimed(plan), claimed(plan)):
        plan.page_received(partition, page(0, 9) if partition is short else page(30, 40))
    assert claimed(plan).end == day(99)
    assert short.end == day(30)


def test_a_partition_with_few_records_left_is_not_split() -> None:
    plan = plan_of(Partition(None, day(99)))
    partition = claimed(plan)
    for number in range(10):
        plan.page_received(partition, page(number * 9.6, number * 9.6 + 9.6))
    assert plan.next_partition() is None
    assert partition.end == day(99)


def test_a_partition_is_not_split_before_its_first_page_tells_where_it_begins() -> None:
    plan = plan_of(Partition(None, day(99)))
    assert claimed(plan).end == day(99)
    assert plan.next_partition() is None


def test_a_partition_that_reads_one_second_is_not_split() -> None:
    plan = plan_of(Partition(NOON - SECOND, NOON), sample=[NOON] * 100, latest=NOON)
    partition = claimed(plan)
    for _ in range(3):
        plan.page_received(partition, [NOON] * PAGE)
    assert plan.next_partition() is None


def crowd() -> Partition:
    return Partition(NOON - SECOND, NOON + 2 * SECOND, ends=(End(), End()))


def test_a_crowd_is_given_to_two_readers_and_never_split() -> None:
    partition = Partition(NOON - SECOND, NOON + 3 * SECOND, ends=(End(), End()))
    plan = plan_of(partition, sample=[NOON, NOON + SECOND] * 50, latest=NOON)
    assert [plan.next_partition() for _ in range(3)] == [partition, partition, None]
    for _ in range(9):
        plan.crowd_page_received(partition, PAGE)
    assert plan.next_partition() is None
    assert plan.snapshot() == [partition]


def test_a_crowd_is_read_when_both_readers_have_ended() -> None:
    partition = crowd()
    plan = plan_of(partition, Partition(NOON + 2 * SECOND, None), sample=[NOON] * 100, latest=NOON)
    assert claimed(plan) is claimed(plan) is partition
    plan.worker_finished(partition, complete=True)
    plan.crowd_page_received(partition, PAGE)
    plan.worker_finished(partition, complete=True)
    assert claimed(plan) is not partition
    assert plan.next_partition() is None


def test_a_crowd_that_one_reader_has_read_is_given_to_no_other() -> None:
    partition = crowd()
    plan = plan_of(partition, sample=[NOON] * 100, latest=NOON)
    plan.worker_finished(claimed(plan), complete=True)
    assert plan.next_partition() is None


def test_the_total_counts_a_crowd_once_and_as_read_with_its_first_page() -> None:
    partition = crowd()
    plan = plan_of(partition, Partition(NOON + 2 * SECOND, None), sample=[NOON] * 60 + [day(1)] * 40)
    assert plan.total() == 0
    claimed(plan)
    plan.crowd_page_received(partition, PAGE)
    assert plan.total() == pytest.approx(PAGE / 0.6)


def test_the_log_counts_a_crowd_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="partner_central.plan"):
        plan = plan_of(crowd(), Partition(NOON + 2 * SECOND, None))
        for partition in (claimed(plan), claimed(plan)):
            plan.crowd_page_received(partition, PAGE)
            plan.worker_finished(partition, complete=True)
    planned, *ended = caplog.text.splitlines()
    assert " 2 partitions are to be read: " in planned
    assert [line.partition(" is read: ")[2] for line in ended] == ["2 pages, 200 records"]


def test_where_the_sample_says_nothing_the_last_page_tells_where_to_split() -> None:
    read = Partition(day(20), None, done=True, records=6000)
    plan = plan_of(Partition(day(10), day(20)), read, sample=[day(30 + number) for number in range(60)])
    partition = claimed(plan)
    for number in range(10):
        plan.page_received(partition, page(10 + number / 10, 10 + (number + 1) / 10))
    later = claimed(plan)
    assert later.start is not None
    assert abs(later.start - day(11.5)) < HOUR, "a thousand records came within a day: a thousand more are trusted"
    assert later.end == day(20)


def test_a_split_by_the_last_page_lists_its_second_no_second_time() -> None:
    plan = plan_of(Partition(day(0), day(20)), sample=[])
    partition = claimed(plan)
    for number in range(10):
        reached, _ = plan.page_received(
            partition, [day(1) + SECOND * (number * PAGE + one) / 1001 for one in range(PAGE)]
        )
    later = claimed(plan).request_from()
    assert reached is not None
    assert later is not None
    assert later >= reached.replace(microsecond=0) + SECOND


def test_one_record_of_the_sample_does_not_count_where_the_last_page_tells_the_pace() -> None:
    """It stands for all that is left of a thousand: a split would leave hardly a page to the other reader."""
    plan = plan_of(Partition(day(0), day(20)), sample=[day(19.9)])
    partition = claimed(plan)
    for number in range(19):
        plan.page_received(partition, page(number, number + 0.99))
    assert plan.next_partition() is None


def test_it_counts_where_a_crowd_is_read_whose_seconds_hide_the_pace() -> None:
    """Four hundred records a second look like a hundred, as a page tells no more than that it came to the next one."""
    end = day(0) + 5 * SECOND
    plan = plan_of(Partition(day(0), end), sample=[end])
    partition = claimed(plan)
    for number in range(12):
        second = day(0) + number // 4 * SECOND
        plan.page_received(partition, [second] * (PAGE - 1) + [second + SECOND * (number % 4 == 3)])
    assert claimed(plan).end == end


def test_a_partition_in_a_crowd_is_not_split_while_another_one_has_nearly_as_much_left() -> None:
    """A cut there makes two readers list the records of a second."""
    crowd, other = Partition(day(0), day(0) + 20 * SECOND), Partition(day(1), day(20))
    sample = [*(day(0) + number * SECOND for number in range(20)), *(day(number) for number in range(2, 20))]
    plan = plan_of(crowd, other, sample=sample)
    for partition in (claimed(plan), claimed(plan)):
        for number in range(2):
            at = day(0) + number * SECOND if partition is crowd else day(1 + number)
            step = SECOND if partition is crowd else DAY
            plan.page_received(partition, [at + step * one / PAGE for one in range(PAGE + 1)])
    assert claimed(plan).end == day(20)
    assert crowd.end == day(0) + 20 * SECOND


def test_a_crowd_in_the_second_before_a_partition_brings_it_no_further_and_is_not_split() -> None:
    """It asks from a second early; a split there would be the same partition again, without end."""
    plan = plan_of(Partition(day(5), day(20)), sample=[])
    partition = claimed(plan)
    for number in range(10):
        early = [day(5) - SECOND + SECOND * (number * PAGE + one) / 1001 for one in range(PAGE)]
        assert plan.page_received(partition, early) == (day(5), day(20))
    assert plan.next_partition() is None
    plan.page_received(partition, page(5, 6))
    assert claimed(plan).start != day(5)


def test_no_split_makes_another_reader_list_the_second_that_is_read() -> None:
    partition = Partition(day(50) - MOMENT, day(50) + 9 * SECOND)
    plan = plan_of(partition, sample=[*map(day, range(40)), *[day(50)] * 10, *[day(50) + SECOND] * 30])
    claimed(plan)
    for _ in range(20):
        plan.page_received(partition, [day(50)] * PAGE)
        assert plan.next_partition() is None
    plan.page_received(partition, [day(50)] * PAGE + [day(50) + SECOND])
    assert claimed(plan).start == day(50) + 5 * SECOND - MOMENT


def test_an_open_partition_ends_where_hardly_a_record_can_be() -> None:
    plan = plan_of(Partition(None, None), latest=day(99))
    plan.page_received(claimed(plan), page(0, 9))
    later = claimed(plan)
    assert later.end is None
    assert later.start == day(55) - MOMENT


def test_records_beyond_the_latest_one_expected_are_read_without_a_split() -> None:
    plan = plan_of(Partition(None, None), latest=day(5))
    partition = claimed(plan)
    plan.page_received(partition, page(0, 9))
    assert plan.next_partition() is None


def test_a_page_tells_how_far_its_partition_is_and_where_it_ends_now() -> None:
    partition = Partition(None, day(99))
    plan = plan_of(partition)
    assert plan.page_received(claimed(plan), page(0, 9)) == (day(9), day(99))
    cut = claimed(plan).start
    assert plan.page_received(partition, page(9, 18)) == (day(18), cut)


def test_an_empty_page_leaves_a_partition_where_it_is() -> None:
    plan = plan_of(Partition(day(3), day(99)))
    assert plan.page_received(claimed(plan), []) == (day(3), day(99))


def test_a_partition_goes_on_behind_its_position() -> None:
    plan = plan_of(Partition(day(3), day(99), position=day(7), records=400))
    assert plan.page_received(claimed(plan), []) == (day(7), day(99))


def test_a_partition_whose_reader_has_ended_is_not_split() -> None:
    plan = plan_of(Partition(None, day(99)))
    partition = claimed(plan)
    plan.page_received(partition, page(0, 9))
    plan.worker_finished(partition, complete=True)
    assert plan.next_partition() is None


def test_the_total_is_what_was_read_over_the_share_that_lies_there() -> None:
    plan = plan_of(Partition(None, day(49)), Partition(day(49), None))
    partition = claimed(plan)
    plan.page_received(partition, page(0, 9))
    assert plan.total() == pytest.approx(PAGE / 0.10)
    plan.page_received(partition, page(9, 24))
    assert plan.total() == pytest.approx(2 * PAGE / 0.25)


def test_the_total_counts_what_is_left_of_a_partition_that_was_given_up() -> None:
    plan = plan_of(Partition(None, day(49)), Partition(day(49), None))
    partition = claimed(plan)
    plan.page_received(partition, page(0, 9))
    plan.worker_finished(partition, complete=False)
    assert plan.total() == pytest.approx(PAGE / 0.10)
    later = claimed(plan)
    plan.page_received(later, page(49, 99))
    plan.worker_finished(later, complete=True)
    assert plan.total() == pytest.approx(2 * PAGE / 0.60, rel=0.03)


def test_the_total_counts_what_an_earlier_run_read() -> None:
    plan = plan_of(Partition(None, day(49), day(49), done=True, records=5000), Partition(day(49), None))
    assert plan.total() == pytest.approx(5000 / 0.5)


def test_when_everything_is_read_the_total_is_what_there_was() -> None:
    plan = plan_of(Partition(None, None, day(99), done=True, records=1234))
    assert plan.total() == 1234


def test_a_snapshot_does_not_change_any_more() -> None:
    plan = plan_of(Partition(None, day(99)))
    before = plan.snapshot()
    plan.page_received(claimed(plan), page(0, 9))
    claimed(plan)
    assert before == [Partition(None, day(99))]
    assert len(plan.snapshot()) == 2


def test_the_log_tells_what_was_planned_split_and_read(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="partner_central.plan"):
        plan = plan_of(Partition(None, day(99)))
        partition = claimed(plan)
        plan.page_received(partition, page(0, 9))
        claimed(plan)
        plan.worker_finished(partition, complete=True)
    planned, split, ended = caplog.text.splitlines()
    assert planned.endswith(" 1 partitions are to be read: (the beginning, 2026-08-08T12:00:00+00:00]")
    assert " (the beginning, 2026-08-08T12:00:00+00:00] has about 900 records left: (2026-06-25T11:59:59" in split
    assert ended.endswith(" (the beginning, 2026-06-25T11:59:59.999999+00:00] is read: 1 pages, 100 records")


def test_threads_never_get_the_same_partition_and_all_of_time_stays_covered() -> None:
    plan = plan_of(*first_partitions(Density([day(number) for number in range(100)]), 6))
    given_out: list[Partition] = []

    def read() -> None:
        while (partition := plan.next_partition()) is not None:
            given_out.append(partition)
            at = partition.start or day(0)
            while partition.end is None or at < partition.end:
                plan.page_received(partition, [at + number * HOUR / 100 for number in range(PAGE)])
                at += 3 * HOUR
                if at > day(100):
                    break
            plan.worker_finished(partition, complete=True)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(partition) for partition in given_out}) == len(given_out)
    partitions = sorted(plan.snapshot(), key=lambda partition: partition.start or day(-1))
    assert (partitions[0].start, partitions[-1].end) == (None, None)
    assert all(earlier.end == later.start for earlier, later in pairwise(partitions))


Kind = Literal["uniform", "skewed", "a third within a minute", "within an hour", "at one instant"]


def account(kind: Kind, records: int, chance: random.Random) -> Dates:
    """The CreatedDates of an account, in order."""
    whole = [day(-540 * chance.random()) for _ in range(records)]
    if kind == "skewed":
        forty, five = records * 40 // 100, records * 5 // 100
        whole[:forty] = [day(-100) + timedelta(seconds=chance.randrange(7200)) for _ in range(forty)]
        whole[forty : forty + five] = [day(-80)] * five
    elif kind == "a third within a minute":
        leaning = [day(-540 * chance.random() ** 3) for _ in range(records - records // 3)]
        whole = [day(-50) + timedelta(seconds=chance.randrange(60)) for _ in range(records // 3)] + leaning
    elif kind == "within an hour":
        whole = [day(-50) + timedelta(seconds=chance.randrange(3600)) for _ in range(records)]
    elif kind == "at one instant":
        whole = [day(-50)] * records
    return sorted(date.replace(microsecond=0) for date in whole)


@dataclass
class Outcome:
    """What a sweep did: how often it handed on each record, its calls, its seconds, its partitions."""

    times: list[int]
    calls: int
    seconds: float
    partitions: list[Partition]

    @property
    def extra(self) -> float:
        """Calls beyond those that pages of a hundred need, as a share of these."""
        return self.calls / math.ceil(len(self.times) / PAGE) - 1

    @property
    def of_the_quota(self) -> float:
        """Records a second, as a share of what the quota allows."""
        return len(self.times) / self.seconds / (QUOTA * PAGE)


@dataclass
class Turn:
    """A reader of a partition, or of one end of a crowd: the numbers of the records it lists, and how far it is."""

    partition: Partition
    listed: range
    crowd: BothEnds | None = None
    end: int = 0
    offset: int = 0

    def page(self, plan: PartitionPlan, dates: Dates) -> tuple[list[int], bool]:
        """Takes the next page; gives the records that are handed on, and whether the reader ends."""
        numbers = self.listed[self.offset : self.offset + PAGE]
        self.offset += PAGE
        is_last = self.offset >= len(self.listed)
        arrived = [dates[number] for number in numbers]
        if self.crowd is None:
            _, end = plan.page_received(self.partition, arrived)
            span = Partition(self.partition.start, end)
            inside = [number for number, date in zip(numbers, arrived, strict=True) if span.holds(date)]
            return inside, is_last or (end is not None and arrived[-1] > end)
        plan.crowd_page_received(self.partition, len(numbers))
        page = Page([{"Id": f"{number:06}"} for number in numbers], None if is_last else "more", NOON)
        records, _ = self.crowd.receive(self.end, page, arrived)
        assert not self.crowd.is_over or self.crowd.leave() != "is refused"
        handed_on = self.crowd.without_repeats(self.end, records)
        return [int(one["Id"]) for one in handed_on if isinstance(one, dict)], self.crowd.is_over


class Readers:
    """Makes the turns of readers."""

    def __init__(self, dates: Dates) -> None:
        self._dates = dates
        self._crowds: dict[int, BothEnds] = {}

    def turn(self, partition: Partition) -> Turn | None:
        """A reader of a partition; None where its crowd needs no more."""
        since = partition.request_from()
        first = bisect_left(self._dates, since) if since else 0
        if partition.ends is None:
            return Turn(partition, range(first, len(self._dates)))
        assert partition.end is not None
        crowd = self._crowds.setdefault(id(partition), BothEnds(partition, LISTING, nobody_asks))
        listed = range(first, bisect_left(self._dates, partition.end + SECOND))
        end = crowd.take()
        return None if end is None else Turn(partition, listed[::-1] if end else listed, crowd, end)


def simulate(dates: Dates, sample: Dates, latency: float, chance: random.Random) -> Outcome:
    """A sweep as `workers.py` does it, behind a first page and two samples, with the real pace and plan."""
    now = 2 * latency
    pace = RateLimiter(CALLS_PER_SECOND, lambda: now)
    density = Density(sample)
    most = min(16, math.ceil(CALLS_PER_SECOND * latency * SPARE + IN_HAND))
    plan = PartitionPlan(first_partitions(density, most, both_ends=True), density, NOON)
    order, calls, times = itertools.count(), 3, [0] * len(dates)
    under_way: list[tuple[float, int, Turn]] = []
    readers = Readers(dates)

    def ask(turn: Turn) -> None:
        arrives = now + pace.next_slot().pause + latency * chance.uniform(0.85, 1.15)
        heapq.heappush(under_way, (arrives, next(order), turn))

    def engage() -> None:
        while len(under_way) < most and (partition := plan.next_partition()):
            if (turn := readers.turn(partition)) is not None:
                ask(turn)
            else:
                plan.worker_finished(partition, complete=True)

    engage()
    while under_way:
        now, _, turn = heapq.heappop(under_way)
        calls += 1
        found, is_last = turn.page(plan, dates)
        for number in found:
            times[number] += 1
        if is_last:
            plan.worker_finished(turn.partition, complete=True)
        else:
            ask(turn)
        engage()
    return Outcome(times, calls, now, plan.snapshot())


def nobody_asks(_: object) -> Page:
    raise AssertionError


def swept(kind: Kind, records: int, latency: float, *, seen: float = 1, seed: int = 0) -> Outcome:
    """A sweep over an account, of which the sample sees the busiest hours less often than the rest."""
    chance = random.Random(seed)
    dates = account(kind, records, chance)
    visible = [date for date in dates if not day(-100) <= date <= day(-100) + 2 * HOUR or chance.random() < seen]
    return simulate(dates, chance.sample(visible, min(120, len(visible))), latency, chance)


@pytest.mark.parametrize("kind", ["uniform", "skewed", "within an hour"])
@pytest.mark.parametrize("seed", range(3))
def test_twenty_thousand_records_come_at_nearly_the_quota(kind: Kind, seed: int) -> None:
    outcome = swept(kind, 20_000, 0.25, seed=seed)
    assert set(outcome.times) == {1}
    assert outcome.of_the_quota >= 0.88
    assert outcome.extra <= 0.06


def test_a_busy_minute_is_not_cut_for_what_its_seconds_have_by_chance() -> None:
    outcomes = [swept("a third within a minute", 20_000, 0.25, seed=seed) for seed in range(6)]
    assert all(set(outcome.times) == {1} for outcome in outcomes)
    assert statistics.mean(outcome.of_the_quota for outcome in outcomes) >= 0.92
    assert statistics.mean(outcome.extra for outcome in outcomes) <= 0.05


@pytest.mark.parametrize("latency", [0.25, 0.6])
@pytest.mark.parametrize("kind", ["uniform", "skewed", "within an hour"])
def test_a_hundred_thousand_records_come_closer_to_it_also_from_a_slow_service(kind: Kind, latency: float) -> None:
    outcome = swept(kind, 100_000, latency)
    assert set(outcome.times) == {1}
    assert outcome.of_the_quota >= 0.92
    assert outcome.extra <= 0.025


@pytest.mark.parametrize("seen", [0.4, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_a_sample_that_misses_the_busiest_hours_costs_little(seen: float, seed: int) -> None:
    outcome = swept("skewed", 20_000, 0.25, seen=seen, seed=seed)
    assert set(outcome.times) == {1}
    assert outcome.of_the_quota >= 0.85
    assert outcome.extra <= 0.08


@pytest.mark.parametrize(("records", "latency", "of_the_quota"), [(20_000, 0.25, 0.75), (20_000, 0.6, 0.3)])
def test_records_of_one_instant_are_read_by_two_readers(records: int, latency: float, of_the_quota: float) -> None:
    """One reader comes to half of that."""
    outcome = swept("at one instant", records, latency)
    assert set(outcome.times) == {1}
    assert outcome.of_the_quota >= of_the_quota
    assert outcome.calls <= records // PAGE + 3 + 4


@pytest.mark.parametrize("latency", [0.1, 0.25, 0.6, 1.5])
@pytest.mark.parametrize("crowd", range(500, 20_000, 2_500))
def test_a_second_of_any_share_is_read_once_with_few_calls_more(crowd: int, latency: float) -> None:
    chance = random.Random(crowd)
    dates = sorted([*account("uniform", 20_000 - crowd, chance), *[day(-50)] * crowd])
    outcome = simulate(dates, chance.sample(dates, 120), latency, chance)
    assert set(outcome.times) == {1}
    assert outcome.extra <= 0.12


def test_an_import_that_takes_two_seconds_is_read_by_two_readers_as_well() -> None:
    chance = random.Random(1)
    dates = sorted([*account("uniform", 1_000, chance), *(day(-50) + SECOND * (one % 2) for one in range(19_000))])
    outcome = simulate(dates, chance.sample(dates, 120), 0.25, chance)
    assert set(outcome.times) == {1}
    assert outcome.of_the_quota >= 0.75
    assert outcome.extra <= 0.06


@pytest.mark.parametrize("records", [0, 1, 12, 100, 101, 1000])
@pytest.mark.parametrize("kind", ["uniform", "skewed", "at one instant"])
def test_few_records_are_covered_as_well(kind: Kind, records: int) -> None:
    outcome = swept(kind, records, 0.25)
    assert outcome.times == [1] * records


def test_the_number_of_partitions_stays_small() -> None:
    assert len(swept("skewed", 100_000, 0.25).partitions) < 50


@dataclass
class Reader:
    """Reads a partition page by page, in an account that lists dates from `since` on, or only those after it."""

    partition: Partition
    dates: Dates
    offset: int = 0
    pages: int = 0


@dataclass
class Life:
    """A sweep over `dates` that is interrupted and gone on with, until it is done; no clock, any order of events."""

    dates: Dates
    sample: Dates
    readers: int
    chance: random.Random
    handed_on: Counter[int] = field(default_factory=Counter)

    def run(self, interruptions: int) -> None:
        """Go on until everything is done; forget all but the stored partitions so many times on the way."""
        state = dump(first_partitions(Density(self.sample), self.readers))
        for _ in range(interruptions):
            state = json.loads(json.dumps(self._session(state, steps=self.chance.randint(0, 30))))
        state = self._session(state, steps=None)
        assert [item["done"] for item in state] == [True]

    def _session(self, state: list[dict[str, object]], steps: int | None) -> list[dict[str, object]]:
        """Read for some steps; gives the state after what was handed on by then."""
        partitions = load(state)
        plan = PartitionPlan(partitions, Density(self.sample), NOON)
        active: list[Reader] = []
        arrived: list[Callable[[], None]] = []
        for step in itertools.count():
            assert step < 3 * len(self.dates) + 100, "it reads the same again and again"
            if step == steps:
                break
            while len(active) < self.readers and (partition := plan.next_partition()):
                active.append(self._open(partition))
            if arrived and (not active or self.chance.random() < 0.5):
                arrived.pop(0)()
            elif active:
                reader = self.chance.choice(active)
                if self._read(plan, reader, arrived):
                    plan.worker_finished(reader.partition, complete=True)
                    active.remove(reader)
            else:
                break
        return dump(plan.snapshot())

    def _open(self, partition: Partition) -> Reader:
        since = partition.request_from()
        offset = bisect_left(self.dates, since) if since else 0
        if since and self.chance.random() < 0.5:
            offset = bisect_left(self.dates, since + timedelta(microseconds=1))
        return Reader(partition, self.dates, offset)

    def _read(self, plan: PartitionPlan, reader: Reader, arrived: list[Callable[[], None]]) -> bool:
        """One page, which will be handed on later; gives whether it was the last of its partition."""
        partition, offset = reader.partition, reader.offset
        dates = self.dates[offset : offset + PAGE]
        reached, end = plan.page_received(partition, dates)
        inside = [
            number
            for number, date in enumerate(dates, offset)
            if (partition.start is None or date > partition.start) and (end is None or date <= end)
        ]
        last = offset + PAGE >= len(self.dates) or (end is not None and dates[-1] > end)
        reader.offset += PAGE

        def mark_delivered() -> None:
            self.handed_on.update(inside)
            partition.mark_delivered(PartitionPage(partition, [{}] * len(inside), reached, last=last))

        arrived.append(mark_delivered)
        return last


clusters = some.lists(
    some.tuples(some.integers(0, 100_000), some.sampled_from([0, 1, 60, 5_000]), some.integers(1, 700)),
    max_size=6,
)


def spread(parts: list[tuple[int, int, int]], chance: random.Random) -> Dates:
    """Dates of clusters: where each begins, for how many seconds it lasts, and how many records it has."""
    return sorted(
        NOON - timedelta(seconds=200_000 - begin - span * chance.random())
        for begin, span, records in parts
        for _ in range(records)
    )


@given(clusters, some.integers(0, 40), some.integers(1, 6), some.integers(0, 8), some.integers(0, 2**32))
def test_a_plan_interrupted_at_any_page_and_gone_on_with_loses_no_record(
    parts: list[tuple[int, int, int]], sampled: int, readers: int, interruptions: int, seed: int
) -> None:
    chance = random.Random(seed)
    dates = spread(parts, chance)
    life = Life(dates, chance.sample(dates, min(sampled, len(dates))), readers, chance)
    life.run(interruptions)
    assert sorted(life.handed_on) == list(range(len(dates)))
    if not interruptions:
        assert set(life.handed_on.values()) <= {1}


@given(clusters, some.integers(0, 40), some.integers(1, 6), some.integers(0, 2**32))
def test_partitions_cover_all_of_time_once_whatever_is_split(
    parts: list[tuple[int, int, int]], sampled: int, readers: int, seed: int
) -> None:
    chance = random.Random(seed)
    dates = spread(parts, chance)
    outcome = simulate(dates, chance.sample(dates, min(sampled, len(dates))), readers / 8, chance)
    partitions = sorted(outcome.partitions, key=lambda partition: (partition.start is not None, partition.start))
    assert (partitions[0].start, partitions[-1].end) == (None, None)
    assert all(earlier.end == later.start for earlier, later in pairwise(partitions))
    assert set(outcome.times) <= {1}
    assert outcome.calls < 2 * len(dates) / PAGE + 30
