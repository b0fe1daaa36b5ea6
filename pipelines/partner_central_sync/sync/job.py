"""One sync: lock, check the destination, finish what was left, read, load, mark what is gone."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

import dlt

from partner_central import SyncMetrics
from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES

from ..console.exit_codes import of_result
from ..console.failures import AnotherRun
from ..console.output import Console
from ..destinations.kept_open import KEPT
from ..destinations.lease import DestinationMoved
from ..views.sync_step import begin_views, keep_views
from . import (
    dlt_settings,
    history_migration,
    housekeeping,
    removals,
    replaced,
    run_lease,
    run_log,
    search_gaps,
    working_folder,
)
from .events_step import EventsStep, events_of
from .loads import Loads
from .missed_events import missed_by_events
from .new_columns import columns_of, left_out_warning, unknown
from .pending import has_lost_lease, load_pending, open_in_step
from .private_folder import private_files
from .repair import has_unfinished_repair, repair_tables
from .run_record import RunRecord
from .settings import Settings
from .stream_log import tables_of_rejected
from .summary import Summary

SECONDS_BETWEEN_NOTES = 2.0  # of progress, for `status`
SEARCH = OPPORTUNITY_SEARCH_SUMMARIES.table
MAX_STARTS = 3  # of a run, where others load between its reading and its loading


def sync(settings: Settings, console: Console, events: EventsStep | None = None) -> Summary:
    """Brings the destination up to date with Partner Central, and returns what was done.

    Args:
        settings: what is read, and where it goes.
        console: where progress is shown.
        events: a queue whose events are read as well; without it, the one of the settings, if there is one.

    A run that raises has loaded the parts before the one that failed, and nothing of that one where all tables are
    merged in one transaction. If it was interrupted while loading, it leaves a package that the next run finishes
    first. Either way it has a row in `sync_runs`, unless the destination cannot be reached.

    Raises:
        ConfigurationError: the dataset is, or is not, one that several accounts share; no call was made.
        AnotherRun: another run of the same pipeline is active; no call was made.
        NotWritable: the destination cannot be written now; no call was made.
        PipelineStepFailed: dlt's wrapper of what happened while reading or loading; see `exit_code_and_message`.
    """
    dlt_settings.check(settings)
    started = time.monotonic()
    run_record = RunRecord(SyncMetrics(watch=_Watch(settings, console)), settings, console.begin_run())
    run_record.events = events or events_of(settings)
    with (
        private_files(),
        working_folder.hold_lock(settings),
        KEPT.scope(),
        run_record.open_until_logged,
        run_log.log_run(run_record, console),
    ):
        try:
            location, removed = _bring_up_to_date(settings, console, run_record)
        except Exception as error:
            if has_lost_lease(error):
                run_record.pipeline = working_folder.reset(settings)
                raise AnotherRun(
                    f"Another run of {settings.pipeline_name} took over while this one loaded, since this one had not "
                    "renewed its lease. What this one read is dropped; the next run reads what is missing."
                ) from error
            raise
        finally:
            run_lease.give_back(run_record.pipeline)
    return Summary.build(
        run_record,
        removed,
        location=location,
        seconds=time.monotonic() - started,
    )


class _Watch:
    """Shows progress, and writes it every few seconds where `status` finds it."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._written = 0.0

    def __call__(self, metrics: SyncMetrics) -> None:
        self._console.show_progress(metrics)
        if time.monotonic() - self._written >= SECONDS_BETWEEN_NOTES:
            self._written = time.monotonic()
            working_folder.write_progress(self._settings, self._console.progress_text())


def _bring_up_to_date(settings: Settings, console: Console, run_record: RunRecord) -> tuple[str, removals.Removals]:
    """Reads, loads and concludes; returns where the rows are, and what is gone."""
    pipeline, location = _load_everything(settings, console, run_record)
    run_record.missed_by_events = missed_by_events(pipeline, run_record)
    removed = removals.mark_removed(pipeline, settings, run_record.metrics.first.full_listing)
    replaced.clear(pipeline, settings, run_record.metrics.streams.get(SEARCH))
    housekeeping.tidy(pipeline, console)
    keep_views(pipeline, console, run_lease.basis(pipeline))
    if settings.polls:
        pipeline.set_local_state_val(working_folder.LAST_RUN, datetime.now(UTC).isoformat(timespec="seconds"))
    if sentence := search_gaps.gaps(pipeline, settings, run_record.metrics.streams.get(SEARCH)):
        console.note(sentence)
    _warn(settings, console, run_record, removed)
    run_record.is_concluded = True
    if run_record.lists is not None:
        run_record.lists.raise_failure()
    if run_record.events is not None:
        run_record.events.raise_failure()
    return location, removed


def _warn(settings: Settings, console: Console, run_record: RunRecord, removed: removals.Removals) -> None:
    """Prints what needs attention, and records it as the outcome where somebody has to act."""
    metrics = run_record.metrics
    if run_record.new_columns:
        console.warn(f"Partner Central sent members that are new here: {', '.join(run_record.new_columns)}.")
    if left_out := left_out_warning(metrics):
        console.warn(left_out)
    for table, count in tables_of_rejected(metrics).items():
        console.warn(f"{count:,} records could not become rows: see {settings.dataset_name}.{table}.")
    if removed.note:
        console.warn(removed.note)
    if warning := removed.warning(settings.dataset_name):
        console.warn(warning)
    if metrics.mass_rejected:
        console.warn(metrics.mass_rejected)
    run_record.outcome = of_result(held=removed.unmarked, mass_rejected=metrics.mass_rejected)
    run_record.message = metrics.mass_rejected or warning


def _load_everything(settings: Settings, console: Console, run_record: RunRecord) -> tuple[dlt.Pipeline, str]:
    """Loads everything that is new; where others load meanwhile, reads it again.

    Returns:
        The pipeline, and where its rows are.
    """
    removals.max_removed_share()  # a wrong setting is reported before anything is read
    for _ in range(MAX_STARTS):
        pipeline, found = open_in_step(settings, console, run_record)
        try:
            if found.missing or has_unfinished_repair(pipeline):
                repair_tables(pipeline, found.missing, console, partial(load_pending, console=console))
            _migrate(pipeline, settings, console)
            run_record.new_columns = _read_and_load(pipeline, settings, console, run_record)
        except DestinationMoved:
            console.note("Another run loaded meanwhile. What was read is dropped, and read again.")
            run_lease.give_back(pipeline)
            working_folder.reset(settings)
            run_record.metrics.begin_again()
        else:
            return pipeline, found.location
    raise AnotherRun(f"Other runs of {settings.pipeline_name} load all the time. This one loaded nothing.")


def _migrate(pipeline: dlt.Pipeline, settings: Settings, console: Console) -> None:
    """Brings what an earlier release stored to what this one stores."""
    if history_migration.needs_migration(pipeline):
        run_lease.take(pipeline)
        console.begin_phase("putting the history of an earlier release in order")
        if placed := history_migration.migrate(pipeline, settings):
            console.note(f"{placed:,} versions that an earlier release stored were put in order.")


def _read_and_load(pipeline: dlt.Pipeline, settings: Settings, console: Console, run_record: RunRecord) -> list[str]:
    """Reads what is new and loads it; returns the columns that came with it as `table.column`.

    After the last part the destination stays open, for what is concluded from it.
    """
    if settings.since and not settings.full and pipeline.state.get("sources"):
        console.note("--since is only where a first load begins, or a full one. Add --full to read again from there.")
    before: set[str] = columns_of(pipeline.default_schema) if pipeline.default_schema_name else set()
    Loads(pipeline, settings, console, run_record, begin_views).run()
    return sorted(unknown(columns_of(pipeline.default_schema) - before, settings.account))
