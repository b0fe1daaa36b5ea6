"""Requests as data: what to list, and in which order.

Two orders cannot lose a record, whatever the opaque token means: an offset, a position or a snapshot.

- Descending date of the last change, from the first page to the last. A record that changes meanwhile moves to the
  front, which has been read. Its new date is at or above the watermark, so the next run reads it. Every other record
  only moves towards the reader: it may be seen twice, never skipped.
- Ascending date of creation, which never changes: a record can enter such a listing, never leave it or move within it.
  It can be cut into partitions that are read in parallel (`partitions.py`). The same holds for the order of keys, both
  ascending and descending (`both_ends.py`).

Both hold for listings that no record leaves. A filter on a member that changes breaks that: a record that leaves the
list shifts unread ones. Such a list is read without tokens (`keyset.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..operation import Search
from ..stream import IncrementalStream
from .filters import FilterSet

MOST_ALTERNATIVES = 4  # of each of four filters, next to two dates


@dataclass(frozen=True, slots=True)
class ListRequest:
    """One listing of a stream's records, newest change first unless said otherwise.

    Attributes:
        stream: whose records.
        catalog: `AWS` or `Sandbox`.
        filters: which records.
        modified_since: only those last changed at or after this; all, if None.
        sort_by: which member orders them; None for the date of the last change.
        descending: whether the greatest come first.
        created_since: only those created after this; all, if None.
        created_until: only those created before this; all, if None. Only a listing by key has it.
    """

    stream: IncrementalStream
    catalog: str
    filters: FilterSet = field(default_factory=FilterSet)
    modified_since: datetime | None = None
    sort_by: str | None = None
    descending: bool = True
    created_since: datetime | None = None
    created_until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        """Returns whether it lists all there is."""
        return self.filters == FilterSet() and self.modified_since is None

    def oldest_first(self, created_since: datetime | None) -> ListRequest:
        """The same records in ascending date of creation, created after a time."""
        return replace(self, sort_by=self.stream.members.created, descending=False, created_since=created_since)

    @property
    def can_be_by_key(self) -> bool:
        """Returns whether a listing by key loses nothing: the operation sorts so, and no record leaves the list."""
        return self.stream.read.backfill.by_key is not None and not self.filters.records_can_leave

    def by_key(self, since: datetime | None, until: datetime | None, *, descending: bool) -> ListRequest:
        """The same records in the order of their keys, created between two times."""
        by_key = self.stream.read.backfill.by_key
        sort_by = by_key.sort_by if by_key else None
        return replace(self, sort_by=sort_by, descending=descending, created_since=since, created_until=until)

    def samples(self) -> tuple[ListRequest, ListRequest]:
        """The same records in orders that have little to do with dates: their first pages are nearly samples."""
        by_name = replace(self, sort_by=self.stream.read.backfill.sample_by, descending=False)
        return by_name, replace(by_name, descending=True)

    def youngest_first(self) -> ListRequest:
        """The same records in descending date of creation; where null sorts highest, those without one come first."""
        return replace(self, sort_by=self.stream.members.created, descending=True)

    def request(self, next_token: str | None = None) -> dict[str, Any]:
        """The parameters of the operation for the first page, or for the one after `next_token`."""
        request: dict[str, Any] = {
            "Catalog": self.catalog,
            "MaxResults": self.stream.operation.page_size,
            "Sort": {
                "SortBy": self.sort_by or self.stream.members.modified,
                "SortOrder": "DESCENDING" if self.descending else "ASCENDING",
            },
        }
        conditions = self._conditions()
        request |= filter_tree(conditions) if isinstance(self.stream.operation, Search) else conditions
        if next_token is not None:
            request["NextToken"] = next_token
        return request

    def _conditions(self) -> dict[str, Any]:
        """Filters and bounds of dates, by member."""
        conditions: dict[str, Any] = {one.member: list(values) for one, values in self.filters.values}
        backfill = self.stream.read.backfill
        bounds = [(self.stream.read.since, self.modified_since), (backfill.since, self.created_since)]
        if backfill.by_key is not None:
            bounds.append((backfill.by_key.until, self.created_until))
        for (*structures, member), date in bounds:
            if date is not None:
                inner = conditions
                for structure in structures:
                    inner = inner.setdefault(structure, {})
                inner[member] = date
        return conditions


def filter_tree(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Conditions on members as the one filter of a search, a tree: all of them hold.

    Args:
        conditions: by member, values (any of them matches), or the first date that matches.
    """
    leaves = [_leaf(member, value) for member, value in conditions.items()]
    if not leaves:
        return {}
    return {"Filter": leaves[0] if len(leaves) == 1 else {"AndAllFilters": leaves}}


def _leaf(member: str, value: Any) -> dict[str, Any]:  # noqa: ANN401 - a date or texts
    """A condition on one member. For many texts it matches parts of them too: a tree may have few conditions."""
    if isinstance(value, datetime):
        return {"GreaterThanOrEquals": {"Key": member, "Value": {"DateValue": value}}}
    if len(value) > MOST_ALTERNATIVES:
        return {"ContainsAny": {"Key": member, "Value": {"StringListValue": list(value)}}}
    equal = [{"EqualsTo": {"Key": member, "Value": {"StringValue": one}}} for one in value]
    return equal[0] if len(equal) == 1 else {"OrAllFilters": equal}
