"""Removes what runs leave behind: packages that dlt keeps once they are loaded, and files of a lake.

Neither is needed for anything. So a failure to remove them is a note, and the next run tries again.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import dlt

from ..console.failures import exit_code_and_message
from ..console.output import Console
from ..destinations import of
from ..destinations.lease import LeaseLost
from . import run_lease

PACKAGES_KEPT = 3  # the newest, for whoever looks into a load that went wrong
TIDIED, TIDIED_EVERY = "partner_central_tidied_at", timedelta(days=1)


def remove_loaded_packages(pipeline: dlt.Pipeline) -> None:
    """Removes all but the newest packages that are loaded; dlt keeps them for ever, with their schemas."""
    packages = pipeline._get_load_storage()  # noqa: SLF001 - dlt has no other way to them
    for load_id in sorted(packages.list_loaded_packages(), key=float)[:-PACKAGES_KEPT]:
        with suppress(OSError):  # it costs room, no more
            packages.delete_loaded_package(load_id)


def tidy(pipeline: dlt.Pipeline, console: Console) -> None:
    """Tidies a destination up, once a day and only in a run that loaded something."""
    now = datetime.now(UTC)
    last = cast("dict[str, Any]", pipeline.state["_local"]).get(TIDIED)
    if not run_lease.is_held(pipeline) or (last and now - datetime.fromisoformat(last) < TIDIED_EVERY):
        return
    client = pipeline.destination_client()
    try:
        with client:
            of(client).tidy(client)
    except LeaseLost:
        raise
    except Exception as error:  # noqa: BLE001 - everything is loaded
        console.note(f"Files of earlier versions could not be removed: {exit_code_and_message(error)[1]}")
    else:
        pipeline.set_local_state_val(TIDIED, now.isoformat(timespec="seconds"))
