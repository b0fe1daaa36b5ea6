"""Moments as text and back, as the state keeps them."""

from __future__ import annotations

from datetime import datetime


def to_text(moment: datetime | None) -> str | None:
    """A moment in ISO 8601; None stays."""
    return None if moment is None else moment.isoformat()


def from_text(text: str | None) -> datetime | None:
    """The moment of which `written` made a text."""
    return datetime.fromisoformat(text) if text else None
