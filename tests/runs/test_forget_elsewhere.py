"""`forget` in a PostgreSQL server and in Delta tables on a disk: nothing in clear is left, all else is as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from partner_central.public import OPPORTUNITIES
from partner_central.tables.pii import MASKED
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.forget.run import forget
from partner_central_sync.sync import working_folder
from postgres import Postgres
from runs.test_forget import MODES, SECRET, files_in_clear, fill
from startable_destinations import Warehouse
from variants import rarely

PERSONAL = OPPORTUNITIES.personal_columns
CHANGED = PERSONAL.union({"content_hash", "record"}, *OPPORTUNITIES.personal_in_lists.values())
TEXTS = (
    "SELECT table_schema, table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
    "USING (table_schema, table_name) WHERE table_type = 'BASE TABLE' AND data_type IN ('text', 'character varying') "
    "AND table_schema NOT IN ('pg_catalog', 'information_schema')"
)


@pytest.fixture(params=[MODES[0], rarely(MODES[1])], ids=["mask", "drop"])
def mode(request: pytest.FixtureRequest) -> dict[str, str]:
    chosen: dict[str, str] = request.param
    return chosen


def rest(sandbox: Warehouse) -> dict[str, list[str]]:
    """All rows without what is personal; the working folder is restored, if it was emptied."""
    working_folder.attach(sandbox.settings()).sync_destination()
    return {
        table: sorted(str({name: row[name] for name in sorted(row.keys() - CHANGED)}) for row in rows)
        for table, rows in sandbox.rows().items()
        if table not in {"sync_runs", "sync_sweeps"}
    }


def assert_clean_and_quiet(sandbox: Warehouse, mode: dict[str, str], before: dict[str, list[str]]) -> None:
    """All else is as it was, values are masks or null, and syncs with the mode find nothing to do."""
    assert rest(sandbox) == before
    rows = sandbox.rows()
    values = {
        row[name] for table in ("opportunities", "opportunity_history") for row in rows[table] for name in PERSONAL
    }
    assert {value for value in values if value and not MASKED.fullmatch(value)} == set()
    assert (values == {None}) == (mode["pii"] == "drop")
    versions = len(rows["opportunity_history"])
    sandbox.sync(mode)
    sandbox.sync(mode, full=True)
    assert len(sandbox.rows()["opportunity_history"]) == versions
    assert sandbox.sync(mode).changed == 0


def in_clear(server: Postgres, database: str) -> list[str]:
    """The columns of any table of any schema that hold the secret."""
    columns: list[tuple[Any, ...]] = server.sql(database, TEXTS)
    assert len(columns) > 20
    found = []
    for schema, table, column in columns:
        query = f"""SELECT count(*) FROM "{schema}"."{table}" WHERE strpos("{column}", '{SECRET}') > 0"""
        if server.sql(database, query) != [(0,)]:
            found.append(f"{schema}.{table}.{column}")
    return found


@pytest.mark.long
def test_in_postgres(
    mode: dict[str, str], postgres_server: Postgres, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = postgres_server
    database = server.database(tmp_path.name)
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", server.url(database))
    sandbox = Warehouse(tmp_path, emulator.endpoint, "postgres")
    fill(emulator, sandbox)
    before = rest(sandbox)
    assert len(in_clear(server, database)) > 8
    server.sql(database, "CHECKPOINT")
    files = (
        server.data
        / "base"
        / str(server.sql(database, "SELECT oid FROM pg_database WHERE datname = current_database()")[0][0])
    )
    assert files_in_clear(files)
    lines = forget(sandbox.settings(mode), Console(quiet=True))
    assert in_clear(server, database) == []
    server.sql(database, "VACUUM (FULL) pg_statistic", "CHECKPOINT")  # which only a superuser may
    assert files_in_clear(files) == []
    assert files_in_clear(tmp_path) == []
    assert any("VACUUM (FULL, ANALYZE)" in line for line in lines)
    assert "replicas" in lines[-1]
    assert_clean_and_quiet(sandbox, mode, before)
    assert in_clear(server, database) == []


@pytest.mark.long
def test_in_delta_tables(
    mode: dict[str, str], emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "lake"
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(lake))
    sandbox = Warehouse(tmp_path, emulator.endpoint, "filesystem")
    fill(emulator, sandbox)
    before = rest(sandbox)
    assert any(name.endswith(".json") for name in files_in_clear(lake))
    assert any(name.endswith(".parquet") for name in files_in_clear(lake))
    lines = forget(sandbox.settings(mode), Console(quiet=True))
    assert files_in_clear(tmp_path) == []
    assert any("earlier versions of the Delta tables" in line for line in lines)
    assert "_dlt_pipeline_state: 1 earlier cursors deleted" in lines
    assert len(list(lake.glob("partner_central/_dlt_pipeline_state/partner_central__*"))) == 1
    again = forget(sandbox.settings(mode), Console(quiet=True))
    assert sum(" 0 were in clear" in line for line in again) == 4
    assert_clean_and_quiet(sandbox, mode, before)
    assert files_in_clear(tmp_path) == []
