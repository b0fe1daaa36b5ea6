"""Timestamps as databases give them, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def in_utc(timestamp: datetime) -> datetime:
    """Returns a timestamp in UTC, which is meant by one without a time zone."""
    return timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp.astimezone(UTC)
