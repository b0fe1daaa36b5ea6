"""Pages of a sorted list, and where a NextToken continues."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ..tokens import Mark, TokenKind, Tokens, unreadable
from .query import Key, PageRequest

_SNAPSHOTS_AT_MOST = 32

Entry = tuple[Key, str]
Encode = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Selection:
    """A stretch of an ascending list of (value, identifier)."""

    entries: list[Entry]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A list as it was at its first page; `saved` holds records that changed since, as they were."""

    ids: list[str]
    saved: dict[str, bytes] = field(default_factory=dict)


class Pager:
    """Cuts pages from the lists of one kind of record, with one kind of NextToken. The caller holds the lock."""

    def __init__(self, tokens: Tokens, kind: TokenKind) -> None:
        self._tokens = tokens
        self._kind = kind
        self._snapshots: OrderedDict[int, _Snapshot] = OrderedDict()
        self._snapshot_number = 0

    def page(
        self, request: PageRequest, select: Callable[[], Selection], encode: Encode
    ) -> tuple[list[bytes], str | None]:
        """Returns the records of one page in JSON, and the token of the next page if there is one.

        Args:
            request: The page.
            select: Gives the list; a page of a snapshot after the first does not call it.
            encode: Gives a record of the list in JSON.

        Raises:
            ServiceError: `ValidationException`; the NextToken is not valid for this request.
        """
        mark = None if request.token is None else self._tokens.read(request.token, request.fingerprint)
        if mark is not None and mark[0] != self._kind:
            raise unreadable()
        match self._kind:
            case "offset":
                ids, following = _by_offset(select(), request, mark)
            case "position":
                ids, following = _by_position(select(), request, mark)
            case "snapshot":
                return self._by_snapshot(request, mark, select, encode)
        return [encode(i) for i in ids], self._token(following, request)

    def save(self, identifier: str, encode: Encode) -> None:
        """Keeps what snapshots show of a record that is about to change or to vanish."""
        for snapshot in self._snapshots.values():
            if identifier not in snapshot.saved:
                snapshot.saved[identifier] = encode(identifier)

    def _by_snapshot(
        self, request: PageRequest, mark: Mark | None, select: Callable[[], Selection], encode: Encode
    ) -> tuple[list[bytes], str | None]:
        if mark is None:
            number, done = 0, 0
            selection = select()
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
        saved = snapshot.saved
        encoded = [saved[i] if i in saved else encode(i) for i in ids]
        return encoded, self._token(following, request)

    def _token(self, mark: Mark | None, request: PageRequest) -> str | None:
        return None if mark is None else self._tokens.make(mark, request.fingerprint)

    def _keep(self, snapshot: _Snapshot) -> int:
        self._snapshot_number += 1
        self._snapshots[self._snapshot_number] = snapshot
        if len(self._snapshots) > _SNAPSHOTS_AT_MOST:
            self._snapshots.popitem(last=False)
        return self._snapshot_number


def whole(entries: list[Entry]) -> Selection:
    """Returns the selection of a whole list."""
    return Selection(entries, 0, len(entries))


def _by_offset(selection: Selection, request: PageRequest, mark: Mark | None) -> tuple[list[str], Mark | None]:
    done = 0 if mark is None else int(mark[1])
    entries = _stretch(selection, request, done)
    left = selection.end - selection.start - done - len(entries)
    return [i for _, i in entries], ["offset", done + len(entries)] if left > 0 else None


def _by_position(selection: Selection, request: PageRequest, mark: Mark | None) -> tuple[list[str], Mark | None]:
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


def _stretch(selection: Selection, request: PageRequest, done: int, *, everything: bool = False) -> list[Entry]:
    """Returns a page's entries, in the request's order, once `done` entries have been passed."""
    size = selection.end - selection.start if everything else request.page
    if request.descending:
        end = max(selection.end - done, selection.start)
        return selection.entries[max(end - size, selection.start) : end][::-1]
    start = min(selection.start + done, selection.end)
    return selection.entries[start : min(start + size, selection.end)]
