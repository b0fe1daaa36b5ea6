"""The stream that is read whole, with the words that only such a stream needs. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from .operation import List
from .stream import HALF, HOUR, Stream


class Fallback(NamedTuple):
    """Two operations that give the records of one that AWS refuses: a list of short entries, and a record by its key.

    A record is read by its key when its entry is new or not what it was.

    Attributes:
        operation: lists the entries.
        detail: the operation that gives one record, by its member `Identifier`.
        sort_by: sort key of the list that never changes, in ascending order.
        modified: the member of both that says when the record was last changed.
    """

    operation: List
    detail: str
    sort_by: str | None = None
    modified: str | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class WholeListStream(Stream):
    """A stream that is read whole when that is due: what lapses moves no date, so only the whole list shows it.

    Attributes:
        requests: further members of the request; several requests together list everything.
        sort_by: sort key that never changes, in ascending order; None where the operation has no order.
        fallback: what is called where AWS refuses the operation. Then not every record is read each time, so which
            ones are listed is in a table of its own.
    """

    requests: tuple[Mapping[str, Any], ...] = ({},)
    sort_by: str | None = None
    refresh: timedelta | None = HOUR
    fallback: Fallback | None = None
    share_of_calls: float = HALF

    @property
    def record_shapes(self) -> tuple[tuple[str, str | None], ...]:
        """The operations that give records, each with the member of its answer that lists them, if it does."""
        return (*super().record_shapes, *([(self.fallback.detail, None)] if self.fallback else []))

    @property
    def operations(self) -> tuple[str, ...]:
        """The names of all operations that it may be read by: what a policy has to allow."""
        others = (self.fallback.operation.name, self.fallback.detail) if self.fallback else ()
        return (*super().operations, *others)

    @property
    def tables(self) -> dict[str, str]:
        """The tables that it is loaded into, without lists, each with what it holds."""
        listed = {self.presence_table: f"When each {self.noun} was last listed."}
        return {**super().tables, **(listed if self.fallback else {})}
