"""What a run of the simulation is asked, on which machine it runs, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from partner_central.metrics import SyncMetrics
from partner_central.operation import Search
from partner_central.public import OPPORTUNITIES, OPPORTUNITY_SEARCH_SUMMARIES, IncrementalStream
from partner_central.read.filters import FilterSet
from partner_central.tables.pii import PiiPolicy
from partner_central.tables.row_batch import TableRows
from simulation.records import START
from simulation.schedule import Run, Schedule

PII_KEY = "a secret that is long enough"


class Killed(BaseException):
    """The process is no more."""


@cache
def privacy_of(mode: str) -> PiiPolicy:
    """What may be stored, by mode."""
    return OPPORTUNITIES.pii_policy(mode, PII_KEY)


def stream_of(schedule: Schedule) -> IncrementalStream:
    """How the account of a schedule is read."""
    if not schedule.cap:
        return OPPORTUNITIES
    operation = replace(cast("Search", OPPORTUNITY_SEARCH_SUMMARIES.operation), may_end_after=schedule.cap // 4)
    return replace(OPPORTUNITY_SEARCH_SUMMARIES, operation=operation)


def filters_of(run: Run, stream: IncrementalStream = OPPORTUNITIES) -> FilterSet:
    """Which opportunities a run reads."""
    chosen = {"life_cycle_stage": run.stage, "customer_company_name": run.company}
    return FilterSet.of(stream.filters, {name: (value,) for name, value in chosen.items() if value})


def since_of(run: Run) -> datetime | None:
    """Where a first load begins."""
    return None if run.since is None else START - timedelta(days=run.since)


@dataclass(slots=True)
class Machine:
    """A machine with a clock of its own, and a working folder that may hold what was read and not loaded."""

    ahead: timedelta = timedelta()
    pending: tuple[list[TableRows], dict[str, Any], int, Outcome] | None = None


@dataclass(slots=True)
class Outcome:
    """How a run ended, and what it began with."""

    how: str
    run: Run
    metrics: SyncMetrics
    scope: str
    began: datetime
    turn: int
    state: dict[str, Any]

    @property
    def is_complete(self) -> bool:
        return self.how == "done" and self.metrics.first.complete
