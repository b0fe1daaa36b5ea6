"""The lease in a database with SQL: a row of `sync_lease` for each pipeline, written by conditional UPDATEs.

The row is made once and stays. All times in it are the database's, and are compared with the database's clock only. A
database without unique keys may make two rows when the first two runs of all begin at once. Then a run needs both rows
for the lease.

The lease is checked again where it counts, in the transaction that writes. Its row is locked there first, so a run that
wants to take it waits until that is done. In a database without transactions it is looked at right before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from dlt.common.data_types import TDataType
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from dlt.common.time import ensure_datetime_in_tz
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset

from . import of
from .column_comments import literal
from .lease import LOST, TERM, Lease, LeaseHolder, LeaseLost, LeaseTaken
from .whole_package import require_whole_package

TABLE = "sync_lease"
COLUMNS: dict[str, TDataType] = {
    "pipeline_name": "text",
    "run_id": "text",
    "owner": "text",
    "host": "text",
    "taken_at": "timestamp",
    "expires_at": "timestamp",
    "generation": "bigint",
    "staging": "text",
}
SERIAL = threading.RLock()  # DuckDB lets one of two transactions fail that write the same row; within a process, queue


class LeaseTable(SqlJobClientWithStagingDataset):
    """A client of dlt that keeps leases; what it writes, it writes only under the one it was given, if it was."""

    lease: Lease | None = None

    def lease_holder(self, pipeline_name: str, owner: str) -> LeaseHolder | None:
        """The other owner that holds the lease of a pipeline, if it has not run out."""
        for row in self._leases(pipeline_name):
            if row["run_id"] is not None and row["owner"] != owner:
                until = _instant(row["expires_at"])
                if until > self._clock():
                    return LeaseHolder(str(row["host"]), _instant(row["taken_at"]), until)
        return None

    def take_lease(self, lease: Lease) -> str | None:
        """Takes the lease, or renews it; returns the staging place that was noted.

        Raises:
            LeaseTaken: another owner holds it.
        """
        before = self._leases(lease.pipeline_name)
        if not before:
            self._make_row(lease.pipeline_name)
            before = self._leases(lease.pipeline_name)
        now = self._clock()
        self._write_lease(
            {
                "run_id": lease.run_id,
                "owner": lease.owner,
                "host": lease.host,
                "taken_at": now,
                "expires_at": now + TERM,
                "staging": lease.staging,
            },
            "pipeline_name = %s AND (run_id IS NULL OR owner = %s OR expires_at < %s)",
            lease.pipeline_name,
            lease.owner,
            now,
        )
        after = self._leases(lease.pipeline_name)
        for row in after:
            if row["run_id"] != lease.run_id:
                raise LeaseTaken(
                    LeaseHolder(str(row["host"]), _instant(row["taken_at"] or now), _instant(row["expires_at"] or now))
                )
        noted = before[0]["staging"]
        return None if noted is None else str(noted)

    def renew_lease(self, lease: Lease) -> None:
        """Puts off the end of a lease, if this run still holds it, and of all others that it holds."""
        self._write_lease({"expires_at": self._clock() + TERM}, "run_id = %s", lease.run_id)

    def release_lease(self, lease: Lease) -> None:
        """Returns the lease back, if this run still holds it; its staging place stays noted if it is still needed."""
        values = {"run_id": None, "owner": None, "host": None, "expires_at": self._clock(), "staging": lease.staging}
        self._write_lease(values, "run_id = %s AND pipeline_name = %s", lease.run_id, lease.pipeline_name)

    def share_a_lease(self, pipeline_name: str, other: str) -> bool:
        """Returns whether the lease of one pipeline is that of another one, too."""
        return pipeline_name == other

    def drop_staging(self, place: str) -> None:
        """Drops a staging dataset, if it is there."""
        of(self).drop_dataset(self, place)

    def was_staged_in(self, place: str, tables: set[str]) -> bool:
        """Returns whether a dataset is one that dlt staged in: it has `_dlt_version`, and none but these tables.

        Somebody else may have a schema of that name, also with tables that are called as these.
        """
        with self.sql_client.with_alternative_dataset_name(place):
            if not self.sql_client.has_dataset():
                return False
            catalog, schema, _ = self.sql_client._get_information_schema_components()  # noqa: SLF001 - as dlt's clients do
            query, values = self._get_info_schema_columns_query(catalog, schema, [])
            found = {str(row[0]).casefold() for row in self.sql_client.execute_sql(query, *values) or ()}
        return self.schema.version_table_name.casefold() in found <= {table.casefold() for table in tables}

    def fence(self) -> list[str]:
        """Statements that fail when this run does not hold its lease; within a transaction they lock it as well."""
        if self.lease is None:
            return []
        home, _ = self.create_dataset_names(self.schema, self.config)  # a job that merges runs beside the staged rows
        with self.sql_client.with_alternative_dataset_name(home):
            table = self.sql_client.make_qualified_table_name(TABLE)
        name = literal(self.lease.pipeline_name)
        mine = f"SUM(CASE WHEN run_id = {literal(self.lease.run_id)} THEN 1 ELSE 0 END)"
        is_held = f"CASE WHEN COUNT(*) > 0 AND {mine} = COUNT(*) THEN '1' ELSE '{LOST}' END"
        look = f"SELECT CAST({is_held} AS INTEGER) FROM {table} WHERE pipeline_name = {name}"  # noqa: S608 - see above
        if not self.has_transactions:
            return [look]
        return [f"UPDATE {table} SET generation = generation WHERE pipeline_name = {name}", look]  # noqa: S608

    @property
    def has_transactions(self) -> bool:
        """Returns whether a job of SQL is one transaction here, so that the lease can be locked until it ends."""
        return bool(self.capabilities.supports_ddl_transactions)

    @contextmanager
    def translate_lost_lease(self) -> Iterator[None]:
        """Turns the failure of a fence into `LeaseLost`, and lets the statements within in one by one.

        Raises:
            LeaseLost: another run took it.
        """
        with SERIAL if self.has_transactions else nullcontext():
            try:
                yield
            except DatabaseException as error:
                if LOST in str(error):
                    raise LeaseLost(LOST) from error
                raise

    def complete_load(self, load_id: str) -> None:
        """Records that a package is loaded, under the lease: only then its cursor counts."""
        require_whole_package(self)
        with self.write_transaction():
            super().complete_load(load_id)

    @contextmanager
    def write_transaction(self) -> Iterator[None]:
        """Writes within, under the lease; in one transaction, where there are such.

        Raises:
            LeaseLost: another run took it.
        """
        with self.translate_lost_lease(), self._transaction():
            for statement in self.fence():
                self.sql_client.execute_sql(statement)
            yield

    def _transaction(self) -> AbstractContextManager[Any]:
        return self.sql_client.begin_transaction() if self.has_transactions else nullcontext()

    def _clock(self) -> datetime:
        """The database's clock."""
        return _instant((self.sql_client.execute_sql("SELECT CURRENT_TIMESTAMP") or [[None]])[0][0])

    def _leases(self, pipeline_name: str) -> list[dict[str, Any]]:
        """The rows of a pipeline's lease: one, or none before the first run."""
        table = self.sql_client.make_qualified_table_name(TABLE)
        query = f"SELECT {', '.join(COLUMNS)} FROM {table} WHERE pipeline_name = %s"  # noqa: S608
        try:
            rows = self.sql_client.execute_sql(query, pipeline_name) or []
        except DestinationUndefinedEntity:
            return []
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    def _write_lease(self, values: Mapping[str, object], condition: str, *parameters: object) -> None:
        """Changes the rows of a lease that meet a condition."""
        table = self.sql_client.make_qualified_table_name(TABLE)
        changes = ", ".join(
            [f"{name} = NULL" if value is None else f"{name} = %s" for name, value in values.items()]
            + ["generation = generation + 1"]
        )
        update = of(self).update_statement(table, changes, condition)
        with SERIAL if self.has_transactions else nullcontext():
            self.sql_client.execute_sql(update, *(value for value in values.values() if value is not None), *parameters)

    def _make_row(self, pipeline_name: str) -> None:
        """Creates the row of a pipeline's lease, and the table, where they are missing."""
        table = self.sql_client.make_qualified_table_name(TABLE)
        insert = f"INSERT INTO {table} (pipeline_name, generation) VALUES (%s, 0)"  # noqa: S608
        try:
            self.sql_client.execute_sql(insert, pipeline_name)
        except DestinationUndefinedEntity:
            self._make_table()
            self.sql_client.execute_sql(insert, pipeline_name)

    def _make_table(self) -> None:
        """Creates the table. It is not part of the schema: no load writes to it."""
        columns = [TColumnSchema(name=name, data_type=kind, nullable=True) for name, kind in COLUMNS.items()]
        schema, self.schema = self.schema, self.schema.clone()
        self.schema.update_table(new_table(TABLE, write_disposition="append", columns=columns))
        try:
            statements = self._get_table_update_sql(TABLE, columns, generate_alter=False)
        finally:
            self.schema = schema
        for statement in statements:
            self.sql_client.execute_sql(statement.replace("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1))


def _instant(value: Any) -> datetime:  # noqa: ANN401 - what a driver gives
    return ensure_datetime_in_tz(value, UTC)
