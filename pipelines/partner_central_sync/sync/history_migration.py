"""Brings versions that an earlier release stored to what this one stores: in order, and with hashes of their content.

An earlier release hashed raw records and kept no order of reading. The order follows from what it did keep: when the
run began that read a version, and within a run the row's `_dlt_id`, which counts. Where neither is enough, a column
marks the order as unknown. A version gets the same place whoever computes it and when, before all that is read later.
So the migration can be killed at any time, and done again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, cast

import dlt
from dlt.common.schema.typing import TColumnSchema
from dlt.common.time import ensure_datetime_in_tz
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase

from partner_central.public import (
    OPPORTUNITIES,
    OPPORTUNITY_VERSIONS,
    ORDERING,
    RecordModel,
    content_hash_of,
    hint_rules,
    presence_model,
    rejected_columns,
    root_columns,
)

from ..destinations.column_comments import literal
from ..destinations.own_tables import add_columns, columns_of, update
from .settings import Settings

Row = dict[str, Any]
HISTORY = "opportunity_history"
MIGRATED = "partner_central_history_migrated"
COUNTED = re.compile(r"[0-9a-f]{15}[0-9a-f]{8}(?P<run>[0-9a-f]{8})")
BEFORE_ALL, PLACES = -(10**16), 1000  # a millisecond of reading has so many places
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 1000


def needs_migration(pipeline: dlt.Pipeline) -> bool:
    """Returns whether the destination has versions, or tables, as an earlier release left them.

    The destination is queried once for each working folder.
    """
    if cast("dict[str, Any]", pipeline.state["_local"]).get(MIGRATED):
        return False
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return False
    with client:
        missing = _missing_columns(client, None)
        is_there = HISTORY in columns_of(client, [HISTORY])
        if missing or (is_there and _unordered_versions(client.sql_client, None, 1)):
            return True
    if is_there:
        pipeline.set_local_state_val(MIGRATED, True)  # noqa: FBT003 - dlt's
    return False


def migrate(pipeline: dlt.Pipeline, settings: Settings) -> int:
    """Adds missing columns, and gives versions without a place their place; returns how many versions these were.

    Where accounts share the tables, those of others are left to them.
    """
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return 0
    placed = 0
    with client:
        if missing := _missing_columns(client, settings.account):
            add_columns(client, missing)
        is_there = HISTORY in columns_of(client, [HISTORY])  # the first release had no such table
        while is_there and (rows := _unordered_versions(client.sql_client, settings.account, AT_ONCE)):
            whole = _whole_dates(rows)
            _place(client, list(place_versions(whole)))
            placed += len(whole)
    pipeline.set_local_state_val(MIGRATED, True)  # noqa: FBT003 - dlt's
    return placed


def place_versions(rows: Iterable[Row]) -> Iterator[tuple[Row, int, bool]]:
    """Versions, those of one id and date together, each with its read_order and whether that is known."""
    for _, same_date in groupby(rows, key=lambda row: (row["id"], row["last_modified_date"])):
        by_run = sorted(same_date, key=lambda row: (row["first_seen_at"], row["_dlt_id"]))
        for first_seen_at, group in groupby(by_run, key=lambda row: row["first_seen_at"]):
            together = list(group)
            is_known = len(together) == 1 or _is_sequence(row["_dlt_id"] for row in together)
            milliseconds = (ensure_datetime_in_tz(first_seen_at, UTC) - EPOCH) // timedelta(milliseconds=1)
            for number, row in enumerate(together):
                yield row, BEFORE_ALL + milliseconds * PLACES + min(number, PLACES - 1), is_known


def _is_sequence(row_ids: Iterable[str]) -> bool:
    """Returns whether the ids of rows are of one run: they end with its name, after a count."""
    matches = [COUNTED.fullmatch(row_id) for row_id in row_ids]
    return None not in matches and len({match["run"] for match in matches if match}) == 1


def _missing_columns(client: SqlJobClientBase, account: str | None) -> dict[str, list[TColumnSchema]]:
    """The columns that this release added to tables, where these have not got them."""
    stream, rules = OPPORTUNITIES, hint_rules(OPPORTUNITIES, account)
    added = {
        stream.history_table: root_columns(RecordModel(ORDERING, ()), rules),
        stream.presence_table: root_columns(presence_model(stream.noun, stream.table), rules),
        stream.rejected_table: rejected_columns(rules),
    }
    found = columns_of(client, added)
    missing = {
        table: [column for name, column in added[table].items() if name not in columns]
        for table, columns in found.items()
    }
    return {table: columns for table, columns in missing.items() if columns}


def _unordered_versions(sql: SqlClientBase[Any], account: str | None, limit: int) -> list[Row]:
    """Returns so many versions that have no place yet, grouped by id and date."""
    names = ("_dlt_id", "id", "last_modified_date", "first_seen_at", *OPPORTUNITY_VERSIONS.content)
    mine, account_key = ("", ()) if account is None else (" AND account = %s", (account,))
    rows = sql.execute_sql(
        f"SELECT {', '.join(names)} FROM {sql.make_qualified_table_name(HISTORY)} WHERE read_order IS NULL{mine} "  # noqa: S608 - the schema's own names
        f"ORDER BY id, last_modified_date LIMIT {limit}",
        *account_key,
    )
    return [dict(zip(names, row, strict=True)) for row in rows or ()]


def _whole_dates(rows: Sequence[Row]) -> Sequence[Row]:
    """Returns rows without the last id and date, since more of them may follow; all rows, if there are no others."""
    if len(rows) < AT_ONCE:
        return rows
    last = rows[-1]["id"], rows[-1]["last_modified_date"]
    return [row for row in rows if (row["id"], row["last_modified_date"]) != last] or rows


def _place(client: SqlJobClientBase, versions: Sequence[tuple[Row, int, bool]]) -> None:
    """Returns rows their place and the hash of their content, all in one statement."""
    keys = [literal(row["_dlt_id"]) for row, _, _ in versions]
    unknown = ", ".join(key for key, (_, _, is_known) in zip(keys, versions, strict=True) if not is_known)
    places = " ".join(f"WHEN {key} THEN {place}" for key, (_, place, _) in zip(keys, versions, strict=True))
    hashes = " ".join(
        f"WHEN {key} THEN '{content_hash_of(row, OPPORTUNITY_VERSIONS)}'"
        for key, (row, _, _) in zip(keys, versions, strict=True)
    )
    update(
        client,
        HISTORY,
        f"read_order = CASE _dlt_id {places} END, content_hash = CASE _dlt_id {hashes} END, "
        f"order_is_known = {f'_dlt_id NOT IN ({unknown})' if unknown else 'TRUE'}",
        f"_dlt_id IN ({', '.join(keys)})",
    )
