"""Timestamps as text and back, as the state has them."""

from __future__ import annotations

from datetime import datetime


def to_text(timestamp: datetime | None) -> str | None:
    """Returns a timestamp in ISO 8601; None stays."""
    return None if timestamp is None else timestamp.isoformat()


def from_text(text: str | None) -> datetime | None:
    """Returns the timestamp that `to_text` made a text of."""
    return datetime.fromisoformat(text) if text else None
