"""Who can open a DuckDB file, and what a reader can do with it: nothing but read it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from partner_central.errors import ConfigurationError
from partner_central_sync import destinations
from partner_central_sync.destinations.duckdb_access import OLDEST_VERSION, SETTING, create_file, lock, path_of
from partner_central_sync.destinations.errors import WrongQuery
from partner_central_sync.query.read_only import open_read_only, run_query
from partner_central_sync.sync.settings import Settings
from partner_central_sync.views.files import view_texts
from worked_example import SMALL_CASE, filled


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("locked")
    return filled(Settings(database=folder / "partner_central.duckdb"), folder, SMALL_CASE)


def asked(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with open_read_only(settings) as client, run_query(client, query) as answer:
        return list(answer.rows)


@pytest.mark.long
@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "FROM '{secret}'",
        "SELECT * FROM query('FROM read_text(''{secret}'')')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_duckdb('{folder}/other.duckdb')",
        "SELECT * FROM enable_profiling(save_location := '{folder}/written.json')",
        "SELECT * FROM enable_logging(storage_path := '{folder}/written')",
        "SELECT * FROM read_csv('https://example.com/x.csv')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT getenv('HOME')",
    ],
)
def test_a_query_reaches_no_file_no_url_and_no_secret(query: str, settings: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\nSESAME\n")
    with pytest.raises(WrongQuery) as refused:
        asked(settings, query.format(secret=secret, folder=tmp_path))
    assert "SESAME" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


@pytest.mark.parametrize(
    "statement",
    [
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "SET memory_limit = '1GB'",
        "PRAGMA enable_profiling = 'json'",
        "CALL enable_logging(storage_path := 'written')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "ATTACH 'written.duckdb'",
        "COPY (SELECT 1) TO 'written.csv'",
        "EXPORT DATABASE 'written'",
        "DELETE FROM opportunities",
    ],
)
def test_the_session_itself_refuses_what_no_parser_kept_out(
    statement: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_read_only(settings) as client, pytest.raises(duckdb.Error):
        client.sql_client.native_connection.execute(statement)
    assert [path.name for path in tmp_path.iterdir()] == []


def test_names_of_this_program_are_no_tables(settings: Settings) -> None:
    import pyarrow as pa

    rows = pa.table({"a": [1]})
    with open_read_only(settings) as client, pytest.raises(duckdb.CatalogException):
        client.sql_client.native_connection.execute("SELECT * FROM rows")
    assert rows.num_rows == 1


@pytest.mark.long
def test_every_view_works_in_a_locked_session_which_has_no_limit_of_memory_from_loading(settings: Settings) -> None:
    for name in view_texts():
        asked(settings, f"SELECT * FROM {name}")
    ((limit,),) = asked(settings, "SELECT current_setting('memory_limit')")
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        assert connection.execute("SELECT current_setting('memory_limit')").fetchall() == [(limit,)]


def test_what_fits_no_memory_is_sorted_on_the_disk_and_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "sorted.duckdb"
    create_file(file)
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET memory_limit = '60MB'")
        connection.execute("SET threads = 1")
        lock(connection)
        query = "SELECT count(*) FROM (SELECT hash(range) || repeat('x', 100) AS a FROM range(1000000) ORDER BY a)"
        assert connection.execute(query).fetchall() == [(1000000,)]
    assert [path.name for path in tmp_path.iterdir()] == ["sorted.duckdb"]


def stored_version(file: Path) -> str:
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute("SELECT tags FROM duckdb_databases() WHERE path = ?", [str(file)]).fetchall()
    return str(dict(found[0][0])["storage_version"]).removesuffix("+")


def test_a_file_is_created_for_old_clients_unless_configured_otherwise(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.database is not None
    assert stored_version(settings.database) == OLDEST_VERSION
    monkeypatch.setenv(SETTING.upper().replace(".", "__"), "v1.4.0")
    create_file(tmp_path / "newer.duckdb")
    assert stored_version(tmp_path / "newer.duckdb") == "v1.4.0"
    monkeypatch.setenv(SETTING.upper().replace(".", "__"), "v77")
    with pytest.raises(ConfigurationError, match=f"{SETTING} = v77"):
        create_file(tmp_path / "none.duckdb")


@pytest.mark.parametrize("database", ["md:sales", "ducklake:meta.ducklake", "s3://bucket/x.duckdb", ":memory:"])
def test_what_an_extension_opens_is_no_file_to_look_for(database: str) -> None:
    assert path_of(database) is None
    assert destinations.get("ducklake").is_one_file is False
    assert destinations.get("motherduck").is_one_file is False


def test_a_database_in_motherduck_is_there_without_a_file_of_its_name() -> None:
    adapter = destinations.get("motherduck")
    there = SimpleNamespace(config=SimpleNamespace(credentials=SimpleNamespace(database="sales")))
    assert adapter.exists(cast("Any", there)), "dlt gives the name without md:"


@pytest.mark.parametrize("database", ["partner_central.duckdb", "/data/a.duckdb", "C:\\data\\a.duckdb"])
def test_a_path_is_a_file(database: str) -> None:
    assert path_of(database) == Path(database)
