"""Where rows go: dlt's destination by name, whether it can be written now, and what it says of the last sync."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import dlt
from dlt.common.destination import Destination
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.exceptions import MissingDependencyException
from dlt.common.schema import Schema
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.extract import DltSource
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from partner_central.public import ConfigurationError, StoredCounters

from . import stored_tables
from .errors import NotWritable, translate_open_errors
from .fenced_client import with_fencing
from .filesystem import LakeClient, table_format
from .lake import repair
from .lake.pipeline_state import WithLakeState
from .lease import LeaseHolder, WithLease
from .pipeline_state import WithPipelineState

OWN = {
    "duckdb": ".duckdb",
    "postgres": ".postgres",
    "filesystem": ".filesystem",
    "bigquery": ".bigquery",
    "clickhouse": ".clickhouse",
}


@dataclass(frozen=True, slots=True)
class DestinationState:
    """A destination as the run sees it.

    Attributes:
        location: what it is called to the user.
        state_hash: of the pipeline state it holds.
        holder: another run that loads into it now.
        missing: tables, and columns as `table.column`, that were loaded and are not there.
    """

    location: str
    state_hash: str | None
    holder: LeaseHolder | None = None
    missing: frozenset[str] = frozenset()


def get_destination(name: str, database: Path | None = None) -> Destination[Any, Any]:
    """The dlt destination of that name, loaded under a lease; some keep types, values and lists better than dlt's own.

    Args:
        name: what dlt calls it.
        database: DuckDB file, instead of the configured one.

    Raises:
        MissingDependencyException: its extra is not installed.
    """
    if name in OWN:
        place: dict[str, Any] = {"credentials": str(database)} if name == "duckdb" and database else {}
        return _factory(name)(destination_name=name, **place)
    known = cast("Destination[Any, Any]", Destination.from_reference(name))
    factory: Any = type(known)
    return with_fencing(factory)(**known.config_params)


def _factory(name: str) -> type[Destination[Any, Any]]:
    """This program's own factory of a destination."""
    try:
        return with_fencing(getattr(import_module(OWN[name], __package__), name))
    except ModuleNotFoundError as error:
        if name != "postgres":
            raise
        raise MissingDependencyException(name, ["dlt[postgres]"]) from error


def adapt_source(source: DltSource, name: str) -> DltSource:
    """The source with what its tables need in a destination.

    Raises:
        ConfigurationError: the destination is set to something that cannot hold them.
    """
    if name == "filesystem":
        chosen = table_format(dlt.config.get("destination.filesystem.table_format", str))
        for resource in source.resources.values():
            resource.apply_hints(table_format=chosen)
    if name == "bigquery":
        from .bigquery import partition_by_modified

        partition_by_modified(source.resources["opportunities"])
    if name == "clickhouse":
        from .clickhouse import make_keys_not_null

        make_keys_not_null(source.resources["opportunities_rejected"])
    return source


def probe(pipeline: dlt.Pipeline) -> DestinationState:
    """Open the destination for writing, make the dataset if it is missing, and read the state it holds.

    Raises:
        ConfigurationError: its credentials cannot be read, such as a key with another passphrase, or are for reading.
        NotWritable: it cannot be opened for writing now.
        NotAllowed: not by this user.
    """
    client = pipeline.destination_client()
    location = display_location(client)
    if getattr(client.config.credentials, "read_only", False):
        raise ConfigurationError(
            f"{location} is configured to be opened for reading only, and a sync writes to it: take read_only out of "
            "the credentials of the destination."
        )
    with translate_open_errors(), ExitStack() as opened:
        try:
            opened.enter_context(client)  # type: ignore[arg-type] # dlt's __exit__ is typed narrower
        except ValueError as error:
            raise ConfigurationError(f"The credentials of {location} cannot be used: {error}") from error
        if not client.is_storage_initialized():
            client.initialize_storage()
        name = pipeline.pipeline_name
        known = state_hash(client, name)
        return DestinationState(location, known, _holder(client, name), _missing(pipeline, client))


@contextmanager
def keep_open(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Keep a DuckDB file open: dlt opens and closes it for every step of a load, and each time DuckDB tidies it up.

    Raises:
        NotWritable: it cannot be opened for writing now.
    """
    client = pipeline.destination_client()
    if not isinstance(client, DuckDbClient):
        yield
        return
    with translate_open_errors():
        client.sql_client.open_connection()
    try:
        yield
    finally:
        client.sql_client.close_connection()


def require_all_tables(pipeline: dlt.Pipeline) -> None:
    """See that no folder of a lake was deleted while the run read; its table, made now, would lack all older rows.

    A database refuses rows for a table that it has not.

    Raises:
        NotWritable: one was.
    """
    client = pipeline.destination_client()
    if not isinstance(client, LakeClient):
        return
    with client:
        client.is_storage_initialized()
        lost = sorted(_missing(pipeline, client))
    if lost:
        raise NotWritable(
            f"{', '.join(lost)} of {display_location(client)} was there when this run began, and is not any more. "
            "Nothing was loaded; the next run reads everything again."
        )


def complete_tables(pipeline: dlt.Pipeline) -> None:
    """Make what the destination lacks for what is to be loaded, which dlt would not notice; see `stored_tables`.

    Where the type of a column was changed there, dlt's schema and the packages to be loaded get to know it.

    Raises:
        ConfigurationError: a column there would change the values that it gets.
    """
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return
    with client:
        retyped = stored_tables.complete(client)
    if retyped:
        pipeline.schemas.save_schema(stored_tables.follow(pipeline.default_schema, retyped))
        packages = pipeline._get_load_storage().normalized_packages  # noqa: SLF001 - dlt has no other way to them
        for load_id in packages.list_packages():
            packages.save_schema(load_id, stored_tables.follow(packages.load_schema(load_id), retyped))


def stored_counters(pipeline: dlt.Pipeline) -> StoredCounters:
    """The numbers that the tables of a destination hold already."""
    client = pipeline.destination_client()
    if hasattr(client, "greatest"):  # a lake, whose own packages may not be there
        with client:
            return StoredCounters(client.greatest(*stored_tables.ORDER), client.greatest(*stored_tables.SWEEP))
    if not isinstance(client, SqlJobClientBase):
        return StoredCounters()
    with client:
        return stored_tables.stored_counters(client)


def display_location(client: JobClientBase) -> str:
    """The place a client writes to, without secrets: a file's path, or a URL."""
    return str(client.config).removeprefix("duckdb:///")


def state_hash(client: JobClientBase, pipeline_name: str) -> str | None:
    """The hash of the state that an open destination holds for a pipeline."""
    if not isinstance(client, WithStateSync):
        return None
    try:
        state = load_pipeline_state_from_destination(pipeline_name, client)
    except (DatabaseUndefinedRelation, DestinationUndefinedEntity):
        return None
    return state["_version_hash"] if state else None


def _holder(client: JobClientBase, pipeline_name: str) -> LeaseHolder | None:
    lease = client.lease if isinstance(client, WithLease) else None
    return client.lease_holder(pipeline_name, lease.owner) if lease else None  # type: ignore[attr-defined] # see above


def schema_of(pipeline: dlt.Pipeline, client: JobClientBase) -> Schema | None:
    """The schema that the tables of an open destination were made by, if it was ever loaded.

    The folder's own, unless it has none, or one that waits to be loaded: then the destination is asked for its newest.
    """
    if pipeline.schema_names and not pipeline.has_pending_data:
        return client.schema
    return client.get_newest_schema() if isinstance(client, WithPipelineState | WithLakeState) else None


def _missing(pipeline: dlt.Pipeline, client: JobClientBase) -> frozenset[str]:
    """What an open destination misses, whoever loaded it."""
    schema = schema_of(pipeline, client)
    if schema is None:
        return frozenset()
    if isinstance(client, LakeClient):
        return repair.missing(client, schema)
    return stored_tables.missing(client, schema) if isinstance(client, SqlJobClientBase) else frozenset()
