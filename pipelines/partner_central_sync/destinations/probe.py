"""Probes the destination: whether it can be written, the state it holds, what it lacks, who else loads into it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

import dlt
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import TPipelineState
from dlt.common.schema import Schema
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.pipeline.state_sync import load_pipeline_state_from_destination

from partner_central.public import ConfigurationError, Stream

from . import of
from .errors import translate_open_errors
from .lake.pipeline_state import WithLakeState
from .lease import LeaseHolder, WithLease
from .own_names import refuse_foreign, refuse_missing
from .pipeline_state import WithPipelineState, content_hash


class DestinationState(NamedTuple):
    """A destination as the run finds it.

    Attributes:
        location: its name for the user.
        state_hash: of the pipeline's state there, as dlt computes it; None before the first load.
        content_hash: of the same state, whichever release stored it.
        holder: another run that loads into it now.
        missing: tables, and columns as `table.column`, that were loaded and are not there.
    """

    location: str
    state_hash: str | None
    content_hash: str | None = None
    holder: LeaseHolder | None = None
    missing: frozenset[str] = frozenset()


def probe(pipeline: dlt.Pipeline, chosen: Sequence[Stream] = ()) -> DestinationState:
    """Opens the destination for writing, creates the dataset if it is missing, and reads the state it holds.

    Args:
        pipeline: of the destination.
        chosen: the streams that a run is going to load, whose names nothing else may have.

    Raises:
        ConfigurationError: its credentials cannot be read, such as a key with another passphrase, or are for reading;
            or it takes no SQL and has no adapter of its own. Or a table of the user has a name of this program.
        NotWritable: it cannot be opened for writing now.
        NotAllowed: not by this user.
    """
    client = pipeline.destination_client()
    location = of(client).display_location(client)
    if of(client).has_sql and not isinstance(client, SqlJobClientBase):
        raise ConfigurationError(f"{location} takes no SQL, so a load there cannot be made safe: choose a database.")
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
        is_there = client.is_storage_initialized()
        state = _stored_state(client, pipeline.pipeline_name) if is_there else None
        if is_there or not of(client).has_sql:  # a folder may be there that no load has begun
            refuse_foreign(client, stored_schema(pipeline, client) if state else None, chosen)
        if not is_there:
            client.initialize_storage()
        missing = missing_tables(pipeline, client)
        refuse_missing(client, missing)
        return DestinationState(
            location,
            state_hash=state["_version_hash"] if state else None,
            content_hash=content_hash(state) if state else None,
            holder=_holder(client, pipeline.pipeline_name),
            missing=missing,
        )


def state_hash(client: JobClientBase, pipeline_name: str) -> str | None:
    """Returns the hash of the state that an open destination holds for a pipeline."""
    state = _stored_state(client, pipeline_name)
    return state["_version_hash"] if state else None


def missing_tables(pipeline: dlt.Pipeline, client: JobClientBase) -> frozenset[str]:
    """Returns what was loaded into an open destination, by any pipeline, and is not there."""
    schema = stored_schema(pipeline, client)
    return frozenset() if schema is None else of(client).missing_tables(client, schema)


def stored_schema(pipeline: dlt.Pipeline, client: JobClientBase) -> Schema | None:
    """Returns the schema of the tables in an open destination; None if nothing was loaded.

    It is the working folder's. If that has none, or one that waits to be loaded, it is the destination's newest.
    """
    if pipeline.schema_names and not pipeline.has_pending_data:
        return client.schema
    return client.get_newest_schema() if isinstance(client, WithPipelineState | WithLakeState) else None


def _stored_state(client: JobClientBase, pipeline_name: str) -> TPipelineState | None:
    if not isinstance(client, WithStateSync):
        return None
    try:
        return load_pipeline_state_from_destination(pipeline_name, client)
    except (DatabaseUndefinedRelation, DestinationUndefinedEntity):
        return None


def _holder(client: JobClientBase, pipeline_name: str) -> LeaseHolder | None:
    lease = client.lease if isinstance(client, WithLease) else None
    return client.lease_holder(pipeline_name, lease.owner) if lease else None  # type: ignore[attr-defined] # see above
