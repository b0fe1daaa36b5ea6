"""A DuckDB file, a database on a real PostgreSQL server, or a lake: a destination to sync into, and SQL over it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from oracle import Tables, actual
from partner_central_emulator import Emulator
from partner_central_sync.sync.list_notes import READ
from postgres import Postgres, own_name
from sandbox import Sandbox, views_are_made
from startable_destinations import Warehouse
from variants import at_length, rarely

KINDS = ("duckdb", at_length("postgres"))
MOSTLY_DUCKDB = pytest.mark.parametrize(
    "database", ["duckdb", rarely("postgres")], indirect=True
)  # for what PostgreSQL shows in other tests as well


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
        return actual(self.database, dataset) if self.destination == "duckdb" else super().tables(dataset)

    def settings(self, source: dict[str, Any] | None = None, **options: Any) -> Any:
        where = {"database": None} if self.server else {}
        return super().settings(source, **{**where, **options})


def databases(
    kind: str, folder: Path, endpoint: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database of that kind."""
    if kind == "filesystem":
        monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", f"file://{folder}/lake")
        monkeypatch.setenv("DESTINATION__FILESYSTEM__TABLE_FORMAT", "delta")
    if kind != "postgres":
        yield Database(folder, endpoint, kind)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", server.url(server.database(folder.name)))
    yield Database(folder, endpoint, "postgres", server)


class Prepared:
    """Databases in which something was loaded, made once for each kind and copied: most tests begin there.

    Args:
        folder: gives a new folder by its name.
        request: of a fixture of the session.
    """

    def __init__(self, folder: Callable[[str], Path], request: pytest.FixtureRequest) -> None:
        self._folder = folder
        self._request = request
        self._made: dict[tuple[str, str], Database] = {}

    def begin(self, sandbox: Sandbox, emulator: Emulator, *tables: str) -> None:
        """Put into an empty sandbox what a first sync of tables loads from a new emulator, which notes no call of it.

        A list counts as read just now, however long ago that was made.
        """
        views = "-with-views" if views_are_made() else ""
        name = f"{len(emulator.truth())}-{'-'.join(tables)}{views}"
        self.lay(name, Database(sandbox.folder, sandbox.endpoint), lambda empty: empty.sync(tables=tables))
        emulator.calls.clear()
        now = datetime.now(UTC).isoformat()
        for file in sandbox.state_folder().glob("*/state.json"):
            state = json.loads(file.read_text())
            for note in state["_local"].get(READ, {}).values():
                note["at"] = now
            file.write_text(json.dumps(state))

    def lay(self, name: str, into: Database, load: Callable[[Database], object]) -> None:
        """Put into a database what `load` loads into an empty one; the name stands for it."""
        made = self._made.get((name, into.destination))
        if made is None:
            made = self._made[name, into.destination] = self._make(f"{name}-{into.destination}", into, load)
        shutil.copytree(made.folder, into.folder, dirs_exist_ok=True)
        if into.server:
            into.server.database(into.folder.name, made.folder.name)
        for own in into.state_folder().parent.glob("*"):  # its name is of the database
            own.rename(into.state_folder())
        for state in into.state_folder().glob("*/state.json"):  # it names the database it was built on
            text = state.read_text().replace(str(made.folder), str(into.folder))
            state.write_text(text.replace(f"/{own_name(made.folder.name)}", f"/{own_name(into.folder.name)}"))

    def _make(self, name: str, like: Database, load: Callable[[Database], object]) -> Database:
        with (
            pytest.MonkeyPatch.context() as patch,
            contextmanager(databases)(
                like.destination, self._folder(name), like.endpoint, self._request, patch
            ) as database,
        ):
            load(database)
        return database
