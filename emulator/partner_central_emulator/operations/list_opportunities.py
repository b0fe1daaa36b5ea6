"""What a ``ListOpportunities`` request asks for, as data."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ..clock import parse_instant

DEFAULT_PAGE = 20
DEFAULT_SORT = "LastModifiedDate"

_RANGES = ("LastModifiedDate", "CreatedDate", "TargetCloseDate")
_CHOICES = ("Identifier", "CustomerCompanyName", "LifeCycleStage", "LifeCycleReviewStatus")

Key = int | str


@dataclass(frozen=True, slots=True)
class Range:
    """From ``after``, inclusive, to ``before``, exclusive; ``None`` is open."""

    field: str
    after: Key | None
    before: Key | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of the values."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Query:
    """The records that a list shows, and their order; ties of ``sort_by`` follow the identifier."""

    sort_by: str
    ranges: tuple[Range, ...]
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A valid ``ListOpportunities`` request."""

    query: Query
    descending: bool
    page: int
    token: str | None
    fingerprint: str


def read(request: dict[str, Any]) -> Request:
    """The request that valid parameters make; a ``null`` member and an empty list filter nothing."""
    sort = request.get("Sort") or {}
    query = Query(
        sort_by=sort.get("SortBy", DEFAULT_SORT),
        ranges=tuple(_range(field, request[field]) for field in _RANGES if request.get(field)),
        choices=tuple(Choice(field, frozenset(request[field])) for field in _CHOICES if request.get(field)),
    )
    return Request(
        query=query,
        descending=sort.get("SortOrder", "DESCENDING") == "DESCENDING",
        page=request.get("MaxResults") or DEFAULT_PAGE,
        token=request.get("NextToken"),
        fingerprint=_fingerprint(request),
    )


def _range(field: str, bounds: dict[str, str | None]) -> Range:
    after, before = bounds.get(f"After{field}"), bounds.get(f"Before{field}")
    if field == "TargetCloseDate":
        return Range(field, after, before)
    return Range(field, after and parse_instant(after), before and parse_instant(before))


def _fingerprint(request: dict[str, Any]) -> str:
    bound = {name: value for name, value in request.items() if name != "NextToken" and value is not None}
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()[:24]
