"""Timestamps as text and back, as the state has them; and which of two is older."""

from __future__ import annotations

from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)
MOMENT = timedelta(microseconds=1)  # no timestamp has more digits
FOUR_DIGITS = 1000


def to_text(timestamp: datetime | None) -> str | None:
    """Returns a timestamp in ISO 8601; None stays."""
    return None if timestamp is None else timestamp.isoformat()


def from_text(text: str | None) -> datetime | None:
    """Returns the timestamp that `to_text` made a text of."""
    return datetime.fromisoformat(text) if text else None


def is_older(copy: datetime, listed: datetime) -> bool:
    """Returns whether the date of a copy is before the one that was listed.

    One operation of AWS gives whole seconds where another gives parts of them. The listed date with fewer of its digits
    is the same date.
    """
    digits = f"{copy:%f}".rstrip("0")
    is_cut = copy.replace(microsecond=0) == listed.replace(microsecond=0) and f"{listed:%f}".startswith(digits)
    return copy < listed and not is_cut


def second_before(timestamp: datetime | None) -> datetime | None:
    """The whole second before a timestamp, to list from; None where botocore does not write the year in four digits."""
    before = timestamp and moved(second_of(timestamp), -SECOND)
    return before if before is not None and before.year >= FOUR_DIGITS else None


def cut_before(timestamp: datetime) -> datetime | None:
    """The last moment before the whole second that a timestamp lies in; None where there is none."""
    return moved(second_of(timestamp), -MOMENT)


def second_of(timestamp: datetime) -> datetime:
    """The whole second a timestamp lies in."""
    return timestamp.replace(microsecond=0)


def moved(timestamp: datetime, by: timedelta) -> datetime | None:
    """An earlier or later timestamp; None where that is outside the years 1 to 9999, so without a limit."""
    try:
        return timestamp + by
    except OverflowError:
        return None
