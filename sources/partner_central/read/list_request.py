"""The ways to read a list whole, and the request for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..list_stream import WholeListStream
from ..operation import List


class Way(NamedTuple):
    """A way to read a list.

    Attributes:
        operation: lists the records, or short entries of them.
        sort_by: sort key that never changes.
        requests: further members of the request; several requests together list everything.
        detail: the operation that gives the record of an entry; None where the list has the records.
        modified: the member of both that says when the record was last changed.
    """

    operation: List
    sort_by: str | None
    requests: tuple[Mapping[str, Any], ...]
    detail: str | None = None
    modified: str | None = None


def ways_of(stream: WholeListStream) -> tuple[Way, ...]:
    """Returns the ways to read a stream, the better one first."""
    first = Way(stream.operation, stream.sort_by, stream.requests)
    if stream.fallback is None:
        return (first,)
    other = stream.fallback
    return first, Way(other.operation, other.sort_by, ({},), other.detail, other.modified)


@dataclass(frozen=True, slots=True)
class WholeListRequest:
    """The request for a list, or for one of the lists that make the whole.

    Attributes:
        way: how it is read.
        catalog: `AWS` or `Sandbox`.
        members: further members of the request.
    """

    way: Way
    catalog: str
    members: Mapping[str, Any]

    def request(self, next_token: str | None = None) -> dict[str, Any]:
        """The parameters of the operation for the first page, or for the one after `next_token`."""
        request = {"Catalog": self.catalog, "MaxResults": self.way.operation.page_size, **self.members}
        if self.way.sort_by is not None:
            request["Sort"] = {"SortBy": self.way.sort_by, "SortOrder": "ASCENDING"}
        return request if next_token is None else request | {"NextToken": next_token}
