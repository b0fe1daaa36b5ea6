"""The dlt resources of a stream that is read from a cursor: one reading feeds all of its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from datetime import datetime
from functools import partial
from typing import Any

import dlt
from dlt.common.normalizers.naming import NamingConvention
from dlt.extract import DltResource

from ..api.client import PartnerCentral
from ..errors import PartnerCentralError
from ..options import Options
from ..read.filter_sets import note_values
from ..read.incremental import IncrementalReader
from ..read.load import ChunkedLoad
from ..read.masks import form_of_masks, rename_filter_set
from ..read.named import NamedReader
from ..read.state import check_catalog, check_tables, forget_cursors
from ..read.stream_reading import StreamReading
from ..stream import IncrementalStream
from ..tables.hints import HintRules, rejected_columns
from ..tables.history import drop_seen_in_this_load, history_model
from ..tables.items import Items
from ..tables.listed_rows import listed_model
from ..tables.presence import presence_model
from ..tables.row_batch import TableRows
from ..tables.rows import ACCOUNT
from ..tables.table import RecordModel
from .connection import StreamConnection
from .feed import Feed, feed, rejected
from .versions import insert_only, with_mark


def incremental_resources(stream: IncrementalStream, options: Options, load: ChunkedLoad) -> tuple[DltResource, ...]:
    """Returns the resources of a stream: records, rejected records, versions, and presence.

    Args:
        stream: what to read.
        options: how to read it.
        load: the load that they are part of.
    """
    reading = load.stream(stream.table)
    reader = _ReaderOf(stream, options, load)
    arrow = options.arrow and not dlt.config.get("normalize.parquet_normalizer.add_dlt_id", bool)  # rows have their own
    rules = HintRules(stream.table_names, stream.noun, options.account)
    shared_key = [] if options.account is None else [ACCOUNT]

    reading.begin_ahead = partial(reader.begin_ahead, reading)
    reading.has_nothing_new = partial(reader.has_nothing_new, reading)

    @dlt.resource(name=f"{stream.singular}_pages", selected=False)
    def pages() -> Iterator[TableRows]:
        state = dlt.current.resource_state(stream.table)
        check_catalog(state, options.catalog)
        selected = dlt.current.source().selected_resources.keys()
        if returned := check_tables(state, selected, stream.tables):
            load.metrics.add_note(f"Earlier runs left out {', '.join(returned)}: everything is read again for that.")
        if not reading.has_begun and reading.has_returned:
            forget_cursors(state, ())
        try:
            yield from reading.next_chunk(lambda: reader.begin(state))
        except PartnerCentralError as error:
            load.go_on_without(stream, error, alone=selected <= {*stream.tables})
        else:
            state.update(reading.state())
            if load.named is None:
                reader.note_filters(state)

    reading.pages = pages

    def items(name: str, model: Callable[[], RecordModel]) -> Items:
        return Items(name, model, rules, arrow=arrow)

    def table(rows: Feed, name: str, *key: str, **hints: Any) -> DltResource:  # noqa: ANN401 - dlt's own
        hints = {"write_disposition": "merge"} | hints
        made: DltResource = dlt.transformer(rows, data_from=pages, name=name, primary_key=[*shared_key, *key], **hints)
        return made

    of_rejected = table(rejected, stream.rejected_table, "record_key", columns=rejected_columns(rules))
    if (history := stream.history) is None:
        listed = items(stream.table, lambda: listed_model(reading.placed, stream.noun))
        return table(feed(listed, lambda batch: batch.rows), stream.table, "id"), of_rejected
    records = items(stream.table, lambda: reading.placed)
    versions = items(stream.history_table, lambda: history_model(reading.placed, history))
    presence = items(stream.presence_table, lambda: presence_model(stream.noun, stream.table, stream.members.key))
    last_versions: dict[tuple[str, datetime], str] = {}  # of each id and date in this load
    new_versions = feed(versions, lambda batch: drop_seen_in_this_load(batch.versions, last_versions))
    of_history = table(new_versions, stream.history_table, *history.key, write_disposition=insert_only())
    return (
        table(feed(records, lambda batch: batch.rows), stream.table, "id"),
        of_rejected,
        with_mark(of_history, stream),
        table(feed(presence, lambda batch: batch.listed), stream.presence_table, "id"),
    )


class _ReaderOf:
    """Begins to read a stream, when the first rows are wanted.

    Raises:
        ConfigurationError: the options of filters or personal data are wrong.
    """

    def __init__(self, stream: IncrementalStream, options: Options, load: ChunkedLoad) -> None:
        self._stream, self._options, self._load = stream, options, load
        self._connection = StreamConnection(stream, options, load)
        self._client: PartnerCentral | None = None
        privacy = options.pii_policy(stream)
        self._filters = options.filter_set(stream)
        self._conceal = None if privacy.keeps else privacy.in_state
        self._filter_set = self._filters.name(self._conceal)
        load.metrics.first.filter_set = load.metrics.first.filter_set or self._filter_set  # also of a run that fails
        options.read_options(stream, self._filters, privacy)  # what is wrong is told before anything is connected

    def note_filters(self, state: MutableMapping[str, Any]) -> None:
        """Note the values of the filters in the state, for `status`; personal ones only if they are kept."""
        note_values(state, self._filter_set, self._filters.known_values(conceal=self._conceal is not None))

    def begin_ahead(self, reading: StreamReading) -> None:
        """Begin to read from within the extraction of another stream, whose state and package this does not touch.

        Nothing is tried twice here, so that a failure does not hold up what is to be loaded meanwhile.
        """
        state = deepcopy(dlt.current.source_state().get("resources", {}).get(self._stream.table, {}))

        def begin() -> IncrementalReader | NamedReader:
            check_catalog(state, self._options.catalog)
            check_tables(state, self._stream.tables, self._stream.tables)
            return self.begin(state, is_hurried=True)

        reading.read_ahead(begin, lambda: self._client is None or not self._client.is_hurried)
        if self._client is not None:
            self._client.is_hurried = False

    def has_nothing_new(self, reading: StreamReading, stored: Mapping[str, Any], naming: NamingConvention) -> bool:
        """Begin to read outside of dlt; return whether that was all, and left the state as it is stored.

        dlt's extraction of nothing takes longer than the call. An interrupted reading is left to it, which stores how
        far that comes.
        """
        state = deepcopy(dict(stored))
        cursor = state.get("cursors", {}).get(self._filter_set)
        if self._load.named is not None or not cursor or cursor.get("backfill"):
            return False
        check_catalog(state, self._options.catalog)
        if check_tables(state, self._stream.tables, self._stream.tables):
            return False
        if not reading.begin_and_find_nothing(lambda: self.begin(state, naming=naming)):
            return False
        state.update(reading.state())
        self.note_filters(state)
        reading.is_over = state == stored
        return reading.is_over

    def begin(
        self,
        state: MutableMapping[str, Any],
        *,
        is_hurried: bool = False,
        naming: NamingConvention | None = None,
    ) -> IncrementalReader | NamedReader:
        """Connect, and begin to read where `state` says, or what is named."""
        options, load = self._options, self._load
        load.metrics.begin_stream(self._stream.table)
        load.metrics.current.filter_set = self._filter_set
        client = self._client = self._connection.client(state)
        client.is_hurried = is_hurried
        if self._conceal is not None:
            rename_filter_set(state, self._filters.former_names(self._conceal), self._filter_set)
        privacy = options.pii_policy(self._stream, form_of_masks(state, keeps=self._conceal is None))
        what = options.read_options(self._stream, self._filters, privacy)
        row_maker = self._connection.row_maker(state, naming)
        reader = IncrementalReader if load.named is None else partial(NamedReader, named=load.named)
        return reader(what, self._filter_set, state, client, row_maker, privacy, load.stored_counters)
