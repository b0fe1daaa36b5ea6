"""Prepares the destination for a load, beyond what dlt does: an open file, complete tables, numbers in use."""

from __future__ import annotations

from contextlib import AbstractContextManager

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import StoredCounters

from . import of, stored_tables
from .errors import NotWritable
from .lake.pipeline_state import WithLakeState
from .own_names import refuse_taken_folders
from .probe import missing_tables


def keep_open(pipeline: dlt.Pipeline) -> AbstractContextManager[None]:
    """Keeps the destination open, where opening it for every step of a load is costly.

    Raises:
        NotWritable: it cannot be opened for writing now.
    """
    client = pipeline.destination_client()
    return of(client).keep_open(client)


def require_all_tables(pipeline: dlt.Pipeline) -> None:
    """Checks that no table was deleted since the run began that a load would create, without its older rows.

    Raises:
        NotWritable: one was deleted.
    """
    client = pipeline.destination_client()
    if not of(client).creates_deleted_tables:
        return
    with client:
        client.is_storage_initialized()  # lists the dataset's folder
        deleted = sorted(missing_tables(pipeline, client))
    if deleted:
        raise NotWritable(
            f"{', '.join(deleted)} of {of(client).display_location(client)} was there when this run began, and is not "
            "any more. Nothing was loaded; the next run reads everything again."
        )


def complete_tables(pipeline: dlt.Pipeline) -> None:
    """Creates what the destination lacks for what is to be loaded, which dlt would not notice; see `stored_tables`.

    In a lake, the load itself creates that. Where the type of a column was changed there, dlt's schema and the packages
    to be loaded take it over.

    Raises:
        ConfigurationError: a column there would change the values that it gets, or a table is not of this program.
    """
    client = pipeline.destination_client()
    if isinstance(client, WithLakeState):
        with client:
            client.is_storage_initialized()  # lists the dataset's folder
            refuse_taken_folders(client)
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
    """Returns the numbers that the tables of a destination hold already."""
    client = pipeline.destination_client()
    with client:
        return of(client).stored_counters(client)


def newest_order(pipeline: dlt.Pipeline, table: str) -> int:
    """Returns the greatest read_order in a table of versions of the destination; 0 where there is none."""
    client = pipeline.destination_client()
    with client:
        return of(client).newest_order(client, table)
