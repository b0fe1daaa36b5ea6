"""What the simulation is worth: it finds each rule of the reading and of the destination once that is broken.

Where the generator changes, other seeds find a rule: some of the usual schedules must.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from opportunity import MEMBERS
from partner_central.read import progress, sequential
from partner_central.read.both_ends import BothEnds
from partner_central.read.changes import ChangeDetector
from partner_central.read.checkpoint import Checkpoint
from partner_central.read.filters import FilterSet
from partner_central.read.pages import Order, Page
from partner_central.read.partitions import End, EndPage
from partner_central.read.progress import Progress
from partner_central.read.read_options import ReadOptions
from partner_central.read.request import ListRequest
from partner_central.read.until_stable import StableRead
from partner_central.tables.record import Members
from simulation.destination import Broken
from simulation.generate import crowd_schedule, schedule
from simulation.schedule import Event, Run, Schedule
from simulation.simulate import failure, simulate_few_calls

Patch = pytest.MonkeyPatch


def ascending_dates(patch: Patch) -> None:
    request = ListRequest.request

    def ascending(listing: ListRequest, next_token: str | None = None) -> dict[str, Any]:
        asked = request(listing, next_token)
        if asked["Sort"]["SortBy"] == "LastModifiedDate":
            asked["Sort"] = {"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"}
        return asked

    patch.setattr(ListRequest, "request", ascending)
    patch.setattr(sequential, "Order", InAnyOrder)


class InAnyOrder(Order):
    """An order that every page is in."""

    def holds(self, page: Page) -> bool:  # noqa: ARG002
        return True


def seen_by_key(patch: Patch) -> None:
    is_new = ChangeDetector.is_new

    def by_key(self: ChangeDetector, record: object) -> bool:
        key, _ = MEMBERS.key_and_modified(record)
        return is_new(self, record) and key not in self._before

    patch.setattr(ChangeDetector, "is_new", by_key)


def complete_at_the_end_of_a_chain(patch: Patch) -> None:
    finish = Progress.finish

    def at_once(self: Progress, checkpoint: Checkpoint, *, by_partitions: bool) -> None:
        finish(self, checkpoint, by_partitions=by_partitions)
        self.confirm()

    patch.setattr(Progress, "finish", at_once)


def ahead_of_the_clock(patch: Patch) -> None:
    def newest(page: Page, _: Members) -> datetime | None:
        return max((date for _, date in map(MEMBERS.key_and_modified, page.records) if date is not None), default=None)

    patch.setattr(progress, "watermark_of", newest)


def unchecked_windows(patch: Patch) -> None:
    for module in ("partner_central.read.workers.Order", "partner_central.read.sampling.Order"):
        patch.setattr(module, InAnyOrder)


def filtered_by_offsets(patch: Patch) -> None:
    patch.setattr(FilterSet, "records_can_leave", False)


def resumed_whatever_was_asked(patch: Patch) -> None:
    patch.setattr(ReadOptions, "can_continue", lambda *_: True)


def met_at_once(patch: Patch) -> None:
    note = BothEnds._note

    def met(crowd: BothEnds, *page: Any) -> None:
        note(crowd, *page)
        crowd.is_read = crowd.is_read or all(end.key is not None for end in crowd._ends)

    patch.setattr(BothEnds, "_note", met)


def at_the_place_of_the_other(page: EndPage, ends: tuple[End, End]) -> tuple[End, End]:
    return (page.end, ends[1]) if page.number else (ends[0], page.end)


RULES: dict[str, Callable[[Patch], None]] = {
    "newest first": ascending_dates,
    "what was seen is told by its content": seen_by_key,
    "a chain is complete with the increment behind it": complete_at_the_end_of_a_chain,
    "the cursor is never above the service's clock": ahead_of_the_clock,
    "the order of windows is checked": unchecked_windows,
    "a filtered list is not read by offsets": filtered_by_offsets,
    "only the same question goes on": resumed_whatever_was_asked,
}
CROWD_RULES: dict[str, Callable[[Patch], None]] = {
    "both ends of a crowd meet": met_at_once,
    "each end of a crowd continues from where it was": lambda patch: patch.setattr(
        EndPage, "among", at_the_place_of_the_other
    ),
}
PROMISES = {
    "one writer at a time, against what it has read": Broken(lease=True),
    "the newest wins": Broken(newest_wins=True),
    "a version that returns is a new one": Broken(versions=True),
}
SEEDS = {
    "both ends of a crowd meet": (5, 10, 12),
    "each end of a crowd continues from where it was": (47, 236, 244),
    "newest first": (82, 140),
    "what was seen is told by its content": (1, 2, 6),
    "a chain is complete with the increment behind it": (33, 115, 163),
    "the cursor is never above the service's clock": (14, 22, 33),
    "the order of windows is checked": (4, 31, 81),
    "a filtered list is not read by offsets": (123,),
    "only the same question goes on": (56, 82, 107),
    "one writer at a time, against what it has read": (2, 32, 43),
    "the newest wins": (140, 221),
    "a version that returns is a new one": (9, 24),
}


def is_found(one: Schedule, broken: Broken | None = None) -> bool:
    """Whether something is not as it must be; that the rule was broken in a wrong way, and raises, is no finding."""
    said = failure(one, broken) or ""
    assert "Traceback" not in said, said
    return bool(said)


@pytest.mark.parametrize("rule", CROWD_RULES)
def test_a_broken_rule_of_reading_a_crowd_is_found(rule: str, monkeypatch: Patch) -> None:
    assert [seed for seed in SEEDS[rule] if is_found(crowd_schedule(seed))] == []
    CROWD_RULES[rule](monkeypatch)
    assert [seed for seed in SEEDS[rule] if not is_found(crowd_schedule(seed))] == []


@pytest.mark.long
@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_of_the_reading_is_found(rule: str, monkeypatch: Patch) -> None:
    assert [seed for seed in SEEDS[rule] if is_found(schedule(seed))] == []
    RULES[rule](monkeypatch)
    assert [seed for seed in SEEDS[rule] if not is_found(schedule(seed))] == []


@pytest.mark.parametrize("promise", PROMISES)
def test_a_broken_promise_of_the_destination_is_found(promise: str) -> None:
    assert [seed for seed in SEEDS[promise] if is_found(schedule(seed))] == []
    assert [seed for seed in SEEDS[promise] if not is_found(schedule(seed), PROMISES[promise])] == []


def test_a_list_that_records_leave_and_that_is_read_once_is_found(monkeypatch: Patch) -> None:
    def at_once(self: StableRead, until: datetime | None) -> StableRead:
        return self._replace(token=None, until=until, is_settled=True)

    simulate_few_calls(schedule(106), 2)
    monkeypatch.setattr(StableRead, "ended", at_once)
    with pytest.raises(AssertionError, match="is missing"):
        simulate_few_calls(schedule(106), 2)


def test_a_watermark_above_the_time_of_the_first_page_is_found(monkeypatch: Patch) -> None:
    take = progress.watermark_of

    def later(page: Page, members: Members) -> datetime | None:
        return take(page._replace(served_at=page.served_at and page.served_at + timedelta(hours=1)), members)

    ahead = [Event(1, "future", which=which, amount=50) for which in range(3)]
    meanwhile = [Event(6, "change", which=6), Event(7, "tick", amount=2_000), Event(8, "change", which=5)]
    load = Schedule(records=20, page=2, runs=(Run(events=(*ahead, *meanwhile)),))
    assert failure(load) is None
    monkeypatch.setattr(progress, "watermark_of", later)
    assert "'step 5 0'" in (failure(load) or "")
