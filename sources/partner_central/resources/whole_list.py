"""The dlt resources of a list that is read whole."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import dlt
from dlt.extract import DltResource

from ..errors import PartnerCentralError
from ..options import Options
from ..read.list_state import forget_list
from ..read.load import ChunkedLoad
from ..read.state import check_catalog, check_tables
from ..read.whole_list import WholeListReader
from ..stream import WholeListStream
from ..tables.hints import HintRules, rejected_columns
from ..tables.items import Items
from ..tables.listed_rows import ListedRows, listed_model
from ..tables.row_batch import TableRows
from ..tables.rows import ACCOUNT
from ..tables.table import column_name
from .connection import StreamConnection
from .feed import Feed, feed, rejected


def whole_list_resources(stream: WholeListStream, options: Options, load: ChunkedLoad) -> tuple[DltResource, ...]:
    """Returns the resources of a stream: records, and rejected records.

    Args:
        stream: what to read.
        options: how to read it.
        load: the load that they are part of.
    """
    rules = HintRules(stream.table_names, stream.noun, options.account)
    shared_key = [] if options.account is None else [ACCOUNT]
    reading = load.stream(stream.table)
    items = Items(stream.table, lambda: listed_model(reading.placed, stream.noun), rules, arrow=False)
    whole = _ListOf(stream, options, load)

    @dlt.resource(name=f"{stream.singular}_pages", selected=False)
    def pages() -> Iterator[TableRows]:
        yield from whole.pages()

    def table(rows: Feed, name: str, key: str, **hints: Any) -> DltResource:  # noqa: ANN401 - dlt's own
        made: DltResource = dlt.transformer(
            rows, data_from=pages, name=name, primary_key=[*shared_key, key], write_disposition="merge", **hints
        )
        return made

    return (
        table(feed(items, lambda batch: batch.rows), stream.table, column_name([stream.members.key])),
        table(rejected, stream.rejected_table, "record_key", columns=rejected_columns(rules)),
    )


class _ListOf:
    """Reads a list, and notes in dlt's state what it read."""

    def __init__(self, stream: WholeListStream, options: Options, load: ChunkedLoad) -> None:
        self._stream, self._options, self._load = stream, options, load
        self._connection = StreamConnection(stream, options, load)
        self._privacy = options.pii_policy(stream)

    def pages(self) -> Iterator[TableRows]:
        """The pages of the list, if it has changed."""
        stream, load = self._stream, self._load
        state = dlt.current.resource_state(stream.table)
        check_catalog(state, self._options.catalog)
        selected = dlt.current.source().selected_resources.keys()
        if check_tables(state, selected, [stream.table, stream.rejected_table]):
            forget_list(state)
        reading = load.stream(stream.table)
        try:
            yield from reading.next_chunk(lambda: self._begin(state))
        except PartnerCentralError as error:
            load.go_on_without(stream, error, alone=selected <= {*stream.tables})
        else:
            state.update(reading.state())

    def _begin(self, state: MutableMapping[str, Any]) -> WholeListReader:
        stream, options, privacy = self._stream, self._options, self._privacy
        client, row_maker = self._connection.client(state), self._connection.row_maker(state)
        rows = ListedRows(row_maker, privacy)
        return WholeListReader(
            stream, options.catalog, state, client, row_maker, rows, privacy.identity, full=options.full
        )
