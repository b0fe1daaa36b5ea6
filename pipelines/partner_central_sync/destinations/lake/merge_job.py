"""One job merges what a load brings for all tables; of a root table and its lists, the lists first, then the root.

Of a root, the newest row wins, staged or stored; its lists come and go with it, by its key. So a job that was killed
between two tables does no harm: done again, by whoever, it gives the same tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from dlt.common.schema.typing import C_DLT_ID, TTableSchema
from dlt.common.schema.utils import (
    get_columns_names_with_prop,
    get_first_column_name_with_prop,
    get_nested_tables,
    get_root_table,
)
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.impl.filesystem.filesystem import ReferenceFollowupJob

from partner_central.public import key_columns, modified_column

if TYPE_CHECKING:
    import pyarrow as pa

    from .client import LakeClient
    from .tables import LakeTable

KEY = "id"
CONTENT, ORDER, PLACE = "content_hash", "read_order", "place"
NEW_VERSIONS = """
WITH known AS (
    SELECT {columns}, -1 AS place FROM stored UNION ALL SELECT {columns}, place FROM came
), compared AS (
    SELECT *,
        lag({content}) OVER version AS earlier,
        lag({order}) OVER version IS NULL AS earlier_is_unordered,
        bool_or(place = -1 AND {order} IS NULL) OVER (PARTITION BY {keys}, {content}) AS held_unordered
    FROM known
    WINDOW version AS (PARTITION BY {keys} ORDER BY {order} NULLS FIRST, place)
)
SELECT place FROM compared
WHERE place >= 0 AND (
    earlier IS NULL OR (earlier <> {content} AND NOT (earlier_is_unordered AND held_unordered))
)
ORDER BY place
"""


class LakeMergeJob(ReferenceFollowupJob):
    """Merges the files of root tables and of their lists, one root after another."""

    def run(self) -> None:
        """Merges every root table that the load has files of, in the order of the files."""
        files = self._files()
        for root in dict.fromkeys(name_of(get_root_table(self._schema.tables, name)) for name in files):
            self._merge(root, files)

    def _merge(self, root_name: str, files: dict[str, list[str]]) -> None:
        """Replaces, or for insert-only tables adds, the rows of a root table and of its lists."""
        import pyarrow.compute as pc

        root, *lists = get_nested_tables(self._schema.tables, root_name)
        rows = self._read(root, files)
        stored = self._table(root)
        if self._client.prepare_load_table(root_name).get("x-merge-strategy") == "insert-only":
            if (new := new_versions(root, rows, stored)).num_rows:
                self._client.fence()
                stored.add(new)
            return
        rows = winners(root, rows, stored)
        keys = rows.select(get_columns_names_with_prop(root, "primary_key"))
        key, child_key = key_columns(root_name) or (KEY, KEY)
        of_root = keys.rename_columns([child_key if name == key else name for name in keys.column_names])
        for table in lists:
            link = cast("str", get_first_column_name_with_prop(table, "root_key"))
            entries = self._read(table, files)
            self._put(self._table(table), entries.filter(pc.is_in(entries[link], rows[C_DLT_ID])), of_root)
        self._put(stored, rows, keys)

    def _put(self, table: LakeTable, rows: pa.Table, keys: pa.Table) -> None:
        """Puts rows in the place of those with these keys, if there are any of either."""
        if rows.num_rows or table.rows(keys.column_names, keys).num_rows:
            self._client.fence()
            table.replace(rows, keys)

    @property
    def _client(self) -> LakeClient:
        return cast("LakeClient", self._job_client)

    def _files(self) -> dict[str, list[str]]:
        files: dict[str, list[str]] = defaultdict(list)
        for path in self.file_paths:
            files[ParsedLoadJobFileName.parse(path).table_name].append(path)
        return files

    def _read(self, table: TTableSchema, files: dict[str, list[str]]) -> pa.Table:
        """The rows that the load brings for a table, with all columns it has."""
        import pyarrow as pa
        from pyarrow import parquet

        schema = self._arrow_schema(table)
        parts = [parquet.read_table(path, partitioning=None) for path in files.get(name_of(table), ())]
        rows = pa.concat_tables([schema.empty_table(), *parts], promote_options="default")
        return rows.select(schema.names).cast(schema)

    def _arrow_schema(self, table: TTableSchema) -> pa.Schema:
        return arrow_schema(table, self._client)

    def _table(self, table: TTableSchema) -> LakeTable:
        """The stored table, with all the columns that come; made if it is missing."""
        return self._client.ensure_table(name_of(table), self._arrow_schema(table))


def arrow_schema(table: TTableSchema, client: LakeClient) -> pa.Schema:
    """Returns the columns of a table as Arrow fields."""
    from dlt.common.libs.pyarrow import columns_to_arrow

    columns = {name: column for name, column in table["columns"].items() if "data_type" in column}
    return columns_to_arrow(columns, client.capabilities, "UTC")


def name_of(table: TTableSchema) -> str:
    """Returns the name of a table."""
    return cast("str", table["name"])


def winners(root: TTableSchema, rows: pa.Table, stored: LakeTable) -> pa.Table:
    """Returns the newest of staged rows with the same key, unless the stored one is newer."""
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = get_columns_names_with_prop(root, "primary_key")
    rows = newest(rows, keys, get_first_column_name_with_prop(root, "dedup_sort") or C_DLT_ID)
    date = modified_column(name_of(root))
    if date not in rows.column_names or not rows.num_rows:
        return rows
    known = stored.rows([*keys, date], rows.select(keys))
    known = known.cast(pa.schema([rows.schema.field(name).with_nullable(nullable=True) for name in known.column_names]))
    newest_stored = known.group_by(keys).aggregate([(date, "max")])
    compared = rows.select([*keys, date, C_DLT_ID]).join(newest_stored, keys, join_type="inner")
    older = compared.filter(pc.less(compared[date], compared[f"{date}_max"]))[C_DLT_ID]
    return rows.filter(pc.invert(pc.is_in(rows[C_DLT_ID], older)))


def newest(rows: pa.Table, keys: Sequence[str], order: str) -> pa.Table:
    """Returns, of rows with the same key, the one with the greatest value in a column of unique values."""
    import pyarrow.compute as pc

    greatest = rows.group_by(list(keys)).aggregate([(order, "max")])
    return rows.filter(pc.is_in(rows[order], greatest[f"{order}_max"]))


def new_versions(root: TTableSchema, rows: pa.Table, stored: LakeTable) -> pa.Table:
    """Returns the staged rows of an insert-only table that are not in it.

    In a table of versions, these are the ones whose content is not that of the version before, in the order of reading.
    A version that was stored without an order may belong anywhere: its content is not new right after such versions.
    """
    import duckdb
    import pyarrow as pa

    keys = get_columns_names_with_prop(root, "primary_key")
    came = rows.append_column(PLACE, pa.array(range(rows.num_rows), pa.int64()))
    if not {CONTENT, ORDER} <= set(rows.column_names):
        known = stored.rows(keys, rows.select(keys)).cast(rows.select(keys).schema)
        first = came.group_by(keys).aggregate([(PLACE, "min")])
        return rows.take(first.join(known, keys, join_type="left anti")[f"{PLACE}_min"].sort())
    keys = [name for name in keys if name not in {CONTENT, ORDER}]
    columns = [*keys, CONTENT, ORDER]
    names = {name: ", ".join(f'"{column}"' for column in some) for name, some in (("columns", columns), ("keys", keys))}
    with duckdb.connect() as connection:
        connection.register("came", came.select([*columns, PLACE]))
        connection.register("stored", stored.rows(columns, rows.select([KEY])))
        new = connection.execute(NEW_VERSIONS.format(content=CONTENT, order=ORDER, **names)).fetchall()
    return rows.take(pa.array([place for (place,) in new], pa.int64()))
