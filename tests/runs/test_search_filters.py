"""Runs with and without filters, since and full beside one another: no row is lost, and each has its own cursor."""

from __future__ import annotations

from typing import Any

import pytest

from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES as SEARCH
from partner_central_emulator import Emulator
from partner_central_sync.destinations.pipeline_state import state_of_source
from partner_central_sync.sync import working_folder
from runs.test_search import LAUNCHED, STREAM, rows, stored, truth
from sandbox import Sandbox

EARLY = {"life_cycle_stage": ["Prospect", "Qualified"]}
LATE = {"life_cycle_stage": ["Launched"]}
STEPS: tuple[dict[str, Any], ...] = (
    {"filters": EARLY},
    {"filters": LATE},
    {"since": "2026-05-01"},
    {"filters": EARLY, "full": True, "since": "2026-05-01"},
    {"full": True, "since": "2026-05-01"},
    {},
    {"filters": LATE, "full": True},
    {},
)


def cursors(sandbox: Sandbox) -> dict[str, str]:
    """How far the search came, by the name of the filters."""
    state = state_of_source(working_folder.attach(sandbox.settings()).state, SEARCH) or {}
    return {name: one["watermark"] for name, one in state["cursors"].items()}


@pytest.mark.long
@pytest.mark.usefixtures("due")
def test_runs_with_and_without_filters_lose_no_row_and_keep_their_cursors(first_sync: Sandbox, small: Emulator) -> None:
    ids = [one["Id"] for one in small.truth()]
    for number, options in enumerate(STEPS):
        small.advance(days=1 / 24)
        small.change(ids[number], LAUNCHED)
        early = next(one for one in small.truth() if one["LifeCycle"]["Stage"] in EARLY["life_cycle_stage"])
        small.change(early["Id"], {"LifeCycle": {"NextSteps": f"Step {number}."}})
        there, before = stored(first_sync), cursors(first_sync)
        first_sync.sync(tables=(STREAM,), **options)
        assert there.keys() <= stored(first_sync).keys()
        assert rows(first_sync, "SELECT count(*) FROM opportunity_presence WHERE gone_since IS NOT NULL") == [(0,)]
        after = cursors(first_sync)
        moved = {name for name in after if after[name] != before.get(name)}
        assert len(moved) == 1, "the cursor of these filters alone"
        assert ("all" in moved) == ("filters" not in options)
        if options == {}:
            assert stored(first_sync) == truth(small)
            first_sync.assert_equals(small.truth())
    assert len(cursors(first_sync)) == 3
