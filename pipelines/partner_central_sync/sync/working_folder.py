"""dlt's working folder: locked while a run lasts, trusted only as far as the destination confirms it.

The destination is the truth. The folder holds a copy of the cursor and, after an interrupted run, packages not yet
loaded. It may be corrupt, deleted, of another database, or ahead of one that was restored from a backup. So it is used
only if it is based on the state that the destination holds. Otherwise it is emptied, and the cursor comes from the
destination. Nothing is lost by that: what a dropped package held lies above the destination's cursor.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import dlt
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.destination.exceptions import DestinationException
from dlt.common.storages.exceptions import SchemaStorageException
from dlt.pipeline.exceptions import CannotRestorePipelineException
from filelock import FileLock, Timeout

from partner_central.public import ConfigurationError, chosen_streams

from .. import destinations
from ..console.failures import AnotherRun
from ..console.output import Console
from ..destinations import reading_role
from ..destinations.lease import Lease
from ..destinations.pipeline_state import content_hash
from ..destinations.probe import DestinationState, probe
from . import run_lease
from .schema_cache import CachedSchemaStorage
from .settings import Settings
from .state_folder import LOCATION, folder_of, prepare, sibling, take_over

SIGNS_OF_DAMAGE = (ValueError, KeyError, TypeError, EOFError, CannotRestorePipelineException, SchemaStorageException)
LOCK_TIMEOUT_S = 0.2  # `status` holds the lock for an instant when it looks
LAST_RUN = "partner_central_last_run"
WITHOUT_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS})


class WorkingFolderCorrupt(Exception):
    """The working folder cannot be read; the message names the error."""


@contextmanager
def detect_damage() -> Iterator[None]:
    """Raises damage of the working folder as an error of its own.

    Raises:
        WorkingFolderCorrupt: what dlt raised comes from what it found there.
    """
    try:
        yield
    except SIGNS_OF_DAMAGE as error:
        no_key = type(error) is ValueError and isinstance(error.__context__, OSError)  # a file that the settings name
        if no_key or isinstance(error, DestinationException | ConfigurationException):
            raise
        raise WorkingFolderCorrupt(type(error).__name__) from error


@contextmanager
def hold_lock(settings: Settings) -> Iterator[None]:
    """Holds the lock of a pipeline; the system lets go of it when the process ends, however it ends.

    Raises:
        AnotherRun: another process holds it.
        ConfigurationError: others can write to the folder, or its file system has no locks.
    """
    prepare(settings)
    lock = FileLock(sibling(settings, "lock"))
    another_run = f"Another run of {settings.pipeline_name} is active ({{}}). This one did nothing."
    try:
        lock.acquire(timeout=LOCK_TIMEOUT_S, poll_interval=LOCK_TIMEOUT_S / 4)
    except Timeout:
        raise AnotherRun(another_run.format(_holder(settings))) from None
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise
        raise ConfigurationError(
            f"The file system of {lock.lock_file} has no locks ({error.strerror}), as some network drives. Set "
            "DLT_DATA_DIR to a folder on a local disk. It may be deleted at any time, since the destination has the "
            "cursor."
        ) from error
    try:
        try:
            take_over(settings)
        except Timeout:
            raise AnotherRun(another_run.format("of an earlier release")) from None
        sibling(settings, "run").write_text(f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        if not _owner(settings):
            sibling(settings, "owner").write_text(secrets.token_hex(16))
        yield
    finally:
        sibling(settings, "progress").unlink(missing_ok=True)
        lock.release()


def active_run(settings: Settings) -> str | None:
    """The process that runs a pipeline now and since when, or None."""
    if not sibling(settings, "lock").exists():
        return None
    try:
        with FileLock(sibling(settings, "lock"), timeout=0):
            return None
    except Timeout:
        return _holder(settings)


def active_since(settings: Settings) -> datetime:
    """Returns when the run began that holds the lock; now, if it has just begun."""
    try:
        return datetime.fromtimestamp(sibling(settings, "run").stat().st_mtime, UTC)
    except OSError:
        return datetime.now(UTC)


def write_progress(settings: Settings, text: str) -> None:
    """Writes how far the run is that holds the lock, for `status`; where that fails, it is left out."""
    with suppress(OSError):
        sibling(settings, "progress").write_text(text, encoding="utf-8")


def progress(settings: Settings) -> str | None:
    """Returns how far the active run is; None if it has not said so yet."""
    with suppress(OSError):
        return sibling(settings, "progress").read_text(encoding="utf-8") or None
    return None


def open_pipeline(settings: Settings, console: Console) -> tuple[dlt.Pipeline, DestinationState]:
    """Opens the pipeline with a working folder that can be trusted, and probes its destination.

    Raises:
        AnotherRun: another run loads into it now.
        NotWritable: the destination cannot be written now.
    """
    streams = chosen_streams(settings.tables)
    try:
        with detect_damage():
            pipeline = attach(settings)
            place = probe(pipeline, streams)
            if place.holder is not None:
                raise AnotherRun(run_lease.active_run_message(settings.pipeline_name, str(place.holder)))
            if _is_based_on(pipeline, place):
                return pipeline, place
        reason = "is of another destination, or of another state of it"
    except WorkingFolderCorrupt as damage:
        reason = f"is damaged ({damage})"
    console.note(f"dlt's working folder of {settings.pipeline_name} {reason}: restored from the destination.")
    pipeline = reset(settings)
    return pipeline, probe(pipeline, streams)


def reset(settings: Settings) -> dlt.Pipeline:
    """Empties the working folder, and opens the pipeline again."""
    shutil.rmtree(folder_of(settings) / settings.pipeline_name, ignore_errors=True)
    return attach(settings)


def record_basis(pipeline: dlt.Pipeline, place: DestinationState) -> None:
    """Records the destination, and its state, that the folder is based on now."""
    pipeline.set_local_state_val(LOCATION, place.location)
    run_lease.record_basis(pipeline, place.state_hash)


def matches_destination(pipeline: dlt.Pipeline, place: DestinationState) -> bool:
    """Returns whether folder and destination hold the same state, whichever release stored it; nothing is pending."""
    if place.content_hash is None:
        return not pipeline.state.get("sources")
    return content_hash(pipeline.state) == place.content_hash


def attach(settings: Settings, *, reading: bool = False) -> dlt.Pipeline:
    """Opens the pipeline with the working folder as it is; for `reading`, with the role that only reads.

    Raises:
        ConfigurationError: the credentials of that role are wrong, or others can write to the folder.
    """
    adapter = destinations.get(settings.destination)
    pipeline = dlt.pipeline(
        settings.pipeline_name,
        pipelines_dir=str(prepare(settings)),
        destination=adapter.destination(settings.database, reading_role.credentials(adapter) if reading else None),
        dataset_name=settings.dataset_name,
    )
    pipeline._schema_storage = CachedSchemaStorage(pipeline.schemas.config)  # noqa: SLF001 - see there
    run_lease.attach_lease(pipeline, Lease(settings.pipeline_name, f"{_owner(settings)}@{socket.gethostname()}"))
    return pipeline


def _is_based_on(pipeline: dlt.Pipeline, place: DestinationState) -> bool:
    if not (pipeline.has_pending_data or pipeline.has_data):
        return True
    local = pipeline.state["_local"]
    return local.get(LOCATION) == place.location and local.get(run_lease.BASIS) == place.state_hash


def _holder(settings: Settings) -> str:
    try:
        return sibling(settings, "run").read_text() or "just started"
    except OSError:
        return "just started"


def _owner(settings: Settings) -> str:
    """Returns the identity of the working folder; empty before its first run."""
    try:
        return sibling(settings, "owner").read_text()
    except OSError:
        return ""
