"""A table or a view of the user under one of the names of this program stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import Database
from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.sync.check import check
from sandbox import Sandbox
from startable_destinations import Warehouse

OWN = {
    "opportunities": "TABLE opportunities (id VARCHAR(9), note VARCHAR(9))",
    "opportunities__project_delivery_models": "TABLE opportunities__project_delivery_models AS SELECT 1 AS one",
    "opportunities_rejected": "TABLE opportunities_rejected AS SELECT 1 AS one",
    "opportunity_presence": "VIEW opportunity_presence AS SELECT '1' AS _dlt_id",
    "sync_lease": "TABLE sync_lease (pipeline_name VARCHAR(9))",
    "sync_runs": "TABLE sync_runs (mine INT, run_id VARCHAR(9))",
}
OF_THE_DATASET = "table_schema = 'partner_central'"
COLUMNS = f"SELECT table_name, column_name FROM information_schema.columns WHERE {OF_THE_DATASET} ORDER BY 1, 2"


def refused(sandbox: Sandbox) -> str:
    """What a sync and a check say, which is the same."""
    with pytest.raises(ConfigurationError) as failed:
        sandbox.sync()
    found = next(one for one in check(sandbox.settings()) if one.subject == "destination")
    assert (found.text, found.code) == (str(failed.value), ExitCode.CONFIGURATION)
    assert "Rename" in found.text
    assert "another --dataset" in found.text
    return found.text


def test_nothing_is_changed_before_the_first_load(database: Database) -> None:
    home = "public" if database.server else "main"
    of_loader = ["GRANT USAGE, CREATE ON SCHEMA partner_central TO loader"] if database.server else []
    database.sql("CREATE SCHEMA partner_central", *of_loader, dataset=home)
    database.sql(*(f"CREATE {own}" for own in OWN.values()))
    before = database.sql(COLUMNS)
    assert f"already has {', '.join(OWN)}, which are not of this program" in refused(database)
    assert database.sql(COLUMNS) == before


def test_a_name_is_taken_however_it_is_written(sandbox: Sandbox) -> None:
    database = Database(sandbox.folder, sandbox.endpoint)
    database.sql("CREATE SCHEMA partner_central", dataset="main")
    database.sql("CREATE TABLE OPPORTUNITIES (one INT)")
    assert "already has opportunities, which is not of this program" in refused(database)


@pytest.mark.parametrize("table", ["opportunities", "sync_runs"])
def test_a_table_that_took_the_place_of_a_loaded_one_is_left_alone(synced: Sandbox, table: str) -> None:
    database = Database(synced.folder, synced.endpoint)
    views = database.sql(
        f"SELECT table_name FROM information_schema.tables WHERE {OF_THE_DATASET} AND table_type = 'VIEW'"
    )
    database.sql(
        *(f"DROP VIEW {name} CASCADE" for (name,) in views),
        f"ALTER TABLE {table} RENAME TO kept",
        f"CREATE TABLE {table} AS SELECT 1 AS one",
    )
    assert f"already has {table}," in refused(database)
    assert database.sql(f"SELECT * FROM {table}") == [(1,)]


def test_a_dataset_of_this_release_is_not_asked_again(synced: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from partner_central_sync.destinations.duckdb import DuckDbAdapter

    asked: list[object] = []
    monkeypatch.setattr(DuckDbAdapter, "stored_columns", lambda *_: asked.append(1) or {})
    synced.sync()
    assert not asked


def test_a_folder_of_a_lake_that_is_no_table_is_left_alone(
    tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", f"file://{tmp_path}/lake")
    monkeypatch.setenv("DESTINATION__FILESYSTEM__TABLE_FORMAT", "delta")
    folder = tmp_path / "lake" / "partner_central" / "opportunities"
    folder.mkdir(parents=True)
    lake = Warehouse(tmp_path, emulator.endpoint, "filesystem")
    (folder / "mine.csv").write_text("one\n1\n")
    assert "already has opportunities, which is not of this program" in refused(lake)
    assert [file.name for file in folder.iterdir()] == ["mine.csv"]
