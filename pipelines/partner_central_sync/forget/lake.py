"""Personal data in clear, in Delta and Iceberg tables: the rows of now, and the files of what they were."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from dlt.common.destination.exceptions import DestinationUndefinedEntity

from partner_central.public import ACCOUNT

from ..destinations.lake.client import LakeClient
from ..destinations.own_names import of_other_sources
from .sql import ROW_ID, changes_of, of_members
from .tables import Cleaned, PersonalTable, Policies, tables_in

if TYPE_CHECKING:
    import pyarrow as pa

LOGGED = re.compile(r"\d{20}(?=\.)")
ICEBERG = (
    "Out of reach here: earlier snapshots of the Iceberg tables, their files and statistics. Expire snapshots and "
    "remove orphan files with the engine you use (in Spark: expire_snapshots, remove_orphan_files)"
)


def clean(client: LakeClient, policies: Policies, account: str | None) -> Cleaned:
    """Rewrites every table with what would be stored now, each in one commit, and removes what was before."""
    cleaned = Cleaned()
    removed = 0
    tables = tables_in(client.schema.tables)
    for name in tables.keys() - of_other_sources(client, tables):
        table = tables[name]
        try:
            made, stored = _open(client, name)
        except DestinationUndefinedEntity:
            continue
        rows = stored.to_pyarrow_table() if made == "delta" else stored.scan().to_arrow()
        if ROW_ID not in rows.column_names:  # it is the user's, under the name of a stream that was never chosen
            continue
        own = cleaned.own(client.schema, name, rows.column_names)
        changed, count = _clean_table(table.with_others(own, account), own, rows, policies, account)
        cleaned.rows[name] = count
        if made == "delta":
            removed += _write_delta(client, name, changed if count else None)
        elif count:
            stored.overwrite(changed)
            cleaned.lines = [ICEBERG]
    if removed:
        cleaned.lines.append(f"earlier versions of the Delta tables: {removed:,} files removed")
    return cleaned


def _open(client: LakeClient, table: str) -> tuple[str, Any]:
    if table not in client.schema.tables:
        raise DestinationUndefinedEntity(table)
    made = str(client.prepare_load_table(table)["table_format"])
    return made, client.load_open_table(made, table)  # type: ignore[arg-type] # adapt_source() sets it


def _clean_table(
    table: PersonalTable, own: set[str], rows: pa.Table, policies: Policies, account: str | None
) -> tuple[pa.Table, int]:
    """The rows as they are to be, and how many differ; `own` are the columns that syncs made."""
    import pyarrow as pa

    read = [*of_members(table.read, own), *{ROW_ID, ACCOUNT}.intersection(rows.column_names)]
    stored = rows.select(read).to_pylist()
    changes = [changes_of(table, row, policies) if account is None or row[ACCOUNT] == account else {} for row in stored]
    for column in sorted({column for change in changes for column in change}):
        at = rows.schema.get_field_index(column)
        stored_values = rows.column(column).to_pylist()
        values = [change.get(column, value) for change, value in zip(changes, stored_values, strict=True)]
        rows = rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type))
    return rows, sum(map(bool, changes))


def _write_delta(client: LakeClient, name: str, rows: pa.Table | None) -> int:
    """Rewrites a Delta table in one commit, and removes the files of earlier versions; returns how many."""
    from deltalake import write_deltalake

    if rows is not None:
        write_deltalake(client.load_open_table("delta", name), rows, mode="overwrite")
    table = client.load_open_table("delta", name)
    files = table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    return len(files) + _drop_log(client, name)


def _drop_log(client: LakeClient, name: str) -> int:
    """Removes the log before the newest version, which goes into a checkpoint; returns how many files it had.

    The log of a version holds the least and the greatest value of every column.
    """
    table = client.load_open_table("delta", name)
    table.create_checkpoint()
    newest, files = table.version(), client.fs_client
    folder = client.get_table_dir(name).rstrip("/")  # an object store takes a second slash for another folder
    paths = files.ls(f"{folder}/_delta_log", detail=False, refresh=True)
    old = [path for path in paths if (number := LOGGED.match(PurePosixPath(path).name)) and int(number[0]) < newest]
    for path in old:
        files.rm_file(path)
    return len(old)
