"""Reads a chunk of some streams, and loads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, cast

import dlt
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from partner_central import ChunkedLoad, partner_central
from partner_central.public import SPINE, PartnerCentralError

from .. import destinations
from ..console.output import Console
from ..destinations.loading import keep_open, require_all_tables
from ..destinations.pipeline_state import state_of_source
from . import read_with, run_lease, run_log
from .pending import has_extracted_jobs, load_pending
from .run_record import RunRecord
from .settings import Settings


def load_chunk(
    pipeline: dlt.Pipeline,
    settings: Settings,
    console: Console,
    run_record: RunRecord,
    load: ChunkedLoad,
    tables: Sequence[str],
    *,
    is_last: Callable[[], bool],
) -> None:
    """Reads a chunk of these streams and loads it; after the last one the destination stays open for the rest."""
    console.begin_phase("reading" if SPINE.table in tables else f"reading {', '.join(tables)}")
    source = make_source(settings, load, tables)
    if _has_nothing_new(pipeline, load, tables):
        return
    read_with.note(pipeline, settings)
    pipeline.extract(source)
    if not has_extracted_jobs(pipeline):
        pipeline.normalize()  # drops the empty package
        return
    require_all_tables(pipeline)
    with ExitStack() as opened:
        opened.enter_context(keep_open(pipeline))
        run_record.loaded += load_pending(pipeline, console)
        if load.is_complete and is_last():
            run_record.open_until_logged.push(opened.pop_all())
    run_lease.record_basis(pipeline, pipeline.state["_version_hash"])


def _has_nothing_new(pipeline: dlt.Pipeline, load: ChunkedLoad, tables: Sequence[str]) -> bool:
    """Begins to read the opportunities; returns whether nothing of them is to be stored, not even how far they are.

    Raises:
        PipelineStepFailed: reading failed; dlt's own, as for what it extracts.
    """
    reading = load.stream(SPINE.table)
    stored = state_of_source(cast("dict[str, Any]", pipeline.state)) if SPINE.table in tables else None
    if not stored or reading.has_begun or reading.has_nothing_new is None:
        return False
    try:
        return reading.has_nothing_new(stored, pipeline.default_schema.naming)
    except PartnerCentralError as error:
        raise PipelineStepFailed(pipeline, "extract", "", error) from error


def make_source(settings: Settings, load: ChunkedLoad, tables: Sequence[str]) -> DltSource:
    """Returns the source as the destination needs it; its schema has the table of runs as well."""
    source = partner_central(chunked_load=load, **settings.source_arguments() | {"tables": tables})
    run_log.add_to_schema(source.schema)
    return destinations.get(settings.destination).adapt_source(source)


def has_more(load: ChunkedLoad, console: Console) -> bool:
    """Returns whether there is more to load; if reading failed half-way, prints how much of it is loaded."""
    try:
        return load.has_more()
    except PartnerCentralError:
        metrics = load.metrics.current
        of_all = f", of about {metrics.estimated_records:,} in all" if metrics.estimated_records else ""
        if metrics.read:
            console.note(
                f"{metrics.read:,} records were read and are loaded{of_all}. The next run continues from there."
            )
        raise
