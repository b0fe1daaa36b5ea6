"""Packages on their way: loads what a run extracted, finishes or drops what an interrupted run left."""

from __future__ import annotations

import dlt

from partner_central.public import chosen_streams

from ..console.exit_codes import INTERRUPTIONS, ExitCode
from ..console.failures import causes_of, exit_code_and_message, is_out_of_room
from ..console.output import Console
from ..destinations.errors import NotTaken, classify_load_error
from ..destinations.lease import DestinationMoved, LeaseLost
from ..destinations.loading import complete_tables
from ..destinations.probe import DestinationState, probe
from . import read_with, run_lease, working_folder
from .housekeeping import remove_loaded_packages
from .run_record import RunRecord
from .settings import Settings
from .shared_dataset import check_key

READ_AGAIN = "What the run left is dropped, and read again."


def open_in_step(settings: Settings, console: Console, run_record: RunRecord) -> tuple[dlt.Pipeline, DestinationState]:
    """Opens the pipeline, in step with its destination, with nothing pending.

    Raises:
        AnotherRun: another run loads into the destination now.
        NotWritable: the destination cannot be written now.
    """
    console.begin_phase(f"checking the destination of {settings.dataset_name}")
    streams = chosen_streams(settings.tables)
    pipeline, found = working_folder.open_pipeline(settings, console)
    run_record.pipeline = pipeline
    if pipeline.has_pending_data:
        if found.missing:
            console.note(f"An earlier run was interrupted, and tables are missing in the destination. {READ_AGAIN}")
            pipeline = working_folder.reset(settings)
        elif other := read_with.difference(pipeline, settings, is_first=found.content_hash is None):
            console.note(f"An earlier run was interrupted, and had another {other}. {READ_AGAIN}")
            pipeline = working_folder.reset(settings)
        else:
            pipeline = _finish_interrupted(pipeline, settings, console, run_record)
        run_record.pipeline = pipeline
        found = probe(pipeline, streams)
    if not working_folder.matches_destination(pipeline, found):
        run_record.pipeline = pipeline = _take_stored_cursor(pipeline, found, settings, console)
        found = probe(pipeline, streams)
    if found.state_hash is None:
        check_key(pipeline, settings)
    working_folder.record_basis(pipeline, found)
    return pipeline, found


def load_pending(pipeline: dlt.Pipeline, console: Console) -> list[str]:
    """Normalizes and loads whatever is pending, under the lease; creates tables without rows too.

    Returns:
        The ids of the packages that were loaded.

    Raises:
        AnotherRun: another run holds the lease.
        DestinationMoved: the destination is not what it was when this run began to read.
    """
    if pipeline.list_extracted_load_packages():
        if has_extracted_jobs(pipeline):
            console.begin_phase("normalizing")
        pipeline.normalize()
    packages = list(pipeline.list_normalized_load_packages())
    if packages:
        console.begin_phase("loading")
        run_lease.take(pipeline)
        complete_tables(pipeline)
        pipeline.sync_schema()
        pipeline.load(raise_on_failed_jobs=True)
        remove_loaded_packages(pipeline)
    return packages


def has_extracted_jobs(pipeline: dlt.Pipeline) -> bool:
    """Returns whether anything was extracted, rows or a cursor that moved; dlt makes a package all the same."""
    extracted = pipeline.list_extracted_load_packages()
    return any(pipeline.get_load_package_info(package).jobs["new_jobs"] for package in extracted)


def has_lost_lease(error: BaseException) -> bool:
    """Returns whether another run took the lease while this one loaded."""
    return any(isinstance(cause, LeaseLost) for cause in causes_of(error))


def _finish_interrupted(
    pipeline: dlt.Pipeline, settings: Settings, console: Console, run_record: RunRecord
) -> dlt.Pipeline:
    """Loads what an interrupted run left. What cannot be loaded is dropped, and read again."""
    console.note("An earlier run was interrupted: finishing what it left first.")
    try:
        run_record.loaded += load_pending(pipeline, console)
    except DestinationMoved:
        console.note("Another run loaded meanwhile. What was left is dropped, and what it held is read again.")
    except Exception as error:
        if not _can_be_dropped(error):
            raise
        probe(pipeline, chosen_streams(settings.tables))
        console.note(
            f"It could not be finished ({exit_code_and_message(error)[1]}). It is dropped, and what had changed is "
            "read again. If it was a full run, start one again with --full."
        )
    else:
        return pipeline
    run_lease.give_back(pipeline)
    return working_folder.reset(settings)


def _can_be_dropped(error: Exception) -> bool:
    """Returns whether what could not be loaded may be loaded once it is read again."""
    if is_out_of_room(error) or has_lost_lease(error):
        return False
    code, _ = exit_code_and_message(error)
    if code is ExitCode.CONFIGURATION:  # rows that are refused for good may be others when they are read again
        return isinstance(classify_load_error(list(causes_of(error))), NotTaken)
    return code not in {*INTERRUPTIONS, ExitCode.ALREADY_RUNNING}


def _take_stored_cursor(
    pipeline: dlt.Pipeline, found: DestinationState, settings: Settings, console: Console
) -> dlt.Pipeline:
    """Takes the destination's cursor: the working folder has none, or one that was never loaded."""
    pipeline.sync_destination()
    if not working_folder.matches_destination(pipeline, found):
        console.note(
            f"The cursor in dlt's working folder of {settings.pipeline_name} was never loaded. The destination's "
            "cursor is used instead."
        )
        pipeline = working_folder.reset(settings)
        pipeline.sync_destination()
    return pipeline
