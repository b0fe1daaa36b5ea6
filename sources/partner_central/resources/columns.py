"""The columns of every table of a stream, without a connection: for documents, and for what looks after tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from botocore.model import ServiceModel
from dlt.common.schema.typing import TColumnSchema

from ..list_stream import WholeListStream
from ..per_id_stream import PerIdStream
from ..stream import Stream
from ..tables.hints import HintRules, list_columns, rejected_columns, root_columns
from ..tables.history import history_model
from ..tables.id_reads import reads_model, with_read_columns
from ..tables.listed_rows import listed_model, listing_model
from ..tables.presence import presence_model
from ..tables.service_model import joined_model, record_model
from ..tables.table import RecordModel


def stream_model(stream: Stream, service: ServiceModel) -> RecordModel:
    """Returns the tables of a stream's records, from the service model."""
    shapes = stream.record_shapes
    return joined_model(record_model(service, name, records, stream.model_rules) for name, records in shapes)


def table_columns(stream: Stream, model: RecordModel, rules: HintRules) -> dict[str, Sequence[TColumnSchema]]:
    """Returns the columns of every table of a stream, by the name of the table.

    Args:
        stream: the stream.
        model: of its records.
        rules: what the hints of its tables have in common.
    """
    versions = history_model(model, stream.history) if stream.history else None
    has_presence = stream.presence_table in stream.tables
    if isinstance(stream, PerIdStream):
        model = with_read_columns(model)
    elif not has_presence:
        model = listed_model(model, stream.noun)
    found: dict[str, Mapping[str, TColumnSchema] | Sequence[TColumnSchema]] = {
        stream.table: root_columns(model, rules),
        **{"__".join((stream.table, *path)): columns for path, columns in list_columns(model, rules).items()},
        stream.rejected_table: rejected_columns(rules),
    }
    if versions is not None:
        found[stream.history_table] = root_columns(versions, rules)
    if isinstance(stream, PerIdStream):
        found[stream.reads_table] = root_columns(reads_model(stream.parent.stream.noun), rules)
    if has_presence and isinstance(stream, WholeListStream):
        found[stream.presence_table] = root_columns(listing_model(stream.noun), rules)
    elif has_presence:
        presence = presence_model(stream.noun, stream.table, stream.members.key)
        found[stream.presence_table] = root_columns(presence, rules)
    return {
        name: list(columns.values()) if isinstance(columns, Mapping) else list(columns)
        for name, columns in found.items()
    }
