"""Many rows as Arrow tables: the same tables as from rows one by one, whatever the records hold."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adversarial_server import AdversarialServer, nasty_records
from partner_central.tables.arrow import FEWEST_ROWS
from partner_central_emulator import Emulator
from sandbox import Sandbox
from variants import rarely

SandboxFor = Callable[[str], Sandbox]
MANY = 2 * FEWEST_ROWS
LISTS = ("opportunities__project_delivery_models", "opportunities__project_expected_customer_spend")


def described(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """Every column of every table, with its type, whether it may be null, and its comment."""
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        return connection.execute(
            "SELECT table_name, column_name, data_type, is_nullable, comment FROM duckdb_columns() "
            "WHERE schema_name = 'partner_central' AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\' ORDER BY ALL"
        ).fetchall()


def entries(sandbox: Sandbox, what: str) -> list[tuple[Any, ...]]:
    """Something of each entry `c` of the known lists, and of its opportunity `o`, which dlt's keys join."""
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        return [
            row
            for table in LISTS
            for row in connection.execute(
                f"SELECT {what} FROM {table} c JOIN opportunities o ON o._dlt_id = c._dlt_root_id ORDER BY ALL"
            ).fetchall()
        ]


def came_as_arrow(sandbox: Sandbox) -> list[bool]:
    """For each entry of the known lists, whether it was loaded from an Arrow table: such have a longer key."""
    return [bool(arrow) for (arrow,) in entries(sandbox, "starts_with(c._dlt_id, o._dlt_id)")]


@pytest.mark.long
@pytest.mark.parametrize("unknown", [rarely(0, id="known members"), pytest.param(300, id="some unknown members")])
def test_arrow_tables_and_rows_give_the_same_tables(unknown: int, tmp_path: Path) -> None:
    sandboxes = {}
    records = nasty_records(1, MANY, unknown=False) + nasty_records(2, MANY + unknown)[MANY:]
    with AdversarialServer(records) as server:
        for arrow in (True, False):
            sandboxes[arrow] = Sandbox(tmp_path / str(arrow), server.endpoint)
            sandboxes[arrow].folder.mkdir()
            sandboxes[arrow].sync({"arrow": arrow})
            sandboxes[arrow].assert_equals(server.truth())
    assert described(sandboxes[True]) == described(sandboxes[False])
    keys = "o.id, c.opportunity_id, c._dlt_list_idx, c._dlt_parent_id = o._dlt_id"
    assert entries(sandboxes[True], keys) == entries(sandboxes[False], keys)
    assert any(came_as_arrow(sandboxes[True]))
    assert all(came_as_arrow(sandboxes[True])) == (not unknown)
    assert not any(came_as_arrow(sandboxes[False]))


@pytest.mark.long
def test_lists_that_were_emptied_or_shrank_lose_their_rows(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=MANY, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        assert all(came_as_arrow(sandbox))
        for number, record in enumerate(emulator.truth()):
            spend = (record["Project"]["ExpectedCustomerSpend"] or [])[: number % 2]
            emulator.change(record["Id"], {"Project": {"DeliveryModels": None, "ExpectedCustomerSpend": spend}})
        sandbox.sync()
        sandbox.assert_equals(emulator.truth())
    assert sandbox.tables().delivery_models == []


@pytest.mark.long
def test_of_two_versions_in_one_load_the_newest_stays_with_its_lists(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=MANY, rps=None) as emulator:
        newest = sorted(emulator.truth(), key=lambda record: record["LastModifiedDate"])[-100:]

        def behind_the_first_page(number: int, _: object) -> None:
            if number == 2:
                for record in newest:
                    emulator.change(record["Id"], {"Project": {"DeliveryModels": ["Other"]}})

        emulator.on_call = behind_the_first_page
        sandbox = sandbox_for(emulator.endpoint)
        assert sandbox.sync().changed > MANY
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_column_that_is_new_in_many_rows_is_told_and_stays(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=MANY, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        for number, record in enumerate(emulator.truth()):
            emulator.overlay(record["Id"], {"Score": number, "Rank": f"{number}", "Hot": number % 2 == 0})
        assert sandbox.sync(full=True).new_columns == ["opportunities.hot", "opportunities.rank", "opportunities.score"]
        sandbox.assert_equals(emulator.truth())
        assert sandbox.sync(full=True).new_columns == []


@pytest.mark.long
@pytest.mark.parametrize("rows_per_chunk", [rarely(None), 1100])
def test_many_batches_in_one_load_and_in_several_are_all_there(
    rows_per_chunk: int | None, sandbox_for: SandboxFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partner_central.read.stream_reading.ROWS_PER_BATCH", FEWEST_ROWS)
    # parts shrink as fast as reading goes on, to a fifth at the most: all but the last are Arrow tables
    monkeypatch.setattr("partner_central.tables.arrow.FEWEST_ROWS", 200)
    with Emulator(opportunities=3 * MANY // 2 + 10, rps=None) as emulator:
        for number, record in enumerate(emulator.truth()):
            if number > MANY:
                emulator.overlay(record["Id"], {"Score": number})
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync(rows_per_chunk=rows_per_chunk)
        sandbox.assert_equals(emulator.truth())
    assert any(came_as_arrow(sandbox))


@pytest.mark.long
def test_where_dlt_is_to_give_ids_to_arrow_rows_they_stay_rows(
    sandbox_for: SandboxFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID", "true")
    with Emulator(opportunities=MANY, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        sandbox.assert_equals(emulator.truth())
    assert not any(came_as_arrow(sandbox))


@pytest.mark.long
def test_arrow_can_be_switched_off_and_a_folder_may_look_like_a_partition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Emulator(opportunities=MANY, rps=None) as emulator:
        for number, arrow in enumerate(("true", "false")):
            monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__ARROW", arrow)
            sandbox = Sandbox(tmp_path / f"tenant={number}", emulator.endpoint)
            sandbox.folder.mkdir()
            sandbox.sync()
            sandbox.assert_equals(emulator.truth())
            assert set(came_as_arrow(sandbox)) == {arrow == "true"}


@pytest.mark.long
def test_few_rows_need_no_pyarrow(sandbox_for: SandboxFor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with AdversarialServer(nasty_records(2, FEWEST_ROWS - 1)) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        sandbox.assert_equals(server.truth())
    assert not any(came_as_arrow(sandbox))
