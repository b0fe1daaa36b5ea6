"""Queries over the tables of a lake: DuckDB reads their columns from memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema.typing import C_DLT_ID

from partner_central.public import ACCOUNT

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


def delete_rows(client: LakeClient, table: str, row_ids: Sequence[str]) -> None:
    """Deletes rows of a table by their `_dlt_id`, under the lease.

    Args:
        client: of the lake.
        table: the table.
        row_ids: the ids.
    """
    import pyarrow as pa

    stored = client.open_table(table)
    nothing = stored.rows([C_DLT_ID]).slice(0, 0)
    client.fence()
    stored.replace(nothing, pa.table({C_DLT_ID: pa.array(row_ids, nothing.schema.field(C_DLT_ID).type)}))


def set_due(client: LakeClient, table: str, ids: Sequence[str], account: str | None) -> None:
    """Lets ids be read again, in a table that says what was read of each, under the lease.

    Args:
        client: of the lake.
        table: the table of reads.
        ids: of the parent.
        account: whose ids, in a shared dataset.
    """
    import pyarrow as pa

    types = client.stored_types(table)
    if "reading" not in types:
        return
    stored = client.open_table(table)
    keys = pa.table({**({ACCOUNT: [account] * len(ids)} if account is not None else {}), "id": list(ids)})
    rows = stored.rows([*types], keys)
    if rows.num_rows:
        at = rows.schema.get_field_index("reading")
        zeros = pa.array([0] * rows.num_rows, rows.schema.field(at).type)
        client.fence()
        stored.replace(rows.set_column(at, rows.schema.field(at), zeros), rows.select(keys.column_names))
