"""How much memory DuckDB is given, and that a load which needs more gets it. `test_tables.py` has the types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from hostile import HostileServer
from partner_central_sync.settings import Settings
from partner_central_sync.typed_duckdb import TypedDuckDbClient
from partner_central_sync.workdir import attach
from place import Place

GLOBAL_CONFIG = "DESTINATION__DUCKDB__CREDENTIALS__GLOBAL_CONFIG"
PRAGMAS = "DESTINATION__DUCKDB__CREDENTIALS__PRAGMAS"
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


def test_a_load_that_needs_more_memory_gets_it(tmp_path: Path, by_default: str) -> None:
    enormous = {"Id": "O1", "Catalog": "AWS", "Motto": "x" * 70_000_000}
    with HostileServer([enormous]) as server:
        place = Place(tmp_path, server.endpoint)
        assert place.sync().rejected == 1
    with duckdb.connect(str(place.database), read_only=True) as connection:
        found = connection.execute(
            "SELECT length(record) FROM partner_central.partner_central.opportunities_rejected"
        ).fetchall()
    assert found > [(70_000_000,)]
    assert limit(tmp_path) == by_default
