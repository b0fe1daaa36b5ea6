"""The dlt resources of a list that is read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import partial
from typing import Any, NamedTuple

import dlt
from dlt.extract import DltResource

from ..errors import PartnerCentralError
from ..list_stream import WholeListStream
from ..options import Options
from ..read.list_state import LEFT_OUT, hand_on_again, keep_versions
from ..read.load import ChunkedLoad
from ..read.state import check_catalog, check_tables
from ..read.whole_list import WholeListReader
from ..tables.hints import HintRules, rejected_columns
from ..tables.history import history_model
from ..tables.items import Items
from ..tables.listed_rows import ListedRows, listed_model, listing_model
from ..tables.row_batch import TableRows
from ..tables.rows import ACCOUNT, Row
from ..tables.table import RecordModel
from .connection import StreamConnection
from .feed import Feed, feed, rejected
from .versions import insert_only, with_mark


def whole_list_resources(stream: WholeListStream, options: Options, load: ChunkedLoad) -> tuple[DltResource, ...]:
    """Returns the resources of a stream: records and rejected records, and where it has them versions and listings.

    Args:
        stream: what to read.
        options: how to read it.
        load: the load that they are part of.
    """
    rules = HintRules(stream.table_names, stream.noun, options.account)
    shared_key = [] if options.account is None else [ACCOUNT]
    whole = _ListOf(stream, options, load)
    tables = _tables_of(stream, load)
    items = {table.name: Items(table.name, table.model, rules, arrow=False) for table in tables}

    @dlt.resource(name=f"{stream.singular}_pages", selected=False)
    def pages() -> Iterator[TableRows]:
        yield from whole.pages()

    load.stream(stream.table).pages = pages

    def resource(rows: Feed, name: str, *key: str, **hints: Any) -> DltResource:  # noqa: ANN401 - dlt's own
        made: DltResource = dlt.transformer(rows, data_from=pages, name=name, primary_key=[*shared_key, *key], **hints)
        return made

    of_rejected: Any = {"write_disposition": "merge", "columns": rejected_columns(rules)}
    return (
        *(
            with_mark(resource(feed(items[one.name], one.rows), one.name, *one.key, **one.hints()), stream)
            for one in tables
        ),
        resource(rejected, stream.rejected_table, "record_key", **of_rejected),
    )


class _Table(NamedTuple):
    """A table of a list.

    Attributes:
        name: of the table.
        key: the columns that tell its rows apart.
        model: gives its columns and lists.
        rows: gives its rows in a batch.
        hints: gives what dlt is to know besides.
    """

    name: str
    key: tuple[str, ...]
    model: Callable[[], RecordModel]
    rows: Callable[[TableRows], list[Row]]
    hints: Callable[[], dict[str, Any]]


def _tables_of(stream: WholeListStream, load: ChunkedLoad) -> list[_Table]:
    """Returns the tables of a stream but that of rejected records."""
    reading = load.stream(stream.table)

    def records() -> RecordModel:
        return reading.placed if stream.fallback else listed_model(reading.placed, stream.noun)

    found = [_Table(stream.table, (stream.key_column,), records, lambda batch: batch.rows, _merged)]
    if (history := stream.history) is not None:
        found.append(
            _Table(
                stream.history_table,
                history.key,
                lambda: history_model(reading.placed, history),
                lambda batch: batch.versions,
                lambda: {"write_disposition": insert_only()},
            )
        )
    if stream.fallback is not None:
        of_listing = partial(listing_model, stream.noun)
        found.append(_Table(stream.presence_table, ("id",), of_listing, lambda batch: batch.listed, _merged))
    return found


def _merged() -> dict[str, Any]:
    return {"write_disposition": "merge"}


class _ListOf:
    """Reads a list, and notes in dlt's state what it read."""

    def __init__(self, stream: WholeListStream, options: Options, load: ChunkedLoad) -> None:
        self._stream, self._options, self._load = stream, options, load
        self._connection = StreamConnection(stream, options, load)
        self._privacy = options.pii_policy(stream)
        self._reader: WholeListReader | None = None

    def pages(self) -> Iterator[TableRows]:
        """The pages of the list, if it has changed."""
        stream, load = self._stream, self._load
        state = dlt.current.resource_state(stream.table)
        check_catalog(state, self._options.catalog)
        selected = dlt.current.source().selected_resources.keys()
        reading = load.stream(stream.table)
        were_left_out = stream.history is not None and stream.history_table in state.get(LEFT_OUT, ())
        has_returned = check_tables(state, selected, [*stream.tables])
        if stream.history is not None:
            keep_versions(state, stream.history_table, were_left_out=were_left_out)
        if has_returned or (not reading.has_begun and reading.has_returned):
            hand_on_again(state)
        alone = selected <= {*stream.tables}
        try:
            yield from reading.next_chunk(lambda: self._begin(state))
        except PartnerCentralError as error:
            load.go_on_without(stream, error, alone=alone)
        else:
            _replace(state, reading.state())
            if self._reader is not None and self._reader.failure is not None:  # what was read is loaded
                load.go_on_without(stream, self._reader.failure, alone=alone)

    def _begin(self, state: MutableMapping[str, Any]) -> WholeListReader:
        stream, options, privacy = self._stream, self._options, self._privacy
        client, row_maker = self._connection.client(state), self._connection.row_maker(state)
        rows = ListedRows(row_maker, privacy, in_rows=stream.fallback is None, modified=stream.modified_column)
        self._reader = WholeListReader(
            stream,
            options.catalog,
            state,
            client,
            row_maker,
            rows,
            privacy.identity,
            full=options.full,
            stored_order=partial(self._load.newest_order, stream.history_table),
        )
        return self._reader


def _replace(state: MutableMapping[str, Any], new: Mapping[str, Any]) -> None:
    """Makes a state what it is to be, without what is no longer in it."""
    for name in [name for name in state if new and name not in new]:
        del state[name]
    state.update(new)
