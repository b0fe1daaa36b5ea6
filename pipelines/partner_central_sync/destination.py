"""Where rows go: dlt's destination by name, whether it can be written now, and what it says of the last sync."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination import Destination
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.destinations.exceptions import DatabaseUndefinedRelation, DestinationConnectionError
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from .outcome import NotWritable


@dataclass(frozen=True, slots=True)
class Place:
    """A destination as the run sees it: what it is called to the user, and the hash of the pipeline state it holds."""

    location: str
    state_hash: str | None


def named(name: str, database: Path | None = None) -> str | Destination[Any, Any]:
    """The dlt destination of that name; `duckdb` loads with the schema's types, into `database` if one is given."""
    if name != "duckdb":
        return name
    from .typed_duckdb import duckdb

    return duckdb(str(database), destination_name="duckdb") if database else duckdb(destination_name="duckdb")


def visit(pipeline: dlt.Pipeline) -> Place:
    """Open the destination for writing, make the dataset if it is missing, and read the state it holds.

    Raises:
        NotWritable: it cannot be opened for writing now.
    """
    client = pipeline.destination_client()
    location = displayed(client)
    try:
        with client:
            if not client.is_storage_initialized():
                client.initialize_storage()
            return Place(location, _state_hash(client, pipeline.pipeline_name))
    except (DestinationConnectionError, OSError) as error:
        raise not_writable(location, error) from error
    except Exception as error:
        if is_duckdb_io(error):
            raise not_writable(location, error) from error
        raise


def displayed(client: JobClientBase) -> str:
    """The place a client writes to, without secrets: a file's path, or a URL."""
    return str(client.config).removeprefix("duckdb:///")


def not_writable(location: str, error: BaseException) -> NotWritable:
    """The error for a destination that cannot be written now, naming the program that holds a DuckDB file open."""
    text = str(error)
    if holder := re.search(r"Conflicting lock is held in (.+?) \(PID (\d+)\)", text):
        program, pid = holder.groups()
        return NotWritable(
            f"{location} is open in another program: {program} (process {pid}). DuckDB lets one program write: "
            "close it there (an SQL shell, a notebook), or open it read-only, then run again."
        )
    first_line = text.strip().splitlines()[0] if text.strip() else type(error).__name__
    return NotWritable(f"{location} cannot be written now: {first_line}")


def is_duckdb_io(error: BaseException) -> bool:
    """Whether this is DuckDB saying that its file cannot be opened or written."""
    return type(error).__module__.endswith("duckdb") and type(error).__name__ == "IOException"


def _state_hash(client: JobClientBase, pipeline_name: str) -> str | None:
    if not isinstance(client, WithStateSync):
        return None
    try:
        state = load_pipeline_state_from_destination(pipeline_name, client)
    except DatabaseUndefinedRelation:
        return None
    return state["_version_hash"] if state else None
