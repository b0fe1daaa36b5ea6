"""Checks that a load has all its rows, whatever dlt is configured to do with a job that failed."""

from __future__ import annotations

from dlt.common.configuration.container import Container
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.storages.load_package import LoadPackageStateInjectableContext, ParsedLoadJobFileName


class JobFailed(DestinationTerminalException):
    """A file of a load did not get into its table."""


def require_all_jobs(load_id: str) -> None:
    """Refuses to complete the load under way if a job of it failed: with `raise_on_failed_jobs` off, dlt continues.

    Raises:
        JobFailed: the cursor of this load must not count.
    """
    under_way = Container()
    if LoadPackageStateInjectableContext not in under_way:  # not within dlt's load
        return
    storage = under_way[LoadPackageStateInjectableContext].storage
    failed = map(ParsedLoadJobFileName.parse, storage.list_failed_jobs(load_id))
    tables = sorted({job.table_name for job in failed})
    if tables:
        raise JobFailed(f"Rows of {', '.join(tables)} could not be loaded.")
