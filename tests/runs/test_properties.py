"""Any schedule of changes, faults and interruptions: after the last quiet run the tables equal the account.

`HYPOTHESIS_PROFILE=thorough` tries many more schedules.
"""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from adversarial_server import TIE, AdversarialServer, Record, nasty_records
from oracle import Tables, assert_equal, expected
from partner_central.errors import PartnerCentralError
from partner_central.metrics import SyncMetrics
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.errors import NotWritable
from partner_central_sync.sync.job import sync
from partner_central_sync.sync.summary import Summary
from sandbox import Sandbox
from variants import rarely

FAST = (Phase.explicit, Phase.generate)
settings.register_profile(
    "ci", max_examples=4, derandomize=True, print_blob=True, deadline=None, database=None, phases=FAST
)
settings.register_profile("many", settings.get_profile("ci"), max_examples=60)
settings.register_profile(
    "thorough", settings.get_profile("ci"), max_examples=1000, derandomize=False, phases=tuple(Phase)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

TokenKind = Literal["offset", "position", "snapshot"]
TieOrder = Literal["stable", "shuffled"]
End = Literal["whole", "refused", "while reading", "normalizing", "loading", "busy", "spent"]


@dataclass(frozen=True)
class Move:
    """What happens to the account before the answer to a call.

    The account's clock moves on by `seconds`, then something is dated `late` seconds below it.
    """

    call: int
    kind: Literal["change", "empty", "appear", "vanish"]
    which: int
    seconds: float
    late: int


@dataclass(frozen=True)
class Run:
    """One sync, and what happens meanwhile; `end` says how, at call or page `at`.

    What is long is loaded in parts of `rows` rows.
    """

    moves: tuple[Move, ...]
    end: End = "whole"
    at: int = 1
    rows: int | None = None
    full: bool = False
    filtered: bool = False
    fault_rate: float = 0.0


MOVES = st.builds(
    Move,
    call=st.integers(1, 12),
    kind=st.sampled_from(["change", "change", "change", "empty", "appear", "vanish"]),
    which=st.integers(0, 400),
    seconds=st.sampled_from([0, 0, 0, 0.25, 1, 301]),
    late=st.sampled_from([0, 0, 0, 1, 299]),
)
RUNS = st.builds(
    Run,
    moves=st.lists(MOVES, max_size=12).map(tuple),
    end=st.sampled_from(["whole", "whole", "refused", "while reading", "normalizing", "loading", "busy", "spent"]),
    at=st.integers(1, 20),
    rows=st.sampled_from([None, 100, 400]),
    full=st.sampled_from([False, False, True]),
    filtered=st.sampled_from([False, False, False, True]),
    fault_rate=st.sampled_from([0, 0, 0.2]),
)


class Interrupting(Console):
    """A report that presses Ctrl-C: as a phase begins, or at a page."""

    def __init__(self, run: Run) -> None:
        super().__init__(quiet=True)
        self._run = run

    def begin_phase(self, what: str) -> None:
        if what == self._run.end:
            raise KeyboardInterrupt

    def show_progress(self, metrics: SyncMetrics) -> None:
        if self._run.end == "while reading" and metrics.pages >= self._run.at:
            raise KeyboardInterrupt


class World:
    """An account that moves, and a place to sync it into.

    Attributes:
        vanished: Ids of what became invisible; no sync can know.
    """

    def __init__(self, server: AdversarialServer, sandbox: Sandbox) -> None:
        self.vanished: set[str] = set()
        self._server, self._sandbox = server, sandbox
        self._clock = self._start = TIE + timedelta(seconds=1)
        self._dates: dict[str, datetime] = {}
        self._run, self._calls, self._made = Run(()), 0, 0
        self._reader = contextlib.ExitStack()
        server.on_call = self._on_call

    def sync(self, run: Run) -> Summary | None:
        """One run, however it ends; None if it fails."""
        self._run, self._calls, self._server.fault_rate = run, 0, run.fault_rate
        source: dict[str, Any] = {"attempts": 1 if run.fault_rate else 8}
        if run.end == "spent":
            source["max_calls"] = run.at
        if run.filtered:
            source["life_cycle_stage"] = ["Prospect", "Launched"]
        expected_ends = PipelineStepFailed, PartnerCentralError, NotWritable, KeyboardInterrupt
        with self._reader, contextlib.suppress(*expected_ends):
            return sync(self._sandbox.settings(source, full=run.full, rows_per_chunk=run.rows), Interrupting(run))
        self._server.errors.clear()
        return None

    def assert_equal_after_a_quiet_run(self) -> None:
        self._run, self._server.fault_rate = Run(()), 0
        self._sandbox.sync()
        wanted, found = expected(self._server.truth()), self._sandbox.tables()
        assert_equal(self._visible(wanted), self._visible(found))

    def _visible(self, tables: Tables) -> Tables:
        """Without what vanished. The tables of unknown lists name the column beside each value."""
        roots = {key: row for key, row in tables.opportunities.items() if key not in self.vanished}
        models, spend = (
            [row for row in rows if row[0] not in self.vanished]
            for rows in (tables.delivery_models, tables.customer_spend)
        )
        others = {
            table: [row for row in rows if dict(row)["opportunity_id"] not in self.vanished]
            for table, rows in tables.others.items()
        }
        return Tables(roots, models, spend, others)

    def _on_call(self, _: int, request: Record) -> None:  # noqa: ARG002
        self._calls += 1
        for move in self._run.moves:
            if move.call == self._calls:
                self._move(move)
        if self._run.end == "busy" and self._calls == 1:
            self._reader.enter_context(duckdb.connect(str(self._sandbox.database), read_only=True))
        if self._run.end == "refused" and self._calls == self._run.at:
            raise PermissionError

    def _move(self, move: Move) -> None:
        self._clock += timedelta(seconds=move.seconds)
        self._made += 1
        keys = sorted(self._server.records)
        key = keys[move.which % len(keys)] if keys and move.kind != "appear" else f"O5{self._made}"
        if move.kind == "vanish":
            # Under an offset, what vanishes from the part already read hides another record: no order can help.
            if keys and (self._calls == 1 or self._server.token_kind != "offset"):
                self._server.remove(key)
                self.vanished.add(key)
            return
        at = self._clock - timedelta(seconds=move.late)
        at = self._dates[key] = max(at, self._dates.get(key, at if move.kind == "appear" else self._start))
        record = self._server.records.get(key) or nasty_records(self._made, 1)[0]
        record = {**record, "Id": key, "LastModifiedDate": at.isoformat().replace("+00:00", "Z")}
        if move.kind == "empty":
            record["Project"] = {"DeliveryModels": [], "ExpectedCustomerSpend": None, "Phases": []}
        self._server.put(record | {"PartnerOpportunityIdentifier": f"made {self._made}"})


@functools.cache
def account(size: int) -> list[Record]:
    """Records of which some carry the second at which the clock starts."""
    return [
        {**record, "LastModifiedDate": "2026-03-01T12:00:01Z"} if number % 5 == 0 else record
        for number, record in enumerate(nasty_records(size, size))
    ]


@pytest.mark.long
@given(
    kind=st.sampled_from(["offset", "position", "snapshot"]),
    size=st.sampled_from([0, 3, 130, 1200, 1200]),
    short_pages=st.booleans(),
    seed=st.integers(0, 99),
    runs=st.lists(RUNS, min_size=1, max_size=3),
)
def test_after_any_schedule_and_a_quiet_run_the_tables_equal_the_account(
    kind: TokenKind, size: int, seed: int, *, short_pages: bool, runs: list[Run]
) -> None:
    """The long accounts are read in windows side by side, which are split, interrupted and gone on with."""
    ties: TieOrder = "stable" if kind == "offset" else "shuffled"
    options: dict[str, Any] = {"token_kind": kind, "tie_order": ties, "short_pages": short_pages, "sorts_names": True}
    with (
        tempfile.TemporaryDirectory() as folder,
        AdversarialServer(account(size), seed=seed, **options) as server,
    ):
        world = World(server, Sandbox(Path(folder), server.endpoint))
        for run in runs:
            world.sync(run)
        world.assert_equal_after_a_quiet_run()


@pytest.mark.long
@pytest.mark.parametrize("end", [rarely("normalizing"), "loading"])
def test_what_an_interrupted_run_left_is_finished_before_the_new_is_read(
    end: End, sandbox_for: Callable[[str], Sandbox]
) -> None:
    with AdversarialServer(account(130)) as server:
        sandbox = sandbox_for(server.endpoint)
        world = World(server, sandbox)
        world.sync(Run((), end=end))
        summary = world.sync(Run((Move(1, "change", 7, 1, 0), Move(1, "appear", 0, 1, 0))))
        assert summary is not None
        assert summary.changed == 132, "versions count in the run that loads them"
        assert summary.read < 130
        sandbox.assert_equals(server.truth())


@pytest.mark.long
def test_what_an_interrupted_run_left_is_read_again_if_its_database_is_gone(
    sandbox_for: Callable[[str], Sandbox],
) -> None:
    with AdversarialServer(account(3)) as server:
        sandbox = sandbox_for(server.endpoint)
        world = World(server, sandbox)
        world.sync(Run(()))
        world.sync(Run((Move(1, "change", 1, 1, 0),), end="loading"))
        sandbox.database.unlink()
        sandbox.sync()
        sandbox.assert_equals(server.truth())
