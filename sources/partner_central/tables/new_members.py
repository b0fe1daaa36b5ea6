"""Chooses the column of each member, given the columns that the destination has.

The model names the columns of members that it knows, and the naming rule names the others. But a column keeps its type.
If the destination has another type under a name, or the name is of another member, the member gets its own column. Its
name ends with the type, or with a number if that is taken as well. So no value is converted or replaced.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Sequence

from .stored_columns import StoredColumns
from .table import DIGEST, MAX_NAME, ChildTable, Column, Path, column_name, shorten

AssignedNames = dict[str, dict[str, str]]
LIST = "list"
LIST_LEVELS, LEVEL = 3, "__"  # levels of lists whose names fit for certain, and what stands between theirs
VALUE = ("Value",)  # the path of a bare value in a list
UNMOVED = frozenset({"id", "last_modified_date"})  # what a record is found and merged by
OURS = "\0"  # the owner of names that no member can have


def dotted(path: Path) -> str:
    """A path as one text, another for each path."""
    return ".".join(part.replace("\\", "\\\\").replace(".", "\\.") for part in path)


def plain_names(claims: AssignedNames) -> set[str]:
    """The names in claims that are what the naming rule gives their member, with nothing behind."""
    return {
        name
        for names in claims.values()
        for owner, name in names.items()
        if name == column_name(_parts(owner.rpartition(" ")[0]))
    }


def _parts(member: str) -> list[str]:
    """Returns the path that `dotted` made a text of."""
    return [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"(?:\\.|[^.\\])+", member)]


class ColumnNames:
    """The names of one table's columns and child tables, by the member whose value stands there.

    A member has one column for each kind of JSON value it was seen with. The first has the plain name. A member that is
    a list at one time and a value at another has one name for both: a table and a column do not collide.

    Args:
        where: the path of the table's list.
        tables: the tables in the destination that have its columns; the first one's lists are child tables.
        claims: names of unknown members, by table; what is new is added.
        stored: the types of columns in the destination.
        reserved: names that are no member's.
        shared: whether accounts share the tables. There, no name may depend on what one account saw first: every kind
            but text and lists stands behind the name.
    """

    def __init__(
        self,
        where: Path,
        tables: Sequence[str],
        claims: AssignedNames,
        stored: StoredColumns,
        reserved: Collection[str],
        *,
        shared: bool,
    ) -> None:
        self._tables = tables
        self._stored = stored
        self._shared = shared
        self._all_claims = claims
        self._table = dotted(where)
        self._claims = claims.get(self._table, {})
        self._settled: dict[tuple[Path, str], str] = {}
        self._owners = dict.fromkeys(reserved, OURS)
        self._kinds: dict[str, str] = {}  # of columns with claims
        for owner, name in self._claims.items():
            self._note(owner, name)

    def table_of(self, name: str) -> str:
        """The table in the destination of a list of this table."""
        return f"{self._tables[0]}{LEVEL}{name}"

    def placed(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """Known columns under the names they have here."""
        return tuple(self._placed(column) for column in columns)

    def placed_lists(self, children: tuple[ChildTable, ...]) -> tuple[ChildTable, ...]:
        """Known lists under the names they have here."""
        return tuple(child._replace(name=self._known(child.path, child.name, LIST)) for child in children)

    def of(self, path: Path, kind: str) -> str:
        """The name of an unknown member's column or child table, for one kind of value."""
        name = self._settled.get((path, kind))
        if name is None:
            name = self._settled[path, kind] = self._claimed(path, kind)
        return name

    def _room_for_a_list(self) -> int:
        """Returns how long the name of a list may be, so that lists in its entries have room for theirs."""
        around = self.table_of("")
        levels = max(0, LIST_LEVELS - around.count(LEVEL))
        return MAX_NAME - len(around) - levels * (len(LEVEL) + DIGEST)

    def _placed(self, column: Column) -> Column:
        if not self._table and column.name in UNMOVED:
            self._owners[column.name] = dotted(column.path)
            return column
        return column._replace(name=self._known(column.path or VALUE, column.name, column.type))

    def _known(self, path: Path, first: str, kind: str) -> str:
        member = dotted(path)
        claimed = self._claims.get(f"{member} {kind}")
        typed = kind != LIST and self._differs(first, member, kind)
        names = itertools.chain([first], [claimed] if claimed else [], _numbered(f"{first}_{kind}" if typed else first))
        name = next(name for name in names if self._is_free(name, member, kind))
        self._owners[name] = member
        return name

    def _claimed(self, path: Path, kind: str) -> str:
        member = dotted(path)
        owner = f"{member} {kind}"
        claimed = self._claims.get(owner)
        if claimed is not None and self._is_free(claimed, member, kind):
            return claimed
        candidates = self._shared_names if self._shared else self._names
        most = self._room_for_a_list() if kind == LIST else MAX_NAME
        names = (shorten(name, most) for name in candidates(member, column_name(path), kind))
        name = next(name for name in names if self._is_free(name, member, kind))
        self._claims[owner] = name
        self._all_claims[self._table] = self._claims
        self._note(owner, name)
        return name

    def _names(self, member: str, first: str, kind: str) -> Iterator[str]:
        others = list(self._kinds_of(member))
        if others and all((other == LIST) != (kind == LIST) for other in others):
            yield self._claims[f"{member} {others[0]}"]
        yield first
        typed = f"{first}_{kind}"
        if kind != LIST and (others or self._differs(first, member, kind) or self._types(typed) == {kind}):
            yield from _numbered(typed)
        yield from _numbered(first)

    def _shared_names(self, _: str, first: str, kind: str) -> Iterator[str]:
        return _numbered(first if kind in {"text", LIST} else f"{first}_{kind}")

    def _is_free(self, name: str, member: str, kind: str) -> bool:
        """Returns whether a name is of no other member, and what stands under it of no other type."""
        return self._owners.get(name, member) == member and (kind == LIST or self._types(name) <= {kind})

    def _differs(self, name: str, member: str, kind: str) -> bool:
        """Returns whether nothing but its type is in the way of a name."""
        return self._owners.get(name, member) == member and not self._types(name) <= {kind}

    def _types(self, name: str) -> set[str]:
        """The types that a column has in the destination, or is to have."""
        found = {self._stored.type_of(table, name) for table in self._tables} | {self._kinds.get(name)}
        return {kind for kind in found if kind is not None}

    def _kinds_of(self, member: str) -> Iterator[str]:
        """The kinds of value this member was seen with."""
        for owner in self._claims:
            path, _, kind = owner.rpartition(" ")
            if path == member:
                yield kind

    def _note(self, owner: str, name: str) -> None:
        member, _, kind = owner.rpartition(" ")
        self._owners.setdefault(name, member)
        if kind != LIST:
            self._kinds[name] = kind


def _numbered(name: str) -> Iterator[str]:
    """A name, and others with a number behind."""
    return itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
