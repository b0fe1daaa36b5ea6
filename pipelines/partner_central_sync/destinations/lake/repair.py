"""Repairs tables of a lake whose folder somebody deleted, from the history as far as it goes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_ID

from partner_central.public import ACCOUNT, HISTORY_COLUMNS, OPPORTUNITIES

from .merge_job import arrow_schema

if TYPE_CHECKING:
    from .client import LakeClient

SIGNS_OF_A_TABLE = frozenset({"_delta_log", "metadata"})  # of Delta, of Iceberg
NEWEST = """
SELECT place FROM (
    SELECT place, row_number() OVER (PARTITION BY {keys} ORDER BY last_modified_date DESC, {order}) AS nth
    FROM versions ANTI JOIN present USING ({keys})
) WHERE nth = 1 ORDER BY place
"""


def missing_tables(client: LakeClient, schema: Schema) -> frozenset[str]:
    """The tables that were loaded by a schema, and have no folder, as the dataset's was listed last."""
    own, client.schema = client.schema, schema
    try:
        return frozenset(
            name
            for name in schema.data_table_names(seen_data_only=True)
            if client.prepare_load_table(name).get("table_format")  # others are written by SQL, which files have not
            and posixpath.basename(client.get_table_dir(name).rstrip("/")) not in client.folder_names
        )
    finally:
        client.schema = own


def stored_columns(client: LakeClient, names: Iterable[str]) -> dict[str, set[str]]:
    """Returns a column of the tables under these names, and none of folders with files that make no table.

    The dataset's folder was listed before. An empty folder is left out: dlt makes one before it makes a table.
    """
    found: dict[str, set[str]] = {}
    for name in client.folder_names & set(names):
        paths = client.fs_client.ls(posixpath.join(client.dataset_path, name), detail=False)
        if files := {posixpath.basename(path.rstrip("/")) for path in paths} - {""}:
            found[name] = {C_DLT_ID} if files & SIGNS_OF_A_TABLE else set()
    return found


def make(client: LakeClient, names: Iterable[str]) -> None:
    """Creates tables again, empty, under the lease."""
    for name in names:
        client.fence()
        client.ensure_table(name, arrow_schema(client.schema.tables[name], client))


def put_back(client: LakeClient) -> int:
    """Adds to `opportunities` the newest version of each id that is missing there; returns how many these are.

    Raises:
        DestinationUndefinedEntity: a table is not there.
    """
    import duckdb
    import pyarrow as pa

    table, history = map(client.open_table, OPPORTUNITIES.table_names.both)
    types = {field.name: field.type for field in table.schema}
    columns = [field.name for field in history.schema if types.get(field.name) == field.type]
    columns = [name for name in columns if name not in HISTORY_COLUMNS]
    keys = [name for name in (ACCOUNT, "id") if name in columns]
    orders = {"read_order"} & {*history.schema.names}
    versions = history.rows([*columns, *orders])
    order = [*keys, "last_modified_date", *orders]
    places = pa.array(range(versions.num_rows), pa.int64())
    with duckdb.connect() as connection:
        connection.register("versions", versions.select(order).append_column("place", places))
        connection.register("present", table.rows(keys))
        newest = NEWEST.format(keys=", ".join(keys), order="read_order DESC NULLS LAST" if orders else "place DESC")
        found = connection.execute(newest).fetchall()
    if found:
        client.fence()
        table.add(versions.select(columns).take(pa.array([place for (place,) in found], pa.int64())))
    return len(found)
