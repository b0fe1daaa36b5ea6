"""The opportunities of one catalog, as the service keeps them."""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from typing import Any

from ..clock import parse_instant
from ..service_model import projection, service_model
from .details import HISTORY_AT_MOST, detailed_members, history_entry, next_steps_history
from .merge import merged
from .query import Key
from .records import FIRST_NUMBER, Json, Recipe, Skew
from .row import NULL_INSTANT, Invented, Row, Watcher

# About 2.5 GB; a record is a little over one kilobyte.
_ENCODED_AT_MOST = 2_000_000


class Store:
    """Rows by identifier, and the lists sorted by each key that was asked for.

    Not safe for threads on its own: the caller holds a lock.

    Attributes:
        rows: The visible opportunities.
        invented: All that were ever invented, in their order, visible or not.
        watchers: Whatever has to know of changes.
        version: A number that grows with each change.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.rows: dict[str, Row] = {}
        self.invented: list[Invented] = []
        self.watchers: list[Watcher] = []
        self.version = 0
        self._overlays: dict[str, Json] = {}
        self._encoded: dict[str, bytes] = {}
        self._sorted: dict[str, list[tuple[Key, str]]] = {}
        self._next_number = FIRST_NUMBER
        model = service_model()
        self._as_summary = projection(model.shape_for("OpportunitySummary"))
        self._as_full = projection(model.shape_for("GetOpportunityResponse"))

    def fill(self, count: int, now: int, skew: Skew) -> None:
        """Adds `count` invented opportunities from before `now`."""
        for created, modified in self.recipe.dates(count, now, skew):
            row = self._invented(created, modified)
            self.rows[row.id] = row

    def invent(self, at: int) -> str:
        """Adds one invented opportunity, created at an instant; gives its identifier."""
        row = self._invented(at, at)
        self._insert(row)
        return row.id

    def put(self, record: Json, now: int) -> str:
        """Inserts or replaces a record; gives its identifier."""
        stamped = self.recipe.stamp.text(now)
        identifier = record.get("Id") or self._new_id()
        whole = {
            "LastModifiedDate": stamped,
            "CreatedDate": record.get("LastModifiedDate") or stamped,
            **record,
        }
        whole |= {"Id": identifier, "Catalog": self.recipe.catalog}
        created, modified = _instant(whole["CreatedDate"]), _instant(whole["LastModifiedDate"])
        if identifier in self.rows:
            self._take_out(self.rows[identifier])
        row = Row(identifier, -1, created, modified)
        row.record = merged({}, whole)
        self._insert(row)
        return identifier

    def change(self, identifier: str, changes: Json, at: str) -> None:
        """Merges changes into a record and sets its LastModifiedDate."""
        row = self._row(identifier)
        record = merged(merged(self.record(row), self._with_history(row, changes, at)), {"LastModifiedDate": at})
        record["Id"] = identifier
        created, modified = _instant(record["CreatedDate"]), _instant(at)
        self._take_out(row)
        successor = Row(identifier, row.index, created, modified)
        successor.record = record
        self._insert(successor)

    def remove(self, identifier: str) -> None:
        """Makes a record invisible."""
        self._take_out(self._row(identifier))
        del self.rows[identifier]
        self._overlays.pop(identifier, None)

    def overlay(self, identifier: str, over: Json) -> None:
        """Lays members over what is shown of a record, without changing the record."""
        row = self._row(identifier)
        self._touch(row)
        # Not `merged`: that would carry out the ABSENT marks, which have to stay.
        self._overlays[identifier] = _stacked(self._overlays.get(identifier, {}), over)

    def record(self, row: Row) -> Json:
        """Returns a row's record, made from the recipe if nothing has changed it."""
        if row.record is not None:
            return row.record
        return self.recipe.summary(row.index, row.id, row.created, row.modified)

    def encoded(self, row: Row) -> bytes:
        """Returns a row as `ListOpportunities` shows it, in JSON."""
        found = self._encoded.get(row.id)
        if found is None:
            found = json.dumps(self._shown(row, self.record(row), self._as_summary)).encode()
            if len(self._encoded) >= _ENCODED_AT_MOST:
                self._encoded.clear()
            self._encoded[row.id] = found
        return found

    def prepare(self) -> None:
        """Makes the JSON of every record, and the lists sorted by date."""
        for row in self.rows.values():
            self.encoded(row)
        for name in ("CreatedDate", "LastModifiedDate"):
            self.sorted_by(name)

    def full(self, row: Row) -> Json:
        """Returns a row as `GetOpportunity` shows it."""
        return self._shown(row, {"RelatedEntityIdentifiers": {}, **self.whole(row)}, self._as_full)

    def whole(self, row: Row) -> Json:
        """Returns a row's record with all its members."""
        record = self.record(row)
        if row.index >= 0:
            earlier = self.invented[row.index // 2].id if row.index else None
            record = merged(detailed_members(self.recipe, row, record, earlier), record)
        return record

    def sorted_by(self, name: str) -> list[tuple[Key, str]]:
        """Returns all (value, identifier) of a sort key, ascending. Kept sorted through changes; do not alter."""
        if name not in self._sorted:
            self._sorted[name] = sorted((self.key(row, name), row.id) for row in self.rows.values())
        return self._sorted[name]

    def key(self, row: Row, name: str) -> Key:
        """Returns the value of a row that a list is sorted or filtered by."""
        match name:
            case "LastModifiedDate":
                return row.modified
            case "CreatedDate":
                return row.created
            case "Identifier":
                return row.id
            case _:
                return row.facets(self.record)[name]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def _invented(self, created: int, modified: int) -> Row:
        row = Row(self._new_id(), len(self.invented), created, modified)
        self.invented.append(Invented(row.index, row.id, created))
        return row

    def _row(self, identifier: str) -> Row:
        try:
            return self.rows[identifier]
        except KeyError:
            raise KeyError(f"no opportunity {identifier} in catalog {self.recipe.catalog}") from None

    def _shown(self, row: Row, record: Json, project: Callable[[Any], Any]) -> Json:
        shown: Json = project(record)
        overlay = self._overlays.get(row.id)
        return shown if overlay is None else merged(shown, overlay)

    def _insert(self, row: Row) -> None:
        self.rows[row.id] = row
        for name, entries in self._sorted.items():
            insort(entries, (self.key(row, name), row.id))
        self.version += 1
        for watcher in self.watchers:
            watcher.entered(row)

    def _take_out(self, row: Row) -> None:
        self._touch(row)
        for name, entries in self._sorted.items():
            entries.pop(bisect_left(entries, (self.key(row, name), row.id)))
        for watcher in self.watchers:
            watcher.left(row)

    def _touch(self, row: Row) -> None:
        self.version += 1
        for watcher in self.watchers:
            watcher.before_change(row)
        self._encoded.pop(row.id, None)

    def _with_history(self, row: Row, changes: Json, at: str) -> Json:
        """Returns the changes, with the history of next steps."""
        life = changes.get("LifeCycle", {})
        if not isinstance(life, dict) or "NextStepsHistory" in life:
            return changes
        record = self.record(row)
        history = (record.get("LifeCycle") or {}).get("NextStepsHistory")
        if history is None and row.record is None:
            history = next_steps_history(self.recipe, row, record)
        if isinstance(life.get("NextSteps"), str):
            history = [*(history or []), history_entry(life["NextSteps"], at)][-HISTORY_AT_MOST:]
        return changes if history is None else {**changes, "LifeCycle": {**life, "NextStepsHistory": history}}

    def _new_id(self) -> str:
        # Ids are given out in steps, as the service shares its numbers among all partners. All have eight
        # digits, so that their order as text is their order in time.
        while True:
            self._next_number += 1 + self._next_number * 2_654_435_761 % 9
            identifier = f"O{self._next_number}"
            if identifier not in self.rows:
                return identifier


def _instant(text: str | None) -> int:
    return NULL_INSTANT if text is None else parse_instant(text)


def _stacked(below: Json, over: Json) -> Json:
    stacked = dict(below)
    for name, value in over.items():
        lower = stacked.get(name)
        if isinstance(lower, dict) and isinstance(value, dict):
            stacked[name] = _stacked(lower, value)
        else:
            stacked[name] = value
    return stacked
