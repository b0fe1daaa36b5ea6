"""Queries over the tables of a lake: DuckDB reads their columns from memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dlt.common.destination.exceptions import DestinationUndefinedEntity

if TYPE_CHECKING:
    from .client import LakeClient


def columns_of(client: LakeClient, names: Iterable[str]) -> dict[str, set[str]]:
    """Returns the columns of the tables that are there under these names."""
    found: dict[str, set[str]] = {}
    for name in names:
        with suppress(DestinationUndefinedEntity):
            found[name] = {*client.open_table(name).schema.names}
    return found


def select(
    client: LakeClient, columns: Mapping[str, Collection[str]], query: str, *values: object
) -> Sequence[Sequence[Any]]:
    """Returns the rows of a query over some tables.

    Args:
        client: of the lake.
        columns: the columns that it reads, by table.
        query: plain SQL, with the name of each table in braces.
        values: for each `%s` in it.

    Raises:
        DestinationUndefinedEntity: a table is not there.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table, names in columns.items():
            connection.register(table, client.open_table(table).rows(list(names)))
        plain = query.format(**{table: table for table in columns}).replace("%s", "?")
        return connection.execute(plain, list(values)).fetchall()
