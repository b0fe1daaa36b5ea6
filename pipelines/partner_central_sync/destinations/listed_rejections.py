"""Deletes from the tables of rejected records of lists what AWS lists no more, or what has become a row since, in SQL.

A list that has changed is handed on whole, so a record that still cannot be a row is rejected again. What was rejected
before the list was handed on last is in it no more, or is a row now.
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
