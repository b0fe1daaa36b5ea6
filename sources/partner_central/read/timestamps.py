"""Timestamps as text and back, as the state has them; and which of two is older."""

from __future__ import annotations

from datetime import datetime


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
