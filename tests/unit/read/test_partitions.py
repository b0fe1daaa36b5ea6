"""Partitions of CreatedDate: what they ask for, how they are cut, what is stored of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from partner_central.read.density import HOT_SECOND_RECORDS, Density
from partner_central.read.partitions import End, EndPage, Partition, PartitionPage, dump, first_partitions, load
from partner_central.read.timestamps import MOMENT, SECOND

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
DAY = timedelta(days=1)

moments = some.datetimes(timezones=some.just(UTC))
nearby = some.floats(0, 600).map(lambda seconds: NOON + timedelta(seconds=seconds))
samples = some.lists(moments | nearby, max_size=130)


def day(number: float) -> datetime:
    return NOON + number * DAY


def crowd(timestamp: datetime, records: int) -> list[datetime]:
    """So many records within the second of a moment."""
    return [timestamp + timedelta(milliseconds=7 * number) for number in range(records)]


def test_a_new_partition_asks_from_a_second_before_its_start() -> None:
    assert Partition(NOON, None).request_from() == NOON - SECOND


def test_a_partition_that_was_begun_asks_from_a_second_before_the_last_record_handed_on() -> None:
    partition = Partition(day(1), day(9))
    partition.mark_delivered(PartitionPage(partition, [{}] * 100, day(3), last=False))
    assert partition.request_from() == day(3) - SECOND
    assert (partition.records, partition.done) == (100, False)
    partition.mark_delivered(PartitionPage(partition, [{}] * 7, day(4), last=True))
    assert (partition.records, partition.position, partition.done) == (107, day(4), True)


@pytest.mark.parametrize("begin", [None, FIRST, FIRST + SECOND / 2, datetime(999, 12, 31, tzinfo=UTC)])
def test_a_partition_from_the_beginning_of_time_asks_for_everything(begin: datetime | None) -> None:
    assert Partition(begin, NOON).request_from() is None
    assert Partition(None, NOON, position=begin).request_from() is None


def test_a_partition_is_written_as_people_write_intervals() -> None:
    assert str(Partition(None, NOON)) == "(the beginning, 2026-05-01T12:00:00+00:00]"
    assert str(Partition(NOON, None)) == "(2026-05-01T12:00:00+00:00, now]"


def test_a_share_counts_the_records_after_one_moment_up_to_and_including_another() -> None:
    density = Density([day(4), day(1), day(2), day(3)])
    assert density.share(None, None) == 1
    assert density.share(day(1), day(3)) == 0.5
    assert density.share(day(1) - SECOND, day(2.5)) == 0.5
    assert density.share(day(4), None) == 0
    assert density.count(None, day(3)) == 3


def test_without_a_sample_nothing_lies_anywhere() -> None:
    density = Density([])
    assert (density.share(None, None), density.count(None, None), density.hot_seconds(9)) == (0, 0, [])
    assert first_partitions(density, 5) == [Partition(None, None)]


def test_cuts_part_a_span_into_about_as_many_records() -> None:
    density = Density([day(number) for number in range(100)])
    assert density.cuts(None, None, 4) == [day(number) - MOMENT for number in (25, 50, 75)]
    assert density.cuts(day(9), day(19), 2) == [day(15) - MOMENT]


def test_a_cut_leaves_the_whole_second_of_its_record_above() -> None:
    sample = [day(1), *crowd(day(2) + SECOND / 2, 10), day(3)]
    (cut,) = Density(sample).cuts(None, None, 2)
    assert cut == day(2) - MOMENT


def test_a_span_without_enough_of_the_sample_is_cut_evenly_by_time() -> None:
    assert Density([]).cuts(day(0), day(4), 4) == [day(number) - MOMENT for number in (1, 2, 3)]
    assert Density([day(0.1)]).cuts(day(0), day(4), 2) == [day(2) - MOMENT]


def test_an_open_span_without_a_sample_is_not_cut() -> None:
    assert Density([day(1)]).cuts(day(2), None, 4) == []
    assert Density([day(3)]).cuts(None, day(2), 4) == []


def test_a_span_of_a_second_is_not_cut() -> None:
    assert Density(crowd(NOON, 50)).cuts(NOON, NOON + SECOND, 8) == []
    assert Density([]).cuts(NOON + SECOND / 4, NOON + SECOND / 2, 8) == []


def test_a_second_that_many_records_share_begins_a_partition_of_its_own() -> None:
    sample = [*map(day, range(20)), *crowd(day(7.5), HOT_SECOND_RECORDS)]
    density = Density(sample)
    assert density.hot_seconds(9) == [day(7.5) - MOMENT]
    assert [partition.start for partition in first_partitions(density, 1)] == [None, day(7.5) - MOMENT]
    assert density.share_of_second(day(7.5) - MOMENT) == HOT_SECOND_RECORDS / len(sample)


def test_a_second_of_a_busy_minute_begins_none_for_what_it_has_by_chance() -> None:
    minute = [day(7) + number * SECOND / 2 for number in range(120)]
    assert Density([*minute, day(7) + 30 * SECOND]).hot_seconds(9) == []
    assert Density([*minute, *crowd(day(7) + 30 * SECOND, 12)]).hot_seconds(9) == [day(7) + 30 * SECOND - MOMENT]


def test_seconds_beside_each_other_that_many_records_share_begin_one_each() -> None:
    beside = [*crowd(day(7), 8), *crowd(day(7) + SECOND, 8)]
    assert Density([*map(day, range(20)), *beside]).hot_seconds(9) == [day(7) - MOMENT, day(7) + SECOND - MOMENT]


def test_of_many_such_seconds_the_fullest_begin_partitions_one_for_each_reader() -> None:
    """An import that pauses after every three records would be cut as often, for a page each."""
    slow = [day(7) + number * 60 * SECOND for number in range(30) for _ in range(3)]
    known = Density(map(day, range(40)), [*map(day, range(40)), *slow, *crowd(day(9.5), 5)])
    assert len(known.hot_seconds(99)) == 31
    assert day(9.5) - MOMENT in known.hot_seconds(4)
    assert len(first_partitions(known, 4)) == 4 + 4


def test_a_second_that_few_records_share_does_not() -> None:
    density = Density([*map(day, range(20)), *crowd(day(7.5), HOT_SECOND_RECORDS - 1)])
    assert density.hot_seconds(9) == []
    assert len(first_partitions(density, 4)) == 4


def test_a_second_with_more_than_a_reader_s_share_is_a_crowd_of_its_own() -> None:
    density = Density([*map(day, range(20)), *crowd(day(7.5), 10)])
    span = (day(7.5) - SECOND, day(7.5) + 2 * SECOND)
    assert density.crowds(4) == [span]
    assert density.crowds(3) == [], "one reader pages through it while the others read the rest"
    partitions = first_partitions(density, 4, both_ends=True)
    assert [(one.start, one.end) for one in partitions if one.ends is not None] == [span]
    assert not any(one.ends for one in first_partitions(density, 4))


def test_crowded_seconds_that_touch_are_one_crowd() -> None:
    density = Density([one for second in (0, 1, 4, 60) for one in crowd(NOON + second * SECOND, 30)])
    assert density.crowds(8) == [
        (NOON - SECOND, NOON + 6 * SECOND),
        (NOON + 59 * SECOND, NOON + 62 * SECOND),
    ]


@pytest.mark.parametrize("extreme", [FIRST, FIRST + SECOND, datetime(1000, 1, 1, tzinfo=UTC), LAST, LAST - 2 * SECOND])
def test_a_second_that_no_bound_can_be_given_for_is_no_crowd(extreme: datetime) -> None:
    assert Density([extreme] * 50).crowds(8) == []


def test_behind_the_beginning_no_crowd_waits() -> None:
    assert Density([NOON]).share_of_second(None) == 0


def test_the_first_partitions_hold_about_as_many_records_each() -> None:
    density = Density([day(number**2) for number in range(120)])
    shares = [density.share(partition.start, partition.end) for partition in first_partitions(density, 6)]
    assert shares == pytest.approx([1 / 6] * 6)


@pytest.mark.parametrize("extreme", [FIRST, FIRST + SECOND / 2, LAST, LAST - SECOND])
def test_dates_at_either_end_of_time_are_cut_around(extreme: datetime) -> None:
    sample = [extreme] * 50 + [day(number) for number in range(50)]
    density = Density(sample)
    partitions = first_partitions(density, 4)
    assert sum(density.count(partition.start, partition.end) for partition in partitions) == 100
    assert [density.share_of_second(partition.start) >= 0 for partition in partitions]


@given(samples, some.none() | moments | nearby, some.none() | moments | nearby, some.integers(1, 20))
def test_cuts_end_a_second_inside_the_span_in_order_and_no_more_than_asked_for(
    sample: list[datetime], after: datetime | None, until: datetime | None, parts: int
) -> None:
    if after and until and after > until:
        after, until = until, after
    cuts = Density(sample).cuts(after, until, parts)
    assert cuts == sorted(set(cuts))
    assert len(cuts) < parts
    assert all((cut + MOMENT).microsecond == 0 for cut in cuts)
    assert all((after is None or cut > after) and (until is None or cut < until) for cut in cuts)


@pytest.mark.parametrize(
    ("start", "asked"),
    [
        (day(3) - MOMENT, day(3) - SECOND),
        (day(3), day(3) - SECOND),  # as an earlier release cut
        (day(3) + SECOND / 2, day(3) - SECOND),
    ],
)
def test_a_partition_is_asked_for_from_the_second_before_its_first_record(start: datetime, asked: datetime) -> None:
    assert Partition(start, None).request_from() == asked
    assert Partition(start, None, position=day(4)).request_from() == day(4) - SECOND


@given(sample=samples, parts=some.integers(1, 20), both_ends=some.booleans())
def test_a_filter_without_its_own_second_leaves_out_no_record(
    sample: list[datetime], parts: int, *, both_ends: bool
) -> None:
    for partition in first_partitions(Density(sample), parts, both_ends=both_ends):
        asked = partition.request_from()
        for record in filter(partition.holds, sample):
            assert asked is None or record.replace(microsecond=0) > asked


@given(sample=samples, parts=some.integers(1, 20), both_ends=some.booleans())
def test_the_first_partitions_cover_all_of_time_once(sample: list[datetime], parts: int, *, both_ends: bool) -> None:
    partitions = first_partitions(Density(sample), parts, both_ends=both_ends)
    assert (partitions[0].start, partitions[-1].end) == (None, None)
    assert all(earlier.end == later.start for earlier, later in pairwise(partitions))
    starts = [partition.start for partition in partitions[1:] if partition.start]
    assert starts == sorted(set(starts))
    assert not any(partition.done or partition.position or partition.records for partition in partitions)


@some.composite
def tilings(draw: some.DrawFn) -> list[Partition]:
    """Partitions that cover all of time, some of them done, some begun."""
    cuts = sorted(draw(some.sets(nearby, max_size=12)))
    partitions = []
    for start, end in zip([None, *cuts], [*cuts, None], strict=True):
        partition = Partition(start, end)
        if draw(some.booleans()):
            reached = draw(some.none() | nearby)
            records = [{}] * draw(some.integers(0, 900))
            partition.mark_delivered(PartitionPage(partition, records, reached or start, last=draw(some.booleans())))
        partitions.append(partition)
    return partitions


@given(tilings(), some.randoms(use_true_random=False))
def test_what_is_stored_says_of_every_moment_whether_it_has_been_read(tiling: list[Partition], chance: Random) -> None:
    chance.shuffle(shuffled := list(tiling))
    loaded = load(json.loads(json.dumps(dump(shuffled))))
    assert [partition for partition in loaded if not partition.done] == [
        partition for partition in tiling if not partition.done
    ]
    assert (loaded[0].start, loaded[-1].end) == (None, None)
    assert all(earlier.end == later.start for earlier, later in pairwise(loaded))
    assert sum(partition.records for partition in loaded) == sum(partition.records for partition in tiling)


@given(tilings())
def test_finished_neighbours_are_stored_as_one_so_that_state_stays_small(tiling: list[Partition]) -> None:
    state = dump(tiling)
    assert not any(earlier["done"] and later["done"] for earlier, later in pairwise(state))
    assert dump(load(state)) == state


def test_dates_are_stored_to_the_microsecond() -> None:
    partition = Partition(NOON + timedelta(microseconds=1), LAST, NOON + timedelta(microseconds=3), records=5)
    assert load(json.loads(json.dumps(dump([partition])))) == [partition]


def test_the_ends_of_a_crowd_are_stored_each_as_far_as_its_pages_were_handed_on() -> None:
    partition = Partition(NOON, NOON + 3 * SECOND, ends=(End(), End()))
    partition.mark_delivered(PartitionPage(partition, [{}] * 100, None, last=False, of_end=EndPage(1, End("t", "O9"))))
    assert partition.ends == (End(), End("t", "O9"))
    assert load(json.loads(json.dumps(dump([partition])))) == [partition]
    partition.mark_delivered(PartitionPage(partition, [{}] * 100, None, last=False, of_end=EndPage(0, End("u", "O1"))))
    assert partition.ends == (End("u", "O1"), End("t", "O9"))
    assert (partition.position, partition.records, partition.done) == (None, 200, False)
    partition.mark_delivered(PartitionPage(partition, [], NOON + 3 * SECOND, last=True, is_page=False))
    assert (partition.ends, partition.done) == (None, True)


def test_what_an_earlier_release_stored_of_a_partition_has_no_ends_and_no_count() -> None:
    (state,) = dump([Partition(NOON, NOON + 3 * SECOND, NOON + SECOND, token="t", listed_from=NOON, shown=300)])
    assert "ends" not in state
    assert load([state])[0].shown == state.pop("shown") == 300
    (partition,) = load([state])
    assert (partition.ends, partition.shown) == (None, None)


def test_no_partitions_are_stored_as_none() -> None:
    assert (dump([]), load([])) == ([], [])
