"""Syncs beside one another, and databases that are not what they were: catalogs, datasets, filters, full reads."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from runs.test_tables import query
from sandbox import Sandbox

FILTERS = {
    "life_cycle_stage": ("LifeCycle", "Stage"),
    "life_cycle_review_status": ("LifeCycle", "ReviewStatus"),
    "customer_company_name": ("Customer", "Account", "CompanyName"),
    "identifier": ("Id",),
}


def value(record: Any, path: tuple[str, ...]) -> str:
    for name in path:
        record = record[name]
    return str(record)


def change(emulator: Emulator, name: str, count: int = 5) -> None:
    """Some records get another company name now."""
    for record in emulator.truth()[:count]:
        emulator.change(record["Id"], {"Customer": {"Account": {"CompanyName": name}}})


def sql(sandbox: Sandbox, *statements: str) -> None:
    with duckdb.connect(str(sandbox.database)) as connection:
        (catalog,) = connection.execute("SELECT current_database()").fetchall()[0]
        connection.execute(f'USE "{catalog}"."partner_central"')
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_loads_what_matches_and_nothing_else(name: str, sandbox: Sandbox, emulator: Emulator) -> None:
    records = sorted(emulator.truth(), key=lambda record: record["Id"])
    wanted = {value(records[number], FILTERS[name]) for number in (3, 60)}
    matching = [record for record in records if value(record, FILTERS[name]) in wanted]
    sandbox.sync(filters={name: sorted(wanted)})
    assert 0 < len(matching) < len(records)
    sandbox.assert_equals(matching)


@pytest.mark.long
def test_a_filtered_sync_has_its_own_cursor_and_leaves_the_other_alone(synced: Sandbox, emulator: Emulator) -> None:
    change(emulator, "changed", 9)
    stages = sorted({record["LifeCycle"]["Stage"] for record in emulator.truth()})[:2]
    filtered = synced.sync(filters={"life_cycle_stage": stages})
    assert "LastModifiedDate" not in emulator.calls[-1].request
    again = synced.sync(filters={"life_cycle_stage": stages[::-1]})
    assert "LastModifiedDate" in emulator.calls[-1].request
    assert (again.calls, again.changed) == (1, 0)
    assert filtered.changed + synced.sync().changed == 9
    synced.assert_equals(emulator.truth())


@pytest.mark.long
def test_the_catalogs_have_datasets_of_their_own_and_cannot_share_one(synced: Sandbox, emulator: Emulator) -> None:
    synced.sync(catalog="Sandbox")
    calls = len(emulator.calls)
    with pytest.raises(PipelineStepFailed) as caught:
        synced.sync(catalog="Sandbox", dataset="partner_central")
    code, message = exit_code_and_message(caught.value)
    assert (code, len(emulator.calls) - calls) == (ExitCode.CONFIGURATION, 0)
    assert "holds the catalog AWS; Sandbox needs a dataset of its own" in message
    synced.assert_equals(emulator.truth())
    synced.assert_equals(emulator.truth("Sandbox"), "partner_central_sandbox")


@pytest.mark.long
def test_two_datasets_in_one_working_folder_do_not_meet(sandbox: Sandbox, emulator: Emulator) -> None:
    sandbox.sync(dataset="mine")
    before = emulator.truth()
    change(emulator, "changed")
    sandbox.sync(dataset="yours")
    sandbox.assert_equals(before, "mine")
    assert sandbox.sync(dataset="mine").changed == 5
    for dataset in ("mine", "yours"):
        sandbox.assert_equals(emulator.truth(), dataset)


@pytest.mark.long
def test_since_begins_a_first_load_and_is_ignored_later(sandbox: Sandbox, emulator: Emulator) -> None:
    dates = sorted(record["LastModifiedDate"] for record in emulator.truth())
    since = dates[200]
    sandbox.sync(since=since)
    sandbox.assert_equals([record for record in emulator.truth() if record["LastModifiedDate"] >= since])
    change(emulator, "changed")
    assert sandbox.sync(since=dates[0]).changed == 5
    assert emulator.calls[-1].request["LastModifiedDate"]["AfterLastModifiedDate"] > since


@pytest.mark.long
def test_since_before_everything_loads_everything(sandbox: Sandbox, emulator: Emulator) -> None:
    sandbox.sync(since="0001-01-01")
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_full_read_heals_altered_rows_and_deleted_child_rows(synced: Sandbox, emulator: Emulator) -> None:
    sql(
        synced,
        "UPDATE opportunities SET customer_city = 'Nowhere', life_cycle_stage = NULL",
        "UPDATE opportunities__project_expected_customer_spend SET amount = 0",
        "DELETE FROM opportunities__project_delivery_models",
    )
    assert synced.sync(full=True).changed == 0, "no version is new"
    synced.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_deleted_database_is_filled_again(synced: Sandbox, emulator: Emulator) -> None:
    synced.database.unlink()
    change(emulator, "changed")
    assert synced.sync().changed == 250
    synced.assert_equals(emulator.truth())


@pytest.mark.long
@pytest.mark.parametrize("older", ["database", "working_folder"])
def test_a_database_or_working_folder_from_an_older_copy_catches_up(
    older: str, synced: Sandbox, emulator: Emulator, tmp_path: Path
) -> None:
    original: Path = getattr(synced, older)
    copy = tmp_path / "copy"
    copy_all = shutil.copytree if original.is_dir() else shutil.copy
    copy_all(original, copy)
    change(emulator, "changed")
    synced.sync()
    if original.is_dir():
        shutil.rmtree(original)
    copy_all(copy, original)
    change(emulator, "changed again", 3)
    synced.sync()
    synced.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_deleted_working_folder_costs_one_call_and_no_second_reading(synced: Sandbox) -> None:
    before = synced.tables()
    shutil.rmtree(synced.pipelines_dir)
    summary = synced.sync()
    assert (summary.calls, summary.changed) == (1, 0)
    assert synced.tables() == before


@pytest.mark.long
def test_another_machine_needs_the_database_alone_to_go_on_with_one_call(synced: Sandbox, emulator: Emulator) -> None:
    elsewhere = Sandbox(synced.folder / "another-machine", emulator.endpoint)
    elsewhere.folder.mkdir()
    shutil.copy(synced.database, elsewhere.database)
    change(emulator, "changed", 7)
    summary = elsewhere.sync()
    assert (summary.calls, summary.changed) == (1, 7)
    elsewhere.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_record_back_as_it_was_is_loaded_after_a_filtered_sync_s_change(synced: Sandbox, emulator: Emulator) -> None:
    newest = max(emulator.truth(), key=lambda record: record["LastModifiedDate"])
    one, at = newest["Id"], newest["LastModifiedDate"]
    for steps, filters in (("A", {}), ("B", {"identifier": [one]}), ("A", {})):
        emulator.change(one, {"LifeCycle": {"NextSteps": steps}}, at=at)
        synced.sync(filters=filters)
        assert synced.sync(filters=filters).changed == 0
        assert query(synced, f"SELECT life_cycle_next_steps FROM opportunities WHERE id = '{one}'") == [(steps,)]
    versions = f"SELECT life_cycle_next_steps FROM opportunity_history WHERE id = '{one}' ORDER BY read_order"
    assert [steps for (steps,) in query(synced, versions)][-3:] == ["A", "B", "A"]


@pytest.mark.long
def test_a_record_a_filtered_sync_rejected_is_unmarked_once_back_as_it_was(synced: Sandbox, emulator: Emulator) -> None:
    newest = max(emulator.truth(), key=lambda record: record["LastModifiedDate"])
    marked = "SELECT count(rejected_since), (SELECT count(*) FROM opportunities_rejected) FROM opportunity_presence"
    emulator.overlay(newest["Id"], {"Arn": {"no": "text"}})
    synced.sync(filters={"identifier": [newest["Id"]]})
    assert query(synced, marked) == [(1, 1)]
    emulator.overlay(newest["Id"], {"Arn": newest["Arn"]})
    synced.sync()
    assert query(synced, marked) == [(0, 0)]


@pytest.mark.long
def test_a_gone_record_is_present_again_once_a_filtered_sync_lists_it(synced: Sandbox, emulator: Emulator) -> None:
    record = emulator.truth()[30]
    filters = {"identifier": [record["Id"]]}
    gone = f"SELECT gone_since IS NOT NULL FROM opportunity_presence WHERE id = '{record['Id']}'"
    synced.sync(filters=filters)
    emulator.remove(record["Id"])
    synced.sync(full=True)
    assert query(synced, gone) == [(True,)]
    emulator.put(record)
    synced.sync(filters=filters)
    assert query(synced, gone) == [(False,)]
    assert synced.sync(filters=filters).changed == 0
