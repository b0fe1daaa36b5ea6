"""Tables that somebody dropped: made again. What AWS still has is read again; what it cannot give again is said.

That everything is to be read again is stored in the destination before any table is made, so that a run that dies on
the way leaves nothing that looks complete and is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from . import holding, stored_tables
from .outcome import Exit, explain
from .report import Report

SOURCE, RESOURCE = "partner_central", "opportunities"
DERIVED = frozenset({"opportunities", "opportunity_presence", "opportunities_rejected"})  # with their lists


def mend(pipeline: dlt.Pipeline, missing: Iterable[str], report: Report, load: Callable[[dlt.Pipeline], None]) -> None:
    """Make what is missing again.

    Args:
        pipeline: in step with its destination, with nothing pending.
        missing: tables, and columns as `table.column`.
        report: where it is said.
        load: loads what is pending, under the lease.
    """
    lost = sorted(name for name in missing if _table(name).partition("__")[0] not in DERIVED)
    derived = sorted(set(missing) - set(lost))
    if derived:
        report.note(f"Missing in the destination: {_listed(derived)}. Made again, and everything is read again.")
        with pipeline.managed_state(extract_state=True) as state:
            _forget_cursors(cast("dict[str, Any]", state))
        load(pipeline)
        holding.stands_on(pipeline, pipeline.state["_version_hash"])
    holding.take(pipeline)
    client = pipeline.destination_client()
    if isinstance(client, SqlJobClientBase):
        with client:
            stored_tables.make(client, sorted({_table(name) for name in derived}))
            for table in sorted({_table(name) for name in lost}):
                _make_anew(client, table, report)
    if lost:
        report.warn(
            f"Missing in the destination: {_listed(lost)}. Made again, empty: what was in there AWS cannot give again; "
            "a backup of the database may have it."
        )


def _make_anew(client: SqlJobClientBase, table: str, report: Report) -> None:
    """Make a table that no row is read into; where something else has its name, that is left alone."""
    try:
        stored_tables.make(client, [table])
    except Exception as error:
        code, reason = explain(error)
        if code is Exit.INTERRUPTED:
            raise
        report.warn(f"{table} cannot be made again: {reason}")


def _forget_cursors(state: dict[str, Any]) -> None:
    """Let the next reading be a first one; numbers, names and types that are known stay."""
    resources = state.get("sources", {}).get(SOURCE, {}).get("resources", {})
    resources.get(RESOURCE, {})["cursors"] = {}


def _table(name: str) -> str:
    return name.partition(".")[0]


def _listed(names: list[str]) -> str:
    most = 5
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
