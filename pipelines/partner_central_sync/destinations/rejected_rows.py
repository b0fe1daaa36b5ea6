"""Deletes from `opportunities_rejected`, in SQL, what has become a row since."""

from __future__ import annotations

from dlt.destinations.job_client_impl import SqlJobClientBase

TABLES = ("opportunities_rejected", "opportunity_presence")


def clear(client: SqlJobClientBase, account: str | None) -> None:
    """Deletes the rows of records that were loaded since, and rows of earlier releases that a newer row replaces.

    A dataset of the first release has no presence until a run loads something.
    """
    if not {*TABLES} <= {*client.schema.data_table_names(seen_data_only=True)}:
        return
    sql = client.sql_client
    rejected, presence = map(sql.make_qualified_table_name, TABLES)
    mine, account_key = ("", ()) if account is None else (" AND account = %s", (account,))
    newer = f"SELECT id FROM {rejected} WHERE id IS NOT NULL AND record_key IS NOT NULL{mine}"  # noqa: S608 - the schema's own names
    loaded = f"SELECT id FROM {presence} WHERE rejected_since IS NULL AND last_listed_sweep IS NOT NULL{mine}"  # noqa: S608
    for condition in (f"record_key IS NULL AND id IN ({newer})", f"id IN ({loaded})"):
        sql.execute_sql(f"DELETE FROM {rejected} WHERE {condition}{mine}", *account_key, *account_key)  # noqa: S608
