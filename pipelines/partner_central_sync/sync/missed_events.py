"""Counts what a poll found that events should have told: whether they work is then a query."""

from __future__ import annotations

from datetime import timedelta

import dlt

from partner_central.public import SPINE

from ..destinations import of
from .run_record import RunRecord

ON_THE_WAY = timedelta(minutes=5)  # an event may take so long
LOAD_ID = "_dlt_load_id"


def missed_by_events(pipeline: dlt.Pipeline, run: RunRecord) -> int | None:
    """Returns how many opportunities changed without an event; None if that cannot be known.

    What events named is loaded by then, so only the versions that the run itself added are looked at.

    Args:
        pipeline: whose destination has the versions.
        run: what was read, by the cursor and by events.
    """
    events, counts = run.events, run.metrics.first
    if events is None or not events.is_drained or not run.settings.polls:
        return None
    if counts.mode != "incremental" or not counts.complete:
        return None
    if not run.loaded:
        return 0
    client = pipeline.destination_client()
    table, places = SPINE.history_table, ", ".join(["%s"] * len(run.loaded))
    query = f"SELECT DISTINCT id FROM {{{table}}} WHERE {LOAD_ID} IN ({places}) AND last_modified_date < %s"  # noqa: S608 - the schema's own names
    before = run.metrics.service_now() - ON_THE_WAY
    with client:
        columns = {table: ("id", LOAD_ID, "last_modified_date")}
        changed = of(client).select(client, columns, query, *run.loaded, before)
    return len({key for (key,) in changed} - events.ids)
