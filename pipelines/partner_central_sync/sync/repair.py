"""Repairs tables that somebody dropped. What AWS still has is read again; what AWS cannot give again is reported.

Before any table is created, the destination stores that every pipeline of the dataset is to read everything again, and
which tables were lost. So a run that dies half-way leaves nothing that only looks complete. The next run, of any
account, does what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, cast

import dlt
from dlt.common.destination.client import JobClientBase

from partner_central.public import STREAMS

from ..console.exit_codes import INTERRUPTIONS
from ..console.failures import AnotherRun, exit_code_and_message
from ..console.output import Console
from ..destinations import of
from ..destinations.probe import stored_schema
from . import other_pipelines, run_lease

ROOT, HISTORY, PRESENCE = "opportunities", "opportunity_history", "opportunity_presence"
HISTORIES = frozenset(stream.history_table for stream in STREAMS if stream.history)
BACKUP = "a backup of the database may have it."


def has_unfinished_repair(pipeline: dlt.Pipeline) -> bool:
    """Returns whether tables were made again since this pipeline read: by another one, or by a run that was killed."""
    return bool(_unfinished_tables(pipeline))


def repair_tables(
    pipeline: dlt.Pipeline, missing: Iterable[str], console: Console, load: Callable[[dlt.Pipeline], object]
) -> None:
    """Creates what is missing again, or continues where a run was killed, or another pipeline did it.

    Args:
        pipeline: in step with its destination, with nothing pending.
        missing: tables, and columns as `table.column`.
        console: where messages go.
        load: loads what is pending, under the lease.

    Raises:
        AnotherRun: another run of this pipeline, or of another one that loads into the dataset, is active.
        DestinationMoved: the destination is not what it was when this run began.
    """
    missing = sorted(missing)
    again = [name for name in missing if _is_read_again(name)]
    lost = [name for name in missing if name not in again or name in HISTORIES]
    if again:
        console.note(f"Missing in the destination: {_join_names(again)}. Made again, and everything is read again.")
    elif not missing:
        console.note("Tables of this dataset were made again, which had been dropped: everything is read again.")
    run_lease.take(pipeline)
    client, others = pipeline.destination_client(), set[str]()
    if again or ROOT in _unfinished_tables(pipeline):
        with client:
            others = other_pipelines.names(client) - {pipeline.pipeline_name}
    try:
        with run_lease.hold_others(pipeline, others):
            if again:
                with client:
                    other_pipelines.forget_cursors(client, others, again)
                _forget_own(pipeline, again, load)
            _make_again(pipeline, again, lost, console)
    except AnotherRun:
        if missing:
            raise  # else it has begun with what is left to do here, before it could load
    if lost:
        how = "Made again, empty" if not HISTORIES.issuperset(lost) else "Made again, with the newest versions only"
        console.warn(
            f"Missing in the destination: {_join_names(lost)}. {how}: what was in there AWS cannot give again; {BACKUP}"
        )


def _make_again(pipeline: dlt.Pipeline, again: list[str], lost: list[str], console: Console) -> None:
    """Creates tables, and fill them from what the destination has, under the leases of all who load into them."""
    client, unfinished = pipeline.destination_client(), _unfinished_tables(pipeline) | {*again}
    with client:
        client.schema = stored_schema(pipeline, client) or client.schema
        of(client).create_tables(client, _tables(again))
        for table in _tables(set(lost) - {*again}):
            _make_table_again(client, table, console)
        if ROOT in unfinished:
            _put_back(client, HISTORY in unfinished, console)
        _warn_of_lost_rows(client, again, console)


def _unfinished_tables(pipeline: dlt.Pipeline) -> frozenset[str]:
    return other_pipelines.has_unfinished_repair(cast("dict[str, Any]", pipeline.state))


def _forget_own(pipeline: dlt.Pipeline, lost: Collection[str], load: Callable[[dlt.Pipeline], object]) -> None:
    """Lets the next reading of this pipeline be a first one, if it has read before."""
    if not pipeline.state.get("sources"):
        return
    with pipeline.managed_state(extract_state=True) as state:
        other_pipelines.forget(cast("dict[str, Any]", state), lost)
    load(pipeline)
    run_lease.record_basis(pipeline, pipeline.state["_version_hash"])


def _make_table_again(client: JobClientBase, table: str, console: Console) -> None:
    """Creates a table that no row is read into; where something else has its name, that is left alone."""
    try:
        of(client).create_tables(client, [table])
    except Exception as error:
        code, reason = exit_code_and_message(error)
        if code in INTERRUPTIONS:
            raise
        console.warn(f"{table} cannot be made again: {reason}")


def _put_back(client: JobClientBase, has_no_versions: bool, console: Console) -> None:  # noqa: FBT001 - a fact
    """Fills `opportunities` from the history, and reports how many rows that gives."""
    if has_no_versions:
        console.warn(f"Rows of opportunities that AWS lists no more are lost, with {HISTORY}; {BACKUP}")
        return
    if count := of(client).restore_rows(client):
        console.warn(
            f"{count:,} rows of opportunities were restored from the newest versions in {HISTORY}. What AWS still "
            "lists is read again. The other rows stay as restored, without entries of lists that were dropped as well."
        )


def _warn_of_lost_rows(client: JobClientBase, missing: Collection[str], console: Console) -> None:
    """Reports what cannot be read again, since AWS does not list it any more."""
    parts = [name for name in missing if name.startswith((f"{ROOT}_", f"{ROOT}."))]
    marks_removed = of(client).has_sql
    if PRESENCE in missing and marks_removed:
        console.warn(f"{PRESENCE} held since when opportunities are gone: they are marked again, as of now.")
    elif PRESENCE in missing:
        parts.append(PRESENCE)
    if not parts:
        return
    removed = None if PRESENCE in missing else of(client).count_removed(client)
    if removed is None:
        console.warn(f"What {_join_names(parts)} held of opportunities that AWS lists no more is lost; {BACKUP}")
    elif removed:
        console.warn(
            f"What {_join_names(parts)} held of {removed:,} opportunities that AWS lists no more is lost; {BACKUP}"
        )


def _is_read_again(name: str) -> bool:
    """Returns whether a reading of everything fills a table, or a column; a version that is held is not read again."""
    is_held = name not in HISTORIES and _table(name) in HISTORIES
    return not is_held and any(other_pipelines.belongs_to(name, stream) for stream in STREAMS)


def _table(name: str) -> str:
    return name.partition(".")[0]


def _tables(names: Iterable[str]) -> list[str]:
    return sorted({_table(name) for name in names})


def _join_names(names: list[str]) -> str:
    most = 5
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
