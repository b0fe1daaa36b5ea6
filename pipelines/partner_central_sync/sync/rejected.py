"""Deletes from `opportunities_rejected` what has become a row since: the table holds what cannot be one now."""

from __future__ import annotations

from typing import Any, cast

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from ..destinations.lake.client import LakeClient
from . import run_lease
from .settings import Settings

TABLE = "opportunities_rejected"
CLEARED = "partner_central_rejected_cleared"


def clear(pipeline: dlt.Pipeline, settings: Settings) -> None:
    """Deletes the rows of records that were loaded since, and rows of earlier releases that a newer row replaces.

    It costs a query or two, after a load only: the working folder keeps the state that it was done for. If a run is
    killed before, the next run does it.
    """
    stored = pipeline.state.get("_version_hash")
    if cast("dict[str, Any]", pipeline.state["_local"]).get(CLEARED) == stored:
        return
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase | LakeClient) or not run_lease.take_if_free(pipeline):
        return
    with client:
        if isinstance(client, LakeClient):
            client.forget_rejected()
        else:
            _delete(client, settings)
    pipeline.set_local_state_val(CLEARED, stored)


def _delete(client: SqlJobClientBase, settings: Settings) -> None:
    sql = client.sql_client
    rejected, presence = map(sql.make_qualified_table_name, (TABLE, "opportunity_presence"))
    mine, account_key = ("", ()) if settings.account is None else (" AND account = %s", (settings.account,))
    newer = f"SELECT id FROM {rejected} WHERE id IS NOT NULL AND record_key IS NOT NULL{mine}"  # noqa: S608 - the schema's own names
    loaded = f"SELECT id FROM {presence} WHERE rejected_since IS NULL AND last_listed_sweep IS NOT NULL{mine}"  # noqa: S608
    for condition in (f"record_key IS NULL AND id IN ({newer})", f"id IN ({loaded})"):
        sql.execute_sql(f"DELETE FROM {rejected} WHERE {condition}{mine}", *account_key, *account_key)  # noqa: S608
