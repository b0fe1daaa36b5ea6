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


OUT_OF_ROOM = frozenset({errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT})
TRY_AGAIN = "mend that, then run again."
WHAT_WAS_READ_IS_KEPT = "Run again: what was read is kept."


def explain(error: BaseException) -> tuple[Exit, str]:
    """The exit code for an error, and what to tell the user: the innermost cause this program knows."""
    causes = list(_causes(error))
    for cause in causes:
        for kind, code in KNOWN:
            if isinstance(cause, kind):
                return code, str(cause) or "Interrupted. Nothing is lost: the next run goes on from here."
    for cause in causes:
        if said := _explain_foreign(cause):
            return said
    return Exit.DEFECT, f"{type(causes[-1]).__name__}: {_first_line(causes[-1])}"


def _explain_foreign(cause: BaseException) -> tuple[Exit, str] | None:
    """What errors of dlt, DuckDB, botocore and the system mean here."""
    from botocore.exceptions import BotoCoreError
    from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigurationException
    from dlt.common.destination.exceptions import (
        DestinationException,
        InvalidDestinationReference,
        UnknownDestinationModule,
    )
    from dlt.common.exceptions import SignalReceivedException

    from partner_central.refusals import NO_CREDENTIALS, explain_credentials

    match cause:
        case SignalReceivedException():
            said = Exit.INTERRUPTED, "Interrupted while loading. Nothing is lost: the next run finishes it first."
        case OSError(errno=number) if number in OUT_OF_ROOM:
            said = Exit.LATER, f"{cause.strerror}: {cause.filename or 'while writing'}. Nothing is lost: {TRY_AGAIN}"
        case ConfigFieldMissingException() if "aws_access_key_id" in str(cause):
            said = Exit.CONFIGURATION, NO_CREDENTIALS
        case BotoCoreError():
            said = Exit.CONFIGURATION, str(explain_credentials(cause))
        case ConfigurationException() | UnknownDestinationModule() | InvalidDestinationReference():
            said = Exit.CONFIGURATION, str(cause).strip()
        case _ if isinstance(cause, DestinationException) or type(cause).__module__.endswith("duckdb"):
            said = Exit.LATER, f"The destination did not take the rows: {_first_line(cause)} {WHAT_WAS_READ_IS_KEPT}"
        case _:
            return None
    return said


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "no message"
