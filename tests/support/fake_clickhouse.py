"""ClickHouse in this process: its engine as a library, behind the two drivers that dlt's client speaks through.

The statements and files are those of the product, and the engine is ClickHouse's own. What is left out is the network,
and a second user.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest
from chdb.session import Session
from clickhouse_driver.dbapi.errors import OperationalError
from clickhouse_driver.util.escape import escape_params
from dlt.destinations.impl.clickhouse import sql_client

SHOWS = re.compile(r"\s*\(*\s*(SELECT|WITH|SHOW|DESCRIBE|DESC|EXPLAIN|EXISTS)\b", re.IGNORECASE)
WRAPPED = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)")
IN_UTC = SimpleNamespace(server_info=SimpleNamespace(get_timezone=lambda: "UTC"))
READ: dict[str, Callable[[Any], Any]] = {
    "Bool": bool,
    "Date": date.fromisoformat,
    "Date32": date.fromisoformat,
    "DateTime": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "DateTime64": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "Decimal": lambda text: Decimal(str(text)),
    **{f"{sign}Int{bits}": int for sign in ("", "U") for bits in (8, 16, 32, 64)},
}


class Engine:
    """The engine, which runs one statement at a time."""

    def __init__(self) -> None:
        self._session, self._turn = Session(), threading.Lock()
        self._session.query("SET output_format_json_quote_decimals = 1", "Null")

    def run(self, statement: str) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """Returns the columns with their types, and the rows; both are empty for what is no question.

        Raises:
            OperationalError: the engine refuses it, in the words of the driver.
        """
        form = "JSONCompactEachRowWithNamesAndTypes" if SHOWS.match(statement) else "Null"
        try:
            with self._turn:
                found = self._session.query(statement, form).bytes()
        except RuntimeError as error:
            raise OperationalError(str(error).replace(". DB::Exception", ".\nDB::Exception", 1)) from None
        names, types, *rows = [json.loads(line) for line in found.decode().split("\n") if line] or [[], []]
        read = [_reader(kind) for kind in types]
        return list(zip(names, types, strict=True)), [
            tuple(value if value is None else convert(value) for convert, value in zip(read, row, strict=True))
            for row in rows
        ]

    def load(self, database: str, table: str, file: str, form: str) -> None:
        """Inserts the rows of a file."""
        rows = Path(file).read_text(encoding="utf-8")
        if rows.strip():
            settings = "SETTINGS date_time_input_format = 'best_effort'"
            self.run(f"INSERT INTO `{database}`.`{table}` {settings} FORMAT {form}\n{rows}")


def _reader(kind: str) -> Callable[[Any], Any]:
    while wrapped := WRAPPED.fullmatch(kind):
        kind = wrapped[1]
    return READ.get(kind.partition("(")[0], _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


class Cursor:
    """A cursor of the driver."""

    def __init__(self, engine: Engine, settings: str) -> None:
        self._engine, self._settings = engine, settings
        self.description: list[tuple[Any, ...]] | None = None
        self._rows: Iterator[tuple[Any, ...]] = iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(self, statement: str, parameters: dict[str, Any] | None = None) -> None:
        statement %= escape_params(parameters or {}, IN_UTC)
        if self._settings and SHOWS.match(statement):
            statement += self._settings
        columns, rows = self._engine.run(statement)
        self.description = [(name, kind, *[None] * 5) for name, kind in columns] or None
        self._rows = iter(rows)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> Sequence[tuple[Any, ...]]:
        return [row for row, _ in zip(self._rows, range(size), strict=False)]

    def close(self) -> None:
        """Nothing is kept open."""


class Connection:
    """A connection of the driver; `readonly` of its address goes with every question."""

    def __init__(self, engine: Engine, dsn: str) -> None:
        self._engine = engine
        readonly = parse_qs(urlsplit(dsn).query).get("readonly")
        self._settings = f" SETTINGS readonly = {readonly[0]}" if readonly else ""

    def cursor(self) -> Cursor:
        return Cursor(self._engine, self._settings)

    def commit(self) -> None:
        """Every statement is."""

    def close(self) -> None:
        """Nothing is kept open."""


def account(engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings of `destination.clickhouse` for a new database; dlt's client meets the engine from now on."""
    database = re.sub(r"\W", "_", name)
    engine.run(f"CREATE DATABASE `{database}`")

    def insert_file(_: object, table: str, file: str, *, fmt: str, database: str, **__: object) -> None:
        engine.load(database, table, file, fmt)

    @contextmanager
    def no_client(**_: object) -> Iterator[None]:
        yield None

    monkeypatch.setattr(sql_client.clickhouse_driver, "connect", lambda dsn: Connection(engine, dsn))
    monkeypatch.setattr(sql_client.clickhouse_connect, "create_client", no_client)
    monkeypatch.setattr(sql_client, "clk_insert_file", insert_file)
    return {"CREDENTIALS": f"clickhouse://loader:password@localhost:9440/{database}"}
