"""From a record, as the API sends it, to a row: pure functions, no I/O.

Known members become typed columns. Unknown ones become columns and child tables by the same naming rule, so that a
member AWS adds tomorrow arrives without an upgrade. A member that does not fit makes the whole record `Unfit`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from .model import ChildTable, Column, ColumnType, Path, RecordModel, column_name
from .values import CONVERT, INT64, Unfit, parse_instant

Row = dict[str, Any]
Claims = dict[str, dict[str, str]]
Convert = Callable[[object], object]
KINDS: dict[type, ColumnType] = {str: "text", bool: "bool", int: "bigint", float: "double"}
CHILD_KEY = "opportunity_id"
ACCOUNT = "account"
HISTORY_COLUMNS = frozenset(
    {"content_hash", "first_seen_at", "read_order", "order_is_known"}
)  # in the table of versions, beside every other column
VALUE = ("Value",)
DEEPEST = 50


class RowMaker:
    """Makes rows of one kind of record.

    Args:
        model: its known members.
        claims: which column each unknown member has, by table; kept in the source's state, so that it is the same in
            every run. What is new is added.
        account: what stands in the column `account` of every row; without one, there is no such column.
    """

    def __init__(self, model: RecordModel, claims: Claims | None = None, account: str | None = None) -> None:
        self.model = model
        self.constant: Row = {} if account is None else {ACCOUNT: account}
        self.claims: Claims = {} if claims is None else claims
        self._table = _Table((), model.columns, model.children, self.claims, self.constant)

    def row(self, record: object) -> Row:
        """The row of one `OpportunitySummary`; lists stand in it as lists of child rows, which have its id.

        Raises:
            Unfit: the record is no structure, lacks Id or LastModifiedDate, or a member does not fit its column.
        """
        if not isinstance(record, dict):
            raise Unfit("the record is no structure")
        row = self._table.row(record, _key(record))
        for name, member in (("id", "Id"), ("last_modified_date", "LastModifiedDate")):
            if not row.get(name):
                raise Unfit(f"{member} is missing")
        return row


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A member that is a column."""

    name: str
    convert: Convert


@dataclass(frozen=True, slots=True)
class _List:
    """A member that is a child table."""

    name: str
    table: _Table


Tree = dict[str, "_Leaf | _List | Tree"]


class _Table:
    """One table: its known columns and child tables, and the names that unknown members took.

    A member has one column for each kind of JSON value it was seen with, so that none is converted into another. The
    first has the plain name.

    Args:
        where: the path of its list.
        columns: known columns; one with an empty path is the value of a plain list.
        children: known child tables.
        claims: names of unknown members, by table.
        constant: columns that are the same in every row of every table.
    """

    def __init__(
        self,
        where: Path,
        columns: tuple[Column, ...],
        children: tuple[ChildTable, ...],
        claims: Claims,
        constant: Row,
    ) -> None:
        self._where = where
        self._constant = constant
        self._value = next((_Leaf(column.name, CONVERT[column.type]) for column in columns if not column.path), None)
        self._is_known = bool(columns)
        self._tree: Tree = {}
        for column in columns:
            _plant(self._tree, column.path, _Leaf(column.name, CONVERT[column.type]))
        for child in children:
            table = _Table(child.path, child.columns, (), claims, constant)
            _plant(self._tree, child.path, _List(child.name, table))
        self._unknown_lists: dict[Path, _List] = {}
        self._all_claims = claims
        self._claims = claims.get(".".join(where), {})
        self._taken = {column.name for column in columns} | {child.name for child in children}
        self._taken |= {*self._claims.values(), *constant, *([CHILD_KEY] if where else HISTORY_COLUMNS)}

    def row(self, structure: dict[str, object], key: object) -> Row:
        """The row of a structure that belongs to the opportunity `key`."""
        row = self._begin(key)
        self._fill(row, structure, self._tree, (), key)
        return row

    def rows(self, entries: list[object], key: object) -> list[Row]:
        """The rows of a list; null entries are none."""
        return [self._entry(entry, key) for entry in entries if entry is not None]

    def _entry(self, entry: object, key: object) -> Row:
        if self._value is not None:
            value = self._begin(key)
            value[self._value.name] = self._convert(self._value.convert, entry, ())
            return value
        if isinstance(entry, dict):
            return self.row(entry, key)
        if self._is_known:
            raise Unfit(f"an entry of {self._written(())} is no structure")
        row = self._begin(key)
        self._put_unknown(row, entry, VALUE, key)
        return row

    def _begin(self, key: object) -> Row:
        """A row with what does not come from the record itself."""
        return {**self._constant, CHILD_KEY: key} if self._where else {**self._constant}

    def _fill(self, row: Row, structure: dict[str, object], tree: Tree, path: Path, key: object) -> None:
        if len(self._where) + len(path) > DEEPEST:
            raise Unfit(f"the record is nested more than {DEEPEST} deep")
        for member, value in structure.items():
            if value is None:
                continue
            known = tree.get(member)
            if isinstance(known, _Leaf):
                try:
                    row[known.name] = known.convert(value)
                except Unfit as unfit:
                    raise Unfit(f"{self._written((*path, member))} {unfit}") from None
            elif isinstance(known, _List):
                if not isinstance(value, list):
                    raise Unfit(f"{self._written((*path, member))} is no list")
                row[known.name] = known.table.rows(value, key)
            elif isinstance(value, dict):
                self._fill(row, value, known or {}, (*path, member), key)
            elif known is not None:
                raise Unfit(f"{self._written((*path, member))} is no structure")
            else:
                self._put_unknown(row, value, (*path, member), key)

    def _put_unknown(self, row: Row, value: object, here: Path, key: object) -> None:
        """A list, or a value no model describes: as JSON has it; numbers no database can hold become text."""
        if isinstance(value, list):
            if here not in self._unknown_lists:
                table = _Table((*self._where, *here), (), (), self._all_claims, self._constant)
                self._unknown_lists[here] = _List(self._name(here, "list"), table)
            unknown = self._unknown_lists[here]
            row[unknown.name] = unknown.table.rows(value, key)
            return
        too_large = isinstance(value, int) and not isinstance(value, bool) and value not in INT64
        if too_large or (isinstance(value, float) and not math.isfinite(value)):
            value = str(value)
        kind = KINDS[type(value)]
        row[self._name(here, kind)] = self._convert(CONVERT[kind], value, here) if kind == "text" else value

    def _name(self, path: Path, kind: str) -> str:
        """The name of an unknown member's column or child table.

        Where it is taken, it gets the kind of value behind it, then a number. A member that is a list at one time and a
        value at another has one name for both: a table and a column do not collide. Where accounts share the tables,
        none may depend on what it saw first: there, every kind but text and lists stands behind the name.
        """
        member = ".".join(path)
        owner = f"{member} {kind}"
        if owner not in self._claims:
            free = self._shared_name if self._constant else self._free_name
            name = free(member, column_name(path), kind)
            self._taken.add(name)
            self._claims[owner] = name
            self._all_claims[".".join(self._where)] = self._claims
        return self._claims[owner]

    def _free_name(self, member: str, first: str, kind: str) -> str:
        others = list(self._kinds_of(member))
        if others and all((other == "list") != (kind == "list") for other in others):
            return self._claims[f"{member} {others[0]}"]
        suffixes = itertools.chain([f"_{kind}"] if others else [], (f"_{number}" for number in itertools.count(2)))
        names = itertools.chain([first], (first + suffix for suffix in suffixes))
        return next(name for name in names if name not in self._taken)

    def _shared_name(self, member: str, first: str, kind: str) -> str:
        own = {self._claims[f"{member} {other}"] for other in self._kinds_of(member)}
        name = first if kind in {"text", "list"} else f"{first}_{kind}"
        names = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
        return next(name for name in names if name not in self._taken - own)

    def _kinds_of(self, member: str) -> Iterator[str]:
        """The kinds of value this member was seen with."""
        for owner in self._claims:
            path, _, kind = owner.rpartition(" ")
            if path == member:
                yield kind

    def _convert(self, convert: Convert, value: object, path: Path) -> object:
        try:
            return convert(value)
        except Unfit as unfit:
            raise Unfit(f"{self._written(path)} {unfit}") from None

    def _written(self, path: Path) -> str:
        return ".".join((*self._where, *(path if path != VALUE else ())))


def _plant(tree: Tree, path: Path, known: _Leaf | _List) -> None:
    """Put a known member at its place in the tree of members."""
    *structures, member = path or ("",)
    for name in structures:
        below = tree.setdefault(name, {})
        tree = cast("Tree", below)
    tree[member] = known


def _key(record: dict[str, object]) -> object:
    """The Id of a record, as it stands in its column."""
    try:
        return CONVERT["text"](record.get("Id"))
    except Unfit:
        return None


def identity(record: object) -> tuple[str | None, datetime | None]:
    """What can be said of any record, also an unfit one: its Id, and its LastModifiedDate in UTC."""
    return key_of(record), _instant(record, "LastModifiedDate") if isinstance(record, dict) else None


def key_of(record: object) -> str | None:
    """The Id of any record, also an unfit one, where it has one."""
    key = _key(record) if isinstance(record, dict) else None
    return key if isinstance(key, str) else None


def created(record: object) -> datetime | None:
    """CreatedDate of a record in UTC; None where it has none to go by."""
    return _instant(record, "CreatedDate") if isinstance(record, dict) else None


def _instant(record: dict[str, object], member: str) -> datetime | None:
    try:
        return parse_instant(record.get(member))
    except Unfit:
        return None
