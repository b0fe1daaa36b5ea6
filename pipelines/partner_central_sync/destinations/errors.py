"""Classifies errors of destinations: temporary, or fixable with a grant or a setting.

What a text means is known by the adapter of each destination.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from partner_central.public import ConfigurationError

from . import all_adapters
from .data_errors import describe_data_error, is_from_database, sqlstate_of

MISSING_CODES = frozenset({"3F000", "42P01", "42S02", "02000"})  # SQLSTATE: no such schema, no such table
MISSING = re.compile(
    r"does(n't| not) exist|\b(un)?known[ _](table|database)|no such table|\bnot found\b|NOT_FOUND", re.IGNORECASE
)
REASON = "The actual reason given is:"
CODE_ALONE = re.compile(r"(Code: \d+\.)\n")
STACK_TRACE = " Stack trace:"


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
    """Translates the errors of opening a destination.

    Raises:
        NotWritable: it cannot be opened for writing now.
        NotAllowed: not by this user.
    """
    from dlt.destinations.exceptions import DestinationConnectionError

    try:
        yield
    except Exception as error:
        if refused := _refusal(error):
            raise refused from error
        if isinstance(error, DestinationConnectionError | OSError) or is_from_database(error):
            raise NotWritable(unwritable(error)) from error
        raise


def classify_load_error(causes: list[BaseException]) -> NotWritable | NotAllowed | NotTaken | None:
    """Returns what went wrong in the destination, by the innermost error, the database's own; None if nothing did."""
    from dlt.common.destination.exceptions import DestinationException, DestinationTerminalException
    from dlt.destinations.exceptions import DatabaseUndefinedRelation

    if not any(isinstance(cause, DestinationException) or is_from_database(cause) for cause in causes):
        return None
    if refused := _refusal(causes[-1]):
        return refused
    for cause in causes:
        if any(adapter.is_unavailable(cause) for adapter in all_adapters()):
            return NotWritable(f"{unwritable(cause)} Nothing is lost: what was read is loaded by the next run.")
    if is_about_missing_table(causes):
        return NotWritable(
            f"A table is missing in the destination: {first_line(causes[-1])} The next sync makes it again."
        )
    if any(isinstance(cause, DestinationTerminalException | DatabaseUndefinedRelation) for cause in causes):
        return NotTaken(
            f"The destination does not take the rows ({first_line(causes[-1])}). That does not pass by itself. "
            "Nothing is lost: once that is fixed, the next sync loads what is missing."
        )
    reason = first_line(causes[-1])
    return NotWritable(f"The destination did not take the rows ({reason}). What was read is kept for the next run.")


def is_about_missing_table(causes: list[BaseException]) -> bool:
    """Returns whether the database itself says that something is missing.

    dlt has one class for that and, in some databases, for every other error about names of tables as well.
    """
    from dlt.destinations.exceptions import DatabaseUndefinedRelation

    if not any(isinstance(cause, DatabaseUndefinedRelation) for cause in causes):
        return False
    code = sqlstate_of(causes[-1])
    return code in MISSING_CODES if code else bool(MISSING.search(str(causes[-1])))


def unwritable(error: BaseException) -> str:
    """Returns why a destination cannot be opened for writing; for a DuckDB file, which program has it open."""
    locked = _explain_lock(error, writing=True)
    return locked or f"The destination cannot be written now: {first_line(error)}"


def unreadable(error: BaseException) -> str:
    """Returns why a destination cannot be read; for a DuckDB file, which program writes to it."""
    locked = _explain_lock(error, writing=False)
    return locked or f"The destination cannot be read now: {first_line(error)}"


def classify_read_error(error: BaseException) -> NotAllowed | NotReadable:
    """Returns why a destination cannot be read: not by this user, as a sync would say, or not now."""
    if _refusal(error):
        return NotAllowed(
            f"The destination does not let this user read: {first_line(error)} What reads is run with the credentials "
            "in partner_central.query.credentials, and without those with the ones of the destination. That user needs "
            "to read the dataset (see docs/how-to/destinations.md)."
        )
    return NotReadable(unreadable(error))


def _explain_lock(error: BaseException, *, writing: bool) -> str | None:
    explained = (adapter.explain_lock(str(error), writing=writing) for adapter in all_adapters())
    return next(filter(None, explained), None)


def first_line(error: BaseException) -> str:
    """Returns the first line of an error's message; of dlt's wrappers, the message of what they wrap.

    ClickHouse's driver has the code alone in that line, so the next one is added.

    Of an error about data, which quotes what it is about, returns class, code and column instead.
    """
    if described := describe_data_error(error):
        return described
    text = str(error).rpartition(REASON)[2].strip()
    if code := CODE_ALONE.match(text):
        text = f"{code[1]} {text[code.end() :]}"
    return text.splitlines()[0].removesuffix(STACK_TRACE) if text else "no message"


def _refusal(error: BaseException) -> NotAllowed | None:
    message = first_line(error)
    explained = filter(None, (adapter.explain_refusal(message) for adapter in all_adapters()))
    return next(map(NotAllowed, explained), None)
