"""Where rows go: dlt's destination by name, whether it can be written now, and what it says of the last sync."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination import Destination
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.exceptions import MissingDependencyException
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.extract import DltSource
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from partner_central.errors import ConfigurationError

from .complaints import entering


@dataclass(frozen=True, slots=True)
class Place:
    """A destination as the run sees it: what it is called to the user, and the hash of the pipeline state it holds."""

    location: str
    state_hash: str | None


def named(name: str, database: Path | None = None) -> str | Destination[Any, Any]:
    """The dlt destination of that name; for some, one that keeps types, values and lists as they are.

    Args:
        name: what dlt calls it.
        database: DuckDB file, instead of the configured one.

    Raises:
        MissingDependencyException: its extra is not installed.
    """
    match name:
        case "duckdb":
            from .typed_duckdb import duckdb

            return duckdb(str(database), destination_name=name) if database else duckdb(destination_name=name)
        case "postgres":
            try:
                from .postgresql import postgres
            except ModuleNotFoundError as error:
                raise MissingDependencyException(name, ["dlt[postgres]"]) from error
            return postgres(destination_name=name)
        case "filesystem":
            from .lake import filesystem

            return filesystem(destination_name=name)
        case "bigquery":
            from .bigquery import bigquery

            return bigquery(destination_name=name)
        case "clickhouse":
            from .clickhouse import clickhouse

            return clickhouse(destination_name=name)
        case _:
            return name


def fitted(source: DltSource, name: str) -> DltSource:
    """The source with what its tables need in a destination.

    Raises:
        ConfigurationError: the destination is set to something that cannot hold them.
    """
    if name == "filesystem":
        from .lake import table_format

        chosen = table_format(dlt.config.get("destination.filesystem.table_format", str))
        for resource in source.resources.values():
            resource.apply_hints(table_format=chosen)
    if name == "bigquery":
        from .bigquery import partitioned

        partitioned(source.resources["opportunities"])
    return source


def visit(pipeline: dlt.Pipeline) -> Place:
    """Open the destination for writing, make the dataset if it is missing, and read the state it holds.

    Raises:
        ConfigurationError: its credentials cannot be read, such as a key with another passphrase.
        NotWritable: it cannot be opened for writing now.
        NotAllowed: not by this user.
    """
    client = pipeline.destination_client()
    location = displayed(client)
    with entering(), ExitStack() as opened:
        try:
            opened.enter_context(client)  # type: ignore[arg-type] # dlt's __exit__ is typed narrower
        except ValueError as error:
            raise ConfigurationError(f"The credentials of {location} cannot be used: {error}") from error
        if not client.is_storage_initialized():
            client.initialize_storage()
        return Place(location, _state_hash(client, pipeline.pipeline_name))


@contextmanager
def kept_open(pipeline: dlt.Pipeline) -> Iterator[None]:
    """Keep a DuckDB file open: dlt opens and closes it for every step of a load, and each time DuckDB tidies it up.

    Raises:
        NotWritable: it cannot be opened for writing now.
    """
    client = pipeline.destination_client()
    if not isinstance(client, DuckDbClient):
        yield
        return
    with entering():
        client.sql_client.open_connection()
    try:
        yield
    finally:
        client.sql_client.close_connection()


def displayed(client: JobClientBase) -> str:
    """The place a client writes to, without secrets: a file's path, or a URL."""
    return str(client.config).removeprefix("duckdb:///")


def _state_hash(client: JobClientBase, pipeline_name: str) -> str | None:
    if not isinstance(client, WithStateSync):
        return None
    try:
        state = load_pipeline_state_from_destination(pipeline_name, client)
    except (DatabaseUndefinedRelation, DestinationUndefinedEntity):
        return None
    return state["_version_hash"] if state else None
