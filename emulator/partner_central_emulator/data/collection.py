"""Records of one kind that are listed whole, such as invitations. They are invented, or put by a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..service_model import projection, service_model
from .merge import merged
from .pager import Entry, Pager, whole
from .query import Key, PageRequest
from .records import Json

_SELECTIONS_AT_MOST = 16


@dataclass(frozen=True, slots=True)
class Planned:
    """A record that exists at a time, and is made when it is needed.

    Attributes:
        id: Its identifier.
        head: The members that lists filter and sort by.
        make: Makes all its members.
    """

    id: str
    head: Json
    make: Callable[[], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRequest(PageRequest):
    """A request for one page of a collection.

    Attributes:
        test: Whether a record with this head is listed.
        key: What the list is sorted by.
        looks_inside: Whether both want all members of a record, not only its head.
    """

    test: Callable[[Json], bool]
    key: Callable[[Json], Key]
    looks_inside: bool = False


class View:
    """The pages of a collection in the form of one operation.

    Args:
        collection: The records.
        pager: Cuts the pages.
        shape: The shape of a record, by the service model.
    """

    def __init__(self, collection: Collection, pager: Pager, shape: str) -> None:
        self.pager = pager
        self._collection = collection
        self._shape = shape
        self._project: Callable[[Any], Any] | None = None
        self._selections: dict[str, list[Entry]] = {}
        self._at: object = None

    def page(self, request: CollectionRequest) -> tuple[list[bytes], str | None]:
        """Returns the records of one page in JSON, and the token of the next page if there is one.

        Raises:
            ServiceError: `ValidationException`; the NextToken is not valid for this request.
        """
        return self.pager.page(request, lambda: whole(self._select(request)), self.encoded)

    def shown(self, identifier: str) -> Json:
        """Returns a record as the operation shows it."""
        if self._project is None:
            self._project = projection(service_model().shape_for(self._shape))
        return self._collection.shown(identifier, self._project)

    def encoded(self, identifier: str) -> bytes:
        """Returns a record as the operation shows it, in JSON."""
        return json.dumps(self.shown(identifier)).encode()

    def _select(self, request: CollectionRequest) -> list[Entry]:
        at = self._collection.refresh()
        if at != self._at or len(self._selections) >= _SELECTIONS_AT_MOST:
            self._selections.clear()
            self._at = at
        if request.fingerprint not in self._selections:
            of = self._collection.record if request.looks_inside else self._collection.head
            records = ((i, of(i)) for i in self._collection.identifiers())
            self._selections[request.fingerprint] = sorted((request.key(r), i) for i, r in records if request.test(r))
        return self._selections[request.fingerprint]


class Collection:
    """Records by identifier. The caller holds the lock.

    Args:
        plan: Gives the invented records that exist now.
        state: Equal as long as `plan` gives the same.
        key: Gives the identifier of a record.
    """

    def __init__(
        self, plan: Callable[[], Iterable[Planned]], state: Callable[[], object], key: Callable[[Json], str]
    ) -> None:
        self.views: list[View] = []
        self._plan = plan
        self._state = state
        self._key = key
        self._planned: dict[str, Planned] = {}
        self._made: dict[str, Json] = {}
        self._own: dict[str, Json] = {}
        self._removed: set[str] = set()
        self._overlays: dict[str, Json] = {}
        self._version = 0
        self._at: object = None

    def view(self, pager: Pager, shape: str) -> View:
        """Returns the pages of this collection in another form."""
        self.views.append(View(self, pager, shape))
        return self.views[-1]

    def refresh(self) -> object:
        """Makes the list of what exists now; gives something that is equal as long as nothing changes."""
        at = (self._state(), self._version)
        if at != self._at:
            if self._at is None or at[0] != self._at[0]:  # type: ignore[index]
                self._planned = {one.id: one for one in self._plan()}
                self._made.clear()
            self._at = at
        return at

    def identifiers(self) -> Iterable[str]:
        """Yields the identifiers of all visible records."""
        yield from (i for i in self._planned if i not in self._removed and i not in self._own)
        yield from self._own

    def record(self, identifier: str) -> Json:
        """Returns a record with all its members.

        Raises:
            KeyError: The record does not exist.
        """
        self._check(identifier)
        if identifier in self._own:
            return self._own[identifier]
        if identifier not in self._made:
            self._made[identifier] = self._planned[identifier].make()
        return self._made[identifier]

    def known_head(self, identifier: str) -> Json:
        """Returns at least the members of a record that lists filter and sort by.

        Raises:
            KeyError: The record does not exist.
        """
        self._check(identifier)
        return self.head(identifier)

    def head(self, identifier: str) -> Json:
        """Returns at least the members of a visible record that lists filter and sort by."""
        return self._own[identifier] if identifier in self._own else self._planned[identifier].head

    def shown(self, identifier: str, project: Callable[[Any], Any]) -> Json:
        """Returns a record as an operation shows it."""
        record: Json = project(self.record(identifier))
        overlay = self._overlays.get(identifier)
        return record if overlay is None else merged(record, overlay)

    def truth(self) -> list[Json]:
        """Returns every visible record as the first of the operations shows it."""
        self.refresh()
        return [self.views[0].shown(identifier) for identifier in self.identifiers()]

    def put(self, record: Json) -> str:
        """Inserts or replaces a record; gives its identifier."""
        identifier = self._key(record)
        self._touch(identifier)
        self._own[identifier] = merged({}, record)
        return identifier

    def change(self, identifier: str, changes: Json) -> None:
        """Merges changes into a record."""
        record = merged(self.record(identifier), changes)
        self._touch(identifier)
        self._own[identifier] = record

    def remove(self, identifier: str) -> None:
        """Makes a record invisible."""
        self.record(identifier)
        self._touch(identifier)
        self._own.pop(identifier, None)
        self._removed.add(identifier)

    def overlay(self, identifier: str, members: Json) -> None:
        """Lays members over what is shown of a record."""
        self.record(identifier)
        self._touch(identifier)
        self._overlays[identifier] = {**self._overlays.get(identifier, {}), **members}

    def clear(self) -> None:
        """Makes every record invisible."""
        self.refresh()
        for identifier in list(self.identifiers()):
            self.remove(identifier)

    def _check(self, identifier: str) -> None:
        self.refresh()
        if identifier not in self._own and (identifier in self._removed or identifier not in self._planned):
            raise KeyError(identifier)

    def _touch(self, identifier: str) -> None:
        self.refresh()
        self._version += 1
        if identifier in self._own or (identifier in self._planned and identifier not in self._removed):
            for view in self.views:
                view.pager.save(identifier, view.encoded)
