"""A second stream beside the first: each has its own reading, state, rows and counts, in chunks as well."""

from __future__ import annotations

from functools import partialmethod

import duckdb
import pytest

from partner_central import streams
from partner_central.operation import List
from partner_central.public import OPPORTUNITIES
from partner_central.stream import Incremental, IncrementalStream
from partner_central.tables.history import HistoryRules
from partner_central_emulator import Emulator
from partner_central_sync.sync import run_log
from sandbox import Sandbox
from variants import at_length

COPIES = IncrementalStream(
    table="opportunity_copies",
    singular="opportunity_copy",
    operation=List("ListOpportunities", records="OpportunitySummaries"),
    read=Incremental(),
    history=HistoryRules(content=("created_date", "life_cycle_stage")),
)
EACH = ("opportunities", "opportunity_copies", "opportunity_history", "opportunity_copy_history")
LISTS = ("opportunities__project_delivery_models", "opportunity_copies__project_delivery_models")
STAGE = {"LifeCycle": {"Stage": "Launched"}}


def counts(sandbox: Sandbox, *tables: str) -> list[int]:
    """How many rows tables have."""
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in tables]


def read_by_stream(sandbox: Sandbox) -> list[tuple[str, int, bool]]:
    """What the newest run loaded of each stream."""
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        return connection.execute(
            "SELECT stream, rows_changed, complete FROM sync_run_streams "
            "WHERE run_id = (SELECT max_by(run_id, started_at) FROM sync_runs) ORDER BY 1"
        ).fetchall()


@pytest.mark.parametrize("rows_per_chunk", [None, at_length(1000)])
def test_both_are_loaded_and_then_what_changes_of_both(
    rows_per_chunk: int | None, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (streams, run_log):
        monkeypatch.setattr(module, "STREAMS", (OPPORTUNITIES, COPIES))
    monkeypatch.setattr(Sandbox, "settings", partialmethod(Sandbox.settings, tables=("opportunity_copies",)))
    number = 250 if rows_per_chunk is None else 2600
    with Emulator(opportunities=number, seed=1, rps=None) as emulator:
        sandbox.endpoint = emulator.endpoint
        sandbox.sync(rows_per_chunk=rows_per_chunk)
        assert counts(sandbox, *EACH) == [number] * 4
        assert len({*counts(sandbox, *LISTS)}) == 1
        emulator.change(emulator.truth()[3]["Id"], STAGE)
        assert sandbox.sync(rows_per_chunk=rows_per_chunk).changed == 1, "of opportunities"
        assert counts(sandbox, *EACH) == [number, number, number + 1, number + 1]
        assert read_by_stream(sandbox) == [("opportunities", 1, True), ("opportunity_copies", 1, True)]
        emulator.calls.clear()
        assert sandbox.sync(rows_per_chunk=rows_per_chunk).changed == 0
        assert len(emulator.calls) == 2
