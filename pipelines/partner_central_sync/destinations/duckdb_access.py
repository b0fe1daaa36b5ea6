"""Creates a DuckDB file that older clients can open, and locks an open one for readers."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from partner_central.public import ConfigurationError

from .column_comments import literal

OLDEST_VERSION = "v1.0.0"
SETTING = "partner_central.duckdb_storage_version"
OF_AN_EXTENSION = re.compile(r"[A-Za-z][A-Za-z0-9_+-]+:")  # `md:`, `ducklake:`, `s3:`; the letter of a drive is one
LOCK = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",  # names of this program's own variables
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def path_of(database: object) -> Path | None:
    """Returns the path of a database that is a file; None of one in memory, or that an extension opens."""
    if not isinstance(database, str) or database.startswith(":") or OF_AN_EXTENSION.match(database):
        return None
    return Path(database)


def create_file(file: Path) -> None:
    """Creates a file that is missing, in the oldest storage version that has all that is used here.

    By default, DuckDB 2 writes files that no client of DuckDB 1 opens. A file keeps its version.

    Raises:
        ConfigurationError: the configured version is not one of DuckDB's.
        duckdb.IOException: the file cannot be created.
    """
    import dlt

    version = str(dlt.config.get(SETTING, str) or OLDEST_VERSION)
    with duckdb.connect() as connection:
        try:
            connection.execute(f"ATTACH {literal(str(file))} AS created (STORAGE_VERSION {literal(version)})")
            connection.execute("CHECKPOINT created")
        except (duckdb.InvalidInputException, duckdb.ParserException) as error:
            raise ConfigurationError(
                f"{SETTING} = {version} is not a storage version that this DuckDB writes. Name the oldest client that "
                f"is to open the file, such as {OLDEST_VERSION}."
            ) from error


def lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Has DuckDB refuse files, URLs, extensions and changes of settings while this connection is open.

    What does not fit into memory is still written to its temporary folder.
    """
    for statement in LOCK:
        connection.execute(statement)
