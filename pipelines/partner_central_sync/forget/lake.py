"""Personal data in clear, in Delta and Iceberg tables: the rows of now, and the files of what they were."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from dlt.common.destination.exceptions import DestinationUndefinedEntity

from partner_central.public import ACCOUNT, PiiPolicy

from ..destinations.lake.client import LakeClient
from .sql import READ, ROW_ID, changes_of, of_members

if TYPE_CHECKING:
    import pyarrow as pa

LOGGED = re.compile(r"\d{20}(?=\.)")
ICEBERG = (
    "Out of reach here: earlier snapshots of the Iceberg tables, their files and statistics. Expire snapshots and "
    "remove orphan files with the engine you use (in Spark: expire_snapshots, remove_orphan_files)"
)


@dataclass(slots=True)
class Cleaned:
    """How many rows of a table were in clear, and what else is to be said."""

    rows: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)


def clean(client: LakeClient, privacy: PiiPolicy, account: str | None) -> Cleaned:
    """Write every table anew with what would be stored now, each in one commit, and remove what was before."""
    cleaned = Cleaned()
    removed = 0
    for table in READ:
        try:
            made, stored = _open(client, table)
        except DestinationUndefinedEntity:
            continue
        rows = stored.to_pyarrow_table() if made == "delta" else stored.scan().to_arrow()
        changed, count = _changed(table, rows, privacy, account)
        cleaned.rows[table] = count
        if made == "delta":
            removed += _write_delta(client, table, changed if count else None)
        elif count:
            stored.overwrite(changed)
            cleaned.said = [ICEBERG]
    if removed:
        cleaned.said.append(f"earlier versions of the Delta tables: {removed:,} files removed")
    return cleaned


def _open(client: LakeClient, table: str) -> tuple[str, Any]:
    if table not in client.schema.tables:
        raise DestinationUndefinedEntity(table)
    made = str(client.prepare_load_table(table)["table_format"])
    return made, client.load_open_table(made, table)  # type: ignore[arg-type] # fitted() says which


def _changed(table: str, rows: pa.Table, privacy: PiiPolicy, account: str | None) -> tuple[pa.Table, int]:
    """The rows as they are to be, and how many differ."""
    import pyarrow as pa

    read = [*of_members(READ[table], rows.column_names), *{ROW_ID, ACCOUNT}.intersection(rows.column_names)]
    stored = rows.select(read).to_pylist()
    mine = [account is None or row[ACCOUNT] == account for row in stored]
    changes = [changes_of(table, row, privacy) if own else {} for row, own in zip(stored, mine, strict=True)]
    for column in sorted({column for change in changes for column in change}):
        at = rows.schema.get_field_index(column)
        held = rows.column(column).to_pylist()
        values = [change.get(column, value) for change, value in zip(changes, held, strict=True)]
        rows = rows.set_column(at, rows.schema.field(at), pa.array(values, rows.schema.field(at).type))
    return rows, sum(map(bool, changes))


def _write_delta(client: LakeClient, name: str, rows: pa.Table | None) -> int:
    """Write a Delta table anew, in one commit, and remove all that earlier versions were; gives how many files."""
    from deltalake import write_deltalake

    if rows is not None:
        write_deltalake(client.load_open_table("delta", name), rows, mode="overwrite")
    table = client.load_open_table("delta", name)
    files = table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    return len(files) + _drop_log(client, name)


def _drop_log(client: LakeClient, name: str) -> int:
    """Remove the log before the newest version, which goes into a checkpoint; gives how many files it had.

    The log of a version holds the least and the greatest value of every column.
    """
    table = client.load_open_table("delta", name)
    table.create_checkpoint()
    newest, files = table.version(), client.fs_client
    entries = files.ls(f"{client.get_table_dir(name)}/_delta_log", detail=False, refresh=True)
    old = [
        entry for entry in entries if (number := LOGGED.match(PurePosixPath(entry).name)) and int(number[0]) < newest
    ]
    for entry in old:
        files.rm_file(entry)
    return len(old)
