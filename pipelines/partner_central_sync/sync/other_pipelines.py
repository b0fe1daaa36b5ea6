"""The pipelines of one dataset: what one of them lost, all of them lost, so each is to read everything again.

Each has a cursor of its own, in a state of its own. A run that repairs tables takes back the cursors of all, under the
leases of all. A pipeline whose state has changed in the destination gives up what its working folder has.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from dlt.common.destination.client import JobClientBase
from dlt.common.pipeline import TPipelineState
from dlt.pipeline.state_sync import bump_pipeline_state_version_if_modified, load_pipeline_state_from_destination

from partner_central.public import STREAMS, PerIdStream, Stream, WholeListStream, forget_list, forget_reads, lost_tables
from partner_central.public import forget_cursors as forget_cursors_in

from ..destinations.lake.pipeline_state import WithLakeState
from ..destinations.pipeline_state import WithPipelineState, state_of_source


def names(client: JobClientBase) -> set[str]:
    """The pipelines that loaded this source into an open destination."""
    if not isinstance(client, WithPipelineState | WithLakeState):
        return set()
    return {name for name in client.pipeline_names() if state_of_source(_state(client, name)) is not None}


def forget_cursors(client: JobClientBase, pipelines: Collection[str], lost: Collection[str]) -> None:
    """Lets the next reading of pipelines be a first one, in an open destination and under their leases."""
    if isinstance(client, WithPipelineState | WithLakeState):
        for name in sorted(pipelines):
            state = _state(client, name)
            forget(state, lost)
            state["_local"] = {}  # of a working folder, which this is not
            bump_pipeline_state_version_if_modified(cast("TPipelineState", state))
            client.put_state(cast("TPipelineState", state))


def forget(state: dict[str, Any], lost: Collection[str]) -> None:
    """Lets the next reading be a first one, and notes why; numbers, names and types that are known stay.

    A listing of everything that is complete is judged no more: what it showed is not in the tables.
    """
    for stream in STREAMS:
        resource = state_of_source(state, stream)
        if resource is not None and any(belongs_to(name, stream) for name in lost):
            if isinstance(stream, PerIdStream):
                forget_reads(resource)
            elif isinstance(stream, WholeListStream):
                forget_list(resource)
            else:
                forget_cursors_in(resource, lost)


def belongs_to(name: str, stream: Stream) -> bool:
    """Returns whether a table, or a column as `table.column`, is of a stream."""
    return name.partition(".")[0].partition("__")[0] in stream.tables


def has_unfinished_repair(state: dict[str, Any]) -> frozenset[str]:
    """The tables that were lost, if nothing has been read again since."""
    return lost_tables(state_of_source(state) or {})


def _state(client: WithPipelineState | WithLakeState, name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", load_pipeline_state_from_destination(name, client) or {})
