"""The records that a list shows, and their order, as data."""

from __future__ import annotations

from dataclasses import dataclass

Key = int | float | str


@dataclass(frozen=True, slots=True)
class Range:
    """From `after`, inclusive, to `before`, exclusive; `None` is open."""

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
    """The records of a list, and their order; ties of `sort_by` follow the identifier."""

    sort_by: str
    ranges: tuple[Range, ...]
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A valid request for one page.

    Attributes:
        descending: Whether the order is descending.
        page: Number of records of a page.
        token: The NextToken; `None` for the first page.
        fingerprint: Equal for requests that differ in their NextToken only.
    """

    descending: bool
    page: int
    token: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest(PageRequest):
    """A request for one page of opportunities; `query` selects and orders them."""

    query: Query
