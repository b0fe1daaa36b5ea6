"""Reads what belongs to each of some ids, a call each, and says what came of it.

Which ids are due is a question to the destination, or to whoever runs the source. So nothing about them is kept in the
state. A reading that ends early has lost nothing: the ids that it did not come to are still due.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from ..api.client import PartnerCentral
from ..api.raw_json import Answer
from ..errors import CallBudgetExhausted, PartnerCentralError, RecordNotFound, RequestRejected
from ..per_id_stream import PerIdStream
from ..tables.history import History
from ..tables.id_reads import DueId, Outcome, read_row
from ..tables.listed_rows import ListedRows
from ..tables.presence import now
from ..tables.row_batch import TableRows
from ..tables.row_ids import RowIds
from ..tables.rows import READ_AT, READ_FOR, Row, RowMaker
from .concurrent_calls import in_order
from .id_state import ORDER, READING, READS, VERSIONS
from .known_versions import KnownVersions
from .pages import pages, parse_page, parse_record

READS_PER_BATCH = 50
REFUSALS_OF_ALL = 3  # in a row and before any other answer: then it is not the ids that are refused
OTHER_RECORD = "the answer is of another id than was asked for"


@dataclass(frozen=True, slots=True)
class Found:
    """An answer: what belongs to an id.

    Attributes:
        due: the id.
        records: from AWS.
        read_at: when, by the service's clock.
        refusal: why there are none.
    """

    due: DueId
    records: tuple[dict[str, Any], ...]
    read_at: datetime
    refusal: RequestRejected | None = None

    @property
    def outcome(self) -> Outcome:
        """Returns what came of it."""
        if self.refusal is None:
            return "read"
        return "not found" if isinstance(self.refusal, RecordNotFound) else "refused"


class PerIdReader:
    """Reads the records of a stream by the ids of its parent.

    Args:
        stream: what to read.
        catalog: `AWS` or `Sandbox`.
        state: the whole state that earlier readings left.
        client: it is closed when the reading ends.
        row_maker: makes rows of records.
        rows: makes the batches.
        due: the ids.
        stored_order: returns the greatest read_order in the table of versions.
        reading: number of the reading of everything that has begun.
        known: the newest versions; None if each id that is due comes with its own.

    Attributes:
        is_resumable: whether a later run can continue half-way.
    """

    is_resumable = True

    def __init__(
        self,
        stream: PerIdStream,
        catalog: str,
        state: Mapping[str, Any],
        client: PartnerCentral,
        row_maker: RowMaker,
        rows: ListedRows,
        due: Iterable[DueId],
        stored_order: Callable[[], int],
        reading: int = 1,
        known: KnownVersions | None = None,
    ) -> None:
        self._stream, self._catalog, self._client = stream, catalog, client
        self._stored = dict(state)
        self._row_maker, self._rows, self._due = row_maker, rows, due
        self._reading = reading
        self._first = READING not in state
        self._reads: int = state.get(READS, 0)
        self._ids = RowIds()
        self._history = History(row_maker, stream.history, now()) if stream.history else None
        self._stored_order = stored_order
        self._order: int | None = None
        self._known = known

    def state(self) -> dict[str, Any]:
        """The whole state, JSON-ready: what is known of members, and nothing of ids."""
        order = {} if self._order is None else {ORDER: self._order}
        members = {"members": self._row_maker.assigned_names}
        versions = {VERSIONS: self._known.packed} if self._known is not None else {}
        return self._stored | {READING: self._reading, READS: self._reads} | order | members | versions

    def batches(self) -> Generator[TableRows]:
        """Yields what was read, in the order of the ids. It ends early, and says so, when no call is left.

        Raises:
            PartnerCentralError: an id could not be read; what was read before was handed on.
        """
        batch, failure = TableRows(), None
        try:
            try:
                with closing(self._found()) as found:
                    for one in found:
                        self._put(batch, one)
                        if len(batch.listed) == READS_PER_BATCH:
                            yield self._handed_on(batch)
                            batch = TableRows()
            except PartnerCentralError as error:
                failure = error
            if batch.listed or failure is None:
                yield self._handed_on(batch)
            if failure is not None and not isinstance(failure, CallBudgetExhausted):
                raise failure
            if failure is not None:
                self._client.metrics.add_note(f"{self._stream.table} is not read to its end. {failure}")
            self._client.metrics.end_list(complete=failure is None, mode="incremental")
        finally:
            self._client.close()

    def _handed_on(self, batch: TableRows) -> TableRows:
        batch.first, self._first = self._first, False
        self._reads += len(batch.listed)
        self._client.metrics.record_page(read=len(batch.listed), changed=len(batch.rows), rejected=len(batch.rejected))
        return batch

    def _found(self) -> Generator[Found]:
        """Yields what belongs to each id.

        While every answer is a refusal, it is not known whether the ids are refused or the operation is.

        Raises:
            RequestRejected: all are refused.
        """
        refused: list[Found] | None = []
        with closing(in_order(self._due, self._ask, self._client.concurrency)) as answers:
            for found in answers:
                if refused is None:
                    yield found
                    continue
                refused.append(found)
                if found.outcome != "refused":
                    yield from refused
                    refused = None
                elif len(refused) == REFUSALS_OF_ALL and found.refusal is not None:
                    raise found.refusal
        for found in refused or ():
            if found.refusal is not None and found.refusal.of_all:
                raise found.refusal
            yield found

    def _ask(self, due: DueId) -> Found:
        """Asks for what belongs to an id."""
        operation, served_at = self._stream.operation, None
        request = {"Catalog": self._catalog, operation.id_member: due.id}

        def parse_one(answer: Answer) -> tuple[dict[str, Any], datetime | None]:
            return parse_record(answer), answer.served_at

        try:
            if operation.records:
                listing = _Listing(request | {"MaxResults": operation.page_size})
                call = partial(self._client.call, operation.name, parse=partial(parse_page, operation))
                found = list(pages(listing, call))
                records = [record for page in found for record in page.records]
                served_at = found[0].served_at
            else:
                record, served_at = self._client.call(operation.name, request, parse=parse_one)
                records = [record]
        except RequestRejected as refusal:
            return Found(due, (), self._client.metrics.served_at or now(), refusal)
        member = self._stream.id_member
        given = tuple({member: due.id} | _without_nulls(record, member) for record in records)
        if any(record[member] != due.id for record in given):
            return Found(due, (), served_at or now(), RequestRejected(OTHER_RECORD, OTHER_RECORD))
        return Found(due, given, served_at or now())

    def _put(self, batch: TableRows, found: Found) -> None:
        """Puts the rows of an answer into a batch, and the row that says what came of it."""
        due, reason = found.due, None
        if found.refusal is not None:
            reason = found.refusal.reason or type(found.refusal).__name__
        made = self._rows.batch(found.records, found.read_at)
        read_for = max(filter(None, (due.modified, *map(self._modified, found.records))), default=None)
        due = replace(due, modified=read_for)
        for row in made.rows:
            self._version(batch, row, due)
            row |= {READ_AT: found.read_at, READ_FOR: read_for}
        outcome: Outcome = "rejected" if made.rejected else found.outcome
        batch.add(made)
        read = read_row(due, found.read_at, outcome, reason, self._reading)
        batch.listed.append(self._row_maker.constant | read | {"_dlt_id": self._ids.next(found.read_at)})

    def _modified(self, record: object) -> datetime | None:
        return self._row_maker.members.modified_date(record)

    def _version(self, batch: TableRows, row: Row, due: DueId) -> None:
        """Puts the version of a row into a batch, if it is another than the newest stored one."""
        if self._history is not None:
            version = self._history.version(row, 0)
            content = version["content_hash"]
            if content != due.content_hash if self._known is None else self._known.is_new(row["id"], content):
                batch.versions.append(version | {"read_order": self._next_order()})

    def _next_order(self) -> int:
        if self._order is None:
            self._order = max(self._stored_order(), self._stored.get(ORDER, 0))
        self._order += 1
        return self._order


@dataclass(frozen=True, slots=True)
class _Listing:
    """The list that belongs to an id, as requests for its pages."""

    first: Mapping[str, Any]

    def request(self, next_token: str | None = None) -> dict[str, Any]:
        """The parameters of the operation for the first page, or for the one after `next_token`."""
        return {**self.first} if next_token is None else {**self.first, "NextToken": next_token}


def _without_nulls(record: object, member: str) -> dict[str, Any]:
    """Returns a record without a member if that is null. One that is not a structure becomes one that is rejected."""
    structure = record if isinstance(record, dict) else {"Record": [record]}
    return {name: value for name, value in structure.items() if name != member or value is not None}
