"""A service, a destination, and machines that run the real reading between them; with clocks that are counted."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from opportunity import row_maker
from partner_central.api.client import PartnerCentral
from partner_central.errors import (
    CallBudgetExhausted,
    ConfigurationError,
    PaginationError,
    PartnerCentralError,
    ServiceUnavailable,
)
from partner_central.metrics import SyncMetrics
from partner_central.read.incremental import IncrementalReader
from partner_central.read.load import ChunkedLoad as RealRun
from partner_central.read.pages import Page
from partner_central.read.read_options import ReadOptions
from partner_central.read.state import check_account
from partner_central.tables.row_batch import TableRows
from simulation.destination import Broken, Busy, Conflict, Destination
from simulation.happenings import Effects, happen
from simulation.machines import Killed, Machine, Outcome, filters_of, privacy_of, since_of, stream_of
from simulation.schedule import Run, Schedule
from simulation.service import Service

SECONDS_A_CALL = 0.1
MOST_CALLS = 1_000


class Client:
    """Stands in for `PartnerCentral`: every call is answered by the service, after what is to happen before it."""

    def __init__(self, world: World, run: Run, metrics: SyncMetrics, name: str) -> None:
        self.metrics = metrics
        self._world, self._run, self._name = world, run, name
        self._calls = 0

    def call(self, _: str, request: Mapping[str, Any], parse: Any) -> Page:  # noqa: ARG002
        if self._run.max_calls is not None and self._calls >= self._run.max_calls:
            raise CallBudgetExhausted("The calls are spent.")
        self._calls += 1
        assert self._calls <= MOST_CALLS, "a run does not end"
        self.metrics.record_call(left=1_000)
        return self._world.answer(self._run, self._name, self._calls, request)

    def concurrency(self) -> int:
        return 1

    def close(self) -> None:
        pass


@dataclass
class World:
    """Everything a schedule is about.

    Attributes:
        outcomes: of all runs, in the order they ended.
        watchers: told of every load, and of every run that ended.
    """

    schedule: Schedule
    broken: Broken = field(default_factory=Broken)
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stream = stream_of(self.schedule)
        self.service = Service(self.schedule)
        self.other = Service(self.schedule, prefix="X")
        self.destination = Destination(self.broken)
        self.machines = [Machine(), Machine()]
        self.watchers: list[Any] = []
        self._names = 0
        self._clocks: list[Machine] = []

    def answer(self, run: Run, name: str, call: int, request: Mapping[str, Any]) -> Page:
        """The answer to a call, after what is to happen before it."""
        self.service.clock += timedelta(seconds=SECONDS_A_CALL)
        self.destination.renew(name, self.service.clock)
        effects = Effects()
        for event in run.events:
            if event.call == call:
                self.service.turn += 1
                happen(self.service, event, effects)
                if event.kind == "step":
                    self.machines[run.machine].ahead += timedelta(seconds=event.amount)
                if event.kind == "writer" and event.run is not None:
                    self.sync(event.run)
        if run.end == "killed" and call == run.at:
            raise Killed
        if effects.fault:
            raise ServiceUnavailable("The service did not answer.")
        if effects.bad_token and "NextToken" in request:
            raise PaginationError("The token of the next page is no longer accepted.")
        asked = self.other if run.other else self.service
        asked.clock = self.service.clock
        asked.scope = self._scope_of(run)
        return asked.page(request, stale=effects.stale, empty=effects.empty)

    def _scope_of(self, run: Run) -> str:
        return filters_of(run, self.stream).name(privacy_of(run.pii).in_state)

    def sync(self, run: Run) -> Outcome:
        """One run, however it ends."""
        self._names += 1
        self.service.turn += 1
        name, machine = f"run {self._names}", self.machines[run.machine]
        scope, clock = self._scope_of(run), self.service.clock
        outcome = Outcome("done", run, SyncMetrics(), scope, clock, self.service.turn, {})
        if run.fresh:
            machine.pending = None
        if run.other and not self._stored_state().get("account"):
            outcome.how = "not yet"  # the dataset would be that account's
            return outcome
        self._clocks.append(machine)
        try:
            self.destination.take(name, self.service.clock)
            self._finish_pending(machine)
            self._read_and_load(run, outcome, machine)
            self._conclude(outcome)
        except Busy:
            outcome.how = "busy"
        except Conflict:
            outcome.how = "conflict"
        except ConfigurationError as error:
            outcome.how = f"refused: {error}"
        except PartnerCentralError as error:
            outcome.how = f"failed: {error}"
        except Killed:
            outcome.how = "killed"
        finally:
            self._clocks.pop()
        if outcome.how != "killed":
            self.destination.release(name)
        self.outcomes.append(outcome)
        for watcher in self.watchers:
            watcher.ended(outcome)
        return outcome

    def _finish_pending(self, machine: Machine) -> None:
        """Load what a killed run left, unless another one has loaded something since."""
        if machine.pending is not None:
            batches, state, generation, outcome = machine.pending
            machine.pending = None
            with contextlib.suppress(Conflict):
                self.destination.load(batches, state, generation)
                self._loaded(outcome)

    def _read_and_load(self, run: Run, outcome: Outcome, machine: Machine) -> None:
        state = self._stored_state()
        outcome.state = deepcopy(state)
        generation = self.destination.generation
        privacy, part = privacy_of(run.pii), 0

        def begin() -> IncrementalReader:
            check_account(state, "other" if run.other else "mine", "opportunities", accept=False)
            members = deepcopy(state.get("members", {}))
            client = cast("PartnerCentral", Client(self, run, outcome.metrics, f"run {self._names}"))
            return IncrementalReader(
                self._question(run), outcome.scope, state, client, row_maker(assigned_names=members), privacy
            )

        with RealRun(outcome.metrics, run.rows) as parts:
            while parts.has_more():
                batches = list(parts.stream(self.stream.table).next_chunk(begin))
                state |= parts.stream(self.stream.table).state()
                part += 1
                if run.end == "killed before a load" and part == run.at:
                    machine.pending = batches, deepcopy(state), generation, outcome
                    raise Killed
                if self._is_something(batches, state):
                    generation = self.destination.load(batches, state, generation)
                    self._loaded(outcome)
                if run.end == "killed after a load" and part == run.at:
                    raise Killed

    def _question(self, run: Run) -> ReadOptions:
        return ReadOptions(
            self.stream,
            "AWS",
            filters_of(run, self.stream),
            since_of(run),
            run.full,
            timedelta(seconds=run.lookback),
            privacy_of(run.pii).identity,
            max_calls=run.max_calls,
        )

    def _stored_state(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.destination.state or "{}"))

    def _is_something(self, batches: list[TableRows], state: dict[str, Any]) -> bool:
        rows = any(batch.rows or batch.rejected or batch.listed for batch in batches)
        return rows or json.loads(json.dumps(state)) != self._stored_state()

    def _loaded(self, outcome: Outcome) -> None:
        for watcher in self.watchers:
            watcher.loaded(outcome)

    def _conclude(self, outcome: Outcome) -> None:
        complete = self._stored_state().get("listing", {}).get("complete")
        if complete is not None and not self.schedule.cap:  # a search never says what is gone
            number = complete["number"]
            accept = outcome.run.accept and outcome.metrics.first.full_listing == number
            self.destination.conclude(number, complete["at"], windows=complete["windows"], accept=accept)

    def machine_clock(self) -> datetime:
        """What the clock of the machine says that is running now."""
        return self.service.clock + (self._clocks[-1].ahead if self._clocks else timedelta())
