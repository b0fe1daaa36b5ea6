"""Requests of the probe, and the records that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from .evidence import instant

EARLIEST, LATEST = 1970, 9000  # a bound beside a date must be one too


def sorted_by(by: str, order: str, size: int) -> dict[str, Any]:
    """Returns the request for the first page of an order."""
    return {"MaxResults": size, "Sort": {"SortBy": by, "SortOrder": order}}


def review_status(record: Mapping[str, Any]) -> object:
    """Returns the review status of an opportunity."""
    life = record.get("LifeCycle")
    return life.get("ReviewStatus") if isinstance(life, Mapping) else None


def first_key(*records: Mapping[str, Any]) -> str | None:
    """Returns the first key of some records."""
    return next((key for one in records if isinstance(key := one.get("Id"), str) and key), None)


def key_and_date(records: Iterable[Mapping[str, Any]], field: str) -> tuple[str, Any, object] | None:
    """Returns key and date of a record that has one, and its text; a day for the date a deal is to be closed on."""
    for record in records:
        key, value = record.get("Id"), record.get(field)
        if field == "TargetCloseDate":
            life = record.get("LifeCycle")
            value = life.get(field) if isinstance(life, Mapping) else None
        at = _day(value) if field == "TargetCloseDate" else instant(value)
        if isinstance(key, str) and key and at is not None and EARLIEST < at.year < LATEST:
            return key, at, value
    return None


def _day(value: object) -> date | None:
    found: datetime | None = instant(value)
    return None if found is None else found.date()
