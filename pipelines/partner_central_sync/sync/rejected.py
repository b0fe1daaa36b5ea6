"""Deletes from `opportunities_rejected` what has become a row since: the table holds what cannot be one now."""

from __future__ import annotations

from typing import Any, cast

import dlt

from ..destinations import of
from . import run_lease
from .settings import Settings

CLEARED = "partner_central_rejected_cleared"


def clear(pipeline: dlt.Pipeline, settings: Settings) -> None:
    """Deletes the rows of records that were loaded since, and rows of earlier releases that a newer row replaces.

    It costs a query or two, after a load only: the working folder keeps the state that it was done for. If a run is
    killed before, the next run does it.
    """
    stored = pipeline.state.get("_version_hash")
    if cast("dict[str, Any]", pipeline.state["_local"]).get(CLEARED) == stored or not run_lease.take_if_free(pipeline):
        return
    client = pipeline.destination_client()
    with client:
        of(client).clear_rejected(client, settings.account)
    pipeline.set_local_state_val(CLEARED, stored)
