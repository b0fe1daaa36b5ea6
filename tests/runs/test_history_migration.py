"""What an earlier release stored in `opportunity_history` is put in order, once, however often that is interrupted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from databases import Database
from partner_central_emulator import Emulator
from partner_central_sync.sync import history_migration, working_folder
from partner_central_sync.sync.history_migration import migrate, needs_migration, place_versions

EARLIER = Path(__file__).parents[1] / "support" / "earlier_release.sql"
FOUND = EARLIER.with_name("release_0_1_0.json")  # the account that both releases found
CHANGED = "O10000008"
LAST_STATUS = "Rejected"
VERSIONS = 7
STORED = "id, last_modified_date, content_hash, read_order, order_is_known, life_cycle_review_status"
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def earlier(database: Database) -> Database:
    """A database with a history as an earlier release left it."""
    text = "\n".join(line for line in EARLIER.read_text().splitlines() if not line.startswith("--"))
    statements = [statement for statement in text.split(";\n") if statement.strip()]
    create = "CREATE SCHEMA partner_central"
    if database.server:
        database.server.sql(database.folder.name, f"{create} AUTHORIZATION loader")
        statements.insert(0, "SET ROLE loader")
    else:
        import duckdb

        with duckdb.connect(str(database.database)) as connection:
            connection.execute(create)
    database.sql(*statements)
    return database


def stored(sandbox: Database) -> list[tuple[Any, ...]]:
    """The versions, in order."""
    return sandbox.sql(f"SELECT {STORED} FROM opportunity_history ORDER BY id, last_modified_date, read_order")


def version(row_id: str, seen: int = 0, at: int = 0) -> dict[str, Any]:
    """A version of one opportunity, given when a run began that read it, and when it was modified."""
    moments = {"first_seen_at": BEGAN + timedelta(seconds=seen), "last_modified_date": BEGAN + timedelta(days=at)}
    return {"id": "O1", "_dlt_id": row_id, **moments}


def places(*versions: dict[str, Any]) -> list[tuple[str, bool]]:
    """The row ids in the order that versions get, and whether that is known."""
    placed = sorted(place_versions(versions), key=lambda placed: (placed[0]["last_modified_date"], placed[1]))
    assert len({(row["last_modified_date"], order) for row, order, _ in placed}) == len(versions)
    assert all(order < -1 for _, order, _ in placed)
    return [(row["_dlt_id"], is_known) for row, _, is_known in placed]


@pytest.mark.long
def test_a_sync_after_a_migration_adds_no_version_of_what_is_unchanged(earlier: Database) -> None:
    with Emulator(opportunities=0, rps=None) as emulator:
        for record in json.loads(FOUND.read_text()):
            emulator.put(record)
        emulator.overlay(CHANGED, {"LifeCycle": {"ReviewStatus": LAST_STATUS}})
        earlier.endpoint = emulator.endpoint
        earlier.sync()
        migrated = stored(earlier)
        assert [row[5] for row in migrated if row[0] == CHANGED] == ["Action Required", LAST_STATUS]
        assert len(migrated) == VERSIONS
        assert all(order < 0 and is_known for *_, order, is_known, _ in migrated)
        earlier.sync(full=True)
        assert stored(earlier) == migrated
        emulator.overlay(CHANGED, {"LifeCycle": {"ReviewStatus": "Action Required"}})
        earlier.sync(full=True)
    assert [row[5] for row in stored(earlier) if row[0] == CHANGED] == [
        "Action Required",
        LAST_STATUS,
        "Action Required",
    ]


def test_a_killed_migration_is_finished_by_the_next_with_the_same_result(
    earlier: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = working_folder.attach(earlier.settings())
    monkeypatch.setattr(history_migration, "AT_ONCE", 4)
    place, calls = history_migration._place, iter(range(9))

    def killed(*arguments: Any) -> None:
        if next(calls):
            raise KeyboardInterrupt
        place(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(history_migration, "_place", killed)
        with pytest.raises(KeyboardInterrupt):
            migrate(pipeline, earlier.settings())
    ((left,),) = earlier.sql("SELECT count(*) FROM opportunity_history WHERE read_order IS NULL")
    assert 0 < left < VERSIONS
    assert needs_migration(pipeline)
    assert migrate(pipeline, earlier.settings()) == left
    finished = stored(earlier)
    assert not needs_migration(pipeline)
    assert migrate(pipeline, earlier.settings()) == 0
    earlier.sql("UPDATE opportunity_history SET read_order = NULL, content_hash = 'raw'")
    assert migrate(pipeline, earlier.settings()) == VERSIONS
    assert stored(earlier) == finished


def test_versions_of_several_runs_are_in_the_order_in_which_these_began() -> None:
    assert places(version("a", seen=2), version("b", seen=1), version("c", seen=3)) == [
        ("b", True),
        ("a", True),
        ("c", True),
    ]
    assert places(version("a", seen=2, at=0), version("b", seen=1, at=1)) == [("a", True), ("b", True)]


def test_versions_of_one_run_are_in_the_order_in_which_it_counted_them() -> None:
    date = "0e312d11076b9c0"
    first, second, third = (f"{date}{count:08x}9a324c6e" for count in (9, 10, 300))
    assert places(version(third), version(first), version(second)) == [(first, True), (second, True), (third, True)]


@pytest.mark.parametrize(
    "other", ["hBT2sZ9pQyW1xg", "0e312d11076b9c0000000092cdea35f"], ids=["by dlt", "another run's"]
)
def test_versions_that_nothing_tells_apart_are_marked(other: str) -> None:
    counted = "0e312d11076b9c0000000259a324c6e"
    assert places(version(counted), version(other)) == [(key, False) for key in sorted([counted, other])]
    assert places(version(counted, at=1), version(other, at=2)) == [(counted, True), (other, True)]
