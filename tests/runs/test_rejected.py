"""A record that cannot be a row marks the row it had, and leaves `opportunities_rejected` once it loads."""

from __future__ import annotations

from typing import Any

import pytest

from adversarial_server import AdversarialServer, Record
from partner_central_sync.sync import replaced, working_folder
from runs.test_presence import SandboxFor
from runs.test_removals import execute
from runs.test_tables import query, record
from sandbox import Sandbox

pytestmark = pytest.mark.views

BAD: Record = {"LifeCycle": {"Stage": "Launched", "TargetCloseDate": "2026-07-01T00:00:00Z"}}
GOOD: Record = {"LifeCycle": {"Stage": "Launched", "TargetCloseDate": "2026-07-01"}}


def marked(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """The opportunities whose row is older than what AWS has."""
    return query(
        sandbox, "SELECT id, life_cycle_stage, is_open FROM opportunity_current WHERE rejected_since IS NOT NULL"
    )


def counted(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    return query(sandbox, "SELECT opportunities, rejected, outdated FROM data_freshness WHERE stream = 'opportunities'")


@pytest.mark.long
def test_a_row_whose_newest_version_is_rejected_is_marked_until_that_loads(sandbox_for: SandboxFor) -> None:
    with AdversarialServer([record("O1", LifeCycle={"Stage": "Prospect"}), record("O2", **BAD)]) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        sandbox.sync()
        assert (marked(sandbox), counted(sandbox)) == ([], [(1, 1, 0)])
        server.put(record("O1", **BAD))
        sandbox.sync()
        assert (marked(sandbox), counted(sandbox)) == ([("O1", "Prospect", True)], [(1, 2, 1)])
        sandbox.sync(full=True)
        assert (marked(sandbox), counted(sandbox)) == ([("O1", "Prospect", True)], [(1, 2, 1)])
        server.put(record("O1", **GOOD))
        sandbox.sync()
        assert (marked(sandbox), counted(sandbox)) == ([], [(1, 1, 0)])
        assert query(sandbox, "SELECT record_key, id FROM opportunities_rejected") == [("O2", "O2")]


@pytest.mark.long
def test_what_an_earlier_release_rejected_leaves_when_read_again(sandbox_for: SandboxFor) -> None:
    with AdversarialServer([record("O1", **BAD), record("O2", **BAD), record("O3")]) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        execute(
            sandbox,
            "UPDATE opportunities_rejected SET record_key = NULL",
            "INSERT INTO opportunities_rejected BY NAME "
            "SELECT * REPLACE ('older' AS record, _dlt_id || 'x' AS _dlt_id) FROM opportunities_rejected",
        )
        server.put(record("O1", **GOOD))
        sandbox.sync()
        sandbox.sync(full=True)
    assert query(sandbox, "SELECT id, record_key, count(*) FROM opportunities_rejected GROUP BY ALL") == [
        ("O2", "O2", 1)
    ]


@pytest.mark.long
def test_a_run_that_was_killed_before_it_cleared_is_made_up_for_by_the_next(
    sandbox_for: SandboxFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AdversarialServer([record("O1", **BAD)]) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        server.put(record("O1", **GOOD))
        with monkeypatch.context() as patched:
            patched.setattr(replaced, "clear", lambda *_: None)
            sandbox.sync()
        assert query(sandbox, "SELECT id FROM opportunities_rejected") == [("O1",)]
        sandbox.sync()
        assert query(sandbox, "SELECT id FROM opportunities_rejected") == []
        working_folder.reset(sandbox.settings())
        sandbox.sync()
    assert query(sandbox, "SELECT id FROM opportunities_rejected") == []
