"""Compares the tables of a destination with the schema.

dlt does so only when the schema is new. It would not notice a table dropped by hand, or a column of another type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from dlt.common.data_types import TDataType
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import (
    ACCOUNT,
    HISTORY_COLUMNS,
    LAST_LISTED_AT,
    STREAMS,
    UNMOVED,
    ConfigurationError,
    StoredCounters,
    key_columns,
)

from .own_names import refuse_taken
from .own_tables import LISTINGS, RUNS, STREAM_RUNS

PLACED = {table for stream in STREAMS for table in stream.table_names.both}  # the source places columns there
KEY = "id"
UNPLACED = UNMOVED | HISTORY_COLUMNS | {ACCOUNT, LAST_LISTED_AT}
ALIKE: Mapping[TDataType, str] = {"wei": "decimal", "json": "text", "binary": "text"}
TYPE_HINTS = ("data_type", "precision", "scale", "timezone")
Retyped = dict[str, dict[str, TColumnSchema]]  # columns as they are in the destination, by table
ORDER, SWEEP = ("opportunity_history", "read_order"), ("opportunity_presence", "last_listed_sweep")
JUDGED = (LISTINGS, "number")


def missing_tables(client: SqlJobClientBase, schema: Schema) -> frozenset[str]:
    """Returns what an open destination lacks, though it was loaded by a schema: `table`, or `table.column`."""
    names = [*schema.data_table_names(seen_data_only=True), *({RUNS, STREAM_RUNS} & schema.tables.keys())]
    return frozenset(_yield_missing(client, schema, names))


def complete(client: SqlJobClientBase) -> Retyped:
    """Creates dlt's tables where an open destination lacks them; returns the columns of another type than expected.

    Nothing is loaded into these: the source puts what does not fit into columns of its own.

    Raises:
        ConfigurationError: a column has another type than the rows that would be put there, which would change them; or
            a table is not of this program.
    """
    schema = client.schema
    stored = dict(client.get_storage_tables([*schema.data_table_names(), *schema.dlt_table_names()]))
    refuse_taken(client, stored)
    retyped = {
        name: found for name, columns in stored.items() if (found := dict(_differing_columns(client, name, columns)))
    }
    for table, differing in retyped.items():
        for name, column in differing.items():
            if not _is_placed(table, name):
                raise ConfigurationError(
                    f"The column {table}.{name} of the destination holds {column['data_type']}, and what is to be "
                    f"loaded is {schema.tables[table]['columns'][name]['data_type']}: it would be changed on its way, "
                    "so nothing was loaded. Rename that column; the next sync adds it again, and --full fills it."
                )
    if not all(stored[name] for name in schema.dlt_table_names()):
        client.update_stored_schema(force=True)
    return retyped


def follow(schema: Schema, retyped: Retyped) -> Schema:
    """Gives the columns of a schema the types that they have in the destination."""
    for table, columns in retyped.items():
        for name, stored in columns.items():
            column = cast("dict[str, object]", schema.tables[table]["columns"][name])
            for hint in TYPE_HINTS:
                column.pop(hint, None)
            column.update({hint: value for hint, value in stored.items() if hint in TYPE_HINTS})
    return schema


def make(client: SqlJobClientBase, names: Iterable[str]) -> None:
    """Creates tables and columns that were dropped."""
    client.update_stored_schema(only_tables=[*names, *client.schema.dlt_table_names()], force=True)


def stored_counters(client: SqlJobClientBase) -> StoredCounters:
    """The numbers that the tables of an open destination hold already."""
    places = ORDER, SWEEP, JUDGED
    found = dict(client.get_storage_tables([table for table, _ in places]))
    order, *sweep = (_max_value(client, *place) if _has_column(client, found, *place) else 0 for place in places)
    return StoredCounters(order, max(sweep))


def newest_order(client: SqlJobClientBase, table: str) -> int:
    """Returns the greatest read_order in a table of versions of an open destination; 0 where there is none."""
    column = ORDER[1]
    found = dict(client.get_storage_tables([table]))
    return _max_value(client, table, column) if _has_column(client, found, table, column) else 0


def _yield_missing(client: SqlJobClientBase, schema: Schema, names: Iterable[str]) -> Iterable[str]:
    exactly = client.capabilities.generates_case_sensitive_identifiers()
    for name, columns in client.get_storage_tables(names):
        if not columns:
            yield name
            continue
        new = schema.get_new_table_columns(name, dict(columns), case_sensitive=exactly)
        yield from (f"{name}.{column['name']}" for column in new)


def _differing_columns(
    client: SqlJobClientBase, table: str, stored: Mapping[str, TColumnSchema]
) -> Iterator[tuple[str, TColumnSchema]]:
    """Yields the columns of a table, by the schema's names, whose stored type does not accept the schema's."""
    fold = str.casefold
    kinds = {fold(name): column for name, column in stored.items()}
    for name, column in client.schema.tables[table]["columns"].items():
        there = kinds.get(fold(client.capabilities.casefold_identifier(name)))
        if there is not None and not _accepts(there, column):
            yield name, there


def _is_placed(table: str, column: str) -> bool:
    """Returns whether what goes into a column is put by the source where the destination has its type."""
    root, _, of_list = table.partition("__")
    key, child_key = key_columns(root) or (KEY, KEY)
    ours = UNPLACED | {child_key if of_list else key}
    return root in PLACED and column not in ours and not column.startswith("_dlt")


def _accepts(stored: TColumnSchema, loaded: TColumnSchema) -> bool:
    """Returns whether a stored column accepts values of a type unchanged, as far as its stored type is known."""
    there, new = stored.get("data_type"), loaded.get("data_type")
    if there is None or new is None:
        return True
    return ALIKE.get(there, there) == ALIKE.get(new, new)


def _has_column(
    client: SqlJobClientBase, stored: Mapping[str, Mapping[str, TColumnSchema]], table: str, column: str
) -> bool:
    wanted = client.capabilities.casefold_identifier(column).casefold()
    return wanted in {name.casefold() for name in stored[table]}


def _max_value(client: SqlJobClientBase, table: str, column: str) -> int:
    sql = client.sql_client
    query = f"SELECT MAX({sql.escape_column_name(column)}) FROM {sql.make_qualified_table_name(table)}"  # noqa: S608 - see above
    rows = sql.execute_sql(query)
    return int(rows[0][0] or 0) if rows else 0
