"""Rows as Arrow tables, which dlt loads without looking at each row again: a long load takes half the processor time.

dlt takes Arrow tables for the root table of a resource only. So the tables of its lists go into the load package as
Parquet files. By their hints they are children of the root table, and are merged with it in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from dlt.common.configuration.container import Container
from dlt.common.schema.typing import TColumnSchema
from dlt.common.storages import ParsedLoadJobFileName
from dlt.common.storages.load_package import LoadPackageStateInjectableContext
from dlt.common.utils import uniq_id

from .hints import HintRules, list_columns, root_columns
from .rows import Row
from .table import RecordModel
from .types import OF_JSON, TYPES, ColumnType

if TYPE_CHECKING:
    import pyarrow as pa

FEWEST_ROWS = 1000
Columns = dict[str, ColumnType]


class Columnar:
    """Makes Arrow tables of the rows of one resource.

    Args:
        table: name of its root table.
        model: the columns and lists of that table.
        rules: what the hints of all tables have in common.
    """

    def __init__(self, table: str, model: RecordModel, rules: HintRules) -> None:
        self._table = table
        self._root = _types(root_columns(model, rules).values())
        lists = list_columns(model, rules).items()
        self._lists = {path[0]: _types(columns) for path, columns in lists if len(path) == 1}
        self._names = self._root.keys() | self._lists.keys()

    def items(self, rows: Sequence[Row]) -> Iterator[Any]:
        """Returns what a resource is to yield for these rows: they are used up. Few rows stay as they are.

        Rows with lists, or members of list entries, that the model does not know stay as they are too: dlt makes their
        tables.
        """
        plain: list[Row] = []
        others: list[Row] = []
        for row in rows:
            (plain if self._is_plain(row) else others).append(row)
        if len(plain) < FEWEST_ROWS:
            yield rows
            return
        if others:
            yield others
        package = Container()[LoadPackageStateInjectableContext]
        for name, columns in self._lists.items():
            if entries := list(_entries(plain, name)):
                self._add_parquet_job(package, f"{self._table}__{name}", _arrow(entries, columns))
        for row in plain:
            row["_dlt_load_id"] = package.load_id
        yield _arrow(plain, self._root | self._unknown(plain))

    def _is_plain(self, row: Row) -> bool:
        """Returns whether all lists of a row, and all members of their entries, are known."""
        if not row.keys() <= self._names:
            for name in row.keys() - self._names:
                if isinstance(row[name], list):
                    return False
        for name, columns in self._lists.items():
            for entry in row.get(name, ()):
                if not entry.keys() <= columns.keys():
                    return False
        return True

    def _unknown(self, rows: Sequence[Row]) -> Columns:
        """Columns that the model does not know, by the kind of their values: a column has one kind."""
        unknown: Columns = {}
        for row in rows:
            if not row.keys() <= self._names:
                for name in row.keys() - self._names:
                    unknown[name] = OF_JSON[type(row[name])]
        return unknown

    def _add_parquet_job(self, package: LoadPackageStateInjectableContext, table: str, rows: pa.Table) -> None:
        """Add rows of a table to the load package under way."""
        from pyarrow import parquet

        name = ParsedLoadJobFileName(table, uniq_id(5), 0, "parquet").file_name()
        with TemporaryDirectory(dir=package.storage.storage.storage_path) as folder:
            path = Path(folder, name)
            parquet.write_table(rows, path)
            package.storage.import_job(package.load_id, str(path))


def _entries(rows: Sequence[Row], name: str) -> Iterator[Row]:
    """The entries of a list of all rows, taken out of them, with the keys that dlt joins by."""
    for row in rows:
        key = row["_dlt_id"]
        for position, entry in enumerate(row.pop(name, ())):
            entry["_dlt_root_id"] = entry["_dlt_parent_id"] = key
            entry["_dlt_list_idx"], entry["_dlt_id"] = position, f"{key}{position}"
            yield entry


def _types(hints: Iterable[TColumnSchema]) -> Columns:
    return {str(hint["name"]): cast("ColumnType", hint["data_type"]) for hint in hints}


def _arrow(rows: Sequence[Row], columns: Columns) -> pa.Table:
    import pyarrow as pa

    record = pa.struct([(name, TYPES[kind].arrow()) for name, kind in columns.items()])
    return pa.Table.from_struct_array(pa.array(rows, record))
