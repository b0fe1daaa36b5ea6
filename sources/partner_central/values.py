"""From a JSON value to a column's value: one pure function for each column type.

A value that does not fit its column is `Unfit`, with the reason; it never becomes null, rounded or cut.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation

from .model import AMOUNT_PRECISION, AMOUNT_SCALE, ColumnType

INT64 = range(-(2**63), 2**63)
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
CENT = Decimal(1).scaleb(-AMOUNT_SCALE)
AMOUNT_LIMIT = Decimal(10) ** (AMOUNT_PRECISION - AMOUNT_SCALE)
WIDE = Context(prec=AMOUNT_PRECISION)
RESERVED_FIRST_CHARACTERS = range(0xF026, 0xF02F)
LONGEST_TEXT = 2**20


class Unfit(ValueError):
    """A value that cannot stand in its column. The message is the reason; it quotes no customer data."""


def parse_instant(value: object) -> datetime:
    """An ISO 8601 timestamp as a UTC datetime; digits beyond microseconds are cut.

    Raises:
        Unfit: not a string, not a timestamp, or outside the years 1 to 9999.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Unfit("is no timestamp")


def _date(value: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Unfit("is no date")


def _text(value: object) -> str:
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit("is no text")
        return repr(value)
    if len(value) > LONGEST_TEXT:
        raise Unfit(f"is longer than {LONGEST_TEXT:,} characters")
    if "\0" in value:
        raise Unfit("holds a NUL character, which databases cannot store")
    if value.isascii():
        return value
    if ord(value[0]) in RESERVED_FIRST_CHARACTERS:
        raise Unfit("begins with a character that dlt reserves (U+F026 to U+F02E)")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit("holds half a surrogate pair, which no database can store") from None
    return value


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit("is no number")
    written = value if isinstance(value, str) else repr(value)
    if not NUMBER.fullmatch(written):
        raise Unfit("is no number")
    return Decimal(written)


def _decimal(value: object) -> Decimal | None:
    if value == "":
        return None
    number = _number(value)
    if number.copy_abs() >= AMOUNT_LIMIT:
        raise Unfit(f"has more than {AMOUNT_PRECISION - AMOUNT_SCALE} digits before the point")
    try:
        exact = number.quantize(CENT, context=WIDE)
    except InvalidOperation:
        exact = Decimal("NaN")
    if exact != number:
        raise Unfit(f"has more than {AMOUNT_SCALE} digits behind the point")
    return exact


def _bigint(value: object) -> int | None:
    if value == "":
        return None
    number = _number(value)
    if number.copy_abs() > INT64.stop or number != number.to_integral_value() or int(number) not in INT64:
        raise Unfit("is no whole number of 64 bits")
    return int(number)


def _double(value: object) -> float:
    number = float(_number(value))
    if not math.isfinite(number):
        raise Unfit("is larger than a number of 64 bits can be")
    return number


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit("is neither true nor false")
    return value


CONVERT: dict[ColumnType, Callable[[object], object]] = {
    "text": _text,
    "bigint": _bigint,
    "double": _double,
    "bool": _bool,
    "decimal": _decimal,
    "date": _date,
    "timestamp": parse_instant,
}
