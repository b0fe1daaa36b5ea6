"""Delta and Iceberg tables on a disk or in S3, merged as in a database: lists that shrink lose their rows.

dlt merges each such table for itself, by its own key: of a list that has become shorter, the entries behind its end
would stay for ever. Here one job replaces an opportunity in all its tables. A job that was killed on the way does no
harm: done again, it first takes away what it had put there.

Plain files cannot be merged at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, cast, get_args

from dlt.common.destination import DestinationCapabilitiesContext, PreparedTableSchema
from dlt.common.destination.client import LoadJob
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema.typing import C_DLT_ID, TTableSchema
from dlt.common.schema.utils import (
    get_columns_names_with_prop,
    get_first_column_name_with_prop,
    get_nested_tables,
    get_root_table,
)
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations import filesystem as dlt_filesystem
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient, ReferenceFollowupJob

from partner_central.errors import ConfigurationError
from partner_central.rows import ACCOUNT

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from pyiceberg.table import Table as PyIcebergTable

Format = Literal["delta", "iceberg"]
FORMATS: tuple[Format, ...] = get_args(Format)


def table_format(name: str | None) -> Format:
    """The format of that name; by default Delta.

    Raises:
        ConfigurationError: it is none that can be merged.
    """
    for known in FORMATS:
        if name in {known, None}:
            return known
    raise ConfigurationError(
        f"destination.filesystem.table_format is {name!r}. Opportunities change, and plain files cannot be merged: "
        f"choose one of {', '.join(FORMATS)}."
    )


class Delta:
    """A Delta table: rows are taken away in one commit and added in the next."""

    def __init__(self, table: DeltaTable) -> None:
        self._table = table

    def rows(self, columns: Sequence[str]) -> pa.Table:
        """These columns of all rows."""
        return self._table.to_pyarrow_table(columns=list(columns))

    def replace(self, rows: pa.Table, column: str, outdated: pa.Array) -> None:
        """Put rows in the place of those that have one of the outdated values in a column."""
        import pyarrow as pa
        from deltalake import write_deltalake

        if len(outdated):
            source = pa.table({"outdated": outdated})
            merge = self._table.merge(
                source, f"kept.{column} = gone.outdated", source_alias="gone", target_alias="kept"
            )
            merge.when_matched_delete().execute()
        if rows.num_rows:
            write_deltalake(self._table, rows, mode="append", schema_mode="merge")


class Iceberg:
    """An Iceberg table: rows are replaced in one commit."""

    def __init__(self, table: PyIcebergTable) -> None:
        self._table = table

    def rows(self, columns: Sequence[str]) -> pa.Table:
        """These columns of all rows."""
        return self._table.scan(selected_fields=tuple(columns)).to_arrow()

    def replace(self, rows: pa.Table, column: str, outdated: pa.Array) -> None:
        """Put rows in the place of those that have one of the outdated values in a column."""
        import pyarrow.compute as pc
        from pyiceberg.expressions import In

        held = self.rows([column])[column]
        found = held.filter(pc.is_in(held, outdated)).unique().to_pylist() if len(outdated) else []
        with self._table.transaction() as transaction:
            if found:
                transaction.delete(In(column, found))
            if rows.num_rows:
                transaction.append(rows)


class LakeJob(ReferenceFollowupJob):
    """Merges what a load brings for a root table and the tables of its lists."""

    def run(self) -> None:
        """Replace, or for insert-only tables add, the rows of all files of the chain."""
        import pyarrow as pa
        import pyarrow.compute as pc

        tables = self._schema.tables
        root, *children = get_nested_tables(tables, name_of(get_root_table(tables, self.load_table_name)))
        files = self._files()
        rows = self._read(root, files)
        keys = get_columns_names_with_prop(root, "primary_key")
        rows = newest(rows, keys, get_first_column_name_with_prop(root, "dedup_sort") or C_DLT_ID)
        stored = self._table(root)
        known = stored.rows([*keys, C_DLT_ID]).cast(rows.select([*keys, C_DLT_ID]).schema)
        if self._load_table.get("x-merge-strategy") == "insert-only":
            unknown = rows.select([*keys, C_DLT_ID]).join(known.select(keys), keys, join_type="left anti")[C_DLT_ID]
            stored.replace(rows.filter(pc.is_in(rows[C_DLT_ID], unknown)), C_DLT_ID, pa.array([], pa.string()))
            return
        old = known.join(rows.select(keys), keys, join_type="left semi")[C_DLT_ID]
        new = rows[C_DLT_ID]
        outdated = pa.chunked_array([*old.chunks, *new.chunks], pa.string()).unique()  # new ones: a job done again
        for child in children:
            link = cast("str", get_first_column_name_with_prop(child, "root_key"))
            entries = self._read(child, files)
            self._table(child).replace(entries.filter(pc.is_in(entries[link], new)), link, outdated)
        stored.replace(rows, C_DLT_ID, outdated)

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
        from dlt.common.libs.pyarrow import columns_to_arrow

        columns = {name: column for name, column in table["columns"].items() if "data_type" in column}
        return columns_to_arrow(columns, self._job_client.capabilities, "UTC")

    def _table(self, table: TTableSchema) -> Delta | Iceberg:
        """The stored table, with all its columns; made if it is missing."""
        client = cast("LakeClient", self._job_client)
        make = client.delta if self._load_table["table_format"] == "delta" else client.iceberg
        return make(name_of(table), self._arrow_schema(table))


def name_of(table: TTableSchema) -> str:
    """What a table is called."""
    return cast("str", table["name"])


def newest(rows: pa.Table, keys: Sequence[str], order: str) -> pa.Table:
    """Of rows with the same key the one that is greatest in a column, whose values are all different."""
    import pyarrow.compute as pc

    chosen = rows.group_by(list(keys)).aggregate([(order, "max")])
    return rows.filter(pc.is_in(rows[order], chosen[f"{order}_max"]))


class LakeClient(FilesystemClient):
    """dlt's client for files, with one job for all tables of an opportunity."""

    batch_table_chain: ClassVar[bool] = True

    def get_load_job_class(self, table: PreparedTableSchema, file_path: str) -> type[LoadJob]:
        """The job for a file."""
        job = super().get_load_job_class(table, file_path)
        return LakeJob if issubclass(job, ReferenceFollowupJob) and table["write_disposition"] == "merge" else job

    def count(self, name: str, account: str | None) -> int:
        """How many rows a table has; of a shared one, how many of this account.

        Raises:
            DestinationUndefinedEntity: the table is not there, or not known on this machine.
        """
        import pyarrow.compute as pc

        if name not in self.schema.tables:
            raise DestinationUndefinedEntity(name)
        made: Format = self.prepare_load_table(name)["table_format"]  # type: ignore[assignment] # fitted() says which
        stored = self.load_open_table(made, name)
        table = Delta(stored) if made == "delta" else Iceberg(stored)
        if account is None:
            return int(table.rows([C_DLT_ID]).num_rows)
        return int(pc.sum(pc.equal(table.rows([ACCOUNT])[ACCOUNT], account)).as_py() or 0)

    def delta(self, name: str, schema: pa.Schema) -> Delta:
        """A Delta table with at least these columns, made if it is missing."""
        from dlt.common.libs.deltalake import deltalake_storage_options, evolve_delta_table_schema, write_delta_table

        try:
            table = self.load_open_table("delta", name)
        except DestinationUndefinedEntity:
            place = self.get_open_table_location("delta", name)
            options = deltalake_storage_options(self.config.credentials, self.config.deltalake_storage_options)
            write_delta_table(place, schema.empty_table(), "append", storage_options=options)
            table = self.load_open_table("delta", name)
        return Delta(evolve_delta_table_schema(table, schema))

    def iceberg(self, name: str, schema: pa.Schema) -> Iceberg:
        """An Iceberg table with at least these columns, made if it is missing."""
        from dlt.common.libs.pyiceberg import create_table

        try:
            table = self.load_open_table("iceberg", name, schema=schema)
        except DestinationUndefinedEntity:
            place = self.get_open_table_location("iceberg", name)
            create_table(self.get_open_table_catalog("iceberg"), f"{self.dataset_name}.{name}", place, schema)
            table = self.load_open_table("iceberg", name)
        return Iceberg(table)


class filesystem(dlt_filesystem):  # noqa: N801 - the class name is the name of its configuration section
    """dlt's `filesystem` destination and settings, with tables that are merged as in a database."""

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.supported_merge_strategies = ["delete-insert", "insert-only"]
        return capabilities

    @property
    def client_class(self) -> type[FilesystemClient]:
        """The client dlt loads with."""
        return LakeClient
