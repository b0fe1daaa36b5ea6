"""Runs a schedule, and says what was wrong; and makes a schedule smaller that is."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

from simulation.destination import LEASE, Broken
from simulation.facts import Facts
from simulation.patches import real_code
from simulation.schedule import Run, Schedule, written
from simulation.world import World

QUIET_RUNS = 3
MOST_TRIES = 3
MOST_RUNS = 300


def simulate(schedule: Schedule, broken: Broken | None = None) -> None:
    """Run a schedule, then quiet runs, and check everything.

    Raises:
        AssertionError: something is not as it must be.
    """
    world = World(schedule, broken or Broken())
    facts = Facts(world)
    world.watchers.append(facts)
    with real_code(world):
        for run in schedule.runs:
            world.sync(run)
        world.service.clock += LEASE + timedelta(seconds=1)
        for chosen in _filtered(schedule):
            _quiet(world, chosen)
            facts.rows_equal(chosen, world.outcomes[-1].scope)
        _quiet(world, Run())
        facts.rows_equal(Run(), "all")
        _forget(world)
        _full(world, facts)
        facts.versions_are_right()


def simulate_few_calls(schedule: Schedule, calls: int) -> None:
    """Load by runs of few calls, the first of which meet what happens in a schedule, until a run comes to its end.

    Raises:
        AssertionError: they never do, or something is not as it must be.
    """
    world = World(schedule)
    facts = Facts(world)
    world.watchers.append(facts)
    with real_code(world):
        for chosen in (*_filtered(schedule), Run(), Run(full=True, accept=True)):
            happens = [tuple(event for event in run.events if event.run is None) for run in schedule.runs]
            for number in range(MOST_RUNS):
                events = happens[number] if number < len(happens) else ()
                named = _named(world) if number > len(happens) else None
                outcome = world.sync(replace(chosen, events=events, max_calls=named or calls))
                if outcome.is_complete and number >= len(happens):
                    break
                assert not (named and _named(world)), f"a run of {named} calls, as was said, ended: {outcome.how}"
            else:
                raise AssertionError(f"{MOST_RUNS} runs of {calls} calls did not come to an end: {chosen}")
            facts.rows_equal(chosen, outcome.scope)
        _full(world, facts)


def _named(world: World) -> int | None:
    """How many calls the last run said that it takes."""
    named = re.search(r"takes ([\d,]+) calls of a run", world.outcomes[-1].how)
    return int(named[1].replace(",", "")) if named else None


def _filtered(schedule: Schedule) -> list[Run]:
    """Plain runs with each of the filters that a schedule uses."""
    nested = [event.run for run in schedule.runs for event in run.events if event.run is not None]
    chosen = {(run.stage, run.company) for run in (*schedule.runs, *nested) if run.stage or run.company}
    return [Run(stage=stage, company=company) for stage, company in sorted(chosen)]


def _quiet(world: World, run: Run) -> None:
    """A few plain runs, of which the last has nothing to do."""
    for _ in range(QUIET_RUNS):
        outcome = world.sync(run)
        assert outcome.how == "done", f"a quiet run ended: {outcome.how}"
    assert outcome.is_complete, "a quiet run is not complete"
    assert not outcome.metrics.changed, f"a quiet run still changed {outcome.metrics.changed} rows"


def _forget(world: World) -> None:
    """The working folders are lost: what is known is in the destination."""
    for machine in world.machines:
        machine.pending = None


def _full(world: World, facts: Facts) -> None:
    """A full run that accepts removals; one that an earlier run had begun is finished before."""
    for _ in range(MOST_TRIES):
        began = world.service.turn
        outcome = world.sync(Run(full=True, accept=True))
        assert outcome.is_complete, f"a quiet full run ended: {outcome.how}"
        assert outcome.metrics.first.full_listing is not None, "a quiet full run has not listed everything"
        facts.all_equal(outcome.run, began)
        if not {"backfill", "answered"} & outcome.state.get("cursors", {}).get("all", {}).keys():
            return


def failure(schedule: Schedule, broken: Broken | None = None) -> str | None:
    """What is wrong after a schedule; None if nothing is."""
    try:
        simulate(schedule, broken)
    except AssertionError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever the reading raises is a finding
        return traceback.format_exc()
    return None


def shrink(schedule: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """A smaller schedule that fails as well: without the runs, events and records that do not matter."""
    has_more = True
    while has_more:
        has_more = False
        for smaller in _smaller(schedule):
            if smaller != schedule and fails(smaller):
                schedule, has_more = smaller, True
                break
    return schedule


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    """Schedules that are a step smaller; the greatest steps first."""
    runs = schedule.runs
    for number in range(len(runs)):
        yield replace(schedule, runs=runs[:number] + runs[number + 1 :])
    for number, run in enumerate(runs):
        for smaller in _smaller_runs(run):
            yield replace(schedule, runs=(*runs[:number], smaller, *runs[number + 1 :]))
    for records in (schedule.records // 2, schedule.records - 5, schedule.records - 1):
        if 0 < records < schedule.records:
            yield replace(schedule, records=records)
    usual = Schedule()
    for name in ("undated", "undated_at", "undated_match", "inclusive", "crowd", "page", "windows", "whole_seconds"):
        yield replace(schedule, **{name: getattr(usual, name)})
    yield replace(schedule, order=usual.order)


def _smaller_runs(run: Run) -> Iterator[Run]:
    events = run.events
    if len(events) > 1:
        yield replace(run, events=())
    for number, event in enumerate(events):
        yield replace(run, events=events[:number] + events[number + 1 :])
        if event.run is not None:
            for smaller in _smaller_runs(event.run):
                nested = replace(event, run=smaller)
                yield replace(run, events=(*events[:number], nested, *events[number + 1 :]))
        for name in ("late", "amount"):
            if getattr(event, name):
                yield replace(run, events=(*events[:number], replace(event, **{name: 0}), *events[number + 1 :]))
    usual = Run()
    for name in Run.__slots__:
        if name != "events" and getattr(run, name) != getattr(usual, name):
            yield replace(run, **{name: getattr(usual, name)})


def report(seed: int | None, schedule: Schedule, broken: Broken | None = None) -> str:
    """What is wrong after a schedule, with a smaller one as Python."""
    said = failure(schedule, broken)
    smallest = shrink(schedule, lambda smaller: failure(smaller, broken) is not None)
    return f"seed {seed}: {said}\n\nshrunk: {failure(smallest, broken)}\n{written(smallest)}"
