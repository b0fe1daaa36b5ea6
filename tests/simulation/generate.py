"""Random schedules, the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import cast

from simulation.records import COMPANIES, STAGES
from simulation.schedule import End, Event, Kind, OrderKind, Run, Schedule, TokenKind, Undated

KINDS: dict[Kind, int] = {
    "change": 30,
    "same second": 10,
    "stage": 14,
    "leave": 6,
    "company": 3,
    "appear": 8,
    "vanish": 6,
    "return": 4,
    "return changed": 3,
    "future": 3,
    "bad": 3,
    "mend": 3,
    "many": 4,
    "tick": 6,
    "fault": 4,
    "token": 2,
    "stale": 6,
    "empty": 2,
    "step": 3,
    "writer": 5,
}
TICKS = (1, 30, 301, 700, 3_600, 90_000)
ENDS: tuple[End, ...] = ("whole", "whole", "whole", "killed", "killed before a load", "killed after a load")


def schedule(seed: int) -> Schedule:
    """The schedule of a seed."""
    chance = random.Random(seed)
    orders = ("honours", "honours", "honours", "honours", "text", "text", "ignores", "refuses")
    whole = Schedule(
        made=chance.randrange(1_000),
        records=chance.choice((10, 10, 15, 20, 30, 40, 50, 80)),
        token=cast("TokenKind", chance.choice(("offset", "offset", "position", "snapshot"))),
        order=cast("OrderKind", chance.choice(orders)),
        undated=chance.choice((0, 0, 0, 0, 2, 7, 15)),
        undated_at=cast("Undated", chance.choice(("first", "last", "last", "lowest", "highest"))),
        undated_match=chance.random() < 0.5,
        inclusive=chance.random() < 0.5,
        crowd=chance.choice((0, 0, 0, 4, 12)),
        page=chance.choice((2, 3, 5, 5)),
        windows=chance.choice((1, 1, 2, 4)),
        whole_seconds=chance.random() < 0.5,
    )
    if whole.order == "ignores":  # by a page of two, or within a second, nobody can tell
        whole = replace(whole, page=5, crowd=0)
    stage = chance.choice((*STAGES, "", "")) if chance.random() < 0.7 else ""
    company = "" if stage or chance.random() < 0.8 else chance.choice(COMPANIES)
    first = _run(chance, whole, stage, company, number=0)
    runs = [
        first,
        *(_run(chance, whole, stage, company, number) for number in range(1, chance.choice((2, 3, 3, 4, 5)))),
    ]
    if chance.random() < 0.2:
        runs[:2] = _asked_otherwise(chance, *runs[:2])
    return replace(whole, runs=tuple(runs))


def search_schedule(seed: int) -> Schedule:
    """The schedule of a seed for a search: it sorts by CreatedDate, which all have, and listings end early."""
    usual = schedule(seed)
    order = usual.order if usual.order in {"honours", "text"} else "honours"
    return replace(usual, order=order, undated=0, crowd=min(usual.crowd, 4), cap=60)


def crowd_schedule(seed: int) -> Schedule:
    """The schedule of a seed for an account of which most was created within one second; a filter by stage is rare."""
    usual, chance = schedule(seed), random.Random(seed)
    order = usual.order if usual.order in {"honours", "text"} else "honours"
    records = chance.choice((20, 30, 40, 60))
    runs = usual.runs if chance.random() < 0.2 else tuple(map(_unfiltered, usual.runs))
    return replace(
        usual, order=order, undated=0, records=records, crowd=records * chance.choice((6, 8, 9)) // 10, runs=runs
    )


def _unfiltered(run: Run) -> Run:
    events = tuple(event if event.run is None else replace(event, run=_unfiltered(event.run)) for event in run.events)
    return replace(run, stage="", company="", events=events)


def _asked_otherwise(chance: random.Random, first: Run, second: Run) -> tuple[Run, Run]:
    """A run that is interrupted, and one that asks for the same opportunities and something else of them."""
    first = replace(first, max_calls=chance.randrange(4, 9), end="whole", rows=4)
    filters = {"stage": first.stage, "company": first.company}
    pii = chance.choice(("keep", "mask", "drop"))
    return first, replace(second, full=True, pii=pii, max_calls=None, end="whole", other=False, **filters)


def _run(chance: random.Random, of: Schedule, stage: str, company: str, number: int, *, nested: bool = False) -> Run:
    calls = max(4, of.records // of.page + 4)
    filtered = chance.random() < (0.5 if nested else 0.7)
    events: list[Event] = []
    if not (nested and chance.random() < 0.5) and chance.random() > 0.1:
        count = chance.choice((1, 2, 3, 5, 8, 12))
        if chance.random() < 0.5:  # time to go on from: the changes come before the first call, too
            events += [Event(1, "tick", amount=chance.choice(TICKS))]
        events += [_event(chance, of, stage, company, calls, nested=nested) for _ in range(count)]
    return Run(
        events=tuple(sorted(events, key=lambda event: event.call)),
        full=chance.random() < (0.15 if number == 0 else 0.35),
        since=chance.choice((1, 30, 200)) if chance.random() < 0.15 else None,
        pii=chance.choice(("mask", "drop")) if chance.random() < 0.15 else "keep",
        lookback=chance.choice((60, 900)) if chance.random() < 0.2 else 300,
        stage=stage if filtered else "",
        company=company if filtered else "",
        rows=chance.choice((4, 10, 30)),
        max_calls=chance.randrange(1, calls + 3) if chance.random() < 0.15 else None,
        end=chance.choice(ENDS),
        at=chance.choice((1, 1, 2, 3, chance.randrange(1, calls))),
        machine=1 if nested else int(chance.random() < 0.1),
        fresh=chance.random() < 0.1,
        other=chance.random() < 0.04,
        accept=chance.random() < 0.2,
    )


def _event(chance: random.Random, of: Schedule, stage: str, company: str, calls: int, *, nested: bool) -> Event:
    kinds = {kind: weight for kind, weight in KINDS.items() if not (nested and kind == "writer")}
    kind = chance.choices(list(kinds), list(kinds.values()))[0]
    call = chance.choice((1, 2, 2, 3, chance.randrange(1, calls), chance.randrange(1, calls)))
    amount: float = 0
    if kind == "tick":
        amount = chance.choice(TICKS)
    elif kind == "future":
        amount = chance.choice((0.5, 5, 20, 40))
    elif kind == "many":
        amount = chance.choice((6, 15, 30))
    elif kind == "stale":
        amount = chance.choice((2, 10, 25))
    elif kind == "step":
        amount = chance.choice((-400_000, -3_600, -1, 1, 3_600, 400_000))
    elif kind in {"change", "same second", "stage", "leave", "company", "appear", "return changed"}:
        amount = chance.choice((0, 0, 0.25, 0.9, 1, 1, 31))
    late = chance.choice((0, 0, 0, 1, 25)) if kind in {"change", "stage", "appear"} else 0
    run = _run(chance, of, stage, company, 1, nested=True) if kind == "writer" else None
    return Event(call, kind, chance.randrange(400), amount, late, run)
