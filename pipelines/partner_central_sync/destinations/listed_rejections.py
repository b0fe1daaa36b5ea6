"""Deletes from the tables of rejected records of lists what AWS lists no more, or what has become a row since, in SQL.

A list that has changed is handed on whole, so a record that still cannot be a row is rejected again. What was rejected
before the list was handed on last is in it no more, or is a row now. A listing with a cursor hands on what changed.
What it rejected is a row now if the row came with a later load. What a listing of everything did not reject again is
listed no more.
"""

from __future__ import annotations

from datetime import datetime

from dlt.destinations.job_client_impl import SqlJobClientBase


def clear(client: SqlJobClientBase, table: str, handed_on_at: datetime, account: str | None) -> None:
    """Deletes the rows of a table of rejected records that were seen before its list was handed on last."""
    sql = client.sql_client
    name, seen_at = sql.make_qualified_table_name(table), sql.escape_column_name("seen_at")
    mine, account_key = ("", ()) if account is None else (" AND account = %s", (account,))
    sql.execute_sql(f"DELETE FROM {name} WHERE {seen_at} < %s{mine}", handed_on_at, *account_key)  # noqa: S608 - the schema's own names


def clear_loaded(client: SqlJobClientBase, table: str, rejected_table: str, account: str | None) -> None:
    """Deletes the rows of a table of rejected records whose record came into the table of records with a later load."""
    sql = client.sql_client
    rows, rejected = map(sql.make_qualified_table_name, (table, rejected_table))
    load = sql.escape_column_name("_dlt_load_id")
    mine, same, account_key = (
        ("", "", ()) if account is None else (" AND {0}account = %s", " AND r.account = o.account", (account,))
    )
    loaded = (
        f"SELECT r.record_key FROM {rejected} r JOIN {rows} o ON o.id = r.id{same} "  # noqa: S608 - the schema's own names
        f"WHERE o.{load} > r.{load}{mine.format('r.')}"
    )
    delete = f"DELETE FROM {rejected} WHERE record_key IN ({loaded}){mine.format('')}"  # noqa: S608
    sql.execute_sql(delete, *account_key, *account_key)


def clear_not_found(client: SqlJobClientBase, table: str, rejected_table: str, account: str | None) -> None:
    """Deletes the rows of a table of rejected records that are older than every row of the newest listing.

    To be called by the run that ended that listing, before another one loads.
    """
    sql = client.sql_client
    rows, rejected = map(sql.make_qualified_table_name, (table, rejected_table))
    load = sql.escape_column_name("_dlt_load_id")
    mine, account_key = ("", ()) if account is None else (" AND account = %s", (account,))
    newest = f"SELECT max(last_listed_at) FROM {rows} WHERE TRUE{mine}"  # noqa: S608 - the schema's own names
    first = f"SELECT min({load}) FROM {rows} WHERE last_listed_at = ({newest}){mine}"  # noqa: S608
    sql.execute_sql(f"DELETE FROM {rejected} WHERE {load} < ({first}){mine}", *account_key, *account_key, *account_key)  # noqa: S608
