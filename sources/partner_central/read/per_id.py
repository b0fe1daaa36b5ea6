"""Reads what belongs to each of some ids, a call each, and says what came of it.

Which ids are due is a question to the destination, or to whoever runs the source. So nothing about them is kept in the
state. A reading that ends early has lost nothing: the ids that it did not come to are still due.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from ..api.client import PartnerCentral
from ..errors import CallBudgetExhausted, PartnerCentralError
from ..per_id_stream import PerIdStream
from ..tables.history import History
from ..tables.id_reads import OUTCOME, DueId, Outcome, read_row
from ..tables.listed_rows import ListedRows
from ..tables.presence import now
from ..tables.row_batch import TableRows
from ..tables.row_ids import RowIds
from ..tables.rows import READ_AT, READ_FOR, Row, RowMaker
from .id_answers import Found, IdAnswers
from .id_state import ANSWERED, ORDER, READING, READS, VERSIONS
from .known_versions import KnownVersions
from .timestamps import is_older

READS_PER_BATCH = 50
FOUND_AFTER = timedelta(hours=1)  # of a change; seconds as a rule


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
        self._stream, self._client = stream, client
        self._stored = dict(state)
        self._row_maker, self._rows = row_maker, rows
        self._reading = reading
        self._first = READS not in state
        self._reads: int = state.get(READS, 0)
        self._ids = RowIds()
        self._history = History(row_maker, stream.history, now()) if stream.history else None
        self._stored_order = stored_order
        self._order: int | None = None
        self._known = known
        self._answers = IdAnswers(stream, catalog, client, due, answered=state.get(ANSWERED, False))

    def state(self) -> dict[str, Any]:
        """The whole state, JSON-ready: what is known of members, and nothing of ids."""
        order = {} if self._order is None else {ORDER: self._order}
        members = {"members": self._row_maker.assigned_names}
        versions = {VERSIONS: self._known.packed} if self._known is not None else {}
        answered = {ANSWERED: True} if self._answers.answered else {}
        return self._stored | {READING: self._reading, READS: self._reads} | answered | order | members | versions

    def batches(self) -> Generator[TableRows]:
        """Yields what was read, in the order of the ids. It ends early, and says so, when no call is left.

        Raises:
            PartnerCentralError: an id could not be read; what was read before was handed on.
        """
        batch, failure = TableRows(), None
        try:
            try:
                with closing(self._answers.found()) as found:
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
        read = sum(row[OUTCOME] != "refused" for row in batch.listed)
        self._client.metrics.record_page(read=read, changed=len(batch.rows), rejected=len(batch.rejected))
        return batch

    def _put(self, batch: TableRows, found: Found) -> None:
        """Puts the rows of an answer into a batch, and the row that says what came of it."""
        due, reason = found.due, None
        if found.refusal is not None:
            reason = found.refusal.reason or type(found.refusal).__name__
        made = self._rows.batch(found.records, found.read_at)
        read_for = self._read_for(found)
        due = due._replace(modified=read_for)
        for row in made.rows:
            self._version(batch, row, due)
            row |= {READ_AT: found.read_at, READ_FOR: read_for}
        outcome: Outcome = "rejected" if made.rejected else found.outcome
        batch.add(made)
        read = read_row(due, found.read_at, outcome, reason, self._reading)
        batch.listed.append(self._row_maker.constant | read | {"_dlt_id": self._ids.next(found.read_at)})

    def _read_for(self, found: Found) -> datetime | None:
        """Returns the change that an answer is of, by its own date, since AWS may answer from an older copy.

        A record that AWS does not find yet, so soon after its change, is not read for any change.
        """
        listed = found.due.modified
        if found.outcome == "not found" and listed is not None and found.read_at - listed < FOUND_AFTER:
            return None
        newest = max(filter(None, map(self._modified, found.records)), default=listed)
        if newest is None or listed is None or is_older(newest, listed):
            return newest
        return max(newest, listed)

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
