"""Rewrites a DuckDB file: blocks that rows have left keep what they held until something else needs them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from .column_comments import literal

OLD, NEW = "stored", "fresh"
MOST_WRITERS = 20  # between the steps that open the file
CONTENTS = (
    "SELECT schema_name, table_name, sql, comment FROM duckdb_tables() WHERE database_name = ? AND NOT internal",
    "SELECT schema_name, view_name, sql, comment FROM duckdb_views() WHERE database_name = ? AND NOT internal",
    "SELECT schema_name, index_name, sql, comment FROM duckdb_indexes() WHERE database_name = ?",
    "SELECT schema_name, table_name, column_name, comment FROM duckdb_columns() WHERE database_name = ?",
)
TABLES = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? AND NOT internal"


def rewrite(file: Path) -> str:
    """Puts a new file with the same contents in the place of the old one; returns how that ended.

    The new one is checked before it takes the place of the old one, in one step. Until then the old one is open, so
    that nobody writes into it what the new one would lack.
    """
    fresh = file.with_name(f"{file.name}.fresh")
    _remove(fresh)
    before = file.stat().st_size
    try:
        with duckdb.connect() as connection:
            _open_without_log(connection, file)
            _copy(connection, fresh)
            shutil.copystat(file, fresh)
            with suppress(PermissionError):
                os.chown(fresh, file.stat().st_uid, file.stat().st_gid)
            os.replace(fresh, file)  # noqa: PTH105 - by name, a replacement in one step
    except duckdb.Error as error:
        _remove(fresh)
        reason = str(error).splitlines()[0]
        return (
            f"free blocks: the file {file} could not be rewritten, and keeps what was in blocks it no longer uses "
            f"({reason}). Close what has it open, then run this again"
        )
    return f"free blocks: the file {file} is rewritten, {before:,} bytes before, {file.stat().st_size:,} now"


def _open_without_log(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Opens the old file for reading, which keeps writers out, with nothing left in its log.

    A log would be taken for the new file's. So what it holds is taken into the file first, and again if somebody wrote
    before the file was open.

    Raises:
        duckdb.Error: it cannot be opened, or others write to it all the time.
    """
    for _ in range(MOST_WRITERS):
        connection.execute(f"ATTACH {literal(str(file))} AS {OLD}")
        connection.execute(f"CHECKPOINT {OLD}")
        connection.execute(f"DETACH {OLD}")
        connection.execute(f"ATTACH {literal(str(file))} AS {OLD} (READ_ONLY)")
        if not _log_of(file).exists():
            return
        connection.execute(f"DETACH {OLD}")
    raise duckdb.IOException("others write to it all the time")


def _copy(connection: duckdb.DuckDBPyConnection, fresh: Path) -> None:
    """Copies all of the open file into a new one.

    Raises:
        duckdb.Error: it cannot be copied, or is not the same afterwards.
    """
    connection.execute(f"ATTACH {literal(str(fresh))} AS {NEW} (STORAGE_VERSION {literal(_version(connection))})")
    connection.execute(f"COPY FROM DATABASE {OLD} TO {NEW}")
    if _contents(connection, OLD) != _contents(connection, NEW):
        raise duckdb.InternalException("the copy is not the same")
    connection.execute(f"CHECKPOINT {NEW}")
    connection.execute(f"DETACH {NEW}")


def _version(connection: duckdb.DuckDBPyConnection) -> str:
    """Returns the storage version of the old file, which decides who can read it."""
    found = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = ?", [OLD]).fetchall()
    return str(dict(found[0][0])["storage_version"]).removesuffix("+")


def _contents(connection: duckdb.DuckDBPyConnection, database: str) -> list[Any]:
    """Returns all objects of a database, and the number of rows of each table."""
    objects = [sorted(connection.execute(query, [database]).fetchall(), key=str) for query in CONTENTS]
    tables = sorted(connection.execute(TABLES, [database]).fetchall())
    counts = [connection.table(f'{database}."{schema}"."{table}"').count("*").fetchall() for schema, table in tables]
    return [*objects, counts]


def _remove(file: Path) -> None:
    for one in (file, _log_of(file)):
        one.unlink(missing_ok=True)


def _log_of(file: Path) -> Path:
    """Returns the file of what is committed and not yet in the file itself."""
    return file.with_name(f"{file.name}.wal")
