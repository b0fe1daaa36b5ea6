"""Takes values out of errors about data: a database's message quotes what it cannot store, and that is of a customer.

What remains is the class of the error, the database's code (SQLSTATE) and the column. It is taken out of the error
itself, so that no log, trace or file of dlt has the values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from . import all_adapters
from .lease import LOST

ABOUT_DATA = ("21", "22", "23", "42601")  # SQLSTATE: cardinality, data exception, constraint; syntax, of literals
KINDS = re.compile(
    "Arrow|Conver|Constraint|Data(?!base)|Integrity|Invalid|NotNull|Numeric|OutOfRange|Parser|Syntax|Unique"
)
TEXTS = re.compile(
    r"\b(can(no|')t|could not|failed to|unable to) (be )?(cast|convert|parse)|\binvalid (input|value)"
    r"|\bis not recognized|\b(cast|parse|conversion)\w*[ _](error|failed|invalid)|\bout of range\b|\btoo (long|large)\b"
    r"|\bduplicate key\b"
    r"|\bviolat|\bbad (\w+ )?value\b|\bof the type\b",
    re.IGNORECASE,
)
SIGNALS = (LOST, "maximum_object_size")  # texts by which this program knows an error that it raises, or expects
COLUMN = re.compile(
    r"NOT NULL constraint failed: \w+\.(\w+)|when casting from source column (\w+)|null value in column \"(\w+)\""
)
LIBRARIES = ("pyarrow", "deltalake", "_internal", "pyiceberg")  # they convert what is loaded into a lake
TEXT_ATTRIBUTES = ("message", "msg", "raw_msg", "_errors", "_details")  # drivers make the text of an error of these
DATABASE_ERROR = "DatabaseError"


def is_from_database(error: BaseException) -> bool:
    """Returns whether a database's driver raised this. PEP 249 names their errors, but Google's has other names."""
    kinds, module = type(error).__mro__, type(error).__module__
    if module == "sqlite3":  # calls are counted there
        return False
    drivers = tuple(prefix for adapter in all_adapters() for prefix in adapter.drivers)
    return module.startswith(drivers) or any(kind.__name__ == DATABASE_ERROR for kind in kinds)


def describe_data_error(error: BaseException) -> str | None:
    """Returns class, code and column of an error about data; None if the error is about something else."""
    if not (is_from_database(error) or type(error).__module__.startswith(LIBRARIES)):
        return None
    text, code, kind = str(error), sqlstate_of(error), type(error).__name__
    if re.fullmatch(rf"{kind}(, SQLSTATE \w{{5}})?(, column \w+)?", text):  # its values were taken out before
        return text
    if any(signal in text for signal in SIGNALS):
        return None
    is_about_data = code.startswith(ABOUT_DATA) if code else bool(KINDS.search(kind) or TEXTS.search(text))
    if not is_about_data:
        return None
    column = _column(error, text)
    return "".join([kind, f", SQLSTATE {code}" if code else "", f", column {column}" if column else ""])


def hide_values(causes: Sequence[BaseException]) -> None:
    """Takes values out of errors about data, and out of the messages of what wraps them.

    Args:
        causes: an error and what caused it, outermost first.
    """
    for number, error in enumerate(causes):
        if description := describe_data_error(error):
            text = str(error)
            _replace_text(error, description)
            for outer in causes[:number]:
                quoted = str(outer)
                for part in (text, text.strip(), text.strip().partition("\n")[0]):
                    quoted = quoted.replace(part, description) if part else quoted
                if quoted != str(outer):
                    _replace_text(outer, quoted)


def _replace_text(error: BaseException, text: str) -> None:
    error.args = (text,)
    for name in TEXT_ATTRIBUTES:
        if hasattr(error, name):
            with suppress(AttributeError, TypeError):  # it cannot be set, so it is not what the text is made of
                setattr(error, name, text)
    if hasattr(error, "failed_message"):  # dlt's
        error.failed_message = text


def sqlstate_of(error: BaseException) -> str:
    """Returns the SQLSTATE of an error; empty where its driver has none."""
    found: Any = getattr(error, "pgcode", None) or getattr(error, "sqlstate", None)
    return found if isinstance(found, str) else ""


def _column(error: BaseException, text: str) -> str | None:
    column: Any = getattr(getattr(error, "diag", None), "column_name", None)
    if isinstance(column, str):
        return column
    found = COLUMN.search(text)
    return next(filter(None, found.groups()), None) if found else None
