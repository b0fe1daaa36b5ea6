"""The views, `sync_runs` and `gone_since` for a pipeline of dlt's own, as after `dlt init`.

Such a pipeline loads by dlt's merge. It has no lease, and `docs/how-to/dlt.md` says what else the command does more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ChunkedLoad, SyncMetrics, plain_names_in

from ..console.exit_codes import of_result
from ..console.output import new_run_id
from ..destinations import of
from ..destinations.pipeline_state import state_of_source
from ..views.keeping import create_views
from ..views.sync_step import warnings
from . import removals, run_log
from .new_columns import left_out_warning
from .run_record import RunRecord
from .settings import Settings

if TYPE_CHECKING:
    import dlt
    from dlt.extract import DltSource


def load(pipeline: dlt.Pipeline, source: Callable[..., DltSource], **arguments: Any) -> list[str]:  # noqa: ANN401 - the source's
    """Loads what is new, then marks what is gone, writes a row into `sync_runs`, and brings views up to date.

    Args:
        pipeline: of any database with SQL; one machine at a time runs it.
        source: the function `partner_central`.
        arguments: those of the source but `account` and `chunked_load`.

    Returns:
        Sentences about what somebody should look at: removals that wait for a review, rejected records, and views that
        could not be made.

    Raises:
        TypeError: an argument is not one of those.
        Exception: what the run of the pipeline raised, after its row in `sync_runs`.
    """
    if refused := {"account", "chunked_load"} & arguments.keys():
        raise TypeError(f"Not for this function: {', '.join(sorted(refused))}. See its docstring.")
    settings = Settings(
        "Sandbox" if arguments.get("catalog") == "Sandbox" else "AWS", full=arguments.get("full", False)
    )
    run = RunRecord(SyncMetrics(), settings, new_run_id(), pipeline=pipeline)
    try:
        sentences = list(_load(pipeline, source, arguments, run))
    except BaseException as error:
        run_log.write_failed(run, error)
        raise
    run_log.write(run)
    return sentences + _keep_views(pipeline)


def _load(
    pipeline: dlt.Pipeline, source: Callable[..., DltSource], arguments: dict[str, Any], run: RunRecord
) -> list[str]:
    """Loads and concludes; returns what somebody should look at."""
    with ChunkedLoad(run.metrics) as chunks:
        while chunks.has_more():
            made = source(chunked_load=chunks, **arguments)
            run_log.add_to_schema(made.schema)
            run.loaded += pipeline.run(made).loads_ids
    pipeline.sync_schema()  # tables without rows
    removed = removals.mark_removed(pipeline, run.settings, run.metrics.first.full_listing)
    run.is_concluded = True
    run.outcome = of_result(held=removed.unmarked, mass_rejected=run.metrics.mass_rejected)
    warning = removed.warning(str(pipeline.dataset_name))
    run.message = run.metrics.mass_rejected or warning
    sentences = (*run.metrics.notes, left_out_warning(run.metrics), warning, run.metrics.mass_rejected)
    return [sentence for sentence in sentences if sentence]


def _keep_views(pipeline: dlt.Pipeline) -> list[str]:
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return [f"{of(client).display_location(client)} takes no SQL: it has no views, and no sync_runs."]
    with client:
        kept = create_views(client, plain_names_in(state_of_source(pipeline.state) or {}))
    return list(warnings(kept, str(pipeline.dataset_name)))
