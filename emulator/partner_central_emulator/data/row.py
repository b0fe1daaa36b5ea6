"""One opportunity of a catalog, and whatever has to know when it changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from .records import Json

# What sorts below every value and matches no range.
NULL_INSTANT: Final = -(1 << 62)
NULL_TEXT: Final = ""


class Row:
    """One opportunity: its dates, and its record once it has one that differs from its recipe."""

    __slots__ = ("_facets", "created", "id", "index", "modified", "record")

    def __init__(self, identifier: str, index: int, created: int, modified: int) -> None:
        self.id = identifier
        self.index = index
        self.created = created
        self.modified = modified
        self.record: Json | None = None
        self._facets: dict[str, str] | None = None

    def facets(self, record_of: Callable[[Row], Json]) -> dict[str, str]:
        """Returns the values that lists filter and sort by, except the dates of the record itself."""
        if self._facets is None:
            record = record_of(self)
            life = record.get("LifeCycle") or {}
            account = (record.get("Customer") or {}).get("Account") or {}
            self._facets = {
                "CustomerCompanyName": account.get("CompanyName") or NULL_TEXT,
                "LifeCycleReviewStatus": life.get("ReviewStatus") or NULL_TEXT,
                "LifeCycleStage": life.get("Stage") or NULL_TEXT,
                "TargetCloseDate": life.get("TargetCloseDate") or NULL_TEXT,
            }
        return self._facets


class Invented(NamedTuple):
    """An opportunity that was invented."""

    number: int
    id: str
    created: int


class Watcher(Protocol):
    """Whatever has to know when opportunities change."""

    def before_change(self, row: Row) -> None:
        """Called with a row that is about to change what it shows or to vanish."""

    def left(self, row: Row) -> None:
        """Called with a row that is no longer in the lists."""

    def entered(self, row: Row) -> None:
        """Called with a row that is in the lists from now on."""
