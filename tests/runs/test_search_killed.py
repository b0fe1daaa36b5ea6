"""A run that is killed between chunks of the search, or between two tables: the next one ends equal to the source."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from killed_sync import sync_until
from partner_central_emulator import Emulator
from runs.test_search import LAUNCHED, STREAM, of_last_run, rows, stored, truth
from sandbox import Sandbox
from variants import rarely

INVITATIONS = "engagement_invitations"
READING = f"reading {STREAM}"
SIZE, ROWS_PER_CHUNK = 1_500, 400


@pytest.mark.long
@pytest.mark.parametrize(
    "phases",
    [
        pytest.param([READING], id="behind the opportunities"),
        pytest.param([READING, READING], id="between two chunks"),
        rarely([READING, READING, "normalizing"], id="while a chunk is normalized"),
        pytest.param([READING, READING, "loading"], id="while a chunk is loaded"),
        rarely([f"reading {INVITATIONS}"], id="behind the search"),
    ],
)
def test_the_run_behind_a_killed_one_ends_equal_to_the_source(phases: list[str], tmp_path: Path) -> None:
    with Emulator(opportunities=SIZE, seed=1, rps=None, latency_ms=2, skew="skewed") as emulator:
        sandbox, tables = Sandbox(tmp_path, emulator.endpoint), (STREAM, INVITATIONS)
        assert sync_until(sandbox, ",".join(tables), ROWS_PER_CHUNK, *phases) == -signal.SIGKILL
        assert rows(sandbox, "SELECT count(*) FROM opportunities") == [(SIZE,)]
        before = {} if phases == [READING] else stored(sandbox)
        assert len(before) in ({0} if phases == [READING] else {SIZE} if READING not in phases else range(1, SIZE))
        for record in emulator.truth()[::50]:
            emulator.change(record["Id"], LAUNCHED)
        sandbox.sync(tables=tables)
        assert stored(sandbox) == truth(emulator)
        sandbox.assert_equals(emulator.truth())
        assert of_last_run(sandbox, "outcome") == "done"
