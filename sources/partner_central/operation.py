"""The words an operation that lists records is written in. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .tables.table import snake_case

PAGE_SIZE = 100


class Filter(NamedTuple):
    """A filter that a user may set; within one, any of its values matches.

    Attributes:
        member: of the request.
        max_values: how many values the operation takes.
        can_change: whether a record that changes may no longer match.
        personal: whether its values are personal data.
        setting: the name of its setting, where that is not the member's.
    """

    member: str
    max_values: int
    can_change: bool = True
    personal: bool = False
    setting: str = ""

    @property
    def option(self) -> str:
        """The name of its setting."""
        return self.setting or snake_case(self.member)


@dataclass(frozen=True, slots=True)
class List:
    """An operation that lists records, with filters as members of its request.

    Attributes:
        name: of the operation.
        records: the member of the answer that holds the records.
        page_size: records a page.
        may_be_absent: whether an answer without records may lack the member.
        may_end_after: records behind which a listing may end though there are more; None if it ends with the last.
    """

    name: str
    records: str
    page_size: int = PAGE_SIZE
    may_be_absent: bool = False
    may_end_after: int | None = None


@dataclass(frozen=True, slots=True)
class Search(List):
    """An operation that lists records, with one filter that is a tree: all of several conditions on members.

    It reads an index, which may end a listing at a cap.
    """

    may_end_after: int | None = 1000


@dataclass(frozen=True, slots=True)
class Get(List):
    """An operation that gives what belongs to one id: one record, or a list of them.

    Attributes:
        records: the member of the answer that holds the records; empty where the answer is the record.
        page_size: records a page of such a list.
        id_member: the member of the request that takes the id.
    """

    records: str = ""
    id_member: str = "Identifier"
