"""All tables of a load package are merged by one job: in one transaction where there are such, else in a fixed order.

dlt merges each root table with its lists as soon as their files are staged, in a job of its own. A reader would see a
version in the history whose row is not there yet, and a run that is killed would leave it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dlt.common.configuration.container import Container
from dlt.common.destination import PreparedTableSchema
from dlt.common.destination.client import FollowupJobRequest, JobClientBase
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.schema.utils import get_root_table
from dlt.common.storages.load_package import (
    LoadJobInfo,
    LoadPackageStateInjectableContext,
    ParsedLoadJobFileName,
    TPackageJobState,
)
from dlt.load.utils import get_completed_table_chain

from partner_central.public import SPINE, STREAMS, PerIdStream

Chain = Sequence[PreparedTableSchema]
MERGES = {"sql", "reference"}  # the formats of the files that merge what other files staged


class JobFailed(DestinationTerminalException):
    """A file of a load did not get into its table."""


def chains_to_merge(client: JobClientBase, staged: Chain) -> list[Chain]:
    """Returns every root table of the package under way with its lists, once all of their files are staged.

    Args:
        client: of the destination, with the schema of the package.
        staged: a root table with its lists whose files were staged just now.

    Returns:
        What is to be merged, in the order of `place_of`. Nothing while files of another root table are missing; when
        the last of them is staged, this is called again.
    """
    tables, this = client.schema.tables, str(staged[0]["name"])
    # A release before this one left merges of single tables in its packages: those are done again, in full.
    jobs = [(state, job) for state, job in _jobs_under_way() if job.file_format not in MERGES]
    if any(state == "failed_jobs" for state, _ in jobs):
        return []
    chains: dict[str, Chain] = {this: staged}
    for root in {str(get_root_table(tables, job.table_name)["name"]) for _, job in jobs} - {this}:
        if tables[root].get("write_disposition") != "merge":
            continue
        chain = get_completed_table_chain(client.schema, jobs, tables[root])
        if not chain:
            return []
        chains[root] = [client.prepare_load_table(str(table["name"])) for table in chain]
    return [chains[root] for root in sorted(chains, key=place_of)]


def place_of(root: str) -> tuple[bool, bool, bool, str]:
    """Returns where a root table is merged: the opportunities first, then other records, then what depends on them.

    What says that an id was read comes last: all that was read of it is there by then, and else it is read again.
    """
    is_record = any(root == stream.table for stream in STREAMS)
    is_of_reads = any(isinstance(stream, PerIdStream) and root == stream.reads_table for stream in STREAMS)
    return root != SPINE.table, not is_record, is_of_reads, root


def staged_files(chains: Sequence[Chain]) -> list[LoadJobInfo]:
    """Returns the staged files of the package under way, in the order in which their tables are merged."""
    under_way = Container()[LoadPackageStateInjectableContext]
    jobs = [job for _, job in _jobs_under_way() if job.file_format not in MERGES]
    return [
        # where the last one is when they are read
        under_way.storage.job_to_job_info(under_way.load_id, "completed_jobs", job)
        for chain in chains
        for table in chain
        for job in jobs
        if job.table_name == table["name"]
    ]


def require_whole_package(client: JobClientBase) -> None:
    """Refuses to complete the package under way unless every file of it was loaded, and what was staged was merged.

    With `raise_on_failed_jobs` off, dlt continues after a file that failed.

    Raises:
        JobFailed: the cursor of this load must not count.
    """
    if LoadPackageStateInjectableContext not in Container():  # not within dlt's load
        return
    tables, jobs = client.schema.tables, _jobs_under_way()
    if failed := sorted({job.table_name for state, job in jobs if state == "failed_jobs"}):
        raise JobFailed(f"Rows of {', '.join(failed)} could not be loaded.")
    roots = {str(get_root_table(tables, job.table_name)["name"]) for _, job in jobs}
    staged = sorted(root for root in roots if tables[root].get("write_disposition") == "merge")
    if staged and MERGES.isdisjoint(job.file_format for _, job in jobs):
        raise JobFailed(f"Rows of {', '.join(staged)} were staged and not merged.")


def join_requests(requests: Sequence[FollowupJobRequest]) -> list[FollowupJobRequest]:
    """Makes one request of several, in their order; none of none."""
    texts = [Path(request.new_file_path()) for request in requests]
    for text in texts[1:]:
        with texts[0].open("a", encoding="utf-8") as whole:
            whole.write(f"\n{text.read_text(encoding='utf-8')}")
        text.unlink()
    return [*requests[:1]]


def _jobs_under_way() -> Sequence[tuple[TPackageJobState, ParsedLoadJobFileName]]:
    """Returns the jobs of the package under way, each with its state."""
    under_way = Container()[LoadPackageStateInjectableContext]
    return under_way.storage.list_all_jobs_with_states(under_way.load_id)
