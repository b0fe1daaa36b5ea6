"""From a record, as the API sends it, to a row: pure functions, no I/O.

Known members become typed columns. Unknown ones become columns and child tables by the same naming rule, so that a
member AWS adds tomorrow arrives without an upgrade. A member that does not fit makes the whole record `Unfit`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .model import ChildTable, Column, Path, RecordModel, column_name
from .values import CONVERT, INT64, Unfit, parse_instant

Row = dict[str, Any]
Leaf = tuple[str, Callable[[object], object]]
CHILD_KEY = "opportunity_id"


class RowMaker:
    """Makes rows of one kind of record. It remembers which name each path took, so that names never collide."""

    def __init__(self, model: RecordModel) -> None:
        self._columns: dict[Path, Leaf] = _leaves(model.columns)
        self._structures = {column.path[:n] for column in model.columns for n in range(1, len(column.path))}
        self._structures |= {child.path[:n] for child in model.children for n in range(1, len(child.path))}
        self._children: dict[Path, tuple[ChildTable, dict[Path, Leaf]]] = {
            child.path: (child, _leaves(child.columns)) for child in model.children
        }
        self._names: dict[str, Path] = {column.name: column.path for column in model.columns}
        self._names |= {child.name: child.path for child in model.children}

    def row(self, record: object) -> Row:
        """The row of one `OpportunitySummary`; lists stand in it as lists of child rows.

        Raises:
            Unfit: the record is no structure, lacks Id or LastModifiedDate, or a member does not fit its column.
        """
        if not isinstance(record, dict):
            raise Unfit("the record is no structure")
        row: Row = {}
        self._fill(row, record, ())
        for name, member in (("id", "Id"), ("last_modified_date", "LastModifiedDate")):
            if not row.get(name):
                raise Unfit(f"{member} is missing")
        for value in row.values():
            if isinstance(value, list):
                for child in value:
                    child[CHILD_KEY] = row["id"]
        return row

    def _fill(self, row: Row, structure: dict[str, object], path: Path) -> None:
        for member, value in structure.items():
            if value is None:
                continue
            here = (*path, member)
            if leaf := self._columns.get(here):
                row[leaf[0]] = _convert(leaf, value, here)
            elif here in self._children:
                row[self._children[here][0].name] = self._known_list(value, here)
            elif isinstance(value, dict):
                self._fill(row, value, here)
            elif here in self._structures:
                raise Unfit(f"{'.'.join(here)} is no structure")
            elif isinstance(value, list):
                row[self._name(here)] = [_unknown_entry(entry, here) for entry in value if entry is not None]
            else:
                row[self._name(here)] = _unknown_value(value, here)

    def _known_list(self, value: object, path: Path) -> list[Row]:
        if not isinstance(value, list):
            raise Unfit(f"{'.'.join(path)} is no list")
        child, leaves = self._children[path]
        entries = [entry for entry in value if entry is not None]
        if child.plain:
            return [{"value": _convert(leaves[()], entry, path)} for entry in entries]
        return [_entry(entry, path, leaves) for entry in entries]

    def _name(self, path: Path) -> str:
        """The name of an unknown member, numbered where another path has that name already."""
        name = first = column_name(path)
        number = 1
        while self._names.setdefault(name, path) != path:
            number += 1
            name = f"{first}_{number}"
        return name


def identity(record: object) -> tuple[str | None, datetime | None]:
    """What can be said of any record, also an unfit one: its Id, and its LastModifiedDate in UTC."""
    if not isinstance(record, dict):
        return None, None
    key = record.get("Id")
    try:
        modified = parse_instant(record.get("LastModifiedDate"))
    except Unfit:
        modified = None
    return key if isinstance(key, str) else None, modified


def _leaves(columns: tuple[Column, ...]) -> dict[Path, Leaf]:
    return {column.path: (column.name, CONVERT[column.type]) for column in columns}


def _convert(leaf: Leaf, value: object, path: Path) -> object:
    try:
        return leaf[1](value)
    except Unfit as unfit:
        raise Unfit(f"{'.'.join(path)} {unfit}") from None


def _entry(entry: object, path: Path, leaves: dict[Path, Leaf]) -> Row:
    """A child row of a known list of structures."""
    if not isinstance(entry, dict):
        raise Unfit(f"an entry of {'.'.join(path)} is no structure")
    members = _flat(entry, ())
    row = {
        leaves[inside][0]: _convert(leaves[inside], value, (*path, *inside))
        for inside, value in members
        if inside in leaves
    }
    return _with_unknown(row, [member for member in members if member[0] not in leaves], path)


def _with_unknown(row: Row, members: list[tuple[Path, object]], path: Path) -> Row:
    """A child row with its unknown members added, numbered where their name is taken."""
    for inside, value in members:
        name = first = column_name(inside)
        number = 1
        while name in row or name == CHILD_KEY:
            number += 1
            name = f"{first}_{number}"
        row[name] = _unknown(value, (*path, *inside))
    return row


def _unknown(value: object, path: Path) -> object:
    if isinstance(value, list):
        return [_unknown_entry(entry, path) for entry in value if entry is not None]
    return _unknown_value(value, path)


def _unknown_entry(entry: object, path: Path) -> Row:
    """A child row of an unknown list, or of a list inside a list."""
    if isinstance(entry, dict):
        return _with_unknown({}, _flat(entry, ()), path)
    return {"value": _unknown(entry, path)}


def _flat(structure: dict[str, object], path: Path) -> list[tuple[Path, object]]:
    """The members of a structure that are not null, structures inside it opened."""
    found: list[tuple[Path, object]] = []
    for member, value in structure.items():
        if isinstance(value, dict):
            found += _flat(value, (*path, member))
        elif value is not None:
            found.append(((*path, member), value))
    return found


def _unknown_value(value: object, path: Path) -> object:
    """A value of a member no model describes: as JSON has it; numbers no database can hold become text."""
    if isinstance(value, str):
        return _convert(("", CONVERT["text"]), value, path)
    too_large = isinstance(value, int) and not isinstance(value, bool) and value not in INT64
    if too_large or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
