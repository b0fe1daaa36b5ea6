"""Pages of opportunities: finds the rows of a query, and continues at a NextToken."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from ..tokens import TokenKind, Tokens
from .pager import Entry, Pager, Selection, whole
from .query import Key, ListRequest, Query, Range
from .row import NULL_INSTANT, Row
from .store import Store

_SELECTIONS_AT_MOST = 32


class Listing:
    """Answers list requests from a store, with one kind of NextToken. The caller holds the lock."""

    def __init__(self, store: Store, tokens: Tokens, kind: TokenKind) -> None:
        self._store = store
        self._pager = Pager(tokens, kind)
        self._selections: dict[Query, list[Entry]] = {}
        store.watchers.append(self)

    def page(self, request: ListRequest) -> tuple[list[bytes], str | None]:
        """Returns the records of one page in JSON, and the token of the next page if there is one.

        Raises:
            ServiceError: `ValidationException`; the NextToken is not valid for this request.
        """
        return self._pager.page(request, lambda: self._select(request.query), self._encode)

    def before_change(self, row: Row) -> None:
        """Keeps what snapshots show of a row."""
        self._pager.save(row.id, self._encode)

    def left(self, row: Row) -> None:
        """Takes a row out of what was selected."""
        for query, entries in self._selections.items():
            if self._matches(row, query):
                entries.pop(bisect_left(entries, (self._store.key(row, query.sort_by), row.id)))

    def entered(self, row: Row) -> None:
        """Adds a row to what was selected."""
        for query, entries in self._selections.items():
            if self._matches(row, query):
                insort(entries, (self._store.key(row, query.sort_by), row.id))

    def _select(self, query: Query) -> Selection:
        """Returns the rows of a query. Nothing is copied or sorted if the sort key's own list can be cut.

        What has to be sorted is kept, and kept right through changes, so that a page costs the same with any
        number of records.
        """
        others = [bounds for bounds in query.ranges if bounds.field != query.sort_by]
        if not query.choices and not others:
            entries = self._store.sorted_by(query.sort_by)
            return _cut(entries, query.ranges[0] if query.ranges else None)
        if query not in self._selections:
            if len(self._selections) >= _SELECTIONS_AT_MOST:
                self._selections.clear()
            rows = (row for row in self._candidates(query) if self._matches(row, query))
            self._selections[query] = sorted((self._store.key(row, query.sort_by), row.id) for row in rows)
        found = self._selections[query]
        return whole(found)

    def _candidates(self, query: Query) -> Iterable[Row]:
        rows = self._store.rows
        for choice in query.choices:
            if choice.field == "Identifier":
                return [rows[i] for i in choice.values if i in rows]
        if query.ranges:
            cut = _cut(self._store.sorted_by(query.ranges[0].field), query.ranges[0])
            return [rows[i] for _, i in cut.entries[cut.start : cut.end]]
        return rows.values()

    def _matches(self, row: Row, query: Query) -> bool:
        key = self._store.key
        return all(key(row, choice.field) in choice.values for choice in query.choices) and all(
            _within(key(row, bounds.field), bounds) for bounds in query.ranges
        )

    def _encode(self, identifier: str) -> bytes:
        return self._store.encoded(self._store.rows[identifier])


def _cut(entries: list[Entry], bounds: Range | None) -> Selection:
    if bounds is None:
        return whole(entries)
    lowest: Key = "\0" if bounds.field == "TargetCloseDate" else NULL_INSTANT + 1
    start = bisect_left(entries, (lowest if bounds.after is None else bounds.after, ""))
    end = len(entries) if bounds.before is None else bisect_left(entries, (bounds.before, ""))
    return Selection(entries, start, max(start, end))


def _within(value: Key, bounds: Range) -> bool:
    entry = [(value, "")]
    cut = _cut(entry, bounds)
    return cut.start < cut.end
