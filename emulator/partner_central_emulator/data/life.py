"""Events over days: opportunities appear, move, slip, win and lose."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from ..clock import DAY, parse_instant
from . import words
from .records import Json, chance, currency_of, date_of, spend_entry
from .row import Row
from .store import Store

TOUCHED_A_DAY: Final = 0.02
CREATED_A_DAY: Final = 1 / 400
SPEND_ENTRIES_AT_MOST: Final = 10
_DRAWS_FOR_AN_OPEN_ONE: Final = 4

_Event = Callable[[Random, Json, int], Json]


class Life:
    """Events in one catalog, drawn from one sequence of random numbers. The caller holds the lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rng = store.recipe.rng(0, "life")
        self._live_rng = store.recipe.rng(0, "live")

    def pass_time(self, begin: int, end: int) -> int:
        """Lets what lies between two instants happen, in the order of time; gives the number of events."""
        days = (end - begin) / DAY
        size = max(len(self._store.rows), round(1 / CREATED_A_DAY))
        events = [(self._moment(begin, end), True) for _ in range(self._count(size * CREATED_A_DAY * days))]
        events += [(self._moment(begin, end), False) for _ in range(self._count(size * TOUCHED_A_DAY * days))]
        rows = list(self._store)
        for at, is_new in sorted(events):
            if is_new:
                rows.append(self._store.rows[self._store.invent(at)])
            elif rows:
                self._happen(self._rng, self._somebody(rows), at)
        return len(events)

    def happen_once(self, at: int) -> None:
        """Lets one event happen to one opportunity, now."""
        if self._store.rows:
            identifiers = list(self._store.rows)
            self._happen(self._live_rng, self._live_rng.choice(identifiers), at)

    def _somebody(self, rows: list[Row]) -> str:
        """Returns whose turn it is: young ones see more of life than old ones, and closed ones little."""
        identifier = ""
        for _ in range(_DRAWS_FOR_AN_OPEN_ONE):
            identifier = rows[int(len(rows) * (1 - self._rng.random() ** 1.5))].id
            row = self._store.rows[identifier]
            if row.facets(self._store.record)["LifeCycleStage"] in words.STAGES[:-1]:
                break
        return identifier

    def _moment(self, begin: int, end: int) -> int:
        return begin + int(self._rng.random() * (end - begin))

    def _count(self, expected: float) -> int:
        return int(expected) + chance(self._rng, expected % 1)

    def _happen(self, rng: Random, identifier: str, at: int) -> None:
        row = self._store.rows[identifier]
        record = self._store.record(row)
        event = _next_event(rng, record)
        moment = self._store.recipe.stamp.floor(max(at, row.modified))
        self._store.change(identifier, event(rng, record, moment), self._store.recipe.stamp.text(moment))


def _next_event(rng: Random, record: Json) -> _Event:
    life = record.get("LifeCycle") or {}
    open_stage = life.get("Stage") in words.STAGES[:-1]
    if life.get("ReviewStatus") != "Approved" and open_stage:
        return _review if life.get("ReviewStatus") != "Rejected" else _plan_next_steps
    if open_stage:
        events: tuple[_Event, ...] = (_move_on, _lose, _slip, _plan_next_steps, _edit_spend, _empty_spend)
        return rng.choices(events, (40, 8, 22, 13, 13, 4))[0]
    return rng.choices((_edit_spend, _empty_spend), (80, 20))[0]


def _review(rng: Random, record: Json, _at: int) -> Json:
    status = (record.get("LifeCycle") or {}).get("ReviewStatus")
    if status == "Submitted":
        return {"LifeCycle": {"ReviewStatus": "In review"}}
    if status != "In review":
        cleared = {"ReviewComments": None, "ReviewStatusReason": None}
        return {"LifeCycle": {"ReviewStatus": "Submitted", **cleared}}
    decision = rng.choices(("Approved", "Action Required", "Rejected"), (75, 17, 8))[0]
    if decision == "Approved":
        return {"LifeCycle": {"ReviewStatus": decision}}
    comments, reason = rng.choice(words.REVIEW_REMARKS)
    return {"LifeCycle": {"ReviewStatus": decision, "ReviewComments": comments, "ReviewStatusReason": reason}}


def _move_on(_rng: Random, record: Json, at: int) -> Json:
    stage = words.STAGES[words.STAGES.index(record["LifeCycle"]["Stage"]) + 1]
    if stage == words.STAGES[-1]:
        return {"LifeCycle": {"Stage": stage, "TargetCloseDate": date_of(at), "NextSteps": None}}
    return {"LifeCycle": {"Stage": stage}}


def _lose(rng: Random, _record: Json, _at: int) -> Json:
    reason = rng.choice(words.LOST_REASONS)
    return {"LifeCycle": {"Stage": words.LOST, "ClosedLostReason": reason, "NextSteps": None}}


def _slip(rng: Random, record: Json, at: int) -> Json:
    delay = rng.randrange(7, 90) * DAY
    try:
        close = parse_instant(f"{record['LifeCycle'].get('TargetCloseDate')}T00:00:00Z")
        return {"LifeCycle": {"TargetCloseDate": date_of(max(at, close) + delay)}}
    except (ValueError, OverflowError):
        # No date, or one that only a test would put there.
        return {"LifeCycle": {"TargetCloseDate": date_of(at + delay)}}


def _plan_next_steps(rng: Random, _record: Json, _at: int) -> Json:
    return {"LifeCycle": {"NextSteps": rng.choice(words.NEXT_STEPS)}}


def _edit_spend(rng: Random, record: Json, _at: int) -> Json:
    entries = list((record.get("Project") or {}).get("ExpectedCustomerSpend") or [])
    account = (record.get("Customer") or {}).get("Account") or {}
    entry = spend_entry(rng, currency_of(account))
    if not entries or (len(entries) < SPEND_ENTRIES_AT_MOST and chance(rng, 0.3)):
        entries.append(entry)
    elif len(entries) > 1 and chance(rng, 0.3):
        entries.pop(rng.randrange(len(entries)))
    else:
        entries[rng.randrange(len(entries))] = entry
    return {"Project": {"ExpectedCustomerSpend": entries}}


def _empty_spend(rng: Random, _record: Json, _at: int) -> Json:
    return {"Project": {"ExpectedCustomerSpend": [] if chance(rng, 0.5) else None}}
