"""A Delta or an Iceberg table: what it holds, and how rows of it are replaced in one commit.

Neither has transactions over several tables. So a table is never left without rows that were there: what goes and what
comes in its place are one commit, or there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import reduce
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from pyiceberg.table import Table as PyIcebergTable

GONE = "_gone"  # marks the rows of a merge that take away


class LakeTable(Protocol):
    """A stored table, as it was when it was opened."""

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table."""
        ...

    def rows(self, columns: Sequence[str], keys: pa.Table | None = None) -> pa.Table:
        """Reads columns of all rows, or of the rows with some keys, and perhaps of a few more."""
        ...

    def add(self, rows: pa.Table) -> None:
        """Adds rows, in one commit."""
        ...

    def replace(self, rows: pa.Table, keys: pa.Table) -> None:
        """Puts rows in the place of all that have one of these keys; in one commit.

        Args:
            rows: what comes.
            keys: the keys of what goes, each once; its columns are the columns of the key.
        """
        ...

    def tidy(self, kept: timedelta) -> None:
        """Joins small files, and removes what has been out of the table for longer than it is kept."""
        ...


class Delta:
    """A Delta table. Of two writers that have read the same version, the second one fails."""

    def __init__(self, table: DeltaTable) -> None:
        self._table = table

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table."""
        import pyarrow as pa

        return pa.schema(self._table.schema().to_arrow())

    def rows(self, columns: Sequence[str], keys: pa.Table | None = None) -> pa.Table:
        """Reads columns of all rows, or of the rows with some keys, and perhaps of a few more.

        They are chosen here, batch by batch: Arrow cannot compare the text of files that a merge wrote, in a filter.
        """
        import pyarrow as pa

        batches = self._table.to_pyarrow_dataset().to_batches(columns=list(columns))
        schema = pa.schema([self.schema.field(name) for name in columns])
        tables = (pa.Table.from_batches([batch]).cast(schema) for batch in batches)
        kept = tables if keys is None else (_filter_by_keys(table, keys) for table in tables)
        return pa.concat_tables([schema.empty_table(), *kept])

    def add(self, rows: pa.Table) -> None:
        """Adds rows, in one commit."""
        from deltalake import write_deltalake

        write_deltalake(self._table, rows, mode="append", schema_mode="merge")

    def replace(self, rows: pa.Table, keys: pa.Table) -> None:
        """Puts rows in the place of all that have one of these keys; in one commit.

        A row that takes away matches what has its key, which is deleted; one that comes matches nothing.
        """
        import pyarrow as pa

        took = keys.append_column(GONE, pa.array([True] * keys.num_rows, pa.bool_()))
        came = rows.append_column(GONE, pa.array([False] * rows.num_rows, pa.bool_()))
        came = came.cast(pa.schema([field.with_nullable(nullable=True) for field in came.schema]))
        source = pa.concat_tables([came, took], promote_options="default")
        same = " AND ".join(f'kept."{name}" = new."{name}"' for name in keys.column_names)
        merge = self._table.merge(source, f'new."{GONE}" AND {same}', source_alias="new", target_alias="kept")
        values = {f'"{name}"': f'new."{name}"' for name in rows.column_names}
        merge.when_matched_delete().when_not_matched_insert(values, predicate=f'NOT new."{GONE}"').execute()

    def tidy(self, kept: timedelta) -> None:
        """Joins small files in one commit, and removes files that have been out of the table for longer."""
        self._table.optimize.compact()
        self._table.vacuum(ceil(kept / timedelta(hours=1)), dry_run=False, enforce_retention_duration=False)


class Iceberg:
    """An Iceberg table."""

    def __init__(self, table: PyIcebergTable) -> None:
        self._table = table

    @property
    def schema(self) -> pa.Schema:
        """The columns of the table."""
        return self._table.schema().as_arrow()

    def rows(self, columns: Sequence[str], keys: pa.Table | None = None) -> pa.Table:
        """Reads columns of all rows, or of the rows with some keys, and perhaps of a few more."""
        if keys is None:
            return self._table.scan(selected_fields=tuple(columns)).to_arrow()
        return self._table.scan(_key_condition(keys), selected_fields=tuple(columns)).to_arrow()

    def add(self, rows: pa.Table) -> None:
        """Adds rows, in one commit."""
        self._table.append(rows)

    def replace(self, rows: pa.Table, keys: pa.Table) -> None:
        """Puts rows in the place of all that have one of these keys; in one commit."""
        found = self.rows(keys.column_names, keys).num_rows  # pyiceberg warns where it deletes nothing
        with self._table.transaction() as transaction:
            if found:
                transaction.delete(_key_condition(keys))
            if rows.num_rows:
                transaction.append(rows)

    def tidy(self, kept: timedelta) -> None:
        """Expires snapshots that are older than they are kept, all but the present one, and removes their files.

        pyiceberg leaves files to other programs. So what the expired snapshots alone consist of is removed here, after
        the commit. What is left if that is interrupted has to be removed by an engine.
        """
        if len(self._table.snapshots()) <= 1:
            return
        before = self._files()
        self._table.maintenance.expire_snapshots().older_than(datetime.now(UTC) - kept).commit()
        for path in sorted(before - self._files()):
            with suppress(FileNotFoundError):
                self._table.io.delete(path)

    def _files(self) -> set[str]:
        """Returns the paths of all files that a snapshot of the table consists of: lists, manifests and data."""
        io, snapshots = self._table.io, self._table.snapshots()
        manifests = {manifest.manifest_path: manifest for one in snapshots for manifest in one.manifests(io)}
        entries = (entry for manifest in manifests.values() for entry in manifest.fetch_manifest_entry(io))
        return {
            *(one.manifest_list for one in snapshots),
            *manifests,
            *(entry.data_file.file_path for entry in entries),
        }


def _filter_by_keys(rows: pa.Table, keys: pa.Table) -> pa.Table:
    """The rows that have one of these values in each column that makes the key; all of those must be there."""
    import pyarrow.compute as pc

    for name in keys.column_names:
        rows = rows.filter(pc.is_in(rows[name], keys[name].cast(rows[name].type).combine_chunks()))
    return rows


def _key_condition(keys: pa.Table) -> Any:  # noqa: ANN401 - pyiceberg's expressions are not imported without it
    """Rows whose key is among these: the last column's values, under each combination of the others'."""
    from pyiceberg.expressions import AlwaysFalse, And, EqualTo, In, Or

    *constant, last = keys.column_names
    if not constant:
        return In(last, keys[last].to_pylist()) if keys.num_rows else AlwaysFalse()
    condition: Any = AlwaysFalse()
    for group in cast("list[dict[str, Any]]", keys.group_by(constant).aggregate([(last, "list")]).to_pylist()):
        same = reduce(And, (EqualTo(name, group[name]) for name in constant))
        condition = Or(condition, And(same, In(last, group[f"{last}_list"])))
    return condition


def data_types(schema: pa.Schema) -> dict[str, str]:
    """Returns dlt's names of the types of columns."""
    from dlt.common.libs.pyarrow import get_column_type_from_py_arrow

    return {field.name: str(get_column_type_from_py_arrow(field.type)["data_type"]) for field in schema}
