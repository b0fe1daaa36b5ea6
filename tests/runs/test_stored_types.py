"""A column keeps its type, whoever types a member anew: the model, the API, or a dataset that outlived its state."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import botocore
import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase

from databases import KINDS, databases
from partner_central.tables.stored_columns import StoredColumns, stored_columns
from partner_central_emulator import Emulator
from partner_central_sync.sync import working_folder
from sandbox import Sandbox
from startable_destinations import Warehouse
from variants import rarely

MODEL = "data/partnercentral-selling/*/service-2.json.gz"
NEW_SHAPES: dict[str, Any] = {
    "Number": {"type": "double"},
    "Words": {"type": "string"},
    "List": {"type": "list", "member": {"shape": "Words"}},
}


@pytest.fixture
def small() -> Iterator[Emulator]:
    with Emulator(opportunities=5, seed=1, rps=None) as running:
        yield running


@pytest.fixture(params=["duckdb", rarely("postgres")])
def sandbox(
    request: pytest.FixtureRequest, tmp_path: Path, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    yield from databases(request.param, tmp_path, small.endpoint, request, monkeypatch)


@pytest.fixture
def knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs a botocore whose model knows these members of an opportunity as well; none, the present one."""
    (stored,) = Path(botocore.__file__).parent.glob(MODEL)

    def install(**members: str) -> None:
        model = json.loads(gzip.decompress(stored.read_bytes()))
        model["shapes"] |= NEW_SHAPES
        model["shapes"]["OpportunitySummary"]["members"] |= {name: {"shape": shape} for name, shape in members.items()}
        models = Path(tempfile.mkdtemp(dir=tmp_path))  # a process reads the models of a folder once
        folder = models / "partnercentral-selling" / stored.parent.name
        folder.mkdir(parents=True)
        (folder / "service-2.json").write_text(json.dumps(model))
        monkeypatch.setenv("AWS_DATA_PATH", str(models))

    return install


def send(emulator: Emulator, key: str, **members: Any) -> None:
    """An opportunity comes with these members, as if it changed now."""
    emulator.overlay(key, members)
    emulator.change(key, {"LifeCycle": {"NextSteps": json.dumps(members)}})


def ids(emulator: Emulator) -> list[str]:
    return sorted(record["Id"] for record in emulator.truth())


def of(sandbox: Warehouse, key: str, *columns: str, table: str = "opportunities") -> list[tuple[Any, ...]]:
    """These columns of the rows of an opportunity, oldest first; a column that is missing is told."""
    found = [row for row in sandbox.rows()[table] if row.get("opportunity_id", row.get("id")) == key]
    found.sort(key=lambda row: (row.get("last_modified_date"), row.get("read_order"), row.get("_dlt_list_idx")))
    return [tuple(row.get(column, "no such column") for column in columns) for row in found]


def lose_state(sandbox: Warehouse) -> None:
    """The tables stay; what dlt and the source keep of them is gone, here and in the destination."""
    shutil.rmtree(sandbox.working_folder)
    client = working_folder.attach(sandbox.settings()).destination_client()
    assert isinstance(client, SqlJobClientBase)
    with client:
        for table in ("_dlt_pipeline_state", "_dlt_version", "_dlt_loads"):
            client.sql_client.execute_sql(f"DROP TABLE {client.sql_client.make_qualified_table_name(table)}")
    shutil.rmtree(sandbox.working_folder)


def retype(sandbox: Warehouse, table: str, column: str) -> None:
    """The column holds whole numbers from now on, and loses what it held."""
    client = working_folder.attach(sandbox.settings()).destination_client()
    assert isinstance(client, SqlJobClientBase)
    with client:
        name = client.sql_client.make_qualified_table_name(table)
        if sandbox.destination == "postgres":
            client.sql_client.execute_sql(f"ALTER TABLE {name} DROP COLUMN {column} CASCADE")
            client.sql_client.execute_sql(f"ALTER TABLE {name} ADD COLUMN {column} BIGINT")
        else:
            client.sql_client.execute_sql(f"ALTER TABLE {name} ALTER {column} TYPE BIGINT USING NULL")


@pytest.mark.long
def test_a_member_of_another_type_in_a_newer_model_gets_a_second_column(
    sandbox: Warehouse, small: Emulator, knows: Callable[..., None]
) -> None:
    first, second, *_ = ids(small)
    send(small, first, Score=7, Renewal="2026-06-30", Team=[1, 2], Grade="A")
    sandbox.sync()
    knows(Score="Number", Renewal="Date", Team="List", Grade="Words")
    send(small, first, Score=7.6, Renewal="2026-07-31", Team=["x"], Grade="B")
    told = sandbox.sync().new_columns
    assert told == ["opportunities.renewal_date", "opportunities.score_double", "opportunities__team.value_text"]
    columns = ("score", "score_double", "renewal", "renewal_date", "grade")
    new = (None, 7.6, None, date(2026, 7, 31), "B")
    assert of(sandbox, first, *columns) == [new]
    assert of(sandbox, first, *columns, table="opportunity_history")[-1] == new
    assert (7, None, "2026-06-30", None, "A") in of(sandbox, first, *columns, table="opportunity_history")
    assert of(sandbox, first, "value", "value_text", table="opportunities__team") == [(None, "x")]
    send(small, second, Score=8, Renewal="2026-08-31")
    sandbox.sync(full=True)
    assert of(sandbox, second, *columns) == [(None, 8.0, None, date(2026, 8, 31), None)]
    knows()
    send(small, first, Score=9, Renewal="soon", Team=[3])
    send(small, second, Score=9.5, Grade="C", Team=["y"])
    assert sandbox.sync().new_columns == []
    assert of(sandbox, first, *columns) == [(9, None, "soon", None, "B")]
    assert of(sandbox, second, *columns) == [(None, 9.5, "2026-08-31", None, "C")]
    assert of(sandbox, first, "value", "value_text", table="opportunities__team") == [(3, None)]
    assert of(sandbox, second, "value", "value_text", table="opportunities__team") == [(None, "y")]


@pytest.mark.long
def test_a_member_that_becomes_text_stops_no_sync_of_a_column_of_numbers(
    sandbox: Warehouse, small: Emulator, knows: Callable[..., None]
) -> None:
    first, second, *_ = ids(small)
    send(small, first, Score=7)
    sandbox.sync()
    knows(Score="Words")
    send(small, second, Score="A+")
    assert sandbox.sync().new_columns == ["opportunities.score_text"]
    sandbox.sync(full=True)
    assert of(sandbox, first, "score", "score_text") == [(None, "7")]
    assert of(sandbox, second, "score", "score_text") == [(None, "A+")]


@pytest.mark.long
def test_a_column_of_the_model_whose_name_another_member_has_gets_a_number(
    sandbox: Warehouse, small: Emulator, knows: Callable[..., None]
) -> None:
    first, *_ = ids(small)
    send(small, first, Fund={"Code": "inner"})
    sandbox.sync()
    knows(FundCode="Words")
    send(small, first, Fund={"Code": "inner"}, FundCode="outer")
    assert sandbox.sync().new_columns == ["opportunities.fund_code_2"]
    assert of(sandbox, first, "fund_code", "fund_code_2") == [("inner", "outer")]


@pytest.mark.long
def test_a_member_that_was_a_list_becomes_a_value_and_the_reverse(sandbox: Warehouse, small: Emulator) -> None:
    first, second, *_ = ids(small)
    send(small, first, Team=["a", "b"], Lead="c")
    sandbox.sync()
    send(small, first, Team="a", Lead=["c", "d"])
    sandbox.sync()
    assert of(sandbox, first, "team", "lead") == [("a", None)]
    assert of(sandbox, first, "value", table="opportunities__lead") == [("c",), ("d",)]
    assert of(sandbox, first, "value", table="opportunities__team") == []
    lose_state(sandbox)
    send(small, second, Team=["e"], Lead="f")
    sandbox.sync()
    assert of(sandbox, second, "team", "lead") == [(None, "f")]
    assert of(sandbox, second, "value", table="opportunities__team") == [("e",)]


@pytest.mark.long
def test_tables_that_outlive_their_state_keep_the_columns_of_each_kind(sandbox: Warehouse, small: Emulator) -> None:
    first, second, third, *_ = ids(small)
    send(small, first, Score=7, Tags=[1])
    sandbox.sync()
    send(small, first, Score="A+", Tags=["x"])
    sandbox.sync()
    lose_state(sandbox)
    send(small, first, Score="B", Tags=["y"])
    send(small, second, Score=8, Tags=[2])
    send(small, third, Score=0.5, Tags=[True])
    sandbox.sync()
    columns = ("score", "score_text", "score_double")
    assert of(sandbox, first, *columns) == [(None, "B", None)]
    assert of(sandbox, second, *columns) == [(8, None, None)]
    assert of(sandbox, third, *columns) == [(None, None, 0.5)]
    kinds = ("value", "value_text", "value_bool")
    tags = [of(sandbox, key, *kinds, table="opportunities__tags") for key in (first, second, third)]
    assert tags == [[(None, "y", None)], [(2, None, None)], [(None, None, True)]]


@pytest.mark.long
def test_claims_of_every_part_are_in_the_state(tmp_path: Path) -> None:
    with Emulator(opportunities=1500, seed=1, rps=None) as emulator:
        keys = [record["Id"] for record in sorted(emulator.truth(), key=lambda record: str(record["CreatedDate"]))]
        for number, key in enumerate(keys):
            emulator.overlay(key, {f"Member{number // 100}": 7})
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        sandbox.sync(rows_per_chunk=300)
        sources = working_folder.attach(sandbox.settings()).state["sources"]
        kept = sources["partner_central"]["resources"]["opportunities"]["members"]
        assert kept == {"": {f"Member{number} bigint": f"member{number}" for number in range(15)}}
        send(emulator, keys[0], Member14=7.6, Member0="text")
        send(emulator, keys[-1], Member14=8)
        sandbox.sync()
    with working_folder.attach(sandbox.settings()).destination_client() as client:
        assert isinstance(client, SqlJobClientBase)
        table = client.sql_client.make_qualified_table_name("opportunities")
        found = client.sql_client.execute_sql(
            f"SELECT member14, member14_double, member0_text FROM {table} WHERE id IN ('{keys[0]}', '{keys[-1]}') "
            "ORDER BY 1 NULLS FIRST"
        )
    assert found == [(None, 7.6, "text"), (8, None, None)]


@pytest.mark.long
def test_a_run_without_rows_does_not_ask_for_types(
    sandbox: Warehouse, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.sync()
    asked: list[object] = []
    look_at = StoredColumns.look_at

    def watched(stored: StoredColumns, tables: Any) -> None:
        asked.append(tables)
        look_at(stored, tables)

    monkeypatch.setattr(StoredColumns, "look_at", watched)
    sandbox.sync()
    assert asked == []
    send(small, ids(small)[0], Score=1)
    send(small, ids(small)[1], Score=2)
    sandbox.sync()
    assert len(asked) == 1


def test_without_a_pipeline_nothing_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partner_central.tables.stored_columns.active_pipeline", lambda: None)
    assert stored_columns(["opportunities"]) == {}


@pytest.mark.long
def test_a_destination_that_cannot_be_asked_fails_the_run(
    sandbox: Warehouse, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.sync()
    send(small, ids(small)[0], Score=1)

    def away(*_: object) -> Any:
        raise ConnectionError("the destination is away")

    monkeypatch.setattr(SqlJobClientBase, "get_storage_tables", away)
    with pytest.raises(Exception, match="the destination is away"):
        sandbox.sync()
    monkeypatch.undo()


@pytest.mark.long
@pytest.mark.parametrize("sandbox", KINDS, indirect=True)
def test_versions_know_what_stands_in_a_column_of_another_type(sandbox: Warehouse, small: Emulator) -> None:
    sandbox.sync()
    retype(sandbox, "opportunities", "customer_postal_code")
    retype(sandbox, "opportunities__project_expected_customer_spend", "amount")
    one, *_ = ids(small)
    at = max(record["LastModifiedDate"] for record in small.truth())
    spend = [{"Amount": "12.50", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}]
    for code in ("1010", "2020"):
        address = {"Customer": {"Account": {"Address": {"PostalCode": code}}}}
        small.change(one, address | {"Project": {"ExpectedCustomerSpend": spend}}, at=at)
        sandbox.sync()
    columns = ("customer_postal_code_text", "project_expected_customer_spend")
    written = "12.50 USD Monthly (AWS)"
    assert of(sandbox, one, *columns, table="opportunity_history")[-2:] == [("1010", written), ("2020", written)]
