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
        token: The NextToken; `None` on the last page.
    """

    member: str
    records: Sequence[bytes]
    token: str | None

    def body(self) -> bytes:
        """Returns the JSON that goes to the client."""
        token = json.dumps(self.token).encode()
        return b'{"NextToken":%b,"%b":[%b]}' % (token, self.member.encode(), b",".join(self.records))


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
