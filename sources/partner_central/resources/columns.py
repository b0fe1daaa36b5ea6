"""The columns of every table of a stream, without a connection: for documents, and for what looks after tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dlt.common.schema.typing import TColumnSchema

from ..stream import IncrementalStream, Stream, WholeListStream
from ..tables.hints import HintRules, list_columns, rejected_columns, root_columns
from ..tables.history import history_model
from ..tables.listed_rows import listed_model
from ..tables.presence import presence_model
from ..tables.table import RecordModel


def table_columns(stream: Stream, model: RecordModel, rules: HintRules) -> dict[str, Sequence[TColumnSchema]]:
    """Returns the columns of every table of a stream, by the name of the table.

    Args:
        stream: the stream.
        model: of its records.
        rules: what the hints of its tables have in common.
    """
    if isinstance(stream, WholeListStream) or (isinstance(stream, IncrementalStream) and stream.history is None):
        model = listed_model(model, stream.noun)
    found: dict[str, Mapping[str, TColumnSchema] | Sequence[TColumnSchema]] = {
        stream.table: root_columns(model, rules),
        **{"__".join((stream.table, *path)): columns for path, columns in list_columns(model, rules).items()},
        stream.rejected_table: rejected_columns(rules),
    }
    if isinstance(stream, IncrementalStream) and stream.history is not None:
        found[stream.history_table] = root_columns(history_model(model, stream.history), rules)
        presence = presence_model(stream.noun, stream.table, stream.members.key)
        found[stream.presence_table] = root_columns(presence, rules)
    return {
        name: list(columns.values()) if isinstance(columns, Mapping) else list(columns)
        for name, columns in found.items()
    }
