"""A DuckDB file, or a database on a real PostgreSQL server: a destination, a place to sync into, and SQL over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from oracle import Tables, actual
from postgres import Postgres
from warehouses import Warehouse


@dataclass
class Database(Warehouse):
    """A database that one test has for itself."""

    server: Postgres | None = None

    def sql(self, *statements: str, dataset: str = "partner_central") -> list[tuple[Any, ...]]:
        """Run statements in a dataset; give the rows of the last."""
        if self.server is not None:
            return self.server.sql(
                self.folder.name, f"SET search_path TO {dataset}", "SET TIME ZONE 'UTC'", *statements
            )
        import duckdb

        with duckdb.connect(str(self.database)) as connection:
            ((catalog,),) = connection.execute("SELECT current_database()").fetchall()
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f'USE "{catalog}"."{dataset}"')
            for statement in statements:
                connection.execute(statement)
            return connection.fetchall() if connection.description else []

    def staging(self) -> list[str]:
        """The datasets in which rows are staged."""
        like = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '%_staging' ORDER BY 1"
        return [name for (name,) in self.sql(like)]

    def tables(self, dataset: str = "partner_central") -> Tables:
        return super().tables(dataset) if self.server else actual(self.database, dataset)

    def settings(self, source: dict[str, Any] | None = None, **options: Any) -> Any:
        place = {"database": None} if self.server else {}
        return super().settings(source, **{**place, **options})


def databases(
    kind: str, folder: Path, endpoint: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database of that kind."""
    if kind == "duckdb":
        yield Database(folder, endpoint)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", server.url(server.database(folder.name)))
    yield Database(folder, endpoint, "postgres", server)
