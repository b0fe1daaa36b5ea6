"""A table or a view of the user under one of the names of this program stays as it is."""

from __future__ import annotations

from collections.abc import Mapping

import dlt
import pytest

from databases import Database
from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.sync.check import check
from sandbox import Sandbox

OWN = {
    "opportunities": "TABLE opportunities (id VARCHAR(9), note VARCHAR(9))",
    "opportunities__project_delivery_models": "TABLE opportunities__project_delivery_models AS SELECT 1 AS one",
    "opportunities_rejected": "TABLE opportunities_rejected AS SELECT 1 AS one",
    "opportunity_presence": "VIEW opportunity_presence AS SELECT '1' AS _dlt_id",
    "sync_lease": "TABLE sync_lease (pipeline_name VARCHAR(9))",
    "sync_runs": "TABLE sync_runs (mine INT, run_id VARCHAR(9))",
}
ROW = {"id": "1", "note": "mine"}
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


def load_of_another_source(sandbox: Sandbox, table: str, row: Mapping[str, str] = ROW) -> None:
    """Loads a row of another source of dlt into the dataset, by its own pipeline."""
    file = sandbox.folder / "other.duckdb"  # under the file's own name, dlt takes the dataset for the database
    if sandbox.database.exists():
        sandbox.database.rename(file)
    database = dlt.destinations.duckdb(str(file))
    folder = str(sandbox.folder / "elsewhere")
    other = dlt.pipeline("crm", destination=database, dataset_name="partner_central", pipelines_dir=folder)
    other.run([dict(row)], table_name=table)
    file.rename(sandbox.database)


def test_a_table_of_another_source_of_dlt_is_left_alone(sandbox: Sandbox) -> None:
    load_of_another_source(sandbox, "opportunities")
    database = Database(sandbox.folder, sandbox.endpoint)
    before = database.sql(COLUMNS)
    assert "already has opportunities, which is not of this program" in refused(database)
    assert database.sql(COLUMNS) == before
    assert database.sql("SELECT id, note FROM opportunities") == [("1", "mine")]


def test_a_dataset_may_be_shared_with_another_source_of_dlt(sandbox: Sandbox, emulator: Emulator) -> None:
    load_of_another_source(sandbox, "deals")
    sandbox.sync()
    load_of_another_source(sandbox, "deals")
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())


@pytest.mark.parametrize("other", ["of the user", "of another source"])
def test_the_table_of_a_list_that_no_release_knew_is_left_alone_if_it_is_of_others(
    synced: Sandbox, emulator: Emulator, other: str
) -> None:
    database = Database(synced.folder, synced.endpoint)
    if other == "of the user":
        database.sql(
            "CREATE TABLE opportunities__team (note VARCHAR)", "INSERT INTO opportunities__team VALUES ('mine')"
        )
    else:
        load_of_another_source(synced, "opportunities__team")
    before = database.sql(COLUMNS)
    one = emulator.truth()[0]["Id"]
    emulator.overlay(one, {"Team": [{"Role": "Lead"}]})
    emulator.change(one, {"LifeCycle": {"NextSteps": "A call."}})
    with pytest.raises(ConfigurationError, match="already has opportunities__team, which is not of this program"):
        synced.sync()
    assert database.sql(COLUMNS) == before
    assert database.sql("SELECT note FROM opportunities__team") == [("mine",)]
    database.sql("ALTER TABLE opportunities__team RENAME TO kept")
    synced.sync()
    assert database.sql("SELECT role FROM opportunities__team") == [("Lead",)]


def test_a_dataset_of_this_release_is_not_asked_again(synced: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from partner_central_sync.destinations.duckdb import DuckDbAdapter

    asked: list[object] = []
    monkeypatch.setattr(DuckDbAdapter, "stored_columns", lambda *_: asked.append(1) or {})
    synced.sync()
    assert not asked


def test_a_table_of_the_user_is_left_alone_by_a_stream_chosen_later(synced: Sandbox) -> None:
    database = Database(synced.folder, synced.endpoint)
    database.sql("CREATE TABLE engagements AS SELECT 'mine' AS note")
    with pytest.raises(ConfigurationError, match="already has engagements, which is not of this program"):
        synced.sync(tables=("opportunities", "engagements"))
    assert database.sql("SELECT * FROM engagements") == [("mine",)]
    database.sql("ALTER TABLE engagements RENAME TO kept")
    synced.sync(tables=("opportunities", "engagements"))
    assert database.sql("SELECT count(*) > 0 FROM engagements") == [(True,)]
