"""Values as text: every digit, timestamps in UTC, and nothing that moves a cursor."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal

from .currency import group_digits

CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029"
DIRECTION = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # they show text in another order than it has
UNPRINTABLE = re.compile(f"[{CONTROL}{DIRECTION}]")
BUT_LINE_BREAKS = re.compile(f"(?!\n)[{CONTROL}{DIRECTION}]")


def to_text(value: object) -> str:
    """Returns a value that is not null as text: every digit, timestamps in UTC, structures as JSON."""
    match value:
        case bool():
            text = "true" if value else "false"
        case Decimal():
            text = f"{value:f}"
        case datetime():
            text = _utc(value).isoformat(" ") + (" UTC" if value.tzinfo else "")
        case date() | time():
            text = value.isoformat()
        case bytes() | bytearray() | memoryview():
            text = "\\x" + bytes(value).hex()
        case list() | tuple() | dict():
            text = to_json(value)
        case _:
            text = str(value)
    return text


def for_people(value: object) -> str:
    """Returns a value that is not null as text for people: as `to_text` does, but a decimal has groups of digits."""
    return group_digits(value) if isinstance(value, Decimal) else to_text(value)


def escape_control(text: str) -> str:
    """Text in which is written out what moves a cursor, breaks a line or changes the order of what is read."""
    return UNPRINTABLE.sub(_escape, text)


def escape_control_in_lines(text: str) -> str:
    """The same, but lines stay lines."""
    return BUT_LINE_BREAKS.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def to_json(value: object) -> str:
    """A value as JSON; a decimal is a number of as many digits as it has."""
    match value:
        case None:
            text = "null"
        case bool() | int():
            text = json.dumps(value)
        case Decimal() | float():
            number = f"{value:f}" if isinstance(value, Decimal) else repr(value)
            text = number if math.isfinite(value) else "null"
        case datetime():
            text = json.dumps(_utc(value).isoformat() + ("Z" if value.tzinfo else ""))
        case list() | tuple():
            text = f"[{', '.join(map(to_json, value))}]"
        case dict():
            text = f"{{{', '.join(f'{to_json(str(name))}: {to_json(one)}' for name, one in value.items())}}}"
        case _:
            text = json_text(value if isinstance(value, str) else to_text(value))
    return text


def json_text(text: str) -> str:
    """Returns a text as JSON that a terminal shows as it is."""
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _utc(timestamp: datetime) -> datetime:
    """Returns a timestamp in UTC, or one without a zone as it is."""
    return timestamp.astimezone(UTC).replace(tzinfo=None) if timestamp.tzinfo else timestamp
