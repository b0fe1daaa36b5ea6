"""`opportunities` after it was dropped: each id's newest version in `opportunity_history` is its row again.

What AWS still lists is read again over it. What it does not list any more has no other source. Done again, it does what
is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping

from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ACCOUNT, HISTORY_COLUMNS, OPPORTUNITIES

from .lease_table import LeaseTable

BEFORE_ALL = -(2**62)
TYPE = ("data_type", "precision", "scale")
Columns = Mapping[str, TColumnSchema]

TABLES = OPPORTUNITIES.table_names.both


def put_back(client: LeaseTable) -> int:
    """Adds to `opportunities` the newest version of each id that is missing there; returns how many these are.

    Only columns that both tables have with the same type are filled: an INSERT never casts.

    Raises:
        LeaseLost: another run took the lease.
    """
    sql, escape = client.sql_client, client.sql_client.escape_column_name
    stored = dict(client.get_storage_tables(TABLES))
    columns = _common(client, *(stored[name] for name in TABLES))
    keys = [escape(name) for name in (ACCOUNT, "id") if name in columns]
    if not keys:
        return 0
    table, history = map(sql.make_qualified_table_name, TABLES)
    listed, key = ", ".join(map(escape, columns)), ", ".join(keys)
    order = f"{escape('last_modified_date')} DESC"
    if _fold(client, "read_order") in {name.casefold() for name in stored[TABLES[1]]}:
        order += f", COALESCE({escape('read_order')}, {BEFORE_ALL}) DESC"
    newest = f"SELECT {listed}, ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {order}) AS nth FROM {history}"  # noqa: S608 - the schema's own names, escaped
    same = " AND ".join(f"o.{name} = v.{name}" for name in keys)
    known = f"SELECT 1 FROM {table} o WHERE {same}"  # noqa: S608
    with client.write_transaction():
        before = _count(client, table)
        sql.execute_sql(
            f"INSERT INTO {table} ({listed}) SELECT {listed} FROM ({newest}) v WHERE nth = 1 AND NOT EXISTS ({known})"  # noqa: S608
        )
        return _count(client, table) - before


def count_gone(client: SqlJobClientBase) -> int:
    """Returns how many opportunities are marked as gone; 0 where marks are unknown."""
    table = client.sql_client.make_qualified_table_name("opportunity_presence")
    _, columns = client.get_storage_table("opportunity_presence")
    if _fold(client, "gone_since") not in {name.casefold() for name in columns}:
        return 0
    gone = client.sql_client.escape_column_name("gone_since")
    return _count(client, f"{table} WHERE {gone} IS NOT NULL")


def _common(client: SqlJobClientBase, opportunities: Columns, history: Columns) -> list[str]:
    """The columns that both tables have, by the schema's names."""
    ours, theirs = ({name.casefold(): column for name, column in some.items()} for some in (opportunities, history))
    return [
        name
        for name in client.schema.tables[TABLES[0]]["columns"]
        if name not in HISTORY_COLUMNS
        and (folded := _fold(client, name)) in ours.keys() & theirs.keys()
        and all(ours[folded].get(hint) == theirs[folded].get(hint) for hint in TYPE)
    ]


def _fold(client: SqlJobClientBase, name: str) -> str:
    return client.capabilities.casefold_identifier(name).casefold()


def _count(client: SqlJobClientBase, rows: str) -> int:
    found = client.sql_client.execute_sql(f"SELECT COUNT(*) FROM {rows}")  # noqa: S608 - see above
    return int(found[0][0]) if found else 0
