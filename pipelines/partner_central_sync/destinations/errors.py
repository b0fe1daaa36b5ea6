"""What errors of a destination mean: what passes by itself, and what a grant or a setting mends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from partner_central.public import ConfigurationError

CLIENTS = ("clickhouse_connect.", "clickhouse_driver.", "databricks.", "google.", "snowflake.")
REASON = "The actual reason given is:"
DUCKDB_LOCKED = re.compile(r'lock on file "([^"]+)".*Conflicting lock is held in (.+?) \(PID (\d+)\)', re.DOTALL)
UNKNOWN_LOGIN = re.compile(
    r"authentication failed|no password supplied|incorrect username or password|invalid credentials"
    r'|(role|database) "[^"]+" does not exist',
    re.IGNORECASE,
)
DENIED = re.compile(r"permission denied for (?:materialized )?(\w+) \"?([^\s\"]+)|must be owner of (\w+) \"?([^\s\"]+)")
HIDDEN = re.compile(r'relation "([^"]+)" already exists')  # PostgreSQL lists no table without a grant on it
GRANTS = {
    "database": "GRANT CREATE ON DATABASE {name} TO the user that loads: every run that loads something makes a schema "
    "for its rows on their way, and drops it in the end",
    "schema": "GRANT USAGE, CREATE ON SCHEMA {name} TO the user that loads",
}
ABOUT_VALUES = re.compile("Conver|Constraint|DataError|Invalid|Numeric|OutOfRange|RightTruncation|Violation")
OWNERSHIP = "make the user that loads the owner of {name}: it adds columns to its tables"


class NotWritable(Exception):
    """The destination cannot be written now."""


class NotReadable(Exception):
    """The destination cannot be read now."""


class WrongQuery(Exception):
    """A query that is not one SELECT, or that the database refuses."""


class NotAllowed(ConfigurationError):
    """The destination does not let this user in, or lacks a grant."""


class NotTaken(ConfigurationError):
    """The destination refuses what is loaded, and would again."""


@contextmanager
def translate_open_errors() -> Iterator[None]:
    """Turn what a destination says when it is opened into a sentence.

    Raises:
        NotWritable: it cannot be opened for writing now.
        NotAllowed: not by this user.
    """
    from dlt.destinations.exceptions import DestinationConnectionError

    try:
        yield
    except Exception as error:
        if refused := _is_refused(error):
            raise refused from error
        if isinstance(error, DestinationConnectionError | OSError) or is_from_database(error):
            raise NotWritable(unwritable(error)) from error
        raise


def classify_load_error(causes: list[BaseException]) -> NotWritable | NotAllowed | NotTaken | None:
    """What went wrong in the destination, by the innermost error, which is the database's own; None if nothing did."""
    from dlt.common.destination.exceptions import DestinationException, DestinationTerminalException
    from dlt.destinations.exceptions import DatabaseUndefinedRelation

    if not any(isinstance(cause, DestinationException) or is_from_database(cause) for cause in causes):
        return None
    if refused := _is_refused(causes[-1]):
        return refused
    for cause in causes:
        if type(cause).__name__ == "IOException" and type(cause).__module__.endswith("duckdb"):
            return NotWritable(f"{unwritable(cause)} Nothing is lost: what was read is loaded by the next run.")
    if any(isinstance(cause, DatabaseUndefinedRelation) for cause in causes):
        return NotWritable(
            f"A table is missing in the destination: {first_line(causes[-1])} The next sync makes it again."
        )
    if any(isinstance(cause, DestinationTerminalException) for cause in causes):
        return NotTaken(
            f"The destination does not take the rows ({_without_values(causes[-1])}). That does not pass by itself. "
            "Nothing is lost: once that is mended, the next sync loads what is missing."
        )
    reason = _without_values(causes[-1])
    return NotWritable(f"The destination did not take the rows ({reason}). What was read is kept for the next run.")


def _without_values(error: BaseException) -> str:
    """What a database says, but not where it is about values: it quotes the one that did not fit."""
    kind = type(error).__name__
    about_values = (
        "Conver",
        "Constraint",
        "Data",
        "Invalid",
        "NotNull",
        "Numeric",
        "OutOfRange",
        "Unique",
        "Violation",
    )
    return kind if any(word in kind for word in about_values) else first_line(error)


def is_from_database(error: BaseException) -> bool:
    """Whether a database's driver raised this: PEP 249 says what they call it, Google's does not."""
    kinds, module = type(error).__mro__, type(error).__module__
    if module == "sqlite3":  # calls are counted there
        return False
    return module.startswith(CLIENTS) or any(kind.__name__ == "DatabaseError" for kind in kinds)


def unwritable(error: BaseException) -> str:
    """Why a database cannot be opened for writing; names the program that holds a DuckDB file open."""
    if holder := DUCKDB_LOCKED.search(str(error)):
        place, program, pid = holder.groups()
        return (
            f"{place} is open in another program, {program} (process {pid}). While one has a DuckDB file open, also "
            "only to read, no other can write it: close it there (an SQL shell, a notebook), then run again."
        )
    return f"The destination cannot be written now: {first_line(error)}"


def unreadable(error: BaseException) -> str:
    """Why a database cannot be read; names the program that writes to a DuckDB file."""
    if holder := DUCKDB_LOCKED.search(str(error)):
        place, program, pid = holder.groups()
        return f"{place} is open for writing in {program} (process {pid}), a sync perhaps: ask again when that is done."
    return f"The destination cannot be read now: {first_line(error)}"


def first_line(error: BaseException) -> str:
    """What an error says, in one line; of dlt's wrappers, what they wrap."""
    text = str(error).rpartition(REASON)[2].strip()
    return text.splitlines()[0] if text else "no message"


def _is_refused(error: BaseException) -> NotAllowed | None:
    said = first_line(error)
    if UNKNOWN_LOGIN.search(said):
        return NotAllowed(
            f"The destination does not let this user in: {said} User, password and database are the credentials of "
            "the destination in dlt's configuration (see docs/destinations.md)."
        )
    if denied := DENIED.search(said):
        kind, name = denied.group(1) or denied.group(3), denied.group(2) or denied.group(4)
        mend = GRANTS.get(kind, OWNERSHIP).format(name=name.rstrip(";"))
        return NotAllowed(f"The destination refuses: {said}. What mends it: {mend} (see docs/destinations.md).")
    if hidden := HIDDEN.search(said):
        mend = OWNERSHIP.format(name=hidden.group(1))
        return NotAllowed(f"The destination hides the table {hidden.group(1)} from this user. What mends it: {mend}.")
    return None
