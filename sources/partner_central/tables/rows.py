"""From a record, as the API sends it, to a row: pure functions, no I/O.

Known members become typed columns. Unknown members become columns and child tables by the same naming rule, so a member
that AWS adds tomorrow arrives without an upgrade. A member that does not fit its column rejects the whole record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from .new_members import AssignedNames
from .record import Members
from .stored_columns import StoredColumns
from .structure_rows import (
    ACCOUNT,
    HISTORY_COLUMNS,
    LAST_LISTED_AT,
    OWN_COLUMNS,
    READ_AT,
    READ_FOR,
    Row,
    StructureTable,
    TableNames,
)
from .table import ChildTable, RecordModel, column_name
from .values import InvalidValue

__all__ = [
    "ACCOUNT",
    "HISTORY_COLUMNS",
    "LAST_LISTED_AT",
    "OWN_COLUMNS",
    "READ_AT",
    "READ_FOR",
    "Row",
    "RowMaker",
    "TableNames",
]


class RowMaker:
    """Makes rows of one kind of record.

    Args:
        model: its known members.
        names: the names of its tables.
        members: where a record has its key and dates.
        assigned_names: which column each unknown member has, by table, as an earlier run left it.
        account: the value of the column `account` in every row; None without such a column.
        stored: the types of columns in the destination, which are read with the first row.
        leave_out: is told the path of each member that nobody classified and that is not stored.

    Attributes:
        assigned_names: which column each unknown member has by now, to be kept in the source's state.
        constant: the columns that are the same in every row.
    """

    def __init__(
        self,
        model: RecordModel,
        names: TableNames,
        members: Members,
        assigned_names: AssignedNames | None = None,
        account: str | None = None,
        stored: StoredColumns | None = None,
        leave_out: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.model = model
        self.names = names
        self.members = members
        self.assigned_names: AssignedNames = {table: dict(owners) for table, owners in (assigned_names or {}).items()}
        self.constant: Row = {} if account is None else {ACCOUNT: account}
        self._required = [(column_name([member]), member) for member in members.required]
        self._stored = stored or StoredColumns()
        self._leave_out = leave_out

    @cached_property
    def placed(self) -> RecordModel:
        """The model with the names that its columns have in the destination."""
        return RecordModel(self._table.columns, self._table.children)

    @cached_property
    def _table(self) -> StructureTable:
        self._stored.look_at([*self.names.both, *_table_names(self.names.root, self.model.children)])
        names, assigned = self.names, self.assigned_names
        return StructureTable((), names.both, self.model, assigned, self._stored, self.constant, names, self._leave_out)

    def row(self, record: object) -> Row:
        """The row of one record; its lists are lists of child rows, which have its key.

        Raises:
            InvalidValue: the record is not a structure, lacks its key or date, or a member does not fit its column.
        """
        if not isinstance(record, dict):
            raise InvalidValue("the record is not a structure")
        key = self.members.key_of(record)
        row = self._table.row(record, key)
        if self.members.key_parts:
            row[column_name([self.members.key])] = key
        for name, member in self._required:
            if not row.get(name):
                raise InvalidValue(f"{member} is missing")
        return row


def _table_names(table: str, children: Sequence[ChildTable]) -> list[str]:
    """The full names of child tables, and of theirs."""
    names = [(f"{table}__{child.name}", child.children) for child in children]
    return [found for name, below in names for found in (name, *_table_names(name, below))]
