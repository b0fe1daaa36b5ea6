"""Whatever happens while an account is read, by whom and how often: its destination ends up equal to it.

`SCHEDULES=10000` tries so many; `make test-all` does. A failure prints a smaller schedule, to be put among `FOUND`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from partner_central.read.both_ends import BothEnds
from simulation.generate import crowd_schedule, schedule, search_schedule
from simulation.patches import real_code
from simulation.schedule import Event, Run, Schedule
from simulation.simulate import failure, report, simulate_few_calls
from simulation.world import World

USUAL, MANY, CHUNKS = 300, 10_000, 10
FOUND = {
    "a load from a later day that drops an interrupted one, and is interrupted before it is loaded": Schedule(
        made=483,
        records=13,
        token="snapshot",
        crowd=36,
        page=3,
        runs=(Run(since=30, max_calls=2), Run(since=1, end="killed before a load")),
    ),
    "crowds in two seconds, one after the other, under a filter": Schedule(
        made=723, records=11, crowd=12, page=2, runs=(Run(stage="Launched"),)
    ),
    "a record without CreatedDate that no filter AfterCreatedDate matches": Schedule(
        made=402, records=7, token="snapshot", undated=7, undated_match=False, page=2, runs=(Run(stage="Prospect"),)
    ),
    "the same, read in windows": Schedule(
        made=505, records=17, token="snapshot", undated=15, undated_match=False, page=2, windows=2
    ),
    "a record that only the descending order of CreatedDate shows, in a short filtered list": Schedule(
        made=882,
        records=16,
        token="snapshot",
        undated=15,
        undated_at="highest",
        undated_match=False,
        page=3,
        runs=(Run(stage="Launched"),),
    ),
    "a record that stays rejected, in a full listing that another run goes on with": Schedule(
        made=33,
        records=9,
        token="snapshot",
        page=2,
        runs=(Run(events=(Event(call=3, kind="bad", which=373),)), Run(full=True, end="killed before a load")),
    ),
    "a change dated below the newest page, while a filtered list is read that has no CreatedDate order": Schedule(
        made=561,
        records=50,
        order="refuses",
        page=2,
        runs=(Run(events=(Event(call=11, kind="stage", which=382, late=25),), stage="Qualified"),),
    ),
    "a record that leaves a filtered list whose reading ended at its first page": Schedule(
        made=602,
        records=28,
        order="ignores",
        runs=(
            Run(stage="Prospect", max_calls=1),
            Run(events=(Event(call=2, kind="leave", which=313),), stage="Prospect"),
        ),
    ),
    "a change dated late, while everything is read in one chain": Schedule(
        made=379,
        records=15,
        undated=7,
        page=2,
        runs=(Run(), Run(events=(Event(call=3, kind="change", which=260, late=25),), full=True)),
    ),
    "a record that a full search reads as a row, and rejects in what changed meanwhile": Schedule(
        made=628, records=6, cap=60, runs=(Run(events=(Event(call=5, kind="bad", which=286),), full=True),)
    ),
    "a record that a search reads as a row, and rejects in a window of the same load": Schedule(
        made=682,
        records=20,
        token="position",
        cap=60,
        runs=(Run(events=(Event(call=2, kind="bad", which=271),), rows=30),),
    ),
    "a search that is continued within its newest second": Schedule(
        made=593,
        records=40,
        token="snapshot",
        page=2,
        cap=60,
        runs=(Run(end="killed before a load", at=14, machine=1),),
    ),
    "a record that a search rejects, and reads as a row in the same load": Schedule(
        made=628,
        records=6,
        cap=60,
        runs=(Run(events=(Event(call=1, kind="bad", which=286), Event(call=5, kind="mend")), full=True),),
    ),
}


def _all_hold(seeds: range, schedule_of: Callable[[int], Schedule] = schedule) -> None:
    for seed in seeds:
        if failure(schedule_of(seed)) is not None:
            pytest.fail(report(seed, schedule_of(seed)))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_any_schedule_the_destination_equals_the_account(chunk: int) -> None:
    _all_hold(range(chunk, USUAL, CHUNKS))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_any_schedule_a_search_equals_the_account_as_well(chunk: int) -> None:
    _all_hold(range(chunk, USUAL, CHUNKS), search_schedule)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_any_schedule_an_account_of_one_second_does_too(chunk: int) -> None:
    _all_hold(range(chunk, USUAL, CHUNKS), crowd_schedule)


def test_accounts_of_one_second_are_read_from_both_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str | None] = []
    leave = BothEnds.leave
    monkeypatch.setattr(BothEnds, "leave", lambda crowd: left.append(outcome := leave(crowd)) or outcome)
    _all_hold(range(40), crowd_schedule)
    assert left.count("is read") >= 10
    assert "is refused" not in left


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS * 10))
def test_after_any_of_many_schedules_a_search_equals_the_account(chunk: int) -> None:
    _all_hold(range(USUAL + chunk, int(os.environ.get("SCHEDULES", MANY)), CHUNKS * 10), search_schedule)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS * 10))
def test_after_any_of_many_schedules_the_destination_equals_the_account(chunk: int) -> None:
    _all_hold(range(USUAL + chunk, int(os.environ.get("SCHEDULES", MANY)), CHUNKS * 10))


@pytest.mark.long
@pytest.mark.parametrize("schedule_of", [schedule, search_schedule])
@pytest.mark.parametrize("calls", [1, 2, 3, 5, 8])
def test_runs_of_few_calls_come_to_an_end_or_say_how_many_it_takes(
    calls: int, schedule_of: Callable[[int], Schedule]
) -> None:
    for seed in range(40):
        simulate_few_calls(schedule_of(seed), calls)


@pytest.mark.parametrize(("records", "page", "calls"), [(10, 5, 1), (6, 2, 2), (20, 2, 3)])
def test_a_search_goes_on_though_a_run_ended_with_its_last_page(records: int, page: int, calls: int) -> None:
    simulate_few_calls(Schedule(made=99, records=records, page=page, cap=60), calls)


def test_a_search_that_is_due_to_be_read_whole_is_so_by_runs_of_one_call() -> None:
    simulate_few_calls(
        Schedule(records=3, cap=60, runs=(Run(), Run(events=(Event(1, "tick", amount=90_000),)))), calls=1
    )


@pytest.mark.parametrize("cap", [0, 60])
def test_a_watermark_that_is_ahead_of_the_service_is_given_up_by_runs_of_one_call(cap: int) -> None:
    world = World(Schedule(records=3, cap=cap))
    with real_code(world):
        world.sync(Run())
        world.service.clock -= timedelta(days=1)
        assert any(world.sync(Run(max_calls=1)).is_complete for _ in range(5))


@pytest.mark.parametrize("calls", [1, 2])
def test_a_search_ends_whose_last_second_holds_more_than_a_run_reads(calls: int) -> None:
    simulate_few_calls(Schedule(made=198, records=40, page=2, cap=60), calls)


def test_a_refused_token_of_a_crowd_is_followed_by_one_that_is_accepted() -> None:
    simulate_few_calls(schedule(246), 5)


def test_a_load_ends_whose_first_page_lies_in_the_future_though_a_run_ended_with_its_last() -> None:
    simulate_few_calls(search_schedule(109), 4)


def test_an_empty_page_of_the_youngest_hides_no_record_without_a_created_date() -> None:
    empty = Run(events=(Event(2, "empty"),), stage="Prospect")
    simulate_few_calls(
        Schedule(
            made=392, records=15, token="position", undated=7, undated_at="highest", undated_match=False, runs=(empty,)
        ),
        7,
    )


@pytest.mark.slow
@pytest.mark.parametrize("calls", range(1, 13))
@pytest.mark.parametrize("schedule_of", [schedule, search_schedule])
def test_runs_of_few_calls_come_to_an_end_after_many_schedules(
    calls: int, schedule_of: Callable[[int], Schedule]
) -> None:
    for seed in range(40, 400):
        simulate_few_calls(schedule_of(seed), calls)


@pytest.mark.parametrize("name", FOUND)
def test_what_a_schedule_once_found_holds(name: str) -> None:
    assert failure(FOUND[name]) is None


def test_a_schedule_is_the_same_for_the_same_seed_and_ends_in_the_same_way() -> None:
    assert schedule(7) == schedule(7)
    assert schedule(7) != schedule(8)
