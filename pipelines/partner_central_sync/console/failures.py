"""How a run ends: exit codes, and the one sentence for each failure.

| code | meaning |
|---|---|
| 0 | done |
| 1 | unexpected: a defect of this program; the trace is shown |
| 2 | wrong arguments, configuration or credentials |
| 3 | refused by AWS: permission, validation |
| 4 | transient failure that outlasted the retries, or destination not writable now: run again later |
| 5 | another run is active |
| 6 | done, but so many opportunities were no longer listed that somebody must look before they are marked as gone |
| 7 | what could be loaded is, but so many records could not become rows that the cursor is held: they are read again |
| 130 | interrupted (Ctrl-C) |

A run that would end with 6 and with 7 ends with 7: what was rejected is not in the tables, what is gone still is.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from enum import IntEnum

from partner_central.errors import BrokenListing, ConfigurationError, Refused, Unavailable

from ..destinations.errors import NotAllowed, NotReadable, NotTaken, NotWritable, WrongQuery, first_line, while_loading


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    DEFECT = 1
    CONFIGURATION = 2
    REFUSED = 3
    LATER = 4
    ACTIVE = 5
    HELD = 6
    REJECTED = 7
    INTERRUPTED = 130


class AnotherRun(Exception):
    """Another run of the same pipeline is active."""


KNOWN: tuple[tuple[type[BaseException], Exit], ...] = (
    (KeyboardInterrupt, Exit.INTERRUPTED),
    (AnotherRun, Exit.ACTIVE),
    (NotWritable, Exit.LATER),
    (NotReadable, Exit.LATER),
    (WrongQuery, Exit.CONFIGURATION),
    (ConfigurationError, Exit.CONFIGURATION),
    (Refused, Exit.REFUSED),
    (Unavailable, Exit.LATER),
    (BrokenListing, Exit.LATER),
)


INTERRUPTED = "Interrupted. Nothing is lost: the next run goes on from here."
EXTRAS = {"deltalake": "filesystem", "s3": "filesystem", "pyiceberg": "iceberg"}  # of dlt, and here
OF_A_DESTINATION = "ClientConfiguration"
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
    match while_loading(causes):
        case NotAllowed() | NotTaken() as refused:
            return Exit.CONFIGURATION, str(refused)
        case NotWritable() as failed:
            return Exit.LATER, str(failed)
    return Exit.DEFECT, f"{type(causes[-1]).__name__}: {first_line(causes[-1])}"


def _explain_foreign(cause: BaseException) -> tuple[Exit, str] | None:
    """What errors of botocore, the system and dlt mean here."""
    from botocore.exceptions import BotoCoreError

    from partner_central.api.failures import explain_credentials

    match cause:
        case OSError(errno=number) if number in UNWRITABLE:
            place = cause.filename or "while writing"
            return Exit.LATER, f"{cause.strerror}: {place}. Nothing is lost: mend that, then run again."
        case BotoCoreError():
            return Exit.CONFIGURATION, str(explain_credentials(cause))
    sentence = _explain_configuration(cause)
    return (Exit.CONFIGURATION, sentence) if sentence else None


def _explain_configuration(cause: BaseException) -> str | None:
    """What dlt misses, in a sentence."""
    from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigurationException
    from dlt.common.destination.exceptions import InvalidDestinationReference, UnknownDestinationModule
    from dlt.common.exceptions import MissingDependencyException

    from partner_central.api.failures import NO_CREDENTIALS

    match cause:
        case ConfigFieldMissingException() if "aws_access_key_id" in str(cause):
            said = NO_CREDENTIALS
        case ConfigFieldMissingException(spec_name=spec, fields=fields) if spec.endswith(OF_A_DESTINATION):
            name = spec.removesuffix(OF_A_DESTINATION).removesuffix("Destination").lower()
            said = (
                f"The destination {name} is not configured: {', '.join(fields)} must stand in [destination.{name}] of "
                f".dlt/secrets.toml, or in the environment as DESTINATION__{name.upper()}__... "
                "(see docs/destinations.md)."
            )
        case MissingDependencyException(dependencies=missing):
            extras = (str(package).removeprefix("dlt[").removesuffix("]") for package in missing)
            wanted = ", ".join(f"'partner-central-sync[{EXTRAS.get(extra, extra)}]'" for extra in extras)
            said = f"This destination needs packages that are not installed: pip install {wanted}"
        case UnknownDestinationModule(ref=name) | InvalidDestinationReference(refs=name):
            said = f"There is no destination {name}: neither dlt nor its configuration knows it."
        case ConfigurationException():
            said = f"{first_line(cause)} (--verbose shows where dlt looked for it)"
        case _:
            return None
    return said


def is_out_of_room(error: BaseException) -> bool:
    """Whether the disk, or a folder on it, could not be written; a file that is gone is another matter."""
    numbers = UNWRITABLE - {errno.ENOENT}
    return any(isinstance(cause, OSError) and cause.errno in numbers for cause in causes_of(error))


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, outermost first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
