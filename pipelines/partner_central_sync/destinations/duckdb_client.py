"""The client for DuckDB, which loads the types of the schema.

dlt's own job lets DuckDB guess types from JSON lines. That rewrites text that looks like a date
(`2026-01-05T09:00:00Z`) or a UUID. It also fails for good on a column whose first value comes after the 20,480 rows
that DuckDB samples.
"""

from __future__ import annotations

from types import TracebackType

from dlt.common.destination import DestinationCapabilitiesContext, PreparedTableSchema
from dlt.common.destination.client import LoadJob
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_ID
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.exceptions import DatabaseException, DatabaseTransientException
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from duckdb import OutOfMemoryException

from partner_central.public import ConfigurationError

from .column_comments import WithColumnComments, literal
from .duckdb_sql_client import QualifiedSqlClient

LOADED_HERE = frozenset({"jsonl", "parquet"})
PARQUET = "read_parquet(%s, hive_partitioning=false)"
PARQUET_COLUMNS = f"DESCRIBE SELECT * FROM {PARQUET}"  # noqa: S608 - a constant
ROW_BYTES, LARGEST_ROW_BYTES = 2**24, 2**30


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
        offered = self._offered()
        for dataset in sorted({client.dataset_name, merged_into}):
            for column, stored, *_ in client.execute_sql(f"DESCRIBE {self._table_of(dataset)}") or ():
                kind = offered.get(column.lower(), stored)
                if kind != stored and self._has_values(column):
                    raise TypesDiffer(
                        f"The column {column} of {dataset}.{self.load_table_name} is of type {stored}, and {kind} is "
                        "to be loaded into it. Nothing is converted in silence: give the column that type or rename it."
                    )

    def _offered(self) -> dict[str, str]:
        """The type of each column of the file; DuckDB finds the column of a table whichever its case."""
        if _format(self._file_path) == "jsonl":
            return {column.lower(): kind for column, kind in self._columns.items()}
        described = self._job_client.sql_client.execute_sql(PARQUET_COLUMNS, self._file_path)
        return {column.lower(): kind for column, kind, *_ in described or ()}

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
            return PARQUET
        types = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in self._columns.items())
        options = f"format='newline_delimited', hive_partitioning=false, maximum_object_size={largest}"
        return f"read_json(%s, columns={{{types}}}, {options})"


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
