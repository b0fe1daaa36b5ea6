"""Two runs with working folders of their own, on one dataset: whoever loads second loads what is true then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.destinations.sql_jobs import SqlMergeFollowupJob

from databases import MOSTLY_DUCKDB, Database, Prepared, databases
from partner_central_emulator import Emulator
from partner_central_sync.console.failures import AnotherRun
from partner_central_sync.destinations.duckdb_client import TypedJob
from partner_central_sync.sync import chunks
from sandbox import Sandbox


@pytest.fixture
def other(database: Database) -> Path:
    """The working folder of another machine that syncs into the same dataset."""
    return database.folder / "other"


@pytest.fixture
def on_postgres(
    tmp_path: Path,
    emulator: Emulator,
    prepared: Prepared,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Database]:
    """A database on PostgreSQL after a first sync from `emulator`."""
    for database in databases("postgres", tmp_path, emulator.endpoint, request, monkeypatch):
        prepared.lay("first-sync", database, lambda empty: empty.sync())
        yield database


@contextmanager
def before_loading(monkeypatch: pytest.MonkeyPatch, *, happens: Callable[[], object], times: int) -> Iterator[None]:
    """Let something happen whenever a run has read and is about to load, so many times."""
    left, opened = [happens] * times, chunks.keep_open

    @contextmanager
    def late(pipeline: dlt.Pipeline) -> Iterator[None]:
        if left:
            left.pop()()
        with opened(pipeline):
            yield

    with monkeypatch.context() as patched:
        patched.setattr(chunks, "keep_open", late)
        yield


def step(emulator: Emulator, number: int) -> str:
    """Change an opportunity; give its id."""
    key = str(emulator.truth()[5]["Id"])
    emulator.change(key, {"LifeCycle": {"NextSteps": f"step {number}"}})
    return key


@pytest.mark.long
def test_what_another_run_loaded_while_this_one_read_is_not_overwritten(
    loaded: Database, other: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded.sync(pipelines_dir=other)
    key = step(emulator, 1)

    def meanwhile() -> None:
        step(emulator, 2)
        assert undisturbed(loaded, other) == 1

    undisturbed = nested(monkeypatch)
    with before_loading(monkeypatch, happens=meanwhile, times=1):
        assert loaded.sync().changed == 0
    loaded.assert_equals(emulator.truth())
    steps = loaded.sql(f"SELECT life_cycle_next_steps FROM opportunity_history WHERE id = '{key}' ORDER BY read_order")
    assert steps[-1] == ("step 2",)
    assert loaded.sync(pipelines_dir=other).changed == 0


def nested(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Callable[[Sandbox, Path], int]:
    """A run within another one's."""
    opened = chunks.keep_open

    def sync(sandbox: Sandbox, folder: Path) -> int:
        with monkeypatch.context() as patched:
            patched.setattr(chunks, "keep_open", opened)
            return sandbox.sync(pipelines_dir=folder, **options).changed

    return sync


@pytest.mark.long
@MOSTLY_DUCKDB
def test_a_run_that_others_always_overtake_ends_after_three_beginnings(
    loaded: Database, other: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, numbers = nested(monkeypatch), iter(range(100))

    def meanwhile() -> None:
        step(emulator, next(numbers))
        undisturbed(loaded, other)

    step(emulator, next(numbers))
    forever = before_loading(monkeypatch, happens=lambda: (meanwhile(), step(emulator, next(numbers))), times=9)
    with forever, pytest.raises(AnotherRun, match="all the time"):
        loaded.sync()
    loaded.sync()
    loaded.assert_equals(emulator.truth())


def test_a_run_that_loses_its_lease_before_merging_loads_nothing(
    on_postgres: Database, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = on_postgres
    key, generate, done = step(emulator, 1), SqlMergeFollowupJob.generate_sql, []

    def stolen(chain: Any, sql_client: Any) -> list[str]:
        if chain[0]["name"] == "opportunities" and not done:
            done.append(True)
            sandbox.sql("UPDATE sync_lease SET expires_at = CURRENT_TIMESTAMP - INTERVAL '1 second'")
            step(emulator, 2)
            thief = sandbox.command("sync", "--destination", "postgres", DLT_DATA_DIR=str(tmp_path / "thief"))
            assert thief.returncode == 0, thief.stderr
            sandbox.sql("UPDATE opportunities SET life_cycle_next_steps = 'the thief was here'")
        return generate(chain, sql_client)

    monkeypatch.setattr(SqlMergeFollowupJob, "generate_sql", staticmethod(stolen))
    with pytest.raises(AnotherRun, match="took over while this one loaded"):
        sandbox.sync()
    assert sandbox.sql("SELECT DISTINCT life_cycle_next_steps FROM opportunities") == [("the thief was here",)]
    steps = f"SELECT life_cycle_next_steps FROM opportunity_history WHERE id = '{key}' ORDER BY read_order"
    assert sandbox.sql(steps)[-1] == (
        "step 2",
    )  # step 1 is there if its versions were merged before the lease was lost
    assert sandbox.sync().changed == 0
    sandbox.sync(full=True)
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_two_runs_that_load_at_once_do_not_take_each_other_s_rows(
    on_postgres: Database, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = on_postgres
    for record in emulator.truth()[:40]:
        emulator.change(record["Id"], {"LifeCycle": {"NextSteps": "changed"}})
    generate, second = SqlMergeFollowupJob.generate_sql, []

    def meanwhile(chain: Any, sql_client: Any) -> list[str]:
        if not second:
            second.append(sandbox.command("sync", "--destination", "postgres", DLT_DATA_DIR=str(tmp_path / "second")))
        return generate(chain, sql_client)

    monkeypatch.setattr(SqlMergeFollowupJob, "generate_sql", staticmethod(meanwhile))
    sandbox.sync()
    assert second[0].returncode == 5, second[0].stderr
    assert "its lease runs out at" in second[0].stderr
    assert sandbox.sql("SELECT count(*) FROM opportunities WHERE life_cycle_next_steps = 'changed'") == [(40,)]
    assert sandbox.sql("SELECT count(*) FROM opportunity_history WHERE life_cycle_next_steps = 'changed'") == [(40,)]


@pytest.mark.long
def test_a_failed_load_is_a_failure_whatever_dlt_is_told(
    synced: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOAD__RAISE_ON_FAILED_JOBS", "false")
    emulator.advance(days=1)
    insert = TypedJob.run

    def failing(self: TypedJob) -> None:
        assert self.load_table_name != "opportunities", "it does not load"
        insert(self)

    with monkeypatch.context() as patched:
        patched.setattr(TypedJob, "run", failing)
        with pytest.raises(Exception, match="Rows of opportunities could not be loaded"):
            synced.sync()
    synced.sync()
    synced.assert_equals(emulator.truth())
