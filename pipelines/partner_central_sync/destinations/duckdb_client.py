"""The client for DuckDB, which loads the types of the schema, under names that are never ambiguous.

dlt's own job lets DuckDB guess types from JSON lines. That rewrites text that looks like a date
(`2026-01-05T09:00:00Z`) or a UUID. It also fails for good on a column whose first value comes after the 20,480 rows
that DuckDB samples.

DuckDB calls the catalog of a file after the file. In `partner_central.duckdb`, the name `partner_central.opportunities`
could mean the catalog or the dataset, and DuckDB refuses it; so every name here begins with the catalog.

DuckDB keeps what it has read of a file up to four fifths of the machine's memory, and so would grow with the table. It
is given less here, unless it is configured otherwise; a load that needs more gets it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from types import TracebackType
from typing import ClassVar, cast

from dlt.common.destination import DestinationCapabilitiesContext, PreparedTableSchema
from dlt.common.destination.client import LoadJob
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_ID
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.exceptions import DatabaseException, DatabaseTransientException
from dlt.destinations.impl.duckdb.configuration import (
    DuckDbBaseCredentials,
    DuckDbClientConfiguration,
    DuckDbConnectionPool,
)
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.sql_client import raise_open_connection_error
from duckdb import DuckDBPyConnection, IOException, OutOfMemoryException

from partner_central.public import ConfigurationError

from .column_comments import WithColumnComments, literal
from .duckdb_access import create_file, path_of

LOADED_HERE = frozenset({"jsonl", "parquet"})
ROW_BYTES, LARGEST_ROW_BYTES = 2**24, 2**30
MEMORY_MB, MEMORY_MB_PER_CORE = 150, 75  # DuckDB works with a thread a core, each with memory of its own


class TypesDiffer(DestinationTerminalException, ConfigurationError):
    """A file holds values of another type than their column, into which DuckDB would convert them, or fail."""


class TypedJob(DuckDbCopyJob):
    """Loads one file, of JSON lines or Parquet; of JSON lines each column is read as its own type.

    A job that was under way when its process died, or was tried before, is loaded `again`: its rows may be in the table
    already.
    """

    def __init__(self, file_path: str, columns: dict[str, str], *, again: bool) -> None:
        super().__init__(file_path)
        self._columns = columns
        self._again = again

    def run(self) -> None:
        """Inserts the rows of the file by column name; a missing key is null.

        Raises:
            TypesDiffer: a column is of another type, in the table or in the one that it is merged into.
        """
        self._check_types()
        largest = ROW_BYTES
        while True:
            try:
                self._insert(largest)
            except DatabaseTransientException as error:
                if "maximum_object_size" not in str(error) or largest >= LARGEST_ROW_BYTES:
                    raise
                largest *= 4
            else:
                return

    def _check_types(self) -> None:
        """Compares the types of the file with those of the tables; that takes no look at rows.

        DuckDB describes these tables alone: its list of columns is made of all that are in the file, for each job.
        """
        client = self._job_client.sql_client
        merged_into = self._job_client.config.normalize_dataset_name(self._job_client.schema)
        tables = " UNION ALL ".join(
            f"SELECT {literal(dataset)} AS dataset, * FROM (DESCRIBE {self._table_of(dataset)})"  # noqa: S608 - escaped
            for dataset in sorted({client.dataset_name, merged_into})
        )
        differing = client.execute_sql(
            "SELECT dataset, f.column_name, f.column_type, t.column_type "  # noqa: S608 - the schema's own names, escaped
            f"FROM ({tables}) t JOIN (DESCRIBE SELECT * FROM {self._rows(ROW_BYTES)}) f "
            "ON f.column_name = t.column_name WHERE f.column_type <> t.column_type",
            self._file_path,
        )
        for dataset, column, offered, stored in differing or ():
            if self._has_values(str(column)):
                raise TypesDiffer(
                    f"The column {column} of {dataset}.{self.load_table_name} is of type {stored}, and {offered} is to "
                    "be loaded into it. Nothing is converted in silence: give the column that type, or rename it."
                )

    def _table_of(self, dataset: str) -> str:
        """The name of the table in a dataset."""
        client = self._job_client.sql_client
        with client.with_alternative_dataset_name(dataset):
            return client.make_qualified_table_name(self.load_table_name)

    def _has_values(self, column: str) -> bool:
        """Returns whether a column of the file is not null in every row."""
        client = self._job_client.sql_client
        count = f"SELECT count({client.escape_column_name(column)}) FROM {self._rows(LARGEST_ROW_BYTES)}"  # noqa: S608 - escaped
        return bool((client.execute_sql(count, self._file_path) or [[0]])[0][0])

    def _insert(self, largest: int) -> None:
        """Inserts, with room for rows of `largest` bytes."""
        client = self._job_client.sql_client
        table = client.make_qualified_table_name(self.load_table_name)
        rows = self._rows(largest)
        with client.begin_transaction():
            if self._again:
                key = client.escape_column_name(C_DLT_ID)
                client.execute_sql(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {rows})", self._file_path)  # noqa: S608 - the schema's own names, escaped
            client.execute_sql(f"INSERT INTO {table} BY NAME SELECT * FROM {rows}", self._file_path)  # noqa: S608

    def _rows(self, largest: int) -> str:
        """SQL that reads the file, not its path; for a row of JSON, DuckDB reserves twice its largest size."""
        if _format(self._file_path) == "parquet":
            return "read_parquet(%s, hive_partitioning=false)"
        types = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in self._columns.items())
        options = f"format='newline_delimited', hive_partitioning=false, maximum_object_size={largest}"
        return f"read_json(%s, columns={{{types}}}, {options})"


class QualifiedSqlClient(DuckDbSqlClient):
    """dlt's SQL client for DuckDB, with the catalog in front of every name, and a limit to DuckDB's memory.

    What is known of a file holds for the process: its catalog, queried once, and whether it needs more memory.
    """

    _catalogs: ClassVar[dict[str, str]] = {}
    _unlimited: ClassVar[set[str]] = set()

    def __init__(
        self,
        dataset_name: str,
        staging_dataset_name: str,
        credentials: DuckDbBaseCredentials,
        capabilities: DestinationCapabilitiesContext,
    ) -> None:
        super().__init__(dataset_name, staging_dataset_name, credentials, capabilities)
        configured = [*(credentials.global_config or ()), *(credentials.pragmas or ())]
        self._has_own_limit = any("memory" in setting for setting in configured)

    def open_connection(self) -> DuckDBPyConnection:
        """Opens the file once, though its catalog is queried as well; one that is missing is created to be written.

        Raises:
            ConfigurationError: the configured storage version is not one of DuckDB's.
            DestinationConnectionError: the file cannot be opened.
        """
        file = path_of(self.credentials.database)
        if file is not None and not self.credentials.read_only and not file.exists():
            with suppress(IOException):  # opening it says why
                create_file(file)
        return self._open()

    @raise_open_connection_error
    def _open(self) -> DuckDBPyConnection:
        limited = not (self._has_own_limit or self.credentials.read_only)
        if limited and str(self.credentials.database) not in self._unlimited:
            self._global_config["memory_limit"] = f"{max(MEMORY_MB, MEMORY_MB_PER_CORE * (os.cpu_count() or 1))}MB"
        pool = cast("DuckDbConnectionPool", self.credentials.conn_pool)
        connection = pool.borrow_conn(global_config=self._global_config)
        try:
            return super().open_connection()
        finally:
            pool.return_conn(connection)

    def lift_memory_limit(self) -> None:
        """Lets DuckDB use as much as by default while this process lives; a configured limit stays."""
        if not self._has_own_limit:
            self._unlimited.add(str(self.credentials.database))
            self._global_config.pop("memory_limit", None)
            self.execute_sql("RESET memory_limit")

    def catalog_name(self, quote: bool = True, casefold: bool = True) -> str | None:  # noqa: ARG002, FBT001, FBT002
        """The catalog of the database file, as DuckDB names it."""
        place = str(self.credentials.database)
        if place not in self._catalogs:
            pool = cast("DuckDbConnectionPool", self.credentials.conn_pool)
            connection = pool.borrow_conn()
            try:
                self._catalogs[place] = str(connection.execute("SELECT current_database()").fetchall()[0][0])
            finally:
                pool.return_conn(connection)
        catalog = self._catalogs[place]
        return self.capabilities.escape_identifier(catalog) if quote else catalog


class TypedDuckDbClient(WithColumnComments, DuckDbClient):
    """dlt's DuckDB client, with qualified names and typed loading of JSON lines."""

    def __init__(
        self, schema: Schema, config: DuckDbClientConfiguration, capabilities: DestinationCapabilitiesContext
    ) -> None:
        super().__init__(schema, config, capabilities)
        names = self.create_dataset_names(schema, config)
        self.sql_client: QualifiedSqlClient = QualifiedSqlClient(*names, config.credentials, capabilities)

    def __exit__(self, kind: type[BaseException], error: BaseException, trace: TracebackType) -> None:  # noqa: PYI036 - dlt has it so
        """Closes the connection; a job that ran out of memory is tried again by dlt, and then has more."""
        try:
            if isinstance(error, DatabaseException) and isinstance(error.dbapi_exception, OutOfMemoryException):
                self.sql_client.lift_memory_limit()
        finally:
            super().__exit__(kind, error, trace)

    def create_load_job(
        self,
        table: PreparedTableSchema,
        file_path: str,
        load_id: str,
        restore: bool = False,  # noqa: FBT001, FBT002
    ) -> LoadJob:
        """The job that loads one file."""
        if _format(file_path) not in LOADED_HERE:
            return super().create_load_job(table, file_path, load_id, restore)
        columns = {
            name: self.type_mapper.to_destination_type(column, table)
            for name, column in table["columns"].items()
            if "data_type" in column
        }
        tried = restore or ParsedLoadJobFileName.parse(file_path).retry_count > 0
        return TypedJob(file_path, columns, again=tried and C_DLT_ID in columns)


def _format(file_path: str) -> str:
    return ParsedLoadJobFileName.parse(file_path).file_format
