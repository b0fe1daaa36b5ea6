"""The client for Delta and Iceberg tables, which merges them as in a database: lists that shrink lose their rows.

dlt merges each such table by itself, by its own key. Of a list that has become shorter, the entries after its end would
stay for ever. Here one job replaces an opportunity in all its tables, each in one commit (see `merge_job.py`).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, ClassVar, cast

from dlt.common.destination import PreparedTableSchema
from dlt.common.destination.client import LoadJob
from dlt.common.destination.exceptions import DestinationTerminalException, DestinationUndefinedEntity
from dlt.common.schema.typing import C_DLT_ID
from dlt.destinations.impl.filesystem.filesystem import ReferenceFollowupJob

from partner_central.public import ACCOUNT

from .lease_file import WithLakeLease
from .merge_job import LakeMergeJob
from .pipeline_state import WithLakeState
from .table_format import TableFormat, configured_format
from .tables import Delta, Iceberg, LakeTable, data_types

if TYPE_CHECKING:
    import pyarrow as pa

REJECTED, PRESENCE = "opportunities_rejected", "opportunity_presence"


class StoredTypeDiffers(DestinationTerminalException):
    """A staged column has another type than the stored one: nothing is cast on the way in."""


class LakeClient(WithLakeLease, WithLakeState):
    """dlt's client for files, with one job for all tables of an opportunity.

    Attributes:
        listed: names in the dataset's folder, as it was when somebody asked whether the dataset is there.
    """

    batch_table_chain: ClassVar[bool] = True
    listed: frozenset[str] = frozenset()

    def get_load_job_class(self, table: PreparedTableSchema, file_path: str) -> type[LoadJob]:
        """The job for a file."""
        job = super().get_load_job_class(table, file_path)
        return LakeMergeJob if issubclass(job, ReferenceFollowupJob) and table["write_disposition"] == "merge" else job

    def is_storage_initialized(self) -> bool:
        """Whether the dataset is there; what stands in its folder is listed for that."""
        self.fs_client.invalidate_cache(self.dataset_path)
        try:
            paths = self.fs_client.ls(self.dataset_path, detail=False)
        except FileNotFoundError:
            paths = []
        self.listed = frozenset(posixpath.basename(path.rstrip("/")) for path in paths)
        return posixpath.basename(self.init_file_path) in self.listed

    def count(self, name: str, account: str | None) -> int:
        """How many rows a table has; of a shared one, how many of this account.

        Raises:
            DestinationUndefinedEntity: the table is not there, or not known on this machine.
        """
        import pyarrow.compute as pc

        table = self.stored(name)
        if account is None:
            return int(table.rows([C_DLT_ID]).num_rows)
        return int(pc.sum(pc.equal(table.rows([ACCOUNT])[ACCOUNT], account)).as_py() or 0)

    def greatest(self, name: str, column: str) -> int:
        """The greatest number that a column holds; 0 where there is none."""
        import pyarrow.compute as pc

        if column not in self.stored_types(name):
            return 0
        return int(pc.max(self.stored(name).rows([column])[column]).as_py() or 0)

    def stored_types(self, name: str) -> dict[str, str]:
        """The columns of a table, and what dlt calls their types; none where it is missing."""
        try:
            return data_types(self.stored(name).schema)
        except DestinationUndefinedEntity:
            return {}

    def stored(self, name: str) -> LakeTable:
        """A table as it is.

        Raises:
            DestinationUndefinedEntity: it is not there, or not known on this machine.
        """
        if name not in self.schema.tables:
            raise DestinationUndefinedEntity(name)
        if self._format(name) == "delta":
            return Delta(self.load_open_table("delta", name))
        return Iceberg(self.load_open_table("iceberg", name))

    def table(self, name: str, schema: pa.Schema) -> LakeTable:
        """A table with at least these columns, made if it is missing.

        Raises:
            OtherType: one of them is stored with another type.
        """
        import pyarrow as pa

        coming = pa.schema([field.with_nullable(nullable=True) for field in schema])
        return self._delta(name, coming) if self._format(name) == "delta" else self._iceberg(name, coming)

    def forget_rejected(self) -> None:
        """Take rows out of `opportunities_rejected` whose record has become a row since."""
        import pyarrow.compute as pc

        known = self.stored_types(PRESENCE)
        if "rejected_since" not in known or not self.stored_types(REJECTED):
            return
        keys = [name for name in (ACCOUNT, "id") if name in known]
        rejected = self.stored(REJECTED)
        held = rejected.rows(keys).drop_null()
        listed = self.stored(PRESENCE).rows([*keys, "rejected_since"], held)
        fine = listed.filter(pc.is_null(listed["rejected_since"])).select(keys).cast(held.schema)
        if (gone := held.join(fine, keys, join_type="left semi").group_by(keys).aggregate([])).num_rows:
            self.fence()
            rejected.replace(rejected.rows([C_DLT_ID]).slice(0, 0), gone)

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
        held = _check_types(name, Iceberg(table), schema)
        new = pa.schema([field for field in schema if field.name not in held])
        return Iceberg(self.load_open_table("iceberg", name, schema=new) if new.names else table)


def _check_types(name: str, stored: LakeTable, coming: pa.Schema) -> dict[str, str]:
    """The types of a stored table, if what comes has the same."""
    held = data_types(stored.schema)
    for column, kind in data_types(coming).items():
        if held.get(column, kind) != kind:
            raise StoredTypeDiffers(f"{name}.{column} is stored as {held[column]}, and comes as {kind}.")
    return held
