"""The dlt resources of a stream, for each way of reading."""

from __future__ import annotations

from dlt.extract import DltResource

from ..list_stream import WholeListStream
from ..options import Options
from ..per_id_stream import PerIdStream
from ..read.load import ChunkedLoad
from ..stream import IncrementalStream, Stream
from .incremental import incremental_resources
from .per_id import per_id_resources
from .whole_list import whole_list_resources


def stream_resources(stream: Stream, options: Options, load: ChunkedLoad) -> tuple[DltResource, ...]:
    """Returns the resources of a stream.

    Args:
        stream: what to read.
        options: how to read it.
        load: the load that they are part of.
    """
    if isinstance(stream, WholeListStream):
        return whole_list_resources(stream, options, load)
    if isinstance(stream, IncrementalStream):
        return incremental_resources(stream, options, load)
    if isinstance(stream, PerIdStream):
        return per_id_resources(stream, options, load)
    raise TypeError(f"There is no way to read a {type(stream).__name__}.")
