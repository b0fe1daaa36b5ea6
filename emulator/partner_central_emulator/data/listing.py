"""Pages of a list: finds the rows of a query, and continues at a NextToken."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..tokens import Mark, TokenKind, Tokens, unreadable
from .query import Key, ListRequest, Query, Range
from .store import NULL_INSTANT, Row, Store

_SNAPSHOTS_AT_MOST = 32
_SELECTIONS_AT_MOST = 32

Entry = tuple[Key, str]


@dataclass(frozen=True, slots=True)
class _Selection:
    """A stretch of an ascending list of (value, identifier)."""

    entries: list[Entry]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A list as it was at its first page; `saved` holds records that changed since, as they were."""

    ids: list[str]
    saved: dict[str, bytes] = field(default_factory=dict)


class Listing:
    """Answers list requests from a store, with one kind of NextToken. The caller holds the lock."""

    def __init__(self, store: Store, tokens: Tokens, kind: TokenKind) -> None:
        self._store = store
        self._tokens = tokens
        self._kind = kind
        self._selections: dict[Query, list[Entry]] = {}
        self._snapshots: OrderedDict[int, _Snapshot] = OrderedDict()
        self._snapshot_number = 0
        store.before_change = self._save
        store.left = self._drop
        store.entered = self._add

    def page(self, request: ListRequest) -> tuple[list[bytes], str | None]:
        """Returns the records of one page in JSON, and the token of the next page if there is one.

        Raises:
            ServiceError: `ValidationException`; the NextToken is not valid for this request.
        """
        mark = None if request.token is None else self._tokens.read(request.token, request.fingerprint)
        if mark is not None and mark[0] != self._kind:
            raise unreadable()
        match self._kind:
            case "offset":
                ids, following = self._by_offset(request, mark)
            case "position":
                ids, following = self._by_position(request, mark)
            case "snapshot":
                return self._by_snapshot(request, mark)
        rows = self._store.rows
        return [self._store.encoded(rows[i]) for i in ids], self._token(following, request)

    def _by_offset(self, request: ListRequest, mark: Mark | None) -> tuple[list[str], Mark | None]:
        selection = self._select(request.query)
        done = 0 if mark is None else int(mark[1])
        entries = _stretch(selection, request, done)
        left = selection.end - selection.start - done - len(entries)
        return [i for _, i in entries], ["offset", done + len(entries)] if left > 0 else None

    def _by_position(self, request: ListRequest, mark: Mark | None) -> tuple[list[str], Mark | None]:
        selection = self._select(request.query)
        done = 0
        if mark is not None:
            last = (mark[1], str(mark[2]))
            if request.descending:
                done = selection.end - bisect_left(selection.entries, last, selection.start, selection.end)
            else:
                done = bisect_right(selection.entries, last, selection.start, selection.end) - selection.start
        entries = _stretch(selection, request, done)
        left = selection.end - selection.start - done - len(entries)
        return [i for _, i in entries], ["position", *entries[-1]] if left > 0 else None

    def _by_snapshot(self, request: ListRequest, mark: Mark | None) -> tuple[list[bytes], str | None]:
        if mark is None:
            number, done = 0, 0
            selection = self._select(request.query)
            snapshot = _Snapshot([i for _, i in _stretch(selection, request, 0, everything=True)])
            if len(snapshot.ids) > request.page:
                number = self._keep(snapshot)
        else:
            number, done = int(mark[1]), int(mark[2])
            found = self._snapshots.get(number)
            if found is None:
                raise unreadable()
            snapshot = found
        ids = snapshot.ids[done : done + request.page]
        done += len(ids)
        following: Mark | None = ["snapshot", number, done] if done < len(snapshot.ids) else None
        rows, saved = self._store.rows, snapshot.saved
        encoded = [saved[i] if i in saved else self._store.encoded(rows[i]) for i in ids]
        return encoded, self._token(following, request)

    def _token(self, mark: Mark | None, request: ListRequest) -> str | None:
        return None if mark is None else self._tokens.make(mark, request.fingerprint)

    def _keep(self, snapshot: _Snapshot) -> int:
        self._snapshot_number += 1
        self._snapshots[self._snapshot_number] = snapshot
        if len(self._snapshots) > _SNAPSHOTS_AT_MOST:
            self._snapshots.popitem(last=False)
        return self._snapshot_number

    def _save(self, row: Row) -> None:
        for snapshot in self._snapshots.values():
            if row.id not in snapshot.saved:
                snapshot.saved[row.id] = self._store.encoded(row)

    def _drop(self, row: Row) -> None:
        for query, entries in self._selections.items():
            if self._matches(row, query):
                entries.pop(bisect_left(entries, (self._store.key(row, query.sort_by), row.id)))

    def _add(self, row: Row) -> None:
        for query, entries in self._selections.items():
            if self._matches(row, query):
                insort(entries, (self._store.key(row, query.sort_by), row.id))

    def _select(self, query: Query) -> _Selection:
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
        return _Selection(found, 0, len(found))

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


def _stretch(selection: _Selection, request: ListRequest, done: int, *, everything: bool = False) -> list[Entry]:
    """Returns a page's entries, in the request's order, once `done` entries have been passed."""
    size = selection.end - selection.start if everything else request.page
    if request.descending:
        end = max(selection.end - done, selection.start)
        return selection.entries[max(end - size, selection.start) : end][::-1]
    start = min(selection.start + done, selection.end)
    return selection.entries[start : min(start + size, selection.end)]


def _cut(entries: list[Entry], bounds: Range | None) -> _Selection:
    if bounds is None:
        return _Selection(entries, 0, len(entries))
    lowest: Key = "\0" if bounds.field == "TargetCloseDate" else NULL_INSTANT + 1
    start = bisect_left(entries, (lowest if bounds.after is None else bounds.after, ""))
    end = len(entries) if bounds.before is None else bisect_left(entries, (bounds.before, ""))
    return _Selection(entries, start, max(start, end))


def _within(value: Key, bounds: Range) -> bool:
    entry = [(value, "")]
    cut = _cut(entry, bounds)
    return cut.start < cut.end
