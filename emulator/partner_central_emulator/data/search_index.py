"""The index behind `SearchOpportunities`: the opportunities of a catalog, later than they are, or not all of them."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..clock import SECOND, Clock
from ..service_model import projection, service_model
from .aws_side import AwsSide
from .details import searched_members
from .merge import merged
from .pager import Entry, Pager, Selection
from .records import Json
from .row import Row
from .search_filter import sort_key
from .search_records import KEYS, Lookup
from .search_request import LazyRecord, SearchRequest, SearchState
from .store import Store

_SELECTIONS_AT_MOST = 32
_PREPARED = ("CreatedDate", "CustomerCompanyName", "LastModifiedDate")


class _Version(NamedTuple):
    """A record as it was shown until an instant; `None` if it was not."""

    until: int
    id: str
    shown: Json | None


class SearchIndex:
    """Results and their pages. The caller holds the lock. Instants are microseconds since 1970.

    Args:
        store: The opportunities.
        pager: Cuts the pages.
        aws: The summaries of AWS.
        state: How it behaves.
        clock: The emulated time. Scores move only when it is moved, not with the real time that passes.
    """

    def __init__(
        self,
        store: Store,
        pager: Pager,
        aws: AwsSide,
        state: SearchState,
        clock: Clock,
    ) -> None:
        self._store = store
        self._pager = pager
        self._aws = aws
        self._state = state
        self._clock = clock
        self._changes: dict[str, Json] = {}
        self._overlays: dict[str, Json] = {}
        self._hidden: set[str] = set()
        self._own: dict[str, Json] = {}
        self._log: list[_Version] = []
        self._encoded: dict[str, bytes] = {}
        self._selections: dict[tuple[str, int | None], list[Entry]] = {}
        self._sorted: dict[str, list[Entry]] = {}
        self._shown_at: tuple[int, int] | None = None
        self._version = 0
        self._projection: Callable[[Any], Any] | None = None
        store.watchers.append(self)
        aws.watchers.append(self._touch)

    def page(self, request: SearchRequest) -> tuple[list[bytes], str | None]:
        """Returns the records of one page in JSON, and the token of the next page if there is one.

        Raises:
            ServiceError: `ValidationException`; the NextToken is not valid for this request.
        """
        self._refresh()
        earlier = self._earlier()
        return self._pager.page(request, lambda: self._select(request, earlier), lambda i: self._encode(i, earlier))

    def truth(self) -> list[Json]:
        """Returns every record that is not hidden, as it is shown without lag."""
        self._refresh()
        return [self._shown(identifier) for identifier in self._identifiers()]

    def prepare(self) -> None:
        """Makes the JSON of every record, and sorts them as clients list them."""
        self._refresh()
        entries: dict[str, list[Entry]] = {name: [] for name in _PREPARED}
        for identifier in self._identifiers():
            shown = self._shown(identifier)
            self._encoded[identifier] = json.dumps(shown).encode()
            for name, found in entries.items():
                found.append((sort_key(KEYS[name].of(shown), KEYS[name].kind), identifier))
        self._sorted = {name: sorted(found) for name, found in entries.items()}

    def put(self, record: Json) -> str:
        """Adds a record that no opportunity has, or replaces one; gives its identifier."""
        identifier: str = record["Id"]
        self._touch(identifier)
        self._hidden.discard(identifier)
        self._own[identifier] = merged({}, record)
        return identifier

    def change(self, identifier: str, changes: Json) -> None:
        """Merges changes into what is shown of a record; its LastModifiedDate stays as it is.

        What changes in the summary of AWS changes in `GetAwsOpportunitySummary` too.
        """
        self._touch(self._known(identifier))
        if identifier in self._store.rows and isinstance(changes.get("AwsOpportunitySummary"), dict):
            changes = dict(changes)
            self._aws.change(identifier, changes.pop("AwsOpportunitySummary"))
        self._changes[identifier] = merged(self._changes.get(identifier, {}), changes)

    def remove(self, identifier: str) -> None:
        """Leaves a record out from now on."""
        self._touch(self._known(identifier))
        self._own.pop(identifier, None)
        self._hidden.add(identifier)

    def overlay(self, identifier: str, members: Json) -> None:
        """Lays members over what is shown of a record."""
        self._touch(self._known(identifier))
        self._overlays[identifier] = {**self._overlays.get(identifier, {}), **members}

    def clear(self) -> None:
        """Forgets the records that no opportunity has."""
        for identifier in list(self._own):
            self.remove(identifier)

    def before_change(self, row: Row) -> None:
        """Keeps what is shown of an opportunity for as long as the index lags."""
        self._touch(row.id)

    def left(self, row: Row) -> None:
        """Does nothing: `before_change` came first."""

    def entered(self, row: Row) -> None:
        """Keeps that an opportunity was not shown before."""
        self._version += 1
        if self._state.lag_seconds and not (self._log and self._log[-1].id == row.id):
            self._log.append(_Version(self._clock.now(), row.id, None))

    def _touch(self, identifier: str) -> None:
        self._refresh()
        if is_shown := self._shows(identifier):
            self._pager.save(identifier, lambda i: self._encode(i, self._earlier()))
        if self._state.lag_seconds:
            self._log.append(_Version(self._clock.now(), identifier, self._shown(identifier) if is_shown else None))
        self._version += 1
        self._encoded.pop(identifier, None)

    def _shows(self, identifier: str) -> bool:
        return identifier in self._own or (identifier in self._store.rows and identifier not in self._hidden)

    def _known(self, identifier: str) -> str:
        if not self._shows(identifier):
            raise KeyError(f"the search of catalog {self._store.recipe.catalog} has no {identifier}")
        return identifier

    def _identifiers(self) -> Iterator[str]:
        yield from (identifier for identifier in self._store.rows if identifier not in self._hidden)
        yield from (identifier for identifier in self._own if identifier not in self._store.rows)

    def _refresh(self) -> None:
        """Drops what was computed before a change, or before the emulated time was moved."""
        at = (self._clock.lived, self._version)
        if self._shown_at is None or at[0] != self._shown_at[0]:
            self._encoded.clear()
        if at != self._shown_at:
            self._selections.clear()
            self._sorted.clear()
            self._shown_at = at

    def _earlier(self) -> dict[str, Json | None]:
        """Returns the records whose newest change is not shown yet, as they are shown."""
        horizon = self._clock.now() - round(self._state.lag_seconds * SECOND)
        self._log = [version for version in self._log if version.until > horizon]
        return {version.id: version.shown for version in reversed(self._log)}

    def _select(self, request: SearchRequest, earlier: dict[str, Json | None]) -> Selection:
        bound = (request.fingerprint, self._state.cap)
        if earlier or bound not in self._selections:
            if len(self._selections) >= _SELECTIONS_AT_MOST:
                self._selections.clear()
            self._selections[bound] = self._entries(request, earlier)
        entries = self._selections[bound]
        size = len(entries) if self._state.cap is None else min(self._state.cap, len(entries))
        return (
            Selection(entries, len(entries) - size, len(entries)) if request.descending else Selection(entries, 0, size)
        )

    def _entries(self, request: SearchRequest, earlier: dict[str, Json | None]) -> list[Entry]:
        """Returns what a request finds. Without lag, what is sorted already is cut or filtered."""
        key, test = KEYS[request.sort_by], request.test
        if earlier:
            records = [(i, self._lookup(i)) for i in self._identifiers() if i not in earlier]
            records += [(i, record) for i, record in earlier.items() if record is not None]
            found = [(i, record) for i, record in records if test is None or test(record)]
            return sorted((sort_key(key.of(record), key.kind), i) for i, record in found)
        entries = self._in_order(request.sort_by)
        if request.since is not None:
            return entries[bisect_left(entries, (request.since, "")) :]
        return entries if test is None else [entry for entry in entries if test(self._lookup(entry[1]))]

    def _in_order(self, sort_by: str) -> list[Entry]:
        """Returns all records, by a key of `KEYS`."""
        if sort_by not in self._sorted:
            key = KEYS[sort_by]
            found = ((i, self._lookup(i)) for i in self._identifiers())
            self._sorted[sort_by] = sorted((sort_key(key.of(record), key.kind), i) for i, record in found)
        return self._sorted[sort_by]

    def _lookup(self, identifier: str) -> Lookup:
        if identifier in self._own or identifier in self._changes or identifier in self._overlays:
            return self._shown(identifier)
        return LazyRecord(self._store.rows[identifier], self._shown)

    def _encode(self, identifier: str, earlier: dict[str, Json | None]) -> bytes:
        if earlier.get(identifier) is not None:
            return json.dumps(earlier[identifier]).encode()
        if identifier not in self._encoded:
            self._encoded[identifier] = json.dumps(self._shown(identifier)).encode()
        return self._encoded[identifier]

    def _shown(self, identifier: str) -> Json:
        if self._projection is None:
            self._projection = projection(service_model().shape_for("OpportunitySearchSummary"))
        record = merged(self._record(identifier), self._changes.get(identifier, {}))
        shown: Json = self._projection(record)
        overlay = self._overlays.get(identifier)
        return shown if overlay is None else merged(shown, overlay)

    def _record(self, identifier: str) -> Json:
        if identifier in self._own:
            return self._own[identifier]
        row = self._store.rows[identifier]
        record = self._store.record(row)
        summary = {"AwsOpportunitySummary": self._aws.searched(row, record)}
        if row.index < 0:
            return {**record, **summary}
        return {**merged(searched_members(self._store.recipe, row, record), record), **summary}
