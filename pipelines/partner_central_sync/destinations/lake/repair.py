"""Repairs tables of a lake whose folder somebody deleted, from the history as far as it goes."""

from __future__ import annotations

import gzip
import json
import posixpath
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dlt.common.schema import Schema

from partner_central.public import ACCOUNT, HISTORY_COLUMNS, OPPORTUNITIES

from .merge_job import arrow_schema
from .table_format import TableFormat, configured_format

if TYPE_CHECKING:
    from .client import LakeClient

SIGNS: Mapping[TableFormat, str] = {"delta": "_delta_log", "iceberg": "metadata"}  # folders that make one a table
GZIP = b"\x1f\x8b"
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
    """Returns the columns of the tables under these names, and none of a folder with anything else.

    That is also a table of another format than the configured one. The dataset's folder was listed before. An empty
    folder is left out, and a table without a commit: dlt makes these before it makes a table.
    """
    table_format = configured_format()
    found: dict[str, set[str]] = {}
    for name in client.folder_names & set(names):
        paths = client.fs_client.ls(posixpath.join(client.dataset_path, name), detail=False)
        files = {posixpath.basename(path.rstrip("/")) for path in paths} - {""}
        if not files:
            continue
        columns = _COLUMNS[table_format](client, name) if SIGNS[table_format] in files else set()
        if columns is not None:
            found[name] = columns
    return found


def _columns_of_delta(client: LakeClient, name: str) -> set[str] | None:
    """Returns the columns of a Delta table, which no schema of dlt has to know; None if it has no commit."""
    from deltalake import DeltaTable
    from dlt.common.libs.deltalake import deltalake_storage_options

    place = client.get_open_table_location("delta", name)
    options = deltalake_storage_options(client.config.credentials, client.config.deltalake_storage_options)
    if not DeltaTable.is_deltatable(place, options):
        return None
    return {field.name for field in DeltaTable(place, storage_options=options).schema().fields}


def _columns_of_iceberg(client: LakeClient, name: str) -> set[str] | None:
    """Returns the columns of an Iceberg table by its newest metadata; None if it has none.

    A catalog is not asked: it would have to take the table over first.
    """
    folder = posixpath.join(client.dataset_path, name, SIGNS["iceberg"])
    files = sorted(path for path in client.fs_client.ls(folder, detail=False) if path.endswith(".metadata.json"))
    if not files:
        return None
    text = client.fs_client.cat_file(files[-1])
    metadata = json.loads(gzip.decompress(text) if text.startswith(GZIP) else text)
    schemas = metadata.get("schemas") or [metadata["schema"]]  # the older form has a single one
    present = metadata.get("current-schema-id", 0)
    return {field["name"] for one in schemas if one.get("schema-id", 0) == present for field in one["fields"]}


_COLUMNS = {"delta": _columns_of_delta, "iceberg": _columns_of_iceberg}


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
