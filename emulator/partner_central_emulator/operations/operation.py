"""An operation that the emulator offers, and its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..data.catalog import Catalog
from ..data.records import Json


class Answer(Protocol):
    """The content of an answer without an error."""

    def body(self) -> bytes:
        """Returns the JSON that goes to the client."""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """One page of a list.

    Attributes:
        member: Name of the member that has the records.
        records: The records, each in JSON.
        token: The NextToken; `None` on the last page, where some operations send an empty text.
        is_null: Whether the list is null. Operations whose list is not required answer so without records.
    """

    member: str
    records: Sequence[bytes]
    token: str | None
    is_null: bool = False

    def body(self) -> bytes:
        """Returns the JSON that goes to the client."""
        token = json.dumps(self.token).encode()
        records = b"null" if self.is_null else b"[%b]" % b",".join(self.records)
        return b'{"NextToken":%b,"%b":%b}' % (token, self.member.encode(), records)


@dataclass(frozen=True, slots=True)
class SingleRecord:
    """One record."""

    record: Json

    def body(self) -> bytes:
        """Returns the JSON that goes to the client."""
        return json.dumps(self.record).encode()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API.

    Attributes:
        name: Name in the API, such as `ListOpportunities`.
        answer: Makes the answer from a catalog and parameters that the service model allows.
    """

    name: str
    answer: Callable[[Catalog, dict[str, Any]], Answer]
