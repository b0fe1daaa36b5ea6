"""One sync: lock, check the destination, finish what was left, read, load, mark what is gone, report."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import dlt
from botocore.session import get_session
from dlt.common.schema import Schema
from dlt.extract import DltSource

from partner_central import ChunkedLoad, SyncMetrics, partner_central
from partner_central.api.connection import SERVICE
from partner_central.errors import PartnerCentralError
from partner_central.read.load import ROWS_PER_CHUNK
from partner_central.tables.hints import known_columns
from partner_central.tables.service_model import opportunity_model

from ..console.exit_codes import ExitCode
from ..console.failures import AnotherRun, causes_of, exit_code_and_message, is_out_of_room
from ..console.output import Console, Summary
from ..destinations.connection import (
    DestinationState,
    adapt_source,
    complete_tables,
    keep_open,
    probe,
    require_all_tables,
    stored_counters,
)
from ..destinations.errors import NotTaken, classify_load_error
from ..destinations.lease import DestinationMoved, LeaseLost
from . import dlt_settings, history_migration, rejected, removals, run_lease, run_log, working_folder
from .repair import has_unfinished_repair, repair_tables
from .settings import Settings
from .shared_dataset import check_key
from .views import keep_views

MAX_STARTS = 3  # of a run, where others load between its reading and its loading


def sync(settings: Settings, console: Console) -> Summary:
    """Bring the destination up to date with Partner Central, and say what was done.

    A run that raises has changed neither tables nor cursor; or it was interrupted while loading, and leaves a package
    that the next run finishes first. Either way it has a row in `sync_runs`, unless the destination cannot be reached.

    Raises:
        ConfigurationError: the dataset is, or is not, one that several accounts share; nothing was asked of AWS.
        AnotherRun: another run of the same pipeline is active; nothing was asked of AWS.
        NotWritable: the destination cannot be written now; nothing was asked of AWS.
        PipelineStepFailed: dlt's wrapper of what happened while reading or loading; see `outcome.explain`.
    """
    dlt_settings.check(settings)
    started = time.monotonic()
    entry = run_log.RunRecord(SyncMetrics(watch=console.progress), settings)
    with working_folder.hold_lock(settings), entry.kept, run_log.log_run(entry, console):
        try:
            location, gone = _bring_up_to_date(settings, console, entry)
        except Exception as error:
            if _has_lost_lease(error):
                entry.pipeline = working_folder.reset(settings)
                raise AnotherRun(
                    f"Another run of {settings.pipeline_name} took over while this one loaded: it had not been heard "
                    "of for too long. What this one read is dropped; the next run reads what is missing."
                ) from error
            raise
        finally:
            run_lease.give_back(entry.pipeline)
    tally = entry.tally
    return Summary(
        dataset=settings.dataset_name,
        location=location,
        calls=tally.calls,
        throttles=tally.throttles,
        waited=round(tally.waited, 3),
        calls_left=tally.calls_left,
        pages=tally.pages,
        read=tally.read,
        changed=tally.changed,
        rejected=tally.rejected,
        watermark=tally.watermark,
        seconds=round(time.monotonic() - started, 3),
        new_columns=entry.new_columns,
        gone=gone.gone,
        held=gone.held,
        mass_rejected=tally.mass_rejected,
    )


def _bring_up_to_date(settings: Settings, console: Console, entry: run_log.RunRecord) -> tuple[str, removals.Removals]:
    """Read, load and conclude; give where the rows are, and what is gone."""
    pipeline, place = _load_everything(settings, console, entry)
    gone = removals.mark_removed(pipeline, settings, entry.tally.swept)
    rejected.clear(pipeline, settings)
    if settings.account is None:  # the views do not tell the accounts of a shared dataset apart
        keep_views(pipeline, console)
    pipeline.set_local_state_val(working_folder.LAST_RUN, datetime.now(UTC).isoformat(timespec="seconds"))
    if entry.new_columns:
        console.warn(f"Partner Central sent members that are new here: {', '.join(entry.new_columns)}.")
    if entry.tally.rejected:
        console.warn(
            f"{entry.tally.rejected:,} records could not become rows: see "
            f"{settings.dataset_name}.opportunities_rejected."
        )
    if gone.note:
        console.warn(gone.note)
    if warning := gone.warning(settings.dataset_name):
        entry.outcome, entry.message = ExitCode.REVIEW_REMOVALS, warning
        console.warn(warning)
    if entry.tally.mass_rejected:
        entry.outcome, entry.message = ExitCode.REJECTED, entry.tally.mass_rejected
        console.warn(entry.tally.mass_rejected)
    return place.location, gone


def _load_everything(
    settings: Settings, console: Console, entry: run_log.RunRecord
) -> tuple[dlt.Pipeline, DestinationState]:
    """The pipeline with everything that is new loaded; where others load meanwhile, what was read is read again."""
    removals.max_removed_share()  # a wrong setting is to be told before anything is read
    for _ in range(MAX_STARTS):
        pipeline, place = _open(settings, console, entry)
        try:
            if place.missing or has_unfinished_repair(pipeline):
                repair_tables(pipeline, place.missing, console, partial(_finish, console=console))
            _migrate(pipeline, settings, console)
            entry.new_columns = _read_and_load(pipeline, settings, console, entry)
        except DestinationMoved:
            console.note("Another run loaded meanwhile. What was read is dropped, and read again.")
            run_lease.give_back(pipeline)
            working_folder.reset(settings)
            entry.tally.begin_again()
        else:
            return pipeline, place
    raise AnotherRun(f"Other runs of {settings.pipeline_name} load all the time. This one loaded nothing.")


def _migrate(pipeline: dlt.Pipeline, settings: Settings, console: Console) -> None:
    """Bring what an earlier release stored to what this one stores."""
    if history_migration.needs_migration(pipeline):
        run_lease.take(pipeline)
        console.phase("putting the history of an earlier release in order")
        if placed := history_migration.migrate(pipeline, settings):
            console.note(f"{placed:,} versions that an earlier release stored were put in order.")


def _open(settings: Settings, console: Console, entry: run_log.RunRecord) -> tuple[dlt.Pipeline, DestinationState]:
    """The pipeline in step with its destination, with nothing pending."""
    console.phase(f"checking the destination of {settings.dataset_name}")
    pipeline, place = working_folder.open_pipeline(settings, console)
    entry.pipeline = pipeline
    if pipeline.has_pending_data and place.missing:
        console.note(
            "An earlier run was interrupted. What it left is dropped: what is missing is read again, and so is it."
        )
        entry.pipeline = pipeline = working_folder.reset(settings)
        place = probe(pipeline)
    elif pipeline.has_pending_data:
        entry.pipeline = pipeline = _finish_pending(pipeline, settings, console)
        place = probe(pipeline)
    if not working_folder.matches_destination(pipeline, place):
        entry.pipeline = pipeline = _step_back(pipeline, place, settings, console)
        place = probe(pipeline)
    if place.state_hash is None:
        check_key(pipeline, settings)
    working_folder.record_basis(pipeline, place)
    return pipeline, place


def _read_and_load(pipeline: dlt.Pipeline, settings: Settings, console: Console, entry: run_log.RunRecord) -> list[str]:
    """Read what is new and load it; give the columns that came with it as `table.column`.

    After the last part the destination stays open, for what is concluded from it.
    """
    if settings.since and not settings.full and pipeline.state.get("sources"):
        console.note("--since only says where a first load begins, or a full one: add --full to read again from there.")
    before: set[str] = _columns(pipeline.default_schema) if pipeline.default_schema_name else set()
    with ChunkedLoad(entry.tally, settings.rows_per_part or ROWS_PER_CHUNK, partial(stored_counters, pipeline)) as run:
        while _has_more(run, console):
            console.phase("reading")
            pipeline.extract(_source(settings, run))
            if _has_jobs(pipeline):
                require_all_tables(pipeline)
                with ExitStack() as opened:
                    opened.enter_context(keep_open(pipeline))
                    _finish(pipeline, console)
                    if run.is_complete:
                        entry.kept.push(opened.pop_all())
                run_lease.record_basis(pipeline, pipeline.state["_version_hash"])
            else:
                pipeline.normalize()  # drops the empty package
    if new := _columns(pipeline.default_schema) - before:
        new -= known_columns(opportunity_model(get_session().get_service_model(SERVICE)), settings.account)
    return sorted(new)


def _source(settings: Settings, run: ChunkedLoad) -> DltSource:
    """The source as the destination needs it, whose schema has the table of runs as well."""
    source = partner_central(run=run, **settings.source_arguments())
    run_log.add_to_schema(source.schema)
    return adapt_source(source, settings.destination)


def _has_more(run: ChunkedLoad, console: Console) -> bool:
    """Whether there is more to load; when reading failed on the way, say what of it is loaded."""
    try:
        return run.has_more()
    except PartnerCentralError:
        tally = run.tally
        console.note(
            f"{tally.read:,} records were read and are loaded, of about {tally.estimated_records or 0:,} in all: the "
            "next run goes on from there."
        )
        raise


def _finish(pipeline: dlt.Pipeline, console: Console) -> None:
    """Normalize and load whatever is pending, under the lease; make tables without rows too.

    Raises:
        AnotherRun: another run holds the lease.
        DestinationMoved: the destination is not what it was when this run began to read.
    """
    if pipeline.list_extracted_load_packages():
        if _has_jobs(pipeline):
            console.phase("normalizing")
        pipeline.normalize()
    if pipeline.list_normalized_load_packages():
        console.phase("loading")
        run_lease.take(pipeline)
        complete_tables(pipeline)
        pipeline.sync_schema()
        pipeline.load(raise_on_failed_jobs=True)


def _has_jobs(pipeline: dlt.Pipeline) -> bool:
    """Whether anything was extracted, rows or a cursor that moved; dlt makes a package all the same."""
    extracted = pipeline.list_extracted_load_packages()
    return any(pipeline.get_load_package_info(package).jobs["new_jobs"] for package in extracted)


def _finish_pending(pipeline: dlt.Pipeline, settings: Settings, console: Console) -> dlt.Pipeline:
    """Load packages that an interrupted run left; if they are damaged, drop them: what they held is read again."""
    console.note("An earlier run was interrupted: finishing what it left first.")
    try:
        _finish(pipeline, console)
    except DestinationMoved:
        console.note("Another run loaded meanwhile. What was left is dropped, and what it held is read again.")
        run_lease.give_back(pipeline)
        return working_folder.reset(settings)
    except Exception as error:
        code, reason = exit_code_and_message(error)
        refused = isinstance(
            classify_load_error(list(causes_of(error))), NotTaken
        )  # for good; read again, they may be taken
        if code in {ExitCode.INTERRUPTED, ExitCode.ALREADY_RUNNING} or (code is ExitCode.CONFIGURATION and not refused):
            raise
        if is_out_of_room(error) or _has_lost_lease(error):
            raise
        probe(pipeline)
        console.note(
            f"It could not be finished ({reason}). It is dropped, and what had changed is read again. If it was a full "
            "run, start one again with --full."
        )
        run_lease.give_back(pipeline)
        return working_folder.reset(settings)
    return pipeline


def _has_lost_lease(error: BaseException) -> bool:
    """Whether another run took the lease while this one loaded."""
    return any(isinstance(cause, LeaseLost) for cause in causes_of(error))


def _step_back(pipeline: dlt.Pipeline, place: DestinationState, settings: Settings, console: Console) -> dlt.Pipeline:
    """Take the destination's cursor: the working folder has none, or one that was never loaded."""
    pipeline.sync_destination()
    if not working_folder.matches_destination(pipeline, place):
        console.note(
            f"The cursor in dlt's working folder of {settings.pipeline_name} was never loaded: the destination's is."
        )
        pipeline = working_folder.reset(settings)
        pipeline.sync_destination()
    return pipeline


def _columns(schema: Schema) -> set[str]:
    """The columns that members of records may bring, as `table.column`; the history has the same."""
    return {
        f"{table['name']}.{name}"
        for table in schema.data_tables(include_incomplete=True)
        if str(table["name"]).partition("__")[0] == "opportunities"
        for name in table["columns"]
        if not name.startswith("_dlt")
    }
