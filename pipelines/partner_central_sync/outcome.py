"""How a run ends: exit codes, and the one sentence for each failure.

| code | meaning |
|---|---|
| 0 | done |
| 1 | unexpected: a defect of this program; the trace is shown |
| 2 | wrong arguments, configuration or credentials |
| 3 | refused by AWS: permission, validation |
| 4 | transient failure that outlasted the retries, or destination not writable now: run again later |
| 5 | another run is active |
| 130 | interrupted (Ctrl-C) |
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from enum import IntEnum

from partner_central.errors import BrokenListing, ConfigurationError, Refused, Unavailable


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    DEFECT = 1
    CONFIGURATION = 2
    REFUSED = 3
    LATER = 4
    ACTIVE = 5
    INTERRUPTED = 130


class NotWritable(Exception):
    """The destination cannot be written now."""


class AnotherRun(Exception):
    """Another run of the same pipeline is active."""


KNOWN: tuple[tuple[type[BaseException], Exit], ...] = (
    (KeyboardInterrupt, Exit.INTERRUPTED),
    (AnotherRun, Exit.ACTIVE),
    (NotWritable, Exit.LATER),
    (ConfigurationError, Exit.CONFIGURATION),
    (Refused, Exit.REFUSED),
    (Unavailable, Exit.LATER),
    (BrokenListing, Exit.LATER),
)


CLIENTS = ("clickhouse_connect.", "clickhouse_driver.", "databricks.", "google.", "snowflake.")
INTERRUPTED = "Interrupted. Nothing is lost: the next run goes on from here."
REASON = "The actual reason given is:"
UNWRITABLE = frozenset(
    {errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS}
)


def explain(error: BaseException) -> tuple[Exit, str]:
    """The exit code for an error, and what to tell the user: the innermost cause this program knows."""
    causes = list(causes_of(error))
    for cause in causes:
        for kind, code in KNOWN:
            if isinstance(cause, kind):
                return code, INTERRUPTED if code is Exit.INTERRUPTED else str(cause)
    for cause in causes:
        if said := _explain_foreign(cause):
            return said
    if said := _explain_destination(causes):
        return said
    return Exit.DEFECT, f"{type(causes[-1]).__name__}: {_first_line(causes[-1])}"


def _explain_foreign(cause: BaseException) -> tuple[Exit, str] | None:
    """What errors of dlt, botocore and the system mean here."""
    from botocore.exceptions import BotoCoreError
    from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigurationException
    from dlt.common.destination.exceptions import InvalidDestinationReference, UnknownDestinationModule

    from partner_central.refusals import NO_CREDENTIALS, explain_credentials

    match cause:
        case OSError(errno=number) if number in UNWRITABLE:
            place = cause.filename or "while writing"
            said = Exit.LATER, f"{cause.strerror}: {place}. Nothing is lost: mend that, then run again."
        case ConfigFieldMissingException() if "aws_access_key_id" in str(cause):
            said = Exit.CONFIGURATION, NO_CREDENTIALS
        case BotoCoreError():
            said = Exit.CONFIGURATION, str(explain_credentials(cause))
        case UnknownDestinationModule(ref=name) | InvalidDestinationReference(refs=name):
            said = Exit.CONFIGURATION, f"There is no destination {name}: neither dlt nor its configuration knows it."
        case ConfigurationException():
            said = Exit.CONFIGURATION, f"{_first_line(cause)} (--verbose shows where dlt looked for it)"
        case _:
            return None
    return said


def is_out_of_room(error: BaseException) -> bool:
    """Whether the disk, or a folder on it, could not be written; a file that is gone is another matter."""
    numbers = UNWRITABLE - {errno.ENOENT}
    return any(isinstance(cause, OSError) and cause.errno in numbers for cause in causes_of(error))


def _explain_destination(causes: list[BaseException]) -> tuple[Exit, str] | None:
    """What went wrong in the destination, by the innermost error, which is the database's own."""
    from dlt.common.destination.exceptions import DestinationException
    from dlt.destinations.exceptions import DatabaseUndefinedRelation

    if not any(isinstance(cause, DestinationException) or is_database(cause) for cause in causes):
        return None
    for cause in causes:
        if is_duckdb(cause) and type(cause).__name__ == "IOException":
            return Exit.LATER, f"{unwritable(cause)} Nothing is lost: what was read is loaded by the next run."
    if any(isinstance(cause, DatabaseUndefinedRelation) for cause in causes):
        return Exit.LATER, (
            f"A table is missing in the destination: {_first_line(causes[-1])} Tables are not made anew one by one: "
            "drop the whole dataset (its schema, or the database file), and the next sync loads everything."
        )
    # databases quote the value that did not fit; it stays out of logs
    reason = type(causes[-1]).__name__ if "Conver" in type(causes[-1]).__name__ else _first_line(causes[-1])
    return Exit.LATER, f"The destination did not take the rows ({reason}). What was read is kept for the next run."


def is_duckdb(error: BaseException) -> bool:
    """Whether this is an error of DuckDB itself."""
    return type(error).__module__.endswith("duckdb")


def is_database(error: BaseException) -> bool:
    """Whether this is an error of a database's own client, which dlt let through: no connection, no permission."""
    return is_duckdb(error) or type(error).__module__.startswith(CLIENTS)


def unwritable(error: BaseException) -> str:
    """Why a database cannot be opened for writing; names the program that holds a DuckDB file open."""
    text = str(error)
    if holder := re.search(r'lock on file "([^"]+)".*Conflicting lock is held in (.+?) \(PID (\d+)\)', text, re.DOTALL):
        place, program, pid = holder.groups()
        return (
            f"{place} is open in another program, {program} (process {pid}). While one has a DuckDB file open, also "
            "only to read, no other can write it: close it there (an SQL shell, a notebook), then run again."
        )
    return f"The destination cannot be written now: {_first_line(error)}"


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _first_line(error: BaseException) -> str:
    text = str(error).rpartition(REASON)[2].strip()
    return text.splitlines()[0] if text else "no message"
