"""Tables that somebody dropped: made again. What AWS still has is read again; what it cannot give again is said.

That everything is to be read again, by every pipeline of the dataset, is stored in the destination before any table is
made; and why, until something is read. So a run that dies on the way leaves nothing that looks complete and is not: the
next run, of whichever account, does what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, cast

import dlt
from dlt.common.destination.client import JobClientBase
from dlt.destinations.job_client_impl import SqlJobClientBase

from ..console.exit_codes import ExitCode
from ..console.failures import AnotherRun, exit_code_and_message
from ..console.output import Console
from ..destinations import stored_tables
from ..destinations.connection import schema_of
from ..destinations.filesystem import LakeClient
from ..destinations.lake import repair
from ..destinations.lease_table import LeaseTable
from . import other_pipelines, restore, run_lease

ROOT, HISTORY, PRESENCE = "opportunities", "opportunity_history", "opportunity_presence"
DERIVED = frozenset({ROOT, PRESENCE, "opportunities_rejected"})  # with their lists
BACKUP = "a backup of the database may have it."


def has_unfinished_repair(pipeline: dlt.Pipeline) -> bool:
    """Whether tables were made again since this pipeline read: by another one, or by a run that was killed."""
    return bool(_unfinished(pipeline))


def repair_tables(
    pipeline: dlt.Pipeline, missing: Iterable[str], console: Console, load: Callable[[dlt.Pipeline], None]
) -> None:
    """Make what is missing again, or go on with that where a run was killed, or another pipeline did it.

    Args:
        pipeline: in step with its destination, with nothing pending.
        missing: tables, and columns as `table.column`.
        console: where it is said.
        load: loads what is pending, under the lease.

    Raises:
        AnotherRun: another run of this pipeline, or of another one that loads into the dataset, is active.
        DestinationMoved: the destination is not what it was when this run began.
    """
    missing = sorted(missing)
    again = [name for name in missing if _is_read_again(name)]
    lost = [name for name in missing if name not in again or name == HISTORY]
    if again:
        console.note(f"Missing in the destination: {_listed(again)}. Made again, and everything is read again.")
    elif not missing:
        console.note("Tables of this dataset were made again, which had been dropped: everything is read again.")
    run_lease.take(pipeline)
    client, others = pipeline.destination_client(), set[str]()
    if again or ROOT in _unfinished(pipeline):
        with client:
            others = other_pipelines.names(client) - {pipeline.pipeline_name}
    try:
        with run_lease.with_others(pipeline, others):
            if again:
                with client:
                    other_pipelines.forget_cursors(client, others, again)
                _forget_own(pipeline, again, load)
            _make_again(pipeline, again, lost, console)
    except AnotherRun:
        if missing:
            raise  # else it has begun with what is left to do here, before it could load
    if lost:
        how = "Made again, empty" if lost != [HISTORY] else "Made again, with the newest versions only"
        console.warn(
            f"Missing in the destination: {_listed(lost)}. {how}: what was in there AWS cannot give again; {BACKUP}"
        )


def _make_again(pipeline: dlt.Pipeline, again: list[str], lost: list[str], console: Console) -> None:
    """Make tables, and fill them from what the destination has, under the leases of all who load into them."""
    client, unfinished = pipeline.destination_client(), _unfinished(pipeline) | {*again}
    with client:
        client.schema = schema_of(pipeline, client) or client.schema
        _make(client, again)
        for table in sorted({_table(name) for name in lost} - {*again}):
            _make_anew(client, table, console)
        if ROOT in unfinished:
            _put_back(client, HISTORY in unfinished, console)
        _say_what_is_gone(client, again, console)


def _unfinished(pipeline: dlt.Pipeline) -> frozenset[str]:
    return other_pipelines.has_unfinished_repair(cast("dict[str, Any]", pipeline.state))


def _forget_own(pipeline: dlt.Pipeline, lost: Collection[str], load: Callable[[dlt.Pipeline], None]) -> None:
    """Let the next reading of this pipeline be a first one, if it has read before."""
    if not pipeline.state.get("sources"):
        return
    with pipeline.managed_state(extract_state=True) as state:
        other_pipelines.forget(cast("dict[str, Any]", state), lost)
    load(pipeline)
    run_lease.record_basis(pipeline, pipeline.state["_version_hash"])


def _make(client: JobClientBase, names: Iterable[str]) -> None:
    """Make tables again, and columns."""
    tables = sorted({_table(name) for name in names})
    if isinstance(client, LakeClient):
        repair.make(client, tables)
    elif isinstance(client, SqlJobClientBase):
        stored_tables.make(client, tables)


def _make_anew(client: JobClientBase, table: str, console: Console) -> None:
    """Make a table that no row is read into; where something else has its name, that is left alone."""
    try:
        _make(client, [table])
    except Exception as error:
        code, reason = exit_code_and_message(error)
        if code is ExitCode.INTERRUPTED:
            raise
        console.warn(f"{table} cannot be made again: {reason}")


def _put_back(client: JobClientBase, has_no_versions: bool, console: Console) -> None:  # noqa: FBT001 - a fact
    """Fill `opportunities` from the history, and say what that gives."""
    if has_no_versions:
        console.warn(f"Rows of opportunities that AWS lists no more are lost, with {HISTORY}; {BACKUP}")
        return
    count = 0
    if isinstance(client, LakeClient):
        count = repair.put_back(client)
    elif isinstance(client, LeaseTable):
        count = restore.put_back(client)
    if count:
        console.warn(
            f"{count:,} rows of opportunities were put back from the newest versions in {HISTORY}. Those that AWS "
            "still lists are read again; the others stay so, without entries of lists that were dropped as well."
        )


def _say_what_is_gone(client: JobClientBase, missing: Collection[str], console: Console) -> None:
    """Say what cannot be read again since AWS lists it no more, beside the rows that are put back."""
    parts = [name for name in missing if name.startswith((f"{ROOT}_", f"{ROOT}."))]
    if PRESENCE in missing and not isinstance(client, LakeClient):
        console.warn(f"Since when opportunities are gone stood in {PRESENCE}: they are marked anew, as of now.")
    elif PRESENCE in missing:  # in a lake nothing is marked
        parts.append(PRESENCE)
    if not parts:
        return
    if isinstance(client, LakeClient) or PRESENCE in missing:
        console.warn(f"What {_listed(parts)} held of opportunities that AWS lists no more is lost; {BACKUP}")
    elif isinstance(client, SqlJobClientBase) and (gone := restore.count_gone(client)):
        console.warn(f"What {_listed(parts)} held of {gone:,} opportunities that AWS lists no more is lost; {BACKUP}")


def _is_read_again(name: str) -> bool:
    """Whether a reading of everything fills a table, or a column; a version that is held is not read again."""
    return name == HISTORY or _table(name).partition("__")[0] in DERIVED


def _table(name: str) -> str:
    return name.partition(".")[0]


def _listed(names: list[str]) -> str:
    most = 5
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
