"""Destinations that can be started on this machine, each as a place to sync into and to read back from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from oracle import COLUMNS, ROOT, Row, Tables, gathered, loose
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.settings import Settings
from partner_central_sync.views.files import view_texts
from sandbox import Sandbox

Rows = list[dict[str, Any]]


@dataclass
class Warehouse(Sandbox):
    """A destination of dlt, by name; where it is and how it is entered stands in the environment."""

    destination: str = "duckdb"

    def settings(self, source: dict[str, Any] | None = None, **options: Any) -> Settings:
        return super().settings(source, **{"destination": self.destination, **options})

    def tables(self, dataset: str = "partner_central") -> Tables:
        found = {table: rows for table, rows in self.rows(dataset).items() if table.partition("__")[0] == ROOT}
        missing = {
            f"{table}.{column}"
            for table, columns in COLUMNS.items()
            for column in columns
            if found[table] and column not in found[table][0]
        }
        assert not missing
        return gathered({table: [_plain(table, row) for row in rows] for table, rows in found.items()})

    def rows(self, dataset: str = "partner_central") -> dict[str, Rows]:
        """The rows of each table, with names as in the documentation."""
        pipeline = working_folder.attach(self.settings(dataset=dataset))
        client = pipeline.destination_client()
        if self.destination == "filesystem":
            return _lake_rows(client)
        assert isinstance(client, SqlJobClientBase)
        rows: dict[str, Rows] = {}
        with client:
            for name, columns in client.get_storage_tables(pipeline.default_schema.data_table_names()):
                if columns:
                    table = client.sql_client.make_qualified_table_name(name)
                    with client.sql_client.execute_query(f"SELECT * FROM {table}") as cursor:
                        names = [column[0].lower() for column in cursor.description or ()]  # Snowflake's are upper case
                        rows[name] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return rows

    def view_rows(self) -> dict[str, int]:
        """How many rows each view has that a sync created; a lake has none."""
        client = working_folder.attach(self.settings()).destination_client()
        if self.destination == "filesystem":
            return {}
        assert isinstance(client, SqlJobClientBase)
        with client:
            sql = client.sql_client
            counts = {name: f"SELECT count(*) FROM {sql.make_qualified_table_name(name)}" for name in view_texts()}
            return {name: int((sql.execute_sql(count) or [[0]])[0][0]) for name, count in counts.items()}


def _lake_rows(client: Any) -> dict[str, Rows]:
    rows: dict[str, Rows] = {}
    for name in client.schema.data_table_names():
        if kind := client.prepare_load_table(name).get(
            "table_format"
        ):  # others are written by SQL, which files have not
            table = client.load_open_table(kind, name)
            found = table.to_pyarrow_table() if hasattr(table, "to_pyarrow_table") else table.scan().to_arrow()
            rows[name] = found.to_pylist()
    return rows


def _plain(table: str, row: Row) -> Row:
    """A row as the oracle compares it: instants in UTC, members nobody knows without their type."""
    known = COLUMNS.get(table, {})
    plain = {
        name: value.astimezone(UTC) if isinstance(value, datetime) else value if name in known else loose(value)
        for name, value in row.items()
    }
    return plain | {name: None for name in known if name not in plain}
