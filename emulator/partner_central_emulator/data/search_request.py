"""A request to the search, how the search behaves, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .query import PageRequest
from .records import Json
from .row import NULL_INSTANT, Row
from .search_filter import Test


@dataclass(slots=True)
class SearchState:
    """The behavior of the search, in every catalog.

    Attributes:
        lag_seconds: How much later than the list it shows changes that come from then on, in emulated seconds.
        cap: How many results a request finds at most; what is beyond is left out without a sign.
        in_sandbox: Whether the catalog `Sandbox` has it.
    """

    lag_seconds: float = 0
    cap: int | None = None
    in_sandbox: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest(PageRequest):
    """A request for one page of results.

    Attributes:
        test: Whether a record is a result; `None` if all are.
        sort_by: A key of `KEYS`.
        since: The least sort value of a result, where the test asks for nothing else; `None` where it does.
    """

    test: Test | None
    sort_by: str
    since: int | None = None


class LazyRecord:
    """An opportunity whose search record is made when more than its dates are looked up."""

    def __init__(self, row: Row, make: Callable[[str], Json]) -> None:
        self._row = row
        self._make = make
        self._record: Json | None = None

    def get(self, name: str) -> Any:  # noqa: ANN401
        """Returns a member; dates as instants, until the record is made."""
        if self._record is None and name in ("CreatedDate", "LastModifiedDate"):
            instant = self._row.created if name == "CreatedDate" else self._row.modified
            return None if instant == NULL_INSTANT else instant
        if self._record is None:
            self._record = self._make(self._row.id)
        return self._record.get(name)
