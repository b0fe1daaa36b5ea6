"""Questions to whatever holds the data: one SELECT, read only, its rows in batches."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ConfigurationError

from ..destinations.errors import NotReadable, WrongQuery, unreadable
from ..sync import working_folder
from ..sync.settings import Settings
from ..sync.views import dialect_of

ROWS_PER_BATCH = 1000
POSTGRES = frozenset({"postgres", "redshift"})


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a query gives: the names of its columns, and its rows, which can be gone through once."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def open_read_only(settings: Settings) -> Iterator[SqlJobClientBase]:
    """The destination, open to read: DuckDB read-only, PostgreSQL in one read-only snapshot; moments are in UTC.

    dlt's working folder is left alone: a sync may be using it.

    Raises:
        ConfigurationError: there is nothing to read yet, or the destination takes no SQL.
        NotReadable: it cannot be read now.
    """
    with tempfile.TemporaryDirectory() as folder:
        client = working_folder.attach(replace(settings, pipelines_dir=Path(folder))).destination_client()
        if not isinstance(client, SqlJobClientBase):
            raise ConfigurationError(f"The destination {settings.destination} takes no SQL.")
        if isinstance(client, DuckDbClient):
            _must_exist(client)
            client.config.credentials.read_only = True
        try:
            client.sql_client.open_connection()
        except Exception as error:
            raise NotReadable(unreadable(error)) from error
        try:
            _make_read_only(client)
            yield client
        finally:
            client.sql_client.close_connection()


@contextmanager
def run_query(client: SqlJobClientBase, query: str) -> Iterator[QueryResult]:
    """The answer to one SELECT in the destination's own SQL; names of tables and views need no schema.

    Raises:
        WrongQuery: it is no single SELECT, or the database refuses it.
        NotReadable: the database failed for now.
    """
    ensure_single_select(query, dialect_of(client.sql_client))
    with _translate_errors(client), _execute(client, query.strip().rstrip(";")) as cursor:
        first = cursor.fetchmany(ROWS_PER_BATCH)  # a cursor of PostgreSQL knows its columns only then
        yield QueryResult([column[0] for column in cursor.description or ()], _rows(cursor, first))


def ensure_single_select(query: str, dialect: str) -> None:
    """Refuse what is no single SELECT, before any database sees it.

    Raises:
        WrongQuery: it changes something, is several statements, or cannot be parsed.
    """
    import sqlglot
    from sqlglot import exp

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        statements = [statement for statement in sqlglot.parse(query, dialect=dialect) if statement]
    except sqlglot.errors.ParseError as error:
        first = error.errors[0]
        raise WrongQuery(
            f"This is no SELECT of {dialect}: {first['description']}, in line {first['line']}, column {first['col']}."
        ) from None
    except sqlglot.errors.SqlglotError as error:
        raise WrongQuery(f"This is no SELECT of {dialect}: {error}") from None
    changes = (exp.DML, exp.DDL, exp.Into, exp.Command)
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise WrongQuery("A query is one SELECT, or WITH and a SELECT: nothing else is sent to the database.")
    if any(isinstance(part, changes) and not isinstance(part, exp.Query) for part in statements[0].walk()):
        raise WrongQuery("This would change the data: a query only reads.")


def _must_exist(client: DuckDbClient) -> None:
    place = client.config.credentials.database
    if isinstance(place, str) and "://" not in place and not Path(place).exists():
        raise ConfigurationError(f"There is no {place} yet: run partner-central sync first.")


def _make_read_only(client: SqlJobClientBase) -> None:
    connection, dialect = client.sql_client.native_connection, dialect_of(client.sql_client)
    if dialect in POSTGRES:
        connection.set_session("REPEATABLE READ", readonly=True, autocommit=False)
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
    elif isinstance(client, DuckDbClient):
        connection.execute("SET TimeZone = 'UTC'")


@contextmanager
def _execute(client: SqlJobClientBase, query: str) -> Iterator[Any]:
    """A cursor whose rows stay in the database until they are fetched."""
    connection = client.sql_client.native_connection
    if dialect_of(client.sql_client) in POSTGRES:
        with connection.cursor(name="partner_central") as cursor:
            cursor.execute(query)
            yield cursor
    elif isinstance(client, DuckDbClient):
        yield connection.execute(query)
    else:
        with client.sql_client.execute_query(query) as cursor:
            yield cursor


@contextmanager
def _translate_errors(client: SqlJobClientBase) -> Iterator[None]:
    """Tell a database's errors as a wrong query, or as one that may do later."""
    from dlt.destinations.exceptions import DatabaseException

    database: Any = client.sql_client.dbapi
    try:
        yield
    except (database.Error, DatabaseException) as error:
        cause = error.__cause__ if isinstance(error, DatabaseException) and error.__cause__ else error
        if isinstance(cause, database.OperationalError):
            raise NotReadable(unreadable(cause)) from error
        raise WrongQuery(f"The database does not take this query: {str(cause).strip()}") from error


def _rows(cursor: Any, batch: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any database's
    while batch:
        yield from batch
        batch = cursor.fetchmany(ROWS_PER_BATCH)
