"""Shows what is loaded, up to where, when, and what is pending. Makes no call to AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import dlt
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import TPipelineState
from dlt.destinations.exceptions import DestinationConnectionError
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.pipeline.state_sync import load_pipeline_state_from_destination
from filelock import Timeout

from partner_central.public import CursorReport, cursor_reports

from .. import destinations
from ..destinations.data_errors import is_from_database
from ..destinations.errors import NotAllowed, classify_read_error
from ..destinations.lease import WithLease
from ..destinations.pipeline_state import state_of_source
from . import working_folder
from .last_run import EventCounts, LastRun, Unknown, last_run
from .settings import Settings
from .state_folder import take_over
from .stream_status import StreamStatus, is_worth_a_line, stream_statuses


class Line(NamedTuple):
    """One line of `status`, and its values for machines."""

    subject: str
    text: str
    values: Mapping[str, Any] = MappingProxyType({})


LAST, UNKNOWN = "last", "unknown"  # of the values of a line: a `LastRun`, an `Unknown`, which are not for JSON
TABLES = ("opportunities", "opportunities_rejected")


def status(settings: Settings) -> Iterator[Line]:
    """Yields what is known of a dataset, as lines of a subject and a sentence."""
    active = working_folder.active_run(settings)
    progress = working_folder.progress(settings) if active else None
    text = f"{active}{f', {progress}' if progress else ''}" if active else "none"
    yield Line("active run", text, {"active_run": active, "progress": progress})
    if not active:
        with suppress(Timeout):
            take_over(settings)
    try:
        with working_folder.detect_damage():
            pipeline = working_folder.attach(settings, reading=True)
    except working_folder.WorkingFolderCorrupt as damage:
        yield Line("working folder", f"damaged ({damage}): the next sync restores it from the destination")
        return
    client = pipeline.destination_client()
    location = destinations.of(client).display_location(client)
    where = {"destination": location, "dataset": settings.dataset_name}
    yield Line("destination", f"{location}, dataset {settings.dataset_name}", where)
    active_since = working_folder.active_since(settings) if active else None
    yield from _stored_lines(pipeline, client, settings, active_since)
    pending = len(pipeline.list_extracted_load_packages()) + len(pipeline.list_normalized_load_packages())
    text = str(pending or "none")
    if pending and not active:
        text = f"{pending} packages: the next sync finishes them first"
    yield Line("pending", text, {"pending": pending})
    ended = cast("Mapping[str, Any]", pipeline.state["_local"]).get(working_folder.LAST_RUN)
    if ended and not isinstance(client, SqlJobClientBase):  # elsewhere it is in sync_runs
        yield Line("last run", _format_timestamp(ended), {"last_run": {"finished_at": ended}})


def _stored_lines(
    pipeline: dlt.Pipeline, client: JobClientBase, settings: Settings, active_since: datetime | None
) -> Iterator[Line]:
    """Yields what the destination holds. It is not created, and where it can be, opened for reading only."""
    adapter = destinations.of(client)
    if not adapter.exists(client):
        yield Line("loaded", "nothing yet")
        return
    try:
        with adapter.open_read_only(client):
            if isinstance(client, WithLease) and client.lease is not None:
                holder = client.lease_holder(pipeline.pipeline_name, client.lease.owner)
                if holder:
                    yield Line("loading elsewhere", str(holder), {"loading_elsewhere": str(holder)})
            yield from _state_lines(pipeline, client, settings.account)
            yield from _stream_lines(client, settings)
            if isinstance(client, SqlJobClientBase):
                yield from _run_lines(last_run(client, settings.account))
    except DestinationUndefinedEntity:
        yield Line("loaded", "nothing yet")
    except Exception as error:
        if not is_from_database(error) and not isinstance(error, DestinationConnectionError):
            raise
        failure = classify_read_error(error)
        is_refused = isinstance(failure, NotAllowed)
        reason = str(failure)
        if active_since is not None and not is_refused:
            reason = "the active run writes; it can be read when that ends"
        values = {UNKNOWN: Unknown(active_since, is_refused=is_refused), "unreadable": reason}
        yield Line("loaded", f"unknown: {reason}", values)


def _state_lines(pipeline: dlt.Pipeline, client: JobClientBase, account: str | None) -> Iterator[Line]:
    state: TPipelineState | None = load_pipeline_state_from_destination(
        pipeline.pipeline_name, cast("WithStateSync", client)
    )
    if not state:
        yield Line("loaded", "nothing yet")
        return
    yield from _row_lines(client, account)
    for report in cursor_reports(state_of_source(state) or {}):
        name = f"watermark of {report.text}" if report.text else "watermark"
        nothing = "none: the first load is not complete" if report.is_under_way else "none: no opportunity yet"
        text = _format_timestamp(report.watermark) if report.watermark else nothing
        key = f"watermark {report.filter_set}"
        yield Line(name, text, {key: report.watermark and report.watermark.isoformat()})
        if report.is_under_way:
            yield Line("load under way", _progress(report), {"under_way": _progress(report)})


def _row_lines(client: JobClientBase, account: str | None) -> Iterator[Line]:
    """Yields how much the destination holds, and since when."""
    adapter = destinations.of(client)
    for table in TABLES:
        count = adapter.count_rows(client, table, account)
        text = "unknown on this machine before its first sync" if count is None else f"{count:,} rows"
        yield Line(table, text, {table: count})
    if last_load := adapter.last_load_at(client):
        yield Line("last load", _format_timestamp(last_load), {"last_load": _iso(last_load)})


def _stream_lines(client: JobClientBase, settings: Settings) -> Iterator[Line]:
    """Yields a line for each stream besides the opportunities: rows, when it was refreshed, and why it is not."""
    values: dict[str, Any] = {}
    for one in filter(is_worth_a_line, stream_statuses(client, settings)):
        table, refreshed = one.stream.table, one.refreshed_at
        parts = [
            "no rows" if one.rows is None else f"{one.rows:,} rows",
            f"refreshed {_format_timestamp(refreshed)}" if refreshed else "not refreshed yet",
            f"next due: {one.next_due}",
            *([_backlog(one)] if one.waiting is not None else []),
            *([f"AWS refuses it: {one.refused}"] if one.refused else []),
        ]
        values[table] = {
            "rows": one.rows,
            "refreshed_at": refreshed and _iso(refreshed),
            "next_due": one.next_due,
            "refused": one.refused,
            "waiting": one.waiting,
            "days_left": one.days_left,
        }
        yield Line(table, ", ".join(parts), {"streams": dict(values)})


def _backlog(stream: StreamStatus) -> str:
    """Returns how many ids wait, and for how long."""
    if not stream.waiting:
        return "no id waits"
    days = stream.days_left
    pace = "details_share gives none a day" if days is None else f"done in {time_of(days)}"
    return f"{stream.waiting:,} ids wait, {pace}"


def time_of(days: int) -> str:
    """Returns a number of days in words. The last of them is only begun."""
    return "less than a day" if days <= 1 else f"{days:,} days"


def _run_lines(last: LastRun) -> Iterator[Line]:
    """Yields how the newest run ended, how old the data are, and what is gone or waits for a review."""
    if last.values:
        run = _run_values(last.values)
        yield Line("last run", _run_text(run), {"last_run": run})
        yield Line("version of last run", str(run["version"]))
    else:
        yield Line("last run", "unknown: no row in sync_runs", {"last_run": None})
    others = [_run_values(run) for run in last.others]
    for run in others:
        yield Line(f"last run of {run['scope']}", _run_text(run))
    lag = last.lag(datetime.now(UTC))
    values: dict[str, Any] = {
        "data_as_of": last.as_of and last.as_of.isoformat(),
        "lag_seconds": lag and round(lag.total_seconds()),
    }
    values["other_runs"] = others
    text = "nothing complete yet" if last.as_of is None else f"{_format_timestamp(last.as_of)}, {_age(lag)} ago"
    yield Line("data as of", text, values | {LAST: last})
    if last.events is not None:
        yield Line("events", _events_text(last.events), {"events": _run_values(asdict(last.events))})
    if last.gone is not None:
        yield Line("gone", f"{last.gone:,} opportunities are no longer listed", {"gone": last.gone})
    text = f"{last.held:,} opportunities wait for a review" if last.held else "none"
    yield Line("held", text, {"held": last.held})


def _run_values(run: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _iso(value) if isinstance(value, datetime) else value for name, value in run.items()}


def _run_text(run: Mapping[str, Any]) -> str:
    why = f": {run['message']}" if run["message"] else ""
    return f"{_format_timestamp(run['started_at'])}, {run['outcome']} (exit code {run['exit_code']}){why}"


def _events_text(counts: EventCounts) -> str:
    """Returns when the last events came, how fast they were loaded, and how many are known to be missing."""
    parts = ["none yet"]
    if counts.last_at is not None:
        seconds = "" if counts.seconds is None else f", loaded after {counts.seconds:.1f} s at the median"
        parts = [f"{counts.received:,} at {_format_timestamp(counts.last_at)}{seconds}"]
    if counts.missed is not None:
        parts.append(f"{counts.missed:,} changes came without one")
    if counts.outcome != "done":
        parts.append(f"the newest run with the queue, {_format_timestamp(counts.newest_at)}, ended: {counts.outcome}")
    return "; ".join(parts)


def _age(lag: timedelta | None) -> str:
    minutes = int((lag or timedelta()).total_seconds()) // 60
    days, hours = minutes // (24 * 60), minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"


def _iso(timestamp: object) -> str:
    return datetime.fromisoformat(str(timestamp)).astimezone(UTC).isoformat()


def _progress(report: CursorReport) -> str:
    """Returns how far a load is that was interrupted, or is running."""
    about = max(1, report.estimated_records)
    share = min(0.99, report.read / about)
    left = f"{report.partitions_left} partitions left"
    return f"{share:.0%}: {report.read:,} of about {about:,} records, {left}; the next sync continues"


def _format_timestamp(timestamp: object) -> str:
    return f"{datetime.fromisoformat(str(timestamp)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
