"""The client for Delta and Iceberg tables, which merges them as in a database: lists that shrink lose their rows.

dlt merges each such table by itself, by its own key. Of a list that has become shorter, the entries after its end would
stay for ever. Here one job replaces an opportunity in all its tables, each in one commit (see `merge_job.py`). The
table of opportunities comes first, and what depends on it after.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from dlt.common.destination import PreparedTableSchema
from dlt.common.destination.client import FollowupJobRequest, LoadJob
from dlt.common.destination.exceptions import DestinationTerminalException, DestinationUndefinedEntity
from dlt.common.schema.typing import C_DLT_ID, C_DLT_LOAD_ID
from dlt.common.storages.load_package import LoadJobInfo
from dlt.destinations.impl.filesystem.filesystem import ReferenceFollowupJob

from partner_central.public import ACCOUNT

from ..whole_package import chains_to_merge, staged_files
from .lease_file import WithLakeLease
from .merge_job import LakeMergeJob
from .pipeline_state import WithLakeState
from .table_format import TableFormat, configured_format
from .tables import Delta, Iceberg, LakeTable, data_types

if TYPE_CHECKING:
    import pyarrow as pa


class StoredTableDiffers(DestinationTerminalException):
    """A stored table is not of this program, or a column has another type: nothing is cast on the way in."""


class LakeClient(WithLakeLease, WithLakeState):
    """dlt's client for files, with one job for all tables of an opportunity.

    Attributes:
        folder_names: names in the dataset's folder, when it was last checked whether the dataset is there.
    """

    batch_table_chain: ClassVar[bool] = True
    folder_names: frozenset[str] = frozenset()

    def get_load_job_class(self, table: PreparedTableSchema, file_path: str) -> type[LoadJob]:
        """The job for a file."""
        job = super().get_load_job_class(table, file_path)
        return LakeMergeJob if issubclass(job, ReferenceFollowupJob) and table["write_disposition"] == "merge" else job

    def create_table_chain_completed_followup_jobs(
        self,
        table_chain: Sequence[PreparedTableSchema],
        completed_table_chain_jobs: Sequence[LoadJobInfo] | None = None,
    ) -> list[FollowupJobRequest]:
        """The one job that merges all tables of a package, once all of its files are there; see `whole_package`."""
        if table_chain[0]["write_disposition"] != "merge":
            return super().create_table_chain_completed_followup_jobs(table_chain, completed_table_chain_jobs)
        chains = chains_to_merge(self, table_chain)
        if not chains:
            return []
        return super().create_table_chain_completed_followup_jobs(
            [table for chain in chains for table in chain], staged_files(chains)
        )

    def is_storage_initialized(self) -> bool:
        """Returns whether the dataset is there; lists the names in its folder for that."""
        self.fs_client.invalidate_cache(self.dataset_path)
        try:
            paths = self.fs_client.ls(self.dataset_path, detail=False)
        except FileNotFoundError:
            paths = []
        self.folder_names = frozenset(posixpath.basename(path.rstrip("/")) for path in paths)
        return posixpath.basename(self.init_file_path) in self.folder_names

    def create_dataset(self) -> None:
        """Creates the dataset's folder, which may be there: empty, or with tables of others."""
        self.fs_client.makedirs(self.dataset_path, exist_ok=True)

    def count(self, name: str, account: str | None) -> int:
        """Counts the rows of a table; of a shared one, the rows of this account.

        Raises:
            DestinationUndefinedEntity: the table is not there, or not known on this machine.
        """
        import pyarrow.compute as pc

        table = self.open_table(name)
        if account is None:
            return int(table.rows([C_DLT_ID]).num_rows)
        return int(pc.sum(pc.equal(table.rows([ACCOUNT])[ACCOUNT], account)).as_py() or 0)

    def count_of_packages(self, name: str, packages: Iterable[str]) -> int:
        """Counts the rows of a table that came with load packages.

        Raises:
            DestinationUndefinedEntity: the table is not there, or not known on this machine.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        ids = self.open_table(name).rows([C_DLT_LOAD_ID])[C_DLT_LOAD_ID].cast(pa.string())
        return int(pc.sum(pc.is_in(ids, pa.array(packages, pa.string()))).as_py() or 0)

    def max_value(self, name: str, column: str) -> int:
        """Returns the greatest number in a column; 0 where there is none."""
        import pyarrow.compute as pc

        if column not in self.stored_types(name):
            return 0
        return int(pc.max(self.open_table(name).rows([column])[column]).as_py() or 0)

    def stored_types(self, name: str) -> dict[str, str]:
        """Returns the columns of a table with dlt's names of their types; none where the table is missing."""
        try:
            return data_types(self.open_table(name).schema)
        except DestinationUndefinedEntity:
            return {}

    def open_table(self, name: str) -> LakeTable:
        """Opens a table.

        Raises:
            DestinationUndefinedEntity: it is not there, or not known on this machine; or it is one that only SQL
                writes, which files have not.
        """
        if name not in self.schema.tables or not self.prepare_load_table(name).get("table_format"):
            raise DestinationUndefinedEntity(name)
        if self._format(name) == "delta":
            return Delta(self.load_open_table("delta", name))
        return Iceberg(self.load_open_table("iceberg", name))

    def ensure_table(self, name: str, schema: pa.Schema) -> LakeTable:
        """Opens a table with at least these columns; creates it if it is missing.

        Raises:
            StoredTableDiffers: one of them is stored with another type, or the table is not of this program.
        """
        import pyarrow as pa

        coming = pa.schema([field.with_nullable(nullable=True) for field in schema])
        return self._delta(name, coming) if self._format(name) == "delta" else self._iceberg(name, coming)

    def _lease_name(self, pipeline_name: str) -> str:
        """A Delta table takes one of two commits; an Iceberg table may take both, and lose one, if two runs write."""
        if configured_format() == "delta":
            return pipeline_name
        return super()._lease_name(pipeline_name)

    def _format(self, name: str) -> TableFormat:
        return cast("TableFormat", self.prepare_load_table(name)["table_format"])  # adapt_source() sets it

    def _delta(self, name: str, schema: pa.Schema) -> LakeTable:
        from dlt.common.libs.deltalake import deltalake_storage_options, evolve_delta_table_schema, write_delta_table

        try:
            table = self.load_open_table("delta", name)
        except DestinationUndefinedEntity:
            place = self.get_open_table_location("delta", name)
            options = deltalake_storage_options(self.config.credentials, self.config.deltalake_storage_options)
            write_delta_table(place, schema.empty_table(), "append", storage_options=options)
            table = self.load_open_table("delta", name)
        _check_types(name, Delta(table), schema)
        return Delta(evolve_delta_table_schema(table, schema))

    def _iceberg(self, name: str, schema: pa.Schema) -> LakeTable:
        import pyarrow as pa
        from dlt.common.libs.pyiceberg import create_table

        try:
            table = self.load_open_table("iceberg", name)
        except DestinationUndefinedEntity:
            place = self.get_open_table_location("iceberg", name)
            create_table(self.get_open_table_catalog("iceberg"), f"{self.dataset_name}.{name}", place, schema)
            table = self.load_open_table("iceberg", name)
        stored_types = _check_types(name, Iceberg(table), schema)
        new = pa.schema([field for field in schema if field.name not in stored_types])
        return Iceberg(self.load_open_table("iceberg", name, schema=new) if new.names else table)


def _check_types(name: str, stored: LakeTable, coming: pa.Schema) -> dict[str, str]:
    """The types of a stored table, if what comes has the same, and if a load made it."""
    stored_types = data_types(stored.schema)
    if C_DLT_ID not in stored_types:
        raise StoredTableDiffers(f"{name} has no column {C_DLT_ID}: it took the place of the table of this program.")
    for column, kind in data_types(coming).items():
        if stored_types.get(column, kind) != kind:
            raise StoredTableDiffers(f"{name}.{column} is stored as {stored_types[column]}, and comes as {kind}.")
    return stored_types
