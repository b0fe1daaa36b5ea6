"""Shows what is loaded, up to where, when, and what is pending. Makes no call to AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import dlt
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import TPipelineState
from dlt.destinations.exceptions import DestinationConnectionError
from dlt.pipeline.state_sync import load_pipeline_state_from_destination
from filelock import Timeout

from partner_central.public import CursorReport, cursor_reports

from .. import destinations
from ..destinations.errors import is_from_database, unwritable
from ..destinations.lease import WithLease
from ..destinations.pipeline_state import state_of_source
from . import working_folder
from .settings import Settings
from .state_folder import take_over

Line = tuple[str, str]
TABLES = ("opportunities", "opportunities_rejected")


def status(settings: Settings) -> Iterator[Line]:
    """Yields what is known of a dataset, as lines of a subject and a sentence."""
    if active := working_folder.active_run(settings):
        yield "active run", active
    else:
        yield "active run", "none"
        with suppress(Timeout):
            take_over(settings)
    try:
        with working_folder.detect_damage():
            pipeline = working_folder.attach(settings)
    except working_folder.WorkingFolderCorrupt as damage:
        yield "working folder", f"damaged ({damage}): the next sync restores it from the destination"
        return
    client = pipeline.destination_client()
    yield "destination", f"{destinations.of(client).display_location(client)}, dataset {settings.dataset_name}"
    yield from _stored_lines(pipeline, client, settings.account)
    pending = len(pipeline.list_extracted_load_packages()) + len(pipeline.list_normalized_load_packages())
    yield "pending", f"{pending} packages: the next sync finishes them first" if pending else "none"
    last_run = cast("Mapping[str, Any]", pipeline.state["_local"]).get(working_folder.LAST_RUN)
    yield "last run", _format_timestamp(last_run) if last_run else "unknown here: none ended well from this machine"


def _stored_lines(pipeline: dlt.Pipeline, client: JobClientBase, account: str | None) -> Iterator[Line]:
    """Yields what the destination holds. It is not created, and where it can be, opened for reading only."""
    adapter = destinations.of(client)
    if not adapter.exists(client):
        yield "loaded", "nothing yet"
        return
    adapter.set_read_only(client)
    try:
        with client:
            if isinstance(client, WithLease) and client.lease is not None:
                holder = client.lease_holder(pipeline.pipeline_name, client.lease.owner)
                yield from [("loading elsewhere", str(holder))] if holder else []
            yield from _state_lines(pipeline, client, account)
    except DestinationUndefinedEntity:
        yield "loaded", "nothing yet"
    except Exception as error:
        if not is_from_database(error) and not isinstance(error, DestinationConnectionError):
            raise
        yield "loaded", f"unknown: {unwritable(error)}"


def _state_lines(pipeline: dlt.Pipeline, client: JobClientBase, account: str | None) -> Iterator[Line]:
    state: TPipelineState | None = load_pipeline_state_from_destination(
        pipeline.pipeline_name, cast("WithStateSync", client)
    )
    if not state:
        yield "loaded", "nothing yet"
        return
    yield from _row_lines(client, account)
    for report in cursor_reports(state_of_source(state) or {}):
        name = "watermark" if report.filter_set == "all" else f"watermark of {report.filter_set}"
        nothing = "none: the first load is not complete" if report.is_under_way else "none: no opportunity yet"
        yield name, _format_timestamp(report.watermark) if report.watermark else nothing
        if report.is_under_way:
            yield "load under way", _progress(report)


def _row_lines(client: JobClientBase, account: str | None) -> Iterator[Line]:
    """Yields how much the destination holds, and since when."""
    adapter = destinations.of(client)
    for table in TABLES:
        count = adapter.count_rows(client, table, account)
        yield table, "unknown on this machine before its first sync" if count is None else f"{count:,} rows"
    if last_load := adapter.last_load_at(client):
        yield "last load", _format_timestamp(last_load)


def _progress(report: CursorReport) -> str:
    """Returns how far a load is that was interrupted, or is running."""
    about = max(1, report.estimated_records)
    share = min(0.99, report.read / about)
    left = f"{report.partitions_left} partitions left"
    return f"{share:.0%}: {report.read:,} of about {about:,} records, {left}; the next sync continues"


def _format_timestamp(timestamp: object) -> str:
    return f"{datetime.fromisoformat(str(timestamp)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
