"""From a structure of a record to the row of one table, with its lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from .new_members import LIST, VALUE, AssignedNames, ColumnNames
from .service_model import MAP_KEY, MAP_VALUE
from .stored_columns import StoredColumns
from .table import ChildTable, Path, RecordModel
from .types import CONVERT, OF_JSON, Convert
from .values import AGAIN, InvalidValue, Mask, Unclassified, is_wide

Row = dict[str, Any]
ACCOUNT = "account"
HISTORY_COLUMNS = frozenset({"content_hash", "first_seen_at", "read_order", "order_is_known"})  # only of versions
LAST_LISTED_AT = "last_listed_at"  # only of lists that are read whole
READ_AT, READ_FOR = "read_at", "read_for"  # only of records that are read by their ids
OWN_COLUMNS = HISTORY_COLUMNS | {LAST_LISTED_AT, READ_AT, READ_FOR}  # of the tables of records and versions
MAX_DEPTH = 50


@dataclass(frozen=True, slots=True)
class TableNames:
    """The names of the tables that have the columns of one kind of record.

    Attributes:
        root: the table of records; its lists are child tables.
        history: the table of versions; None without one.
        child_key: the column of child tables that holds the key of the record.
    """

    root: str
    history: str | None
    child_key: str

    @property
    def both(self) -> tuple[str, ...]:
        """The tables that have a column for each member."""
        return (self.root,) if self.history is None else (self.root, self.history)


class _Leaf(NamedTuple):
    """A member that is a column."""

    name: str
    convert: Convert


class _List(NamedTuple):
    """A member that is a child table."""

    name: str
    table: StructureTable
    is_map: bool = False


Tree = dict[str, "_Leaf | _List | Tree"]


class StructureTable:
    """One table: its known columns and child tables, and the unknown ones.

    Args:
        where: the path of its list.
        tables: its names in the destination.
        model: known columns and child tables; a column with an empty path is the value of a plain list.
        assigned: names of unknown members, by table.
        stored: the types of columns in the destination.
        constant: columns that are the same in every row of every table.
        names: the names of the record's tables.
        leave_out: is told the path of each member that nobody classified and that is not stored.

    Attributes:
        columns: known columns, with the names of the destination.
        children: known child tables, likewise.
    """

    def __init__(
        self,
        where: Path,
        tables: Sequence[str],
        model: RecordModel,
        assigned: AssignedNames,
        stored: StoredColumns,
        constant: Row,
        names: TableNames,
        leave_out: Callable[[str], object],
    ) -> None:
        self._where = where
        self._assigned = assigned
        self._stored = stored
        self._constant = constant
        self._table_names = names
        self._leave_out = leave_out
        reserved = {*constant, *([names.child_key] if where else OWN_COLUMNS)}
        self._names = ColumnNames(where, tables, assigned, stored, reserved, shared=bool(constant))
        children = self._names.placed_lists(model.children)
        self.columns = self._names.placed(model.columns)
        self.children: tuple[ChildTable, ...] = ()
        self._tree: Tree = {}
        for column in self.columns:
            _insert(self._tree, column.path, _Leaf(column.name, CONVERT[column.type]))
        for child in children:
            known = self._list(child.path, child.name, RecordModel(child.columns, child.children), is_map=child.is_map)
            _insert(self._tree, child.path, known)
            self.children += (child._replace(columns=known.table.columns, children=known.table.children),)
        self._is_known = bool(self.columns or self.children)
        self._value = next((_Leaf(c.name, CONVERT[c.type]) for c in self.columns if not c.path), None)
        self._unknown_lists: dict[Path, _List] = {}

    def row(self, structure: dict[str, object], key: object) -> Row:
        """The row of a structure that belongs to the record `key`."""
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
        if isinstance(self._tree.get(MAP_VALUE), _List):  # a list in a list
            return self.row({MAP_VALUE: entry}, key)
        if self._is_known:
            raise InvalidValue(f"an entry of {self._dotted(())} is not a structure")
        row = self._begin(key)
        self._put_unknown(row, entry, VALUE, key)
        return row

    def _begin(self, key: object) -> Row:
        """A row with what does not come from the record itself."""
        return {**self._constant, self._table_names.child_key: key} if self._where else {**self._constant}

    def _fill(self, row: Row, structure: dict[str, object], tree: Tree, path: Path, key: object) -> None:
        if len(self._where) + len(path) > MAX_DEPTH:
            raise InvalidValue(f"the record is nested more than {MAX_DEPTH} deep")
        for member, value in structure.items():
            if value is None:
                continue
            known = tree.get(member)
            if type(value) is not str and isinstance(value, Mask) and not self._holds(known, value, (*path, member)):
                continue
            if isinstance(known, _Leaf):
                try:
                    row[known.name] = known.convert(value)
                except InvalidValue as invalid:
                    raise InvalidValue(f"{self._dotted((*path, member))} {invalid}") from None
            elif isinstance(known, _List):
                row[known.name] = known.table.rows(self._entries(known, value, (*path, member)), key)
            elif isinstance(value, dict):
                self._fill(row, value, known or {}, (*path, member), key)
            elif known is not None:
                raise InvalidValue(f"{self._dotted((*path, member))} is not a structure")
            else:
                self._put_unknown(row, value, (*path, member), key)

    def _holds(self, known: _Leaf | _List | Tree | None, mask: Mask, path: Path) -> bool:
        """Returns whether the column of a member takes a mask; that of one that nobody knows does."""
        takes = known is None or (isinstance(known, _Leaf) and known.convert is CONVERT["text"])
        if isinstance(mask, Unclassified) and not (takes and mask):
            self._leave_out(self._dotted(path).replace(AGAIN, ""))
            return False
        return takes

    def _entries(self, known: _List, value: object, path: Path) -> list[object]:
        """The entries of a list; those of a map as structures of key and value."""
        if known.is_map:
            if not isinstance(value, dict):
                raise InvalidValue(f"{self._dotted(path)} is not a map")
            return [{MAP_KEY: name, MAP_VALUE: entry} for name, entry in value.items()]
        if not isinstance(value, list):
            raise InvalidValue(f"{self._dotted(path)} is not a list")
        return value

    def _put_unknown(self, row: Row, value: object, here: Path, key: object) -> None:
        """A list, or a value no model describes: as JSON has it; numbers no database can hold become text."""
        if any(AGAIN in member for member in here):
            raise InvalidValue(f"{self._dotted(here).replace(AGAIN, '')} is there more than once")
        if isinstance(value, list):
            if here not in self._unknown_lists:
                self._unknown_lists[here] = self._list(here, self._names.of(here, LIST), RecordModel((), ()))
            unknown = self._unknown_lists[here]
            row[unknown.name] = unknown.table.rows(value, key)
            return
        if isinstance(value, Mask) or is_wide(value):
            value = str(value)
        kind = OF_JSON[type(value)]
        row[self._names.of(here, kind)] = self._convert(CONVERT[kind], value, here) if kind == "text" else value

    def _list(self, path: Path, name: str, model: RecordModel, *, is_map: bool = False) -> _List:
        """A list of this table, with what is known of its entries."""
        where, tables = (*self._where, *path), [self._names.table_of(name)]
        names, leave_out = self._table_names, self._leave_out
        table = StructureTable(where, tables, model, self._assigned, self._stored, self._constant, names, leave_out)
        return _List(name, table, is_map)

    def _convert(self, convert: Convert, value: object, path: Path) -> object:
        try:
            return convert(value)
        except InvalidValue as invalid:
            raise InvalidValue(f"{self._dotted(path)} {invalid}") from None

    def _dotted(self, path: Path) -> str:
        return ".".join((*self._where, *(path if path != VALUE else ())))


def _insert(tree: Tree, path: Path, known: _Leaf | _List) -> None:
    """Put a known member at its place in the tree of members."""
    *structures, member = path or ("",)
    for name in structures:
        below = tree.setdefault(name, {})
        tree = cast("Tree", below)
    tree[member] = known
