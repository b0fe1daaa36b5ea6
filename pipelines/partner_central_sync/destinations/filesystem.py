"""Delta and Iceberg tables on a disk or in S3. Plain files cannot be merged, so they are refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.destination.client import JobClientBase
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema import Schema
from dlt.destinations import filesystem as dlt_filesystem
from dlt.extract import DltSource

from partner_central.public import StoredCounters

from .base import Adapter, RefusedSetting

if TYPE_CHECKING:
    from .lake.client import LakeClient

DEFAULT_LAYOUT = "{table_name}/{load_id}.{file_id}.{ext}"


class filesystem(dlt_filesystem):  # noqa: N801 - the class name is the name of its configuration section
    """dlt's `filesystem` destination and settings, with tables that are merged as in a database."""

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.supported_merge_strategies = ["delete-insert", "insert-only"]
        return capabilities

    @property
    def client_class(self) -> type[LakeClient]:
        """The client dlt loads with."""
        from .lake.client import LakeClient

        return LakeClient


@dataclass(frozen=True)
class FilesystemAdapter(Adapter):
    """A lake."""

    def own_factory(self) -> type[Destination[Any, Any]]:
        """Returns the factory."""
        return filesystem

    def adapt_source(self, source: DltSource) -> DltSource:
        """Gives every table the configured format.

        Raises:
            ConfigurationError: tables of that format cannot be merged, or a setting is wrong.
        """
        from .lake.maintenance import retention
        from .lake.table_format import configured_format

        retention()  # a wrong setting is reported before anything is read
        for resource in source.resources.values():
            resource.apply_hints(table_format=configured_format())
        return source

    @contextmanager
    def open_read_only(self, client: JobClientBase) -> Iterator[None]:
        """Keeps the lake open; nothing is written to it."""
        with client:
            yield

    def missing_tables(self, client: JobClientBase, schema: Schema) -> frozenset[str]:
        """Returns the tables without a folder, as the dataset's folder was listed last."""
        from .lake import repair

        return repair.missing_tables(_lake(client), schema)

    def stored_columns(self, client: JobClientBase, names: Iterable[str]) -> dict[str, set[str]]:
        """Returns the columns of the tables of a lake; none of a folder that is none, unless it is empty."""
        from .lake import repair

        return repair.stored_columns(_lake(client), names)

    def create_tables(self, client: JobClientBase, names: Iterable[str]) -> None:
        """Creates tables again whose folder was deleted."""
        from .lake import repair

        repair.make(_lake(client), names)

    def restore_rows(self, client: JobClientBase) -> int:
        """Adds to `opportunities` the newest version in the history of each id that is missing there."""
        from .lake import repair

        return repair.put_back(_lake(client))

    def count_removed(self, client: JobClientBase) -> int | None:
        """Returns None: nothing is marked as gone here."""
        del client
        return None

    def delete_rows(self, client: JobClientBase, table: str, row_ids: Sequence[str]) -> None:
        """Deletes rows of a table by their `_dlt_id`, in one commit."""
        from .lake.queries import delete_rows

        delete_rows(_lake(client), table, row_ids)

    def tidy(self, client: JobClientBase) -> None:
        """Joins small files, and removes files and snapshots of earlier versions.

        Raises:
            ConfigurationError: the setting of how long they stay is wrong.
            LeaseLost: another run took the lease.
        """
        from .lake import maintenance

        lake = _lake(client)
        maintenance.tidy(lake, lake.schema.data_table_names(), maintenance.retention())

    def stored_counters(self, client: JobClientBase) -> StoredCounters:
        """Returns the numbers that the tables hold already."""
        from .stored_tables import ORDER, SWEEP

        lake = _lake(client)
        return StoredCounters(lake.max_value(*ORDER), lake.max_value(*SWEEP))

    def newest_order(self, client: JobClientBase, table: str) -> int:
        """Returns the greatest read_order in a table of versions; 0 where there is none."""
        from .stored_tables import ORDER

        return _lake(client).max_value(table, ORDER[1])

    def queryable_columns(self, client: JobClientBase, names: Iterable[str]) -> dict[str, set[str]]:
        """Returns the columns of the tables under these names that a query can read."""
        from .lake.queries import columns_of

        return columns_of(_lake(client), names)

    def select(
        self, client: JobClientBase, columns: Mapping[str, Collection[str]], query: str, *values: object
    ) -> Sequence[Sequence[Any]]:
        """Returns the rows of a query over some tables, which are read as files."""
        from .lake.queries import select

        return select(_lake(client), columns, query, *values)

    def set_due(self, client: JobClientBase, table: str, ids: Sequence[str], account: str | None) -> None:
        """Lets ids be read again, in a table that says what was read of each."""
        from .lake.queries import set_due

        set_due(_lake(client), table, ids, account)

    def count_rows(self, client: JobClientBase, table: str, account: str | None) -> int | None:
        """Returns how many rows a table has; None where no sync of this machine has seen the table yet."""
        try:
            return _lake(client).count(table, account)
        except DestinationUndefinedEntity:
            return None

    def count_versions(self, client: JobClientBase, table: str, packages: Iterable[str]) -> int:
        """Returns how many rows of a table of versions came with load packages; 0 if there is no such table."""
        try:
            return _lake(client).count_of_packages(table, packages)
        except DestinationUndefinedEntity:
            return 0

    def last_load_at(self, client: JobClientBase) -> object | None:
        """Returns None: that is not looked up in files."""
        del client
        return None


def _lake(client: JobClientBase) -> LakeClient:
    return cast("LakeClient", client)


ADAPTERS = (
    FilesystemAdapter(
        "filesystem",
        has_sql=False,
        creates_deleted_tables=True,
        extras={"deltalake": "filesystem", "s3": "filesystem", "pyiceberg": "iceberg"},
        refused_settings=(
            RefusedSetting(
                "layout", "make dlt put the tables in another place than this program looks for them", DEFAULT_LAYOUT
            ),
        ),
        out_of_reach="object versions and backups of the bucket; copies that others made of the files",
    ),
)
