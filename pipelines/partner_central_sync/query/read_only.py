"""Runs one statement that only reads on the destination, and returns its rows in batches."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ConfigurationError

from .. import destinations
from ..destinations.errors import WrongQuery, classify_read_error
from ..sync import working_folder
from ..sync.settings import Settings

ROWS_PER_BATCH = 1000
EXPLAIN = re.compile(r"EXPLAIN\b", re.IGNORECASE)


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
        NotAllowed: not by this user.
        NotReadable: it cannot be read now.
    """
    with tempfile.TemporaryDirectory() as folder:
        pipeline = working_folder.attach(replace(settings, pipelines_dir=Path(folder)), reading=True)
        client = pipeline.destination_client()
        if not isinstance(client, SqlJobClientBase):
            raise ConfigurationError(f"The destination {settings.destination} takes no SQL.")
        adapter = destinations.of(client)
        if not adapter.exists(client):
            raise nothing_loaded(client)
        with ExitStack() as opened:
            try:
                opened.enter_context(adapter.open_read_only(client))
            except Exception as error:
                raise classify_read_error(error) from error
            if not client.sql_client.has_dataset():
                raise nothing_loaded(client)
            yield client


def nothing_loaded(client: SqlJobClientBase) -> ConfigurationError:
    """Returns the error of a destination without data."""
    where = destinations.of(client).display_location(client)
    return ConfigurationError(
        f"Nothing is loaded yet into the dataset {client.sql_client.dataset_name} of {where}: "
        "run partner-central sync first."
    )


@contextmanager
def run_query(client: SqlJobClientBase, query: str) -> Iterator[QueryResult]:
    """Runs one statement that reads, in the destination's own SQL; names of tables and views need no schema.

    Raises:
        WrongQuery: it is not a single SELECT, nor shows what there is, or the database refuses it.
        NotReadable: the database failed for now.
    """
    adapter = destinations.of(client)
    statement = adapter.prepare_query(client, query)
    with _translate_errors(client), adapter.stream(client, statement) as cursor:
        first = cursor.fetchmany(ROWS_PER_BATCH)  # a cursor of PostgreSQL knows its columns only then
        columns, rows = [column[0] for column in cursor.description or ()], _rows(cursor, first)
        yield _plan(columns, rows) if EXPLAIN.match(statement) else QueryResult(columns, rows)


def _plan(columns: list[str], rows: Iterator[tuple[Any, ...]]) -> QueryResult:
    """Returns the text of a plan, which is in the last column, with a row for each line."""
    return QueryResult(columns[-1:], ((line,) for row in rows for line in str(row[-1]).splitlines()))


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
            raise classify_read_error(cause) from error
        raise WrongQuery(f"The database does not take this query: {str(cause).strip()}") from error


def _rows(cursor: Any, batch: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any database's
    while batch:
        yield from batch
        batch = cursor.fetchmany(ROWS_PER_BATCH)
