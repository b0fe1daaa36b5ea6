"""A table or a folder of the user in a lake, under one of the names of this program, stays as it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.lake.table_format import FORMATS
from partner_central_sync.forget.run import forget
from startable_destinations import Warehouse

LAKES = [name for name in os.environ.get("WAREHOUSES", "delta").split() if name in FORMATS]


def refused(lake: Warehouse, **options: Any) -> str:
    with pytest.raises(ConfigurationError) as failed:
        lake.sync(**options)
    return str(failed.value)


@pytest.fixture(params=LAKES)
def lake(
    request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Warehouse:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", f"file://{tmp_path}/lake")
    monkeypatch.setenv("DESTINATION__FILESYSTEM__TABLE_FORMAT", request.param)
    return Warehouse(tmp_path, emulator.endpoint, "filesystem")


def folder_of(lake: Warehouse, table: str) -> Path:
    return lake.folder / "lake" / "partner_central" / table


def table_of_the_user(lake: Warehouse, table: str) -> Path:
    """A table in the lake's format under a name of this program, in the place of what is there; gives its folder."""
    folder, rows = folder_of(lake, table), pa.table({"note": ["mine"]})
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if os.environ["DESTINATION__FILESYSTEM__TABLE_FORMAT"] == "delta":
        from deltalake import write_deltalake

        write_deltalake(folder, rows)
    else:
        from pyiceberg.catalog.memory import InMemoryCatalog

        catalog = InMemoryCatalog("mine", warehouse=f"file://{lake.folder}/elsewhere")
        catalog.create_namespace("mine")
        catalog.create_table("mine.notes", rows.schema, location=f"file://{folder}").append(rows)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_folder_of_a_lake_that_is_no_table_is_left_alone(lake: Warehouse) -> None:
    folder = folder_of(lake, "opportunities")
    folder.mkdir(parents=True)
    (folder / "mine.csv").write_text("one\n1\n")
    assert "already has opportunities, which is not of this program" in refused(lake)
    assert [file.name for file in folder.iterdir()] == ["mine.csv"]


def test_a_dataset_folder_of_a_lake_may_be_there_with_other_tables(lake: Warehouse, emulator: Emulator) -> None:
    before = files(table_of_the_user(lake, "notes"))
    lake.sync()
    lake.assert_equals(emulator.truth())
    assert files(folder_of(lake, "notes")) == before


@pytest.mark.parametrize("table", ["opportunities", "engagements"])
def test_a_lake_s_table_of_the_user_is_left_alone_by_the_first_load(lake: Warehouse, table: str) -> None:
    before = files(table_of_the_user(lake, table))
    chosen = ("opportunities", "engagements")
    assert f"already has {table}, which is not of this program" in refused(lake, tables=chosen)
    assert files(folder_of(lake, table)) == before


def test_a_lake_s_table_of_the_user_is_passed_over_while_its_stream_is_not_chosen(
    lake: Warehouse, emulator: Emulator
) -> None:
    before = files(table_of_the_user(lake, "engagements"))
    lake.sync()
    lake.assert_equals(emulator.truth())
    forget(lake.settings({"pii": "drop"}), Console(quiet=True))
    assert files(folder_of(lake, "engagements")) == before


def test_a_lake_s_table_of_the_user_is_left_alone_by_a_stream_chosen_later(lake: Warehouse) -> None:
    lake.sync()
    folder = table_of_the_user(lake, "engagements")
    before = files(folder)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="already has engagements, which is not of this program"):
            lake.sync(tables=("opportunities", "engagements"))
    assert files(folder) == before
    folder.rename(folder.with_name("kept"))
    lake.sync(tables=("opportunities", "engagements"))
    assert lake.rows()["engagements"]


def test_a_lake_s_table_of_the_user_is_left_alone_by_a_list_that_aws_adds(lake: Warehouse, emulator: Emulator) -> None:
    lake.sync()
    folder = table_of_the_user(lake, "opportunities__team")
    before = files(folder)
    one = emulator.truth()[0]["Id"]
    emulator.overlay(one, {"Team": [{"Role": "Lead"}]})
    emulator.change(one, {"LifeCycle": {"NextSteps": "A call."}})
    with pytest.raises(ConfigurationError, match="already has opportunities__team, which is not of this program"):
        lake.sync()
    assert files(folder) == before
    folder.rename(folder.with_name("kept"))
    lake.sync()
    assert [row["role"] for row in lake.rows()["opportunities__team"]] == ["Lead"]


def test_a_lake_s_table_of_the_user_in_the_place_of_a_loaded_one_is_left_alone(
    lake: Warehouse, emulator: Emulator
) -> None:
    lake.sync()
    before = files(table_of_the_user(lake, "opportunities"))
    emulator.change(emulator.truth()[0]["Id"], {"LifeCycle": {"NextSteps": "A call."}})
    with pytest.raises(PipelineStepFailed) as failed:
        lake.sync()
    code, message = exit_code_and_message(failed.value)
    assert code is ExitCode.CONFIGURATION
    assert "opportunities has no column _dlt_id" in message
    assert files(folder_of(lake, "opportunities")) == before
