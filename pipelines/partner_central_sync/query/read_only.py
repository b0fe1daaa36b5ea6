"""Runs one read-only SELECT on the destination, and returns its rows in batches."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ConfigurationError

from .. import destinations
from ..destinations.errors import NotReadable, WrongQuery, unreadable
from ..sync import working_folder
from ..sync.settings import Settings

ROWS_PER_BATCH = 1000


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of a query: the names of its columns, and its rows, which can be read once."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def open_read_only(settings: Settings) -> Iterator[SqlJobClientBase]:
    """Opens the destination for reading, where it can be for reading only, with timestamps in UTC.

    dlt's working folder is left alone: a sync may be using it.

    Raises:
        ConfigurationError: there is nothing to read yet, or the destination takes no SQL.
        NotReadable: it cannot be read now.
    """
    with tempfile.TemporaryDirectory() as folder:
        client = working_folder.attach(replace(settings, pipelines_dir=Path(folder))).destination_client()
        if not isinstance(client, SqlJobClientBase):
            raise ConfigurationError(f"The destination {settings.destination} takes no SQL.")
        adapter = destinations.of(client)
        if not adapter.exists(client):
            raise ConfigurationError(
                f"There is no {adapter.display_location(client)} yet: run partner-central sync first."
            )
        with ExitStack() as opened:
            try:
                opened.enter_context(adapter.open_read_only(client))
            except Exception as error:
                raise NotReadable(unreadable(error)) from error
            yield client


@contextmanager
def run_query(client: SqlJobClientBase, query: str) -> Iterator[QueryResult]:
    """Runs one SELECT in the destination's own SQL; names of tables and views need no schema.

    Raises:
        WrongQuery: it is not a single SELECT, or the database refuses it.
        NotReadable: the database failed for now.
    """
    adapter = destinations.of(client)
    ensure_single_select(query, adapter.dialect(client.capabilities))
    with _translate_errors(client), adapter.stream(client, query.strip().rstrip(";")) as cursor:
        first = cursor.fetchmany(ROWS_PER_BATCH)  # a cursor of PostgreSQL knows its columns only then
        yield QueryResult([column[0] for column in cursor.description or ()], _rows(cursor, first))


def ensure_single_select(query: str, dialect: str) -> None:
    """Refuses what is not a single SELECT, before any database sees it.

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
            f"This is not a SELECT of {dialect}: {first['description']}, in line {first['line']}, column "
            f"{first['col']}."
        ) from None
    except sqlglot.errors.SqlglotError as error:
        raise WrongQuery(f"This is not a SELECT of {dialect}: {error}") from None
    changes = (exp.DML, exp.DDL, exp.Into, exp.Command)
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise WrongQuery("A query is one SELECT, or WITH and a SELECT: nothing else is sent to the database.")
    if any(isinstance(part, changes) and not isinstance(part, exp.Query) for part in statements[0].walk()):
        raise WrongQuery("This would change the data: a query only reads.")


@contextmanager
def _translate_errors(client: SqlJobClientBase) -> Iterator[None]:
    """Translates a database's errors: the query is wrong, or may succeed later."""
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
