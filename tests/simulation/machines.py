"""What a run of the simulation is asked, on which machine it runs, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from opportunity import filter_set
from partner_central.metrics import SyncMetrics
from partner_central.public import OPPORTUNITIES
from partner_central.read.filters import FilterSet
from partner_central.tables.pii import PiiPolicy
from partner_central.tables.row_batch import TableRows
from simulation.records import START
from simulation.schedule import Run

PII_KEY = "a secret that is long enough"


class Killed(BaseException):
    """The process is no more."""


@cache
def privacy_of(mode: str) -> PiiPolicy:
    """What may be stored, by mode."""
    return PiiPolicy(mode, PII_KEY, OPPORTUNITIES.personal)


def filters_of(run: Run) -> FilterSet:
    """Which opportunities a run reads."""
    return filter_set(
        life_cycle_stage=(run.stage,) if run.stage else (),
        customer_company_name=(run.company,) if run.company else (),
    )


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
