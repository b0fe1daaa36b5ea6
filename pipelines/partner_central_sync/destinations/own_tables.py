"""Writes to the tables of the sync itself, a row at a time, by statements that every database understands.

The tables are part of the schema, so dlt makes and migrates them. Their rows are written by an INSERT of their own, not
through a load package, which would cost a quiet run more than the run itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.job_client_impl import SqlJobClientBase

from . import of
from .pipeline_state import WithPipelineState

RUNS, STREAM_RUNS, LISTINGS = "sync_runs", "sync_run_streams", "sync_sweeps"  # their columns are in `sync`
Kind = Literal["text", "timestamp", "bigint", "double", "bool"]


class OwnTable(NamedTuple):
    """One such table.

    Attributes:
        name: what it is called.
        columns: name, type and description of each of its columns.
        nullable: the columns that may be null.
    """

    name: str
    columns: tuple[tuple[str, Kind, str], ...]
    nullable: frozenset[str]

    def declare(self, schema: Schema) -> None:
        """Puts the table into a schema."""
        columns = [
            TColumnSchema(name=name, data_type=kind, nullable=name in self.nullable, description=description)
            for name, kind, description in self.columns
        ]
        schema.update_table(new_table(self.name, write_disposition="append", columns=columns))

    def insert(self, client: SqlJobClientBase, values: tuple[object, ...]) -> None:
        """Inserts a row, its values in the order of `columns`, into an open destination.

        Where no load has made the table or its columns yet, they are made: no run came that far, or only runs of an
        earlier release.
        """
        sql = client.sql_client
        names = ", ".join(sql.escape_column_name(name) for name, *_ in self.columns)
        places = ", ".join("NULL" if value is None else "%s" for value in values)
        parameters = [value for value in values if value is not None]  # BigQuery refuses None as a parameter
        statement = f"INSERT INTO {sql.make_qualified_table_name(self.name)} ({names}) VALUES ({places})"  # noqa: S608 - the schema's own names
        try:
            sql.execute_sql(statement, *parameters)
        except DatabaseException:
            if {name for name, *_ in self.columns} <= columns_of(client, [self.name]).get(self.name, set()):
                raise
            _change(client, [self.name], self.declare)
            sql.execute_sql(statement, *parameters)


def add_columns(client: SqlJobClientBase, tables: Mapping[str, Iterable[TColumnSchema]]) -> None:
    """Adds columns to tables of an open destination, where they have not got them."""

    def declare(schema: Schema) -> None:
        for table, columns in tables.items():
            schema.update_table(new_table(table, columns=list(columns)))

    _change(client, tables, declare)


def columns_of(client: SqlJobClientBase, tables: Iterable[str]) -> dict[str, set[str]]:
    """The columns of those of these tables that an open destination has."""
    found = client.get_storage_tables(sorted(tables))
    return {table: {name.lower() for name in columns} for table, columns in found if columns}


def columns_by_table(client: SqlJobClientBase, query: str, names: Iterable[str]) -> dict[str, set[str]]:
    """The columns of what a database has under these names, by a query of its catalog.

    Args:
        client: of the open destination.
        query: for a dataset and `{places}` of names; its rows are table, column, and whether it is a view.
        names: in small letters.
    """
    wanted = sorted(names)
    query = query.format(places=", ".join(["%s"] * len(wanted)))
    found: dict[str, set[str]] = {}
    for table, column, is_none in client.sql_client.execute_sql(query, client.sql_client.dataset_name, *wanted) or ():
        columns = found.setdefault(table.lower(), set())
        if not is_none:
            columns.add(column.lower())
    return found


def update(client: SqlJobClientBase, table: str, changes: str, condition: str, *values: object) -> None:
    """Changes rows of a table where a condition holds."""
    name = client.sql_client.make_qualified_table_name(table)
    client.sql_client.execute_sql(of(client).update_statement(name, changes, condition), *values)


def _change(client: SqlJobClientBase, tables: Iterable[str], declare: Callable[[Schema], None]) -> None:
    """Brings tables of the destination to what a schema defines.

    The schema that is stored with that is the destination's own. The client's may have tables and columns of a package
    that was never loaded, which the next run would miss. Before a first load, dlt's table of states is left out. Its
    columns are complete only when rows are normalized, and BigQuery adds no column that must not be null.
    """
    schema = client.get_newest_schema() if isinstance(client, WithPipelineState) else None
    if schema is None:
        schema = client.schema.clone()
        schema.drop_tables([*schema.data_table_names(), *({schema.state_table_name} & schema.tables.keys())])
    declare(schema)
    client.schema = Schema.from_stored_schema(schema.to_dict())
    client.update_stored_schema(only_tables=[*tables, *schema.dlt_table_names()], force=True)
