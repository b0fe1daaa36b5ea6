"""`status`: what is loaded, up to where, when, and what is left over. Nothing is asked of AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import dlt
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import TPipelineState
from dlt.destinations.exceptions import DestinationConnectionError
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from partner_central.public import ACCOUNT, CursorReport, cursor_reports

from ..destinations.connection import display_location
from ..destinations.errors import is_from_database, unwritable
from ..destinations.filesystem import LakeClient
from ..destinations.lease import WithLease
from ..destinations.pipeline_state import state_of_source
from . import working_folder
from .settings import Settings

Line = tuple[str, str]
TABLES = ("opportunities", "opportunities_rejected")


def status(settings: Settings) -> Iterator[Line]:
    """What is known of a dataset, as lines of a subject and a sentence."""
    if active := working_folder.active_run(settings):
        yield "active run", active
    else:
        yield "active run", "none"
    try:
        with working_folder.reading_folder():
            pipeline = working_folder.attach(settings)
    except working_folder.WorkingFolderCorrupt as damage:
        yield "working folder", f"damaged ({damage}): the next sync restores it from the destination"
        return
    client = pipeline.destination_client()
    yield "destination", f"{display_location(client)}, dataset {settings.dataset_name}"
    yield from _loaded(pipeline, client, settings.account)
    pending = len(pipeline.list_extracted_load_packages()) + len(pipeline.list_normalized_load_packages())
    yield "pending", f"{pending} packages: the next sync finishes them first" if pending else "none"
    last_run = cast("Mapping[str, Any]", pipeline.state["_local"]).get(working_folder.LAST_RUN)
    yield "last run", _moment(last_run) if last_run else "unknown here: none ended well from this machine"


def _loaded(pipeline: dlt.Pipeline, client: JobClientBase, account: str | None) -> Iterator[Line]:
    """What the destination holds; DuckDB is opened read-only, and not created."""
    if isinstance(client, DuckDbClient):
        if not Path(client.config.credentials.database).exists():
            yield "loaded", "nothing yet"
            return
        client.config.credentials.read_only = True
    try:
        with client:
            if isinstance(client, WithLease) and client.lease is not None:
                holder = client.lease_holder(pipeline.pipeline_name, client.lease.owner)
                yield from [("loading elsewhere", str(holder))] if holder else []
            yield from _tables(pipeline, client, account)
    except DestinationUndefinedEntity:
        yield "loaded", "nothing yet"
    except Exception as error:
        if not is_from_database(error) and not isinstance(error, DestinationConnectionError):
            raise
        yield "loaded", f"unknown: {unwritable(error)}"


def _tables(pipeline: dlt.Pipeline, client: JobClientBase, account: str | None) -> Iterator[Line]:
    state: TPipelineState | None = load_pipeline_state_from_destination(
        pipeline.pipeline_name, cast("WithStateSync", client)
    )
    if not state:
        yield "loaded", "nothing yet"
        return
    if isinstance(client, LakeClient):
        yield from _lake_rows(client, account)
    else:
        yield from _rows(cast("SqlJobClientBase", client).sql_client, account)
    for report in cursor_reports(state_of_source(state) or {}):
        name = "watermark" if report.filter_set == "all" else f"watermark of {report.filter_set}"
        nothing = "none: the first load is not complete" if report.is_under_way else "none: no opportunity yet"
        yield name, _moment(report.watermark) if report.watermark else nothing
        if report.is_under_way:
            yield "load under way", _progress(report)


def _rows(sql: SqlClientBase[Any], account: str | None) -> Iterator[Line]:
    """How much a database holds, and since when."""
    for table in TABLES:
        yield table, f"{_count(sql, table, account):,} rows"
    loads = sql.make_qualified_table_name("_dlt_loads")
    yield "last load", _moment(_one(sql, f"SELECT max(inserted_at) FROM {loads}"))  # noqa: S608 - dlt's own names


def _lake_rows(client: LakeClient, account: str | None) -> Iterator[Line]:
    """How much a lake holds; which tables it has is known where it was synced from."""
    for table in TABLES:
        try:
            yield table, f"{client.count(table, account):,} rows"
        except DestinationUndefinedEntity:
            yield table, "unknown on this machine before its first sync"


def _progress(report: CursorReport) -> str:
    """How far a load is that was interrupted, or is running."""
    about = max(1, report.estimated_records)
    share = min(0.99, report.read / about)
    left = f"{report.partitions_left} partitions left"
    return f"{share:.0%}: {report.read:,} of about {about:,} records, {left}; the next sync continues"


def _count(sql: SqlClientBase[Any], table: str, account: str | None) -> object:
    """How many rows a table has; of a shared one, how many of this account."""
    query = f"SELECT count(*) FROM {sql.make_qualified_table_name(table)}"  # noqa: S608 - dlt's own names
    if account is None:
        return _one(sql, query)
    return _one(sql, f"{query} WHERE {sql.escape_column_name(ACCOUNT)} = %s", account)


def _one(sql: SqlClientBase[Any], query: str, *values: str) -> object:
    rows = sql.execute_sql(query, *values)
    return rows[0][0] if rows else None


def _moment(written: object) -> str:
    return f"{datetime.fromisoformat(str(written)).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
