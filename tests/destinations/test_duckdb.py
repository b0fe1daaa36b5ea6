"""How much memory DuckDB is given, that an INSERT converts nothing, and that descriptions take no transaction each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import duckdb
import pytest
from dlt.common.data_types import TDataType
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations import duckdb as factory

from adversarial_server import AdversarialServer
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.destinations.duckdb_client import TypedDuckDbClient
from partner_central_sync.destinations.duckdb_sql_client import QualifiedSqlClient
from partner_central_sync.sync import chunks
from partner_central_sync.sync.settings import Settings
from partner_central_sync.sync.working_folder import attach
from sandbox import Sandbox
from variants import rarely

GLOBAL_CONFIG = "DESTINATION__DUCKDB__CREDENTIALS__GLOBAL_CONFIG"
PRAGMAS = "DESTINATION__DUCKDB__CREDENTIALS__PRAGMAS"
DATES = "SELECT id, last_modified_date FROM opportunities ORDER BY id"
LIMIT = "SELECT current_setting('memory_limit')"


def limit(folder: Path) -> str:
    """DuckDB's memory limit as a client that loads into this folder has it."""
    settings = Settings(database=folder / "partner_central.duckdb", pipelines_dir=folder)
    with attach(settings).destination_client() as client:
        assert isinstance(client, TypedDuckDbClient)
        return _one(client.sql_client.execute_sql(LIMIT))


def _one(rows: Any) -> str:
    return str(rows[0][0])


@pytest.fixture(scope="module")
def by_default() -> str:
    """The limit DuckDB has by itself."""
    with duckdb.connect() as connection:
        return _one(connection.execute(LIMIT).fetchall())


def test_duckdb_is_given_less_memory_than_it_takes_by_default(tmp_path: Path, by_default: str) -> None:
    assert limit(tmp_path).endswith("MiB")
    assert limit(tmp_path) != by_default


@pytest.mark.parametrize("setting", [(GLOBAL_CONFIG, '{"memory_limit": "2GiB"}'), (PRAGMAS, "[\"max_memory='2GiB'\"]")])
def test_a_limit_that_is_configured_stays_also_when_it_is_too_low(
    setting: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*setting)
    assert limit(tmp_path) == "2.0 GiB"
    settings = Settings(database=tmp_path / "partner_central.duckdb", pipelines_dir=tmp_path)
    with attach(settings).destination_client() as client:
        assert isinstance(client, TypedDuckDbClient)
        client.sql_client.lift_memory_limit()
    assert limit(tmp_path) == "2.0 GiB"


@pytest.mark.long
def test_a_load_that_needs_more_memory_gets_it(tmp_path: Path, by_default: str) -> None:
    enormous = {"Id": "O1", "Catalog": "AWS", "Motto": "x" * 70_000_000}
    with AdversarialServer([enormous]) as server:
        sandbox = Sandbox(tmp_path, server.endpoint)
        assert sandbox.sync().rejected == 1
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        found = connection.execute(
            "SELECT length(record) FROM partner_central.partner_central.opportunities_rejected"
        ).fetchall()
    assert found > [(70_000_000,)]
    assert limit(tmp_path) == by_default


def test_staged_rows_leave_the_file_with_their_merge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    load_pending = chunks.load_pending

    def loaded(pipeline: Any, console: Any) -> Any:
        result = load_pending(pipeline, console)
        with pipeline.destination_client() as client, client.sql_client.with_staging_dataset():
            staged = client.sql_client.make_qualified_table_name("opportunities")
            left.append(client.sql_client.execute_sql(f"SELECT count(*) FROM {staged}")[0][0])
        return result

    monkeypatch.setattr(chunks, "load_pending", loaded)
    with Emulator(opportunities=900, rps=None) as emulator:
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        sandbox.sync(rows_per_chunk=300)
        assert len(left) > 1
        assert set(left) == {0}
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
@pytest.mark.parametrize("column", ["last_modified_date", "Last_Modified_Date"])
@pytest.mark.parametrize("file_format", ["parquet", rarely("lines")])
def test_an_insert_converts_nothing_and_says_which_column_is_of_which_type(
    file_format: str, column: str, tmp_path: Path
) -> None:
    arrow = file_format == "parquet"
    with Emulator(opportunities=1200, seed=1, rps=None) as emulator:
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        sandbox.sync({"arrow": arrow})
        with duckdb.connect(str(sandbox.database)) as connection:
            connection.execute("USE partner_central.partner_central")
            connection.execute("ALTER TABLE opportunities ALTER last_modified_date TYPE TIMESTAMP")
            connection.execute("ALTER TABLE opportunities RENAME last_modified_date TO other_name")
            connection.execute(f"ALTER TABLE opportunities RENAME other_name TO {column}")
            before = connection.execute(DATES).fetchall()
        for record in emulator.truth()[:3] if not arrow else emulator.truth():
            emulator.change(record["Id"], {"LifeCycle": {"NextSteps": "secret"}})
        with pytest.raises(Exception, match="partner_central") as error:
            sandbox.sync({"arrow": arrow})
        code, said = exit_code_and_message(error.value)
        assert f"The column {column} of partner_central.opportunities is of type TIMESTAMP" in said
        assert "secret" not in said
        assert code is ExitCode.CONFIGURATION
        with duckdb.connect(str(sandbox.database)) as connection:
            connection.execute("USE partner_central.partner_central")
            assert (
                connection.execute("SELECT id, last_modified_date FROM opportunities ORDER BY 1").fetchall() == before
            )
            connection.execute("ALTER TABLE opportunities ALTER last_modified_date TYPE TIMESTAMP WITH TIME ZONE")
            connection.execute("ALTER TABLE opportunities RENAME last_modified_date TO other_name")
            connection.execute("ALTER TABLE opportunities RENAME other_name TO last_modified_date")
        sandbox.sync({"arrow": arrow})
        sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_a_column_that_a_load_leaves_empty_may_be_of_any_type(synced: Sandbox, emulator: Emulator) -> None:
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute("ALTER TABLE opportunities ALTER customer_city TYPE BIGINT USING NULL")
    emulator.change(emulator.truth()[0]["Id"], {"Customer": {"Account": {"Address": {"City": None}}}})
    assert synced.sync().changed == 1


def test_the_descriptions_of_new_columns_are_sent_together(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    execute = QualifiedSqlClient.execute_sql

    def counted(client: QualifiedSqlClient, sql: Any, *rest: Any, **options: Any) -> Any:
        sent.append(str(sql).count("COMMENT ON"))
        return execute(client, sql, *rest, **options)

    monkeypatch.setattr(QualifiedSqlClient, "execute_sql", counted)
    sandbox.sync()
    with duckdb.connect(str(sandbox.database)) as connection:
        described = (
            "SELECT count(*) FROM duckdb_columns() WHERE comment IS NOT NULL AND schema_name = 'partner_central'"
        )
        ((columns,),) = connection.execute(described).fetchall()
    assert [number for number in sent if number] == [columns]
    assert columns > 50


@pytest.mark.parametrize(
    "column",
    [
        *({"data_type": kind} for kind in get_args(TDataType)),
        {"data_type": "bigint", "precision": 32},
        {"data_type": "decimal", "precision": 12, "scale": 2},
        {"data_type": "timestamp", "timezone": False},
    ],
)
def test_a_type_is_written_as_the_file_tells_it_so_that_text_compares_them(column: TColumnSchema) -> None:
    kind = factory()._raw_capabilities().get_type_mapper().to_destination_type({"name": "x", **column}, {"name": "t"})
    with duckdb.connect() as connection:
        assert connection.execute(f"DESCRIBE SELECT CAST(NULL AS {kind}) AS x").fetchall()[0][1] == kind
