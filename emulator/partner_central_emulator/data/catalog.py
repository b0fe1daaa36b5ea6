"""One catalog, safe for threads: its records, the lists of them, and their life."""

from __future__ import annotations

import json
import threading
from typing import Any

from ..errors import ServiceError
from ..tokens import TokenKind, Tokens
from .life import Life
from .listing import Listing
from .query import ListRequest
from .records import Json, Recipe, Skew
from .store import Store


class Catalog:
    """`AWS` or `Sandbox`. Instants are microseconds since 1970."""

    def __init__(self, recipe: Recipe, tokens: Tokens, kind: TokenKind) -> None:
        self._stamp = recipe.stamp
        self._lock = threading.RLock()
        self._store = Store(recipe)
        self._listing = Listing(self._store, tokens, kind)
        self._life = Life(self._store)

    def fill(self, count: int, now: int, skew: Skew) -> None:
        """Adds `count` invented opportunities from before `now`."""
        with self._lock:
            self._store.fill(count, now, skew)

    def prepare(self) -> None:
        """Makes all that pages show."""
        with self._lock:
            self._store.prepare()

    def page(self, request: ListRequest) -> tuple[list[bytes], str | None]:
        """Returns one page of a list, each record in JSON, and the NextToken."""
        with self._lock:
            return self._listing.page(request)

    def opportunity(self, identifier: str) -> Json:
        """Returns one record as `GetOpportunity` shows it.

        Raises:
            ServiceError: `ResourceNotFoundException`; the record does not exist or is not visible.
        """
        with self._lock:
            row = self._store.rows.get(identifier)
            if row is None:
                raise ServiceError("ResourceNotFoundException", f"Opportunity {identifier} was not found.")
            return self._store.full(row)

    def truth(self) -> list[Json]:
        """Returns every visible record as `ListOpportunities` shows it."""
        with self._lock:
            encoded = [self._store.encoded(row) for row in self._store]
        return [json.loads(record) for record in encoded]

    def put(self, record: Json, now: int) -> str:
        """Inserts or replaces a record; gives its identifier."""
        with self._lock:
            return self._store.put(record, now)

    def change(self, identifier: str, changes: Json, at: str | int) -> None:
        """Merges changes into a record; its LastModifiedDate becomes `at`, a text as it is."""
        with self._lock:
            self._store.change(identifier, changes, at if isinstance(at, str) else self._stamp.text(at))

    def remove(self, identifier: str) -> None:
        """Makes a record invisible."""
        with self._lock:
            self._store.remove(identifier)

    def overlay(self, identifier: str, over: dict[str, Any]) -> None:
        """Lays members over what is shown of a record."""
        with self._lock:
            self._store.overlay(identifier, over)

    def clear(self) -> None:
        """Makes every record invisible."""
        with self._lock:
            for identifier in list(self._store.rows):
                self._store.remove(identifier)

    def pass_time(self, begin: int, end: int) -> int:
        """Lets what lies between two instants happen; gives the number of events."""
        with self._lock:
            return self._life.pass_time(begin, end)

    def happen_once(self, at: int) -> None:
        """Lets one event happen to one record."""
        with self._lock:
            self._life.happen_once(at)

    def __len__(self) -> int:
        with self._lock:
            return len(self._store.rows)
