"""Rows in ClickHouse, which changes no column of a key, and has tables but no schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from dlt.common.destination.client import JobClientBase
    from dlt.destinations.impl.clickhouse.clickhouse import ClickHouseClient

ROW_ID = "_dlt_id"


def places(client: JobClientBase) -> list[tuple[str, str]]:
    """Returns the dataset and the name of each table of the database, without dlt's marks of datasets."""
    found = cast("ClickHouseClient", client)
    query = "SELECT name FROM system.tables WHERE database = %s AND engine <> 'View'"
    rows = found.sql_client.execute_sql(query, found.sql_client.database_name) or ()
    names = [str(row[0]).partition(found.config.dataset_table_separator) for row in rows]
    return [(name, table) for name, _, table in names if table and table != found.config.dataset_sentinel_table_name]


def change_keys(client: JobClientBase, table: str, values: Mapping[str, str], condition: str) -> dict[str, str]:
    """Puts another row in the place of each whose key changes; returns what is left to change in the others.

    The new rows are there before the old ones are deleted. Done again, it does what is left.

    Args:
        client: of the open destination.
        table: the table.
        values: what each column is to hold, as SQL.
        condition: SQL that names `_dlt_id` alone.
    """
    sql = cast("ClickHouseClient", client).sql_client
    name, path = sql.make_qualified_table_name(table), sql.make_qualified_table_name_path(table, quote=False)
    query = "SELECT name, is_in_primary_key + is_in_sorting_key FROM system.columns WHERE database = %s AND table = %s"
    columns = {str(column): bool(in_key) for column, in_key in sql.execute_sql(query, *path) or ()}
    moved = {column: value for column, value in values.items() if columns[column]}
    if moved:
        quoted = sql.escape_column_name
        same = " AND ".join(f"ifNull({quoted(column)}, '') = ifNull({value}, '')" for column, value in moved.items())
        new = ", ".join(values.get(column, quoted(column)) for column in columns)
        into = f"{name} ({', '.join(map(quoted, columns))})"
        sql.execute_sql(
            f"INSERT INTO {into} SELECT {new} FROM {name} WHERE {condition} AND NOT ({same}) "  # noqa: S608 - the schema's own names
            f"AND {ROW_ID} NOT IN (SELECT {ROW_ID} FROM {name} WHERE {condition} AND {same})"
        )
        sql.execute_sql(f"ALTER TABLE {name} DELETE WHERE {condition} AND NOT ({same}) SETTINGS mutations_sync = 2")
    return {column: value for column, value in values.items() if column not in moved}
