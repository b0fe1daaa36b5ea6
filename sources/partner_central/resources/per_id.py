"""The dlt resources of a stream that is read one id at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from datetime import datetime
from functools import partial
from typing import Any

import dlt
from dlt.extract import DltResource

from ..errors import ConfigurationError, PartnerCentralError
from ..options import Options
from ..per_id_stream import PerIdStream
from ..read.id_state import READS, VERSIONS, reading_of
from ..read.known_versions import KnownVersions
from ..read.load import ChunkedLoad
from ..read.per_id import PerIdReader
from ..read.state import check_catalog, check_tables
from ..tables.hints import HintRules, rejected_columns
from ..tables.history import history_model
from ..tables.id_reads import DueId, reads_model, unique, with_read_columns
from ..tables.items import Items
from ..tables.listed_rows import ListedRows
from ..tables.row_batch import TableRows
from ..tables.rows import ACCOUNT
from .connection import StreamConnection
from .feed import Feed, feed, rejected
from .versions import insert_only, with_mark

NO_IDS = (
    "{0} is read by the ids of {1}. Name {1} in tables as well, to read those that changed; or give the ids: "
    "partner_central(tables=['{0}'], details_of=[...])."
)


def per_id_resources(stream: PerIdStream, options: Options, load: ChunkedLoad) -> tuple[DltResource, ...]:
    """Returns the resources of a stream: records, rejected records, what was read of each id, and versions.

    The load says which ids are due. Where it does not, the ids are in the options, or in the rows of the parent that
    this run reads.

    Args:
        stream: what to read.
        options: how to read it.
        load: the load that they are part of.

    Raises:
        ConfigurationError: nothing says which ids.
    """
    reading = load.stream(stream.table)
    rules = HintRules(stream.table_names, stream.noun, options.account)
    shared_key = [] if options.account is None else [ACCOUNT]
    pages = _pages_of(stream, options, load)

    def table(rows: Feed, name: str, *key: str, **hints: Any) -> DltResource:  # noqa: ANN401 - dlt's own
        hints = {"write_disposition": "merge"} | hints
        made: DltResource = dlt.transformer(rows, data_from=pages, name=name, primary_key=[*shared_key, *key], **hints)
        return made

    records = Items(stream.table, lambda: with_read_columns(reading.placed), rules, arrow=False)
    reads = Items(stream.reads_table, lambda: reads_model(stream.parent.stream.noun), rules, arrow=False)
    found = [
        table(feed(records, lambda batch: batch.rows), stream.table, "id"),
        table(rejected, stream.rejected_table, "record_key", columns=rejected_columns(rules)),
        table(feed(reads, lambda batch: batch.listed), stream.reads_table, "id"),
    ]
    if (history := stream.history) is not None:
        versions = Items(stream.history_table, lambda: history_model(reading.placed, history), rules, arrow=False)
        rows_of_versions = feed(versions, lambda batch: batch.versions)
        made = table(rows_of_versions, stream.history_table, *history.key, write_disposition=insert_only())
        found.append(with_mark(made, stream))
    return tuple(found)


def _pages_of(stream: PerIdStream, options: Options, load: ChunkedLoad) -> DltResource:
    """Returns the resource that reads by ids, for the tables of the stream.

    Raises:
        ConfigurationError: nothing says which ids.
    """
    parents = load.stream(stream.parent.stream.table).pages
    if load.ids_due is not None or options.details_of:
        return _pages_of_ids(stream, options, load)
    if parents is None:
        raise ConfigurationError(NO_IDS.format(stream.table, stream.parent.stream.table))
    return _pages_of_parents(stream, options, load, parents)


def _pages_of_ids(stream: PerIdStream, options: Options, load: ChunkedLoad) -> DltResource:
    """Returns the resource that reads the ids of the load, or of the options."""
    reading, reader_of = load.stream(stream.table), _ReaderOf(stream, options, load)

    @dlt.resource(name=f"{stream.singular}_pages", selected=False)
    def of_ids() -> Iterator[TableRows]:
        def batches(state: MutableMapping[str, Any]) -> Iterator[TableRows]:
            _returns(stream)

            def begin() -> PerIdReader:
                ids = map(DueId, options.details_of) if load.ids_due is None else load.ids_due(stream)
                return reader_of.begin(state, unique(ids), reading_of(state, full=options.full))

            yield from reading.next_chunk(begin)
            state.update(reading.state())

        yield from _handed_on(stream, options, load, batches)

    return of_ids


def _pages_of_parents(stream: PerIdStream, options: Options, load: ChunkedLoad, parents: DltResource) -> DltResource:
    """Returns the resource that reads the ids of the records that its parent reads in this run."""
    reading, reader_of = load.stream(stream.table), _ReaderOf(stream, options, load)
    load.stream(stream.parent.stream.table).followers.append(partial(_returns, stream))
    seen: set[tuple[str, datetime | None]] = set()
    numbers: list[int] = []  # of the reading of everything: one for all pages

    @dlt.transformer(name=f"{stream.singular}_pages", data_from=parents, selected=False)
    def of_parents(changed: TableRows) -> Iterator[TableRows]:
        def batches(state: MutableMapping[str, Any]) -> Iterator[TableRows]:
            numbers[:] = numbers or [reading_of(state, full=options.full)]
            ids = (DueId(row["id"], row.get(stream.parent.modified)) for row in changed.rows)
            reader = reader_of.begin(state, unique(ids, seen), numbers[0])
            yield from reader.batches()
            state.update(reader.state())

        if not reading.is_over:  # AWS did not refuse an earlier part
            yield from _handed_on(stream, options, load, batches)

    return of_parents


def _handed_on(
    stream: PerIdStream,
    options: Options,
    load: ChunkedLoad,
    batches: Callable[[MutableMapping[str, Any]], Iterator[TableRows]],
) -> Iterator[TableRows]:
    """Yields batches that are made with the state of a stream. What AWS refuses is left out of the load."""
    state = dlt.current.resource_state(stream.table)
    check_catalog(state, options.catalog)
    try:
        yield from batches(state)
    except PartnerCentralError as error:
        selected = dlt.current.source().selected_resources.keys()
        load.go_on_without(stream, error, alone=selected <= {*stream.tables})


def _returns(stream: PerIdStream) -> bool:
    """Returns whether a table of a stream is to be loaded that earlier runs left out; then its tables are made."""
    state = dlt.current.resource_state(stream.table)
    if not check_tables(state, dlt.current.source().selected_resources.keys(), [*stream.tables]):
        return False
    state.pop(READS, None)
    return True


class _ReaderOf:
    """Begins to read a stream, when the first rows are wanted."""

    def __init__(self, stream: PerIdStream, options: Options, load: ChunkedLoad) -> None:
        self._stream, self._options, self._load = stream, options, load
        self._connection = StreamConnection(stream, options, load)
        self._privacy = options.pii_policy(stream)

    def begin(self, state: MutableMapping[str, Any], due: Iterable[DueId], reading: int) -> PerIdReader:
        """Connect, and begin to read."""
        stream, load = self._stream, self._load
        client, row_maker = self._connection.client(state), self._connection.row_maker(state)
        is_versioned = stream.history_table in dlt.current.source().selected_resources
        return PerIdReader(
            stream,
            self._options.catalog,
            state,
            client,
            row_maker,
            ListedRows(row_maker, self._privacy, in_rows=False),
            due,
            partial(load.newest_order, stream.history_table),
            reading,
            KnownVersions(state.get(VERSIONS, "")) if load.ids_due is None and is_versioned else None,
        )
