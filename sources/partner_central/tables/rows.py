"""From a record, as the API sends it, to a row: pure functions, no I/O.

Known members become typed columns. Unknown ones become columns and child tables by the same naming rule, so that a
member AWS adds tomorrow arrives without an upgrade. A member that does not fit is an
`InvalidValue` of the whole record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from .new_members import LIST, VALUE, AssignedNames, ColumnNames
from .service_model import ChildTable, Column, ColumnType, Path, RecordModel
from .stored_columns import StoredColumns
from .types import AGAIN, CONVERT, InvalidValue, is_wide, parse_timestamp

Row = dict[str, Any]
Convert = Callable[[object], object]
KINDS: dict[type, ColumnType] = {str: "text", bool: "bool", int: "bigint", float: "double"}
CHILD_KEY = "opportunity_id"
ACCOUNT = "account"
HISTORY_COLUMNS = frozenset(
    {"content_hash", "first_seen_at", "read_order", "order_is_known"}
)  # in the table of versions, beside every other column
TABLES = ("opportunities", "opportunity_history")  # which have the columns of a record
MAX_DEPTH = 50


class RowMaker:
    """Makes rows of one kind of record.

    Args:
        model: its known members.
        claims: which column each unknown member has, by table, as an earlier run left it.
        account: what stands in the column `account` of every row; without one, there is no such column.
        stored: the types of columns in the destination, which are asked for with the first row.

    Attributes:
        claims: which column each unknown member has by now, to be kept in the source's state.
        constant: the columns that are the same in every row.
    """

    def __init__(
        self,
        model: RecordModel,
        claims: AssignedNames | None = None,
        account: str | None = None,
        stored: StoredColumns | None = None,
    ) -> None:
        self.model = model
        self.assigned_names: AssignedNames = {table: dict(names) for table, names in (claims or {}).items()}
        self.constant: Row = {} if account is None else {ACCOUNT: account}
        self._stored = stored or StoredColumns()

    @cached_property
    def placed(self) -> RecordModel:
        """The model with the names that its columns have in the destination."""
        return RecordModel(self._table.columns, self._table.children)

    @cached_property
    def _table(self) -> _Table:
        lists = [f"{TABLES[0]}__{child.name}" for child in self.model.children]
        self._stored.look_at([*TABLES, *lists])
        return _Table((), TABLES, self.model, self.assigned_names, self._stored, self.constant)

    def row(self, record: object) -> Row:
        """The row of one `OpportunitySummary`; lists stand in it as lists of child rows, which have its id.

        Raises:
            InvalidValue: the record is no structure, lacks Id or LastModifiedDate, or a member does not fit its column.
        """
        if not isinstance(record, dict):
            raise InvalidValue("the record is no structure")
        row = self._table.row(record, _key(record))
        for name, member in (("id", "Id"), ("last_modified_date", "LastModifiedDate")):
            if not row.get(name):
                raise InvalidValue(f"{member} is missing")
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
    """One table: its known columns and child tables, and the unknown ones.

    Args:
        where: the path of its list.
        tables: its names in the destination.
        model: known columns, of which one with an empty path is the value of a plain list, and known child tables.
        claims: names of unknown members, by table.
        stored: the types of columns in the destination.
        constant: columns that are the same in every row of every table.

    Attributes:
        columns: known columns, with the names of the destination.
        children: known child tables, likewise.
    """

    def __init__(
        self,
        where: Path,
        tables: Sequence[str],
        model: RecordModel,
        claims: AssignedNames,
        stored: StoredColumns,
        constant: Row,
    ) -> None:
        self._where = where
        self._claims = claims
        self._stored = stored
        self._constant = constant
        reserved = {*constant, *([CHILD_KEY] if where else HISTORY_COLUMNS)}
        self._names = ColumnNames(where, tables, claims, stored, reserved, shared=bool(constant))
        children = self._names.placed_lists(model.children)
        self.columns = self._names.placed(model.columns)
        self.children: tuple[ChildTable, ...] = ()
        self._tree: Tree = {}
        for column in self.columns:
            _insert(self._tree, column.path, _Leaf(column.name, CONVERT[column.type]))
        for child in children:
            known = self._list(child.path, child.name, child.columns)
            _insert(self._tree, child.path, known)
            self.children += (replace(child, columns=known.table.columns),)
        self._is_known = bool(self.columns)
        self._value = next((_Leaf(c.name, CONVERT[c.type]) for c in self.columns if not c.path), None)
        self._unknown_lists: dict[Path, _List] = {}

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
            raise InvalidValue(f"an entry of {self._written(())} is no structure")
        row = self._begin(key)
        self._put_unknown(row, entry, VALUE, key)
        return row

    def _begin(self, key: object) -> Row:
        """A row with what does not come from the record itself."""
        return {**self._constant, CHILD_KEY: key} if self._where else {**self._constant}

    def _fill(self, row: Row, structure: dict[str, object], tree: Tree, path: Path, key: object) -> None:
        if len(self._where) + len(path) > MAX_DEPTH:
            raise InvalidValue(f"the record is nested more than {MAX_DEPTH} deep")
        for member, value in structure.items():
            if value is None:
                continue
            known = tree.get(member)
            if isinstance(known, _Leaf):
                try:
                    row[known.name] = known.convert(value)
                except InvalidValue as unfit:
                    raise InvalidValue(f"{self._written((*path, member))} {unfit}") from None
            elif isinstance(known, _List):
                if not isinstance(value, list):
                    raise InvalidValue(f"{self._written((*path, member))} is no list")
                row[known.name] = known.table.rows(value, key)
            elif isinstance(value, dict):
                self._fill(row, value, known or {}, (*path, member), key)
            elif known is not None:
                raise InvalidValue(f"{self._written((*path, member))} is no structure")
            else:
                self._put_unknown(row, value, (*path, member), key)

    def _put_unknown(self, row: Row, value: object, here: Path, key: object) -> None:
        """A list, or a value no model describes: as JSON has it; numbers no database can hold become text."""
        if any(AGAIN in member for member in here):
            raise InvalidValue(f"{self._written(here).replace(AGAIN, '')} is there more than once")
        if isinstance(value, list):
            if here not in self._unknown_lists:
                self._unknown_lists[here] = self._list(here, self._names.of(here, LIST), ())
            unknown = self._unknown_lists[here]
            row[unknown.name] = unknown.table.rows(value, key)
            return
        if is_wide(value):
            value = str(value)
        kind = KINDS[type(value)]
        row[self._names.of(here, kind)] = self._convert(CONVERT[kind], value, here) if kind == "text" else value

    def _list(self, path: Path, name: str, columns: tuple[Column, ...]) -> _List:
        """A list of this table, with the known columns of its entries."""
        tables = [self._names.table_of(name)]
        model = RecordModel(columns, ())
        return _List(name, _Table((*self._where, *path), tables, model, self._claims, self._stored, self._constant))

    def _convert(self, convert: Convert, value: object, path: Path) -> object:
        try:
            return convert(value)
        except InvalidValue as unfit:
            raise InvalidValue(f"{self._written(path)} {unfit}") from None

    def _written(self, path: Path) -> str:
        return ".".join((*self._where, *(path if path != VALUE else ())))


def _insert(tree: Tree, path: Path, known: _Leaf | _List) -> None:
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
    except InvalidValue:
        return None


def key_and_modified(record: object) -> tuple[str | None, datetime | None]:
    """What can be said of any record, also an unfit one: its Id, and its LastModifiedDate in UTC."""
    return key_of(record), _instant(record, "LastModifiedDate") if isinstance(record, dict) else None


def key_of(record: object) -> str | None:
    """The Id of any record, also an unfit one, where it has one."""
    key = _key(record) if isinstance(record, dict) else None
    return key if isinstance(key, str) else None


def created_date(record: object) -> datetime | None:
    """CreatedDate of a record in UTC; None where it has none to go by."""
    return _instant(record, "CreatedDate") if isinstance(record, dict) else None


def _instant(record: dict[str, object], member: str) -> datetime | None:
    try:
        return parse_timestamp(record.get(member))
    except InvalidValue:
        return None
