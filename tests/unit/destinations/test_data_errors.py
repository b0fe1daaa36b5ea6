"""Errors about data, of every destination: class, code and column are told, values are not."""

from __future__ import annotations

from typing import Any

import duckdb
import psycopg2.errors
import pyarrow as pa
import pytest
from dlt.destinations.exceptions import (
    DatabaseTerminalException,
    DatabaseTransientException,
    DatabaseUndefinedRelation,
)

from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.destinations import data_errors
from partner_central_sync.destinations.data_errors import describe_data_error, hide_values
from partner_central_sync.destinations.errors import NotTaken, classify_load_error, first_line, unwritable
from partner_central_sync.destinations.lease import LOST

SECRET = "Unmistakable 21"


def of(module: str, kind: str, text: str, **more: Any) -> Exception:
    """An error as a driver raises it that is not installed here; it makes its text of an attribute."""
    text_of = {"__str__": lambda self: self.message, "__module__": module}
    made = type(kind, (type("DatabaseError", (Exception,), {}),), text_of)(text)
    for name, value in {"message": text, **more}.items():
        setattr(made, name, value)
    return made  # type: ignore[no-any-return]


class Postgres(psycopg2.errors.InvalidTextRepresentation):
    """The code is read only, and set by the driver."""

    pgcode = "22P02"


def raised(statement: str) -> Exception:
    with pytest.raises(duckdb.Error) as error:
        duckdb.execute(statement)
    return error.value


def converted() -> Exception:
    with pytest.raises(pa.ArrowInvalid) as error:
        pa.array([SECRET]).cast(pa.int64())
    return error.value


def about_data() -> dict[str, Exception]:
    return {
        "PostgreSQL": Postgres(f'invalid input syntax for type bigint: "{SECRET}"\nLINE 1: {SECRET}'),
        "DuckDB converts": raised(f"SELECT CAST('{SECRET}' AS BIGINT)"),
        "DuckDB's parser": raised(f"SELECT 1 '{SECRET}' 2"),
        "DuckDB's constraint": raised(
            f"CREATE TEMP TABLE u (a TEXT PRIMARY KEY); INSERT INTO u VALUES ('{SECRET}'), ('{SECRET}')"
        ),
        "Arrow": converted(),
        "Snowflake": of(
            "snowflake.connector.errors",
            "ProgrammingError",
            f"Numeric value '{SECRET}' is not recognized",
            sqlstate="22018",
        ),
        "BigQuery": of("google.api_core.exceptions", "BadRequest", f"Could not parse '{SECRET}' as INT64"),
        "ClickHouse": of(
            "clickhouse_connect.driver.exceptions", "DatabaseError", f"Cannot parse string '{SECRET}' as Int64"
        ),
        "Databricks": of(
            "databricks.sql.exc", "ServerOperationError", f"[CAST_INVALID_INPUT] The value '{SECRET}' of the type"
        ),
    }


each = pytest.mark.parametrize("error", about_data().values(), ids=about_data().keys())


def wrapped_by_dlt(error: Exception) -> Exception:
    """As dlt raises what happened in a load: the text of the cause is in its own."""
    wrapper = RuntimeError(f"Pipeline execution failed with exception:\n\n{error}")
    wrapper.__cause__ = error
    return wrapper


@each
def test_no_value_reaches_a_message_a_trace_or_what_wraps_the_error(error: Exception) -> None:
    outer = wrapped_by_dlt(error)
    _, message = exit_code_and_message(outer)
    assert type(error).__name__ in message
    assert SECRET not in "".join([message, str(outer), str(error), repr(error)])


@each
def test_every_way_to_tell_an_error_leaves_the_value_out(error: Exception) -> None:
    wrapped: list[BaseException] = [DatabaseTransientException(error), error]
    told = [first_line(error), unwritable(error), str(classify_load_error(wrapped))]
    assert all(SECRET not in text and type(error).__name__ in text for text in told)


def test_code_and_column_are_told() -> None:
    class Diag:
        column_name = "score"

    error = of("psycopg2.errors", "NotNullViolation", f"null value in column: {SECRET}", pgcode="23502", diag=Diag())
    assert describe_data_error(error) == "NotNullViolation, SQLSTATE 23502, column score"
    constraint = raised("CREATE TEMP TABLE n (score INT NOT NULL); INSERT INTO n VALUES (NULL)")
    assert describe_data_error(constraint) == "ConstraintException, column score"


@pytest.mark.parametrize(
    "error",
    [
        of("psycopg2.errors", "InsufficientPrivilege", "permission denied for schema x", pgcode="42501"),
        of("psycopg2.errors", "InvalidSchemaName", 'schema "x" does not exist', pgcode="3F000"),
        of("snowflake.connector.errors", "DatabaseError", "250001: Could not connect to the backend"),
        ValueError("invalid input: of this program"),
    ],
    ids=["grant", "schema", "connection", "own"],
)
def test_errors_about_something_else_keep_their_text(error: Exception) -> None:
    text = str(error)
    hide_values([error])
    assert describe_data_error(error) is None
    assert str(error) == text


def test_the_texts_by_which_this_program_knows_an_error_stay() -> None:
    assert describe_data_error(raised(f"SELECT CAST('{LOST}' AS INTEGER)")) is None
    assert LOST in data_errors.SIGNALS


def test_rows_that_are_refused_for_good_are_still_told_apart() -> None:
    cause = about_data()["PostgreSQL"]
    found = classify_load_error([DatabaseTerminalException(cause), cause])
    assert isinstance(found, NotTaken)
    assert "(Postgres, SQLSTATE 22P02)" in str(found)


def undefined(cause: Exception) -> str:
    return str(classify_load_error([DatabaseUndefinedRelation(cause), cause]))


def test_a_table_is_said_to_be_missing_only_if_the_database_says_so() -> None:
    duckdb.execute("CREATE OR REPLACE TEMP TABLE stalled (a INT)")
    missing = of("psycopg2.errors", "UndefinedTable", 'relation "x" does not exist', pgcode="42P01")
    for error in (missing, raised("SELECT * FROM nowhere_to_be_found")):
        assert "A table is missing" in undefined(error)
    for error in (
        raised("CREATE TEMP VIEW stalled AS SELECT 1"),
        of("psycopg2.errors", "WrongObjectType", '"x" is not a view', pgcode="42809"),
    ):
        assert "missing in the destination" not in undefined(error)
        assert "does not pass by itself" in undefined(error)
