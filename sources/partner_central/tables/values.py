"""From a JSON value to a column's value: one pure function for each column type.

A value that does not fit its column is an `InvalidValue`, with the reason; it never becomes null, rounded or cut.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation

AMOUNT_PRECISION, AMOUNT_SCALE = 38, 2
INT64, INT64_DIGITS = range(-(2**63), 2**63), 19
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
CENT = Decimal(1).scaleb(-AMOUNT_SCALE)
CENTS = re.compile(rf"[0-9]{{1,{AMOUNT_PRECISION - AMOUNT_SCALE}}}\.[0-9]{{{AMOUNT_SCALE}}}")
AMOUNT_LIMIT = Decimal(10) ** (AMOUNT_PRECISION - AMOUNT_SCALE)
WIDE = Context(prec=AMOUNT_PRECISION)
RESERVED_FIRST_CHARACTERS = range(0xF026, 0xF02F)
LONGEST_TEXT = 2**20
LONGEST_NUMBER = 1000
AGAIN = "\0"  # behind the name of a member that a structure has more than once


class InvalidValue(ValueError):
    """A value that its column cannot hold. The message is the reason; it quotes no customer data."""


def whole_number(digits: str) -> int | str:
    """A JSON integer; one so long that Python will not read it stays text."""
    return int(digits) if len(digits) < LONGEST_NUMBER else digits


def fraction(digits: str) -> float | Decimal | str:
    """Returns a JSON number with every digit: a float if that holds them, a decimal, or text if only that does."""
    number = float(digits)
    written = repr(number)
    if written == digits:
        return number
    try:
        exact = Decimal(digits)
        return number if Decimal(written) == exact else exact
    except InvalidOperation:
        return digits


def structure(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object. Where a name is there more than once, the last value has it, and the others are marked."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        for place, (name, value) in enumerate(pairs):
            if name in names[place + 1 :]:
                members[f"{name}{AGAIN}{place}"] = value
    return members


def is_wide(value: object) -> bool:
    """Returns whether a JSON value is a number that no column of numbers can hold as it is."""
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, Decimal) or (isinstance(value, int) and value not in INT64)


def parse_timestamp(value: object) -> datetime:
    """An ISO 8601 timestamp as a UTC datetime; digits beyond microseconds are cut.

    Raises:
        InvalidValue: not a string, not a timestamp, or outside the years 1 to 9999.
    """
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is UTC:
                return moment
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise InvalidValue("is not a timestamp")


def to_date(value: object) -> date:
    """Returns an ISO 8601 date."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise InvalidValue("is not a date")


class Mask(str):
    """A keyed hash in place of a personal value; a column of another type than text cannot hold it."""

    __slots__ = ()


class Unclassified(Mask):
    """The same in place of a member that nobody classified; an empty one is not stored."""

    __slots__ = ()


def to_text(value: object) -> str:
    """Returns text; a number becomes its digits."""
    if type(value) is str and value.isascii() and "\0" not in value and len(value) <= LONGEST_TEXT:
        return value  # nearly all are
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise InvalidValue("is not text")
        return str(value)
    if len(value) > LONGEST_TEXT:
        raise InvalidValue(f"is longer than {LONGEST_TEXT:,} characters")
    if "\0" in value:
        raise InvalidValue("holds a NUL character, which databases cannot store")
    value = str(value)  # of a mask, too
    if value.isascii():
        return value
    if ord(value[0]) in RESERVED_FIRST_CHARACTERS:
        raise InvalidValue("begins with a character that dlt reserves (U+F026 to U+F02E)")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidValue("holds half a surrogate pair, which no database can store") from None
    return value


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise InvalidValue("is not a number")
    written = str(value)
    if not NUMBER.fullmatch(written):
        raise InvalidValue("is not a number")
    return Decimal(written)


def to_decimal(value: object) -> Decimal | None:
    """Returns an amount; empty text is null."""
    if value == "":
        return None
    if type(value) is str and CENTS.fullmatch(value):
        return Decimal(value)
    number = _number(value)
    if number.copy_abs() >= AMOUNT_LIMIT:
        raise InvalidValue(f"has more than {AMOUNT_PRECISION - AMOUNT_SCALE} digits before the decimal point")
    try:
        exact = number.quantize(CENT, context=WIDE)
    except InvalidOperation:
        exact = Decimal("NaN")
    if exact != number:
        raise InvalidValue(f"has more than {AMOUNT_SCALE} digits after the decimal point")
    return exact


def to_bigint(value: object) -> int | None:
    """Returns a whole number of 64 bits; empty text is null."""
    if value == "":
        return None
    if type(value) is str and len(value) < INT64_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    number = _number(value)
    if number.copy_abs() > INT64.stop or number != number.to_integral_value() or int(number) not in INT64:
        raise InvalidValue("is not a whole number of 64 bits")
    return int(number)


def to_double(value: object) -> float:
    """Returns a number of 64 bits, with every digit."""
    exact = _number(value)
    number = float(exact)
    if not math.isfinite(number):
        raise InvalidValue("is larger than a number of 64 bits can be")
    if Decimal(repr(number)) != exact:
        raise InvalidValue("has more digits than a number of 64 bits can hold")
    return number


def to_bool(value: object) -> bool:
    """Returns true or false."""
    if not isinstance(value, bool):
        raise InvalidValue("is neither true nor false")
    return value
