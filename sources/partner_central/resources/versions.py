"""The hints of a table of versions, whichever way its stream is read."""

from __future__ import annotations

from typing import Any

from dlt.extract import DltResource

from ..stream import Stream
from ..tables.hints import INSERT_ONLY
from ..tables.stored_columns import active_pipeline


def with_mark(resource: DltResource, stream: Stream) -> DltResource:
    """Returns a resource of a stream; that of versions can yield a row that marks an empty table.

    dlt hashes the key of such a row, too, unless the table had rows before.
    """
    if resource.name == stream.history_table:
        resource.apply_hints(additional_table_hints={"x-normalizer": {"seen-data": True}})
    return resource


def insert_only() -> Any:  # noqa: ANN401 - dlt's hint
    """Returns a merge that leaves the rows a table has; where the destination has none such, one that replaces them."""
    pipeline = active_pipeline()
    destination = pipeline.destination if pipeline else None
    strategies = destination.capabilities().supported_merge_strategies if destination else None
    return "merge" if strategies and INSERT_ONLY["strategy"] not in strategies else INSERT_ONLY
