"""Deletes from the tables of rejected records what has become a row since: they hold what cannot be one now."""

from __future__ import annotations

from typing import Any, cast

import dlt

from partner_central.public import SPINE, STREAMS, WholeListStream, handed_on_at

from ..destinations import of
from ..destinations.pipeline_state import state_of_source
from . import run_lease
from .settings import Settings

CLEARED, LISTS_CLEARED = "partner_central_rejected_cleared", "partner_central_lists_cleared"


def clear(pipeline: dlt.Pipeline, settings: Settings) -> None:
    """Deletes the rows of records that were loaded since, and rows of earlier releases that a newer row replaces.

    It costs a query or two, after a load only, and one for each list that was loaded. The working folder keeps for
    which load it was done. If a run is killed before, the next run does it. If a list could not be loaded, the working
    folder is ahead of the destination, so a later run does it as well.
    """
    stored, local = pipeline.state.get("_version_hash"), cast("dict[str, Any]", pipeline.state["_local"])
    if local.get(CLEARED) == stored or pipeline.has_pending_data or not run_lease.take_if_free(pipeline):
        return
    cleared: dict[str, str] = dict(local.get(LISTS_CLEARED, {}))
    client = pipeline.destination_client()
    with client:
        of(client).clear_rejected(client, settings.account)
        known = client.schema.data_table_names(seen_data_only=True)
        for stream in STREAMS:
            if stream is SPINE or stream.rejected_table not in known:
                continue
            if not isinstance(stream, WholeListStream):
                of(client).clear_rejected_of_rows(client, stream.table, stream.rejected_table, settings.account)
                continue
            at = handed_on_at(state_of_source(cast("dict[str, Any]", pipeline.state), stream) or {})
            if at is not None and cleared.get(stream.table) != at.isoformat():
                of(client).clear_rejected_of_list(client, stream.rejected_table, at, settings.account)
                cleared[stream.table] = at.isoformat()
    pipeline.set_local_state_val(LISTS_CLEARED, cleared)
    pipeline.set_local_state_val(CLEARED, stored)
