"""Finds the versions in a list: the records that are not what they were when the list was handed on before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..tables.history import History
from ..tables.rows import LAST_LISTED_AT, Row
from .list_state import digest_of, pack, unpack


class ListVersions:
    """Makes the rows of the versions of one reading.

    Args:
        history: makes the row of a version.
        earlier: the versions in the list as it was handed on before, as `packed` gave them.
        order: read_order of the newest version that is known here.
        stored_order: returns the greatest read_order in the table; called before the first version is made.

    Attributes:
        order: read_order of the newest version.
    """

    def __init__(self, history: History, earlier: str, order: int, stored_order: Callable[[], int]) -> None:
        self.order = order
        self._history = history
        self._earlier = unpack(earlier)
        self._stored_order: Callable[[], int] | None = stored_order
        self._last: dict[str, bytes] = {}

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yields the version of each row that is another than the one before it."""
        for row in rows:
            version = self._history.version({k: v for k, v in row.items() if k != LAST_LISTED_AT}, 0)
            digest = digest_of(row["id"], version["content_hash"])
            last, self._last[row["id"]] = self._last.get(row["id"]), digest
            if digest != last and (last is not None or digest not in self._earlier):
                yield version | {"read_order": self._next_order()}

    @property
    def packed(self) -> str:
        """The versions in the list as it is now."""
        return pack(self._last.values())

    def _next_order(self) -> int:
        if self._stored_order is not None:
            stored, self._stored_order = self._stored_order(), None
            self.order = max(self.order, stored)
        self.order += 1
        return self.order
