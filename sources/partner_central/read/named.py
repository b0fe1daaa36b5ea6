"""Reads records by their ids, beside the cursor, since an event named them.

The cursor does not move by it, and what is read here counts as unseen for it. So the next increment reads these records
again, and finds the others that nothing named.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from ..api.client import PartnerCentral
from ..tables.pii import PiiPolicy
from ..tables.presence import ListingMark, now
from ..tables.row_batch import RowBatchBuilder, TableRows
from ..tables.rows import RowMaker
from .changes import OtherFilterSets
from .concurrent_calls import in_order
from .filters import FilterSet
from .pages import page_call, pages
from .read_options import ReadOptions
from .request import ListRequest
from .state import State
from .state_parts import StoredCounters


@dataclass(slots=True)
class NamedIds:
    """Ids that are to be read now, and what came of them.

    Attributes:
        ids: each once.
        unread: the ids that AWS does not show now: they may be too new, or gone.
    """

    ids: Sequence[str]
    unread: set[str] = field(default_factory=set)


class NamedReader:
    """Reads the records of a stream that are named; `state` is as it was, but for what it remembers of them.

    Args:
        options: what to read.
        filter_set: the name of its filters.
        state: the whole state that earlier readings left.
        client: it is closed when the reading ends.
        row_maker: makes rows of records.
        privacy: says what of a record may be stored.
        stored_counters: returns the numbers that the tables hold already.
        named: the ids.

    Attributes:
        is_resumable: whether a later run can continue half-way: whoever names the ids does so again.
    """

    is_resumable = False

    def __init__(
        self,
        options: ReadOptions,
        filter_set: str,
        state: Mapping[str, Any],
        client: PartnerCentral,
        row_maker: RowMaker,
        privacy: PiiPolicy,
        stored_counters: Callable[[], StoredCounters],
        named: NamedIds,
    ) -> None:
        self._options, self._client, self._row_maker, self._named = options, client, row_maker, named
        self._state = State(state, filter_set, stored_counters)
        self._remembered = OtherFilterSets(self._state.cursors)
        self._builder = RowBatchBuilder(row_maker, privacy, options.stream.history, self._state.next_order)
        self._call = page_call(client, options.stream.operation)
        self._key = options.stream.key_filter

    def state(self) -> dict[str, Any]:
        """The whole state, JSON-ready."""
        return self._state.dump_beside(self._remembered.dump()) | {"members": self._row_maker.assigned_names}

    def batches(self) -> Generator[TableRows]:
        """The records that are named, as batches.

        Raises:
            PartnerCentralError: they could not all be read; nothing is to be concluded from the others.
        """
        try:
            ids, most = self._named.ids, self._key.max_values
            parts = [ids[at : at + most] for at in range(0, len(ids), most)]
            with closing(in_order(parts, self._read, self._client.concurrency)) as answers:
                for records, unread in answers:
                    self._named.unread |= unread
                    yield self._batch(records)
            if self._client.metrics.current.mode is None:
                self._client.metrics.end_list(complete=True, mode="events")
        finally:
            self._client.close()

    def _read(self, ids: Sequence[str]) -> tuple[list[object], set[str]]:
        """Reads some ids; returns their records, and the ids that AWS does not show."""
        options = self._options
        records = list(self._listed(options.filters, ids))
        missing = {*ids}.difference(filter(None, map(options.stream.members.key_of, records)))
        if missing and options.filters != FilterSet():  # is it only that they do not match?
            others = self._listed(FilterSet(), sorted(missing))
            missing -= set(filter(None, map(options.stream.members.key_of, others)))
        return records, missing

    def _listed(self, filters: FilterSet, ids: Sequence[str]) -> Iterator[object]:
        chosen = filters.narrowed(self._key, ids)
        if chosen is None:
            return
        listing = ListRequest(self._options.stream, self._options.catalog, chosen)
        for page in pages(listing, self._call):
            yield from page.records

    def _batch(self, records: list[object]) -> TableRows:
        listed = ListingMark(now(), self._state.begun)
        batch = self._builder.batch(records, self, listed)
        self._client.metrics.record_page(read=len(records), changed=batch.changed, rejected=len(batch.rejected))
        return batch

    def is_new(self, record: object) -> bool:
        """Returns that a record counts as new, and lets every set of filters forget what it remembers of it."""
        self._remembered.forget(self._options.stream.members.key_of(record))
        return True

    def was_rejected(self, key: str | None) -> None:
        """Note that a record could not become a row: it is forgotten as the others are."""
        self._remembered.forget(key)
