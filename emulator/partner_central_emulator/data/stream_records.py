"""The records of a stream, as a test changes them."""

from __future__ import annotations

from typing import Protocol

from .records import Json


class Records(Protocol):
    """The records of a stream that a test can change."""

    def put(self, record: Json) -> str:
        """Inserts or replaces a record; gives its identifier."""

    def change(self, identifier: str, changes: Json) -> None:
        """Merges changes into a record."""

    def remove(self, identifier: str) -> None:
        """Makes a record invisible."""

    def overlay(self, identifier: str, members: Json) -> None:
        """Lays members over what is shown of a record."""

    def clear(self) -> None:
        """Makes every record invisible."""

    def truth(self) -> list[Json]:
        """Returns every visible record."""
