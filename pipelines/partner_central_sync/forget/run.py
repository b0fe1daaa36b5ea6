"""`forget`: after a change of `pii` to mask or drop, what is stored in clear is made what would be stored now.

A sync with another `pii` makes new rows only. Rows that are gone or rejected, versions, rejected records, staged rows,
dlt's working folder and the free blocks of files keep what they had. Here all of that is gone over. Every step can be
done again; a command that was killed half-way is run again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any, cast

import dlt

from partner_central.public import (
    OPPORTUNITIES,
    SPINE,
    STREAMS,
    ConfigurationError,
    forget_masks,
)

from ..console.failures import AnotherRun
from ..console.output import Console
from ..destinations import of
from ..destinations.pipeline_state import state_of_source
from ..destinations.probe import probe
from ..sync import dlt_settings, run_lease, working_folder
from ..sync.own_session import pii_policy
from ..sync.pending import load_pending
from ..sync.settings import Settings
from . import lake, sql
from .tables import Cleaned, Policies, tables_in

KEEPS = (
    "pii is keep: nothing is to be forgotten. Set pii = mask or drop under [sources.partner_central] of "
    ".dlt/config.toml, or give --pii, as sync is to have it from now on."
)
NOTHING = "Nothing is stored yet."
CURSOR = (
    "Left on purpose: the cursor holds hashes, without the key, of records that were changed last, as their last sync "
    "read them. sync --full replaces these."
)


def forget(settings: Settings, console: Console) -> list[str]:
    """Cleans a destination of personal data in clear; returns what was done, and what is out of reach, in lines.

    Raises:
        ConfigurationError: `pii` is keep, or no key is there to mask with; nothing was touched.
        AnotherRun: a run of the same pipeline is active.
        NotWritable: the destination cannot be written now.
    """
    policies = {stream: pii_policy(settings, stream) for stream in STREAMS}
    if all(policy.keeps for policy in policies.values()):
        raise ConfigurationError(KEEPS)
    dlt_settings.check(settings)
    with working_folder.hold_lock(settings):
        return list(_clean(policies, settings, console))


def _clean(policies: Policies, settings: Settings, console: Console) -> Iterator[str]:
    """Does every step, and yields how it ended."""
    pipeline = working_folder.reset(settings)
    client = pipeline.destination_client()
    adapter = of(client)
    if not adapter.exists(client):
        yield NOTHING
        return
    _take_lease(pipeline, settings)
    client = pipeline.destination_client()
    console.begin_phase(f"cleaning {settings.dataset_name}")
    try:
        clean = _clean_database if adapter.has_sql else _clean_lake
        yield from clean(client, policies, settings, lambda: _note_form(pipeline, console))
    finally:
        run_lease.give_back(pipeline)
    if rewritten := adapter.rewrite(client):
        yield rewritten
    shutil.rmtree(pipeline.working_dir, ignore_errors=True)
    yield f"dlt's working folder {pipeline.working_dir}: emptied; the next sync restores it from the destination"
    yield CURSOR
    yield f"Out of reach: {adapter.out_of_reach}; the database's own log files and exports of yours."


def _take_lease(pipeline: dlt.Pipeline, settings: Settings) -> None:
    """Keeps other runs out, and know what the destination holds.

    Raises:
        AnotherRun: one is at work.
        NotWritable: the destination cannot be written now.
    """
    place = probe(pipeline)
    if place.holder is not None:
        raise AnotherRun(run_lease.active_run_message(settings.pipeline_name, str(place.holder)))
    pipeline.sync_destination()
    working_folder.record_basis(pipeline, place)
    if not run_lease.take_if_free(pipeline):
        raise AnotherRun(f"Another run of {settings.pipeline_name} has just begun. Nothing was touched.")


def _note_form(pipeline: dlt.Pipeline, console: Console) -> None:
    """Stores that the masks are of the present form; from now on, syncs make these."""
    if not pipeline.state.get("sources"):
        return  # nothing is loaded, so the first sync will do that
    with pipeline.managed_state(extract_state=True) as state:
        if (resource := state_of_source(cast("dict[str, Any]", state))) is not None:
            forget_masks(resource, OPPORTUNITIES.filters)
    load_pending(pipeline, console)


def _clean_lake(
    client: Any,  # noqa: ANN401 - a LakeClient
    policies: Policies,
    settings: Settings,
    note_form: Callable[[], None],
) -> Iterator[str]:
    with client:
        cleaned = lake.clean(client, policies, settings.account)
    note_form()
    with client:
        states = client.drop_old_states(settings.pipeline_name)
    yield from _counts(cleaned)
    yield _cursors(states)
    yield from cleaned.lines


def _clean_database(
    client: Any,  # noqa: ANN401 - a SqlJobClientBase
    policies: Policies,
    settings: Settings,
    note_form: Callable[[], None],
) -> Iterator[str]:
    with client:
        yield from _counts(sql.clean_rows(client, policies, settings.account))
        yield f"sync_runs: {sql.clean_scopes(client):,} names of filters were hashes without the key and are cleaned"
    note_form()
    with client:
        yield _cursors(sql.drop_old_states(client, settings.pipeline_name))
        staged = sql.drop_staged_tables(client, settings)
        yield f"staging: emptied {', '.join(staged)}" if staged else "staging: there is none"
        if emptied := sql.free_blocks(client):
            yield emptied


def _cursors(deleted: int) -> str:
    return f"_dlt_pipeline_state: {deleted:,} earlier cursors deleted"


def _counts(cleaned: Cleaned) -> Iterator[str]:
    """Yields a line for each table, and one for what is left; of streams that were never loaded there is none."""
    for name, table in tables_in(cleaned.rows).items():
        if name in cleaned.rows or table.stream is SPINE:
            yield f"{table.what}: {cleaned.rows[name]:,} were in clear and are cleaned"
    if cleaned.added:
        yield f"Left as they are, since no sync made them: the columns {', '.join(sorted(cleaned.added))}"
