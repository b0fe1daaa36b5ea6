"""Reads a list whole, and hands it on if anything in it is not what it was.

What lapses in such a list moves no date, so nothing shorter than the whole list shows it. A digest of what is listed is
kept in the state. Pages wait in a temporary file that has no name until the last of them is read: only then it is known
whether the list has changed.

Some lists can be read in a second way, where AWS refuses the first: see `list_details.py`.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import IO, Any, NamedTuple

from ..api.client import PartnerCentral
from ..api.raw_json import Answer
from ..errors import ActionDenied, PartnerCentralError, RequestRejected
from ..list_stream import WholeListStream
from ..operation import List
from ..tables.history import History
from ..tables.listed_rows import ListedRows
from ..tables.presence import now
from ..tables.row_batch import TableRows
from ..tables.row_version import version_of
from ..tables.rows import RowMaker
from .list_details import Details
from .list_request import Way, WholeListRequest, ways_of
from .list_state import (
    AT,
    DETAILS,
    ENTRIES,
    LEFT_OUT,
    LIST,
    LISTED_AT,
    ORDER,
    RECORDS,
    REFUSED,
    REFUSED_AT,
    VERSIONS,
    are_asked_for_again,
    is_refused,
    list_of,
    next_listed_at,
    pack,
    refused_entries,
    stored_list,
)
from .list_versions import ListVersions
from .pages import Page, pages, parse_page

IN_MEMORY = 16 * 2**20  # bytes of pages, beyond which they wait on the disk
LENGTH_BYTES = 8


class ListedPage(NamedTuple):
    """A page with the bytes it came as."""

    page: Page
    body: bytes

    @property
    def next_token(self) -> str | None:
        """The token of the next page."""
        return self.page.next_token


class WholeListReader:
    """Reads the records of a stream; `state` describes what it has handed on so far.

    Args:
        stream: what to read.
        catalog: `AWS` or `Sandbox`.
        state: the whole state that earlier readings left.
        client: it is closed when the reading ends.
        row_maker: makes rows of records.
        rows: makes the batches.
        pii: what becomes of personal data, and by which key.
        full: whether the list counts as changed in any case.
        stored_order: returns the greatest read_order in the table of versions.

    Attributes:
        is_resumable: whether a later run can continue half-way: it reads the whole list again.
        failure: why not every record was read, although what was read is handed on; None if all were.
    """

    is_resumable = False

    def __init__(
        self,
        stream: WholeListStream,
        catalog: str,
        state: Mapping[str, Any],
        client: PartnerCentral,
        row_maker: RowMaker,
        rows: ListedRows,
        pii: str,
        *,
        full: bool = False,
        stored_order: Callable[[], int] = lambda: 0,
    ) -> None:
        self.failure: PartnerCentralError | None = None
        self._stream, self._catalog, self._client, self._rows = stream, catalog, client, rows
        self._row_maker, self._pii, self._full = row_maker, pii, full
        self._stored_order = stored_order
        self._stored = dict(state)
        self._list = stored_list(state)

    def state(self) -> dict[str, Any]:
        """The whole state, JSON-ready; equal lists give equal ones, so that one without a change stores nothing."""
        return self._stored | {LIST: self._list, "members": self._row_maker.assigned_names}

    def batches(self) -> Generator[TableRows]:
        """Every page as a batch, if the list has changed. Afterwards `state` is the next run's.

        Raises:
            PartnerCentralError: the list could not be read to its end; nothing of it was handed on.
        """
        first = not self._list
        try:
            with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as waiting:
                way, digests = self._listed(waiting)
                found = list_of(digests, version_of(self._row_maker.model), self._pii)
                if self._stream.fallback is not None:
                    found["operation"] = way.operation.name
                again = self._full or are_asked_for_again(self._list, datetime.now(UTC))
                if again or not found.items() <= self._list.items():
                    for batch in self._handed_on(way, waiting, digests, found):
                        yield replace(batch, first=first)
                        first = False
            self._client.metrics.end_list(complete=self.failure is None)
        finally:
            self._client.close()

    def _listed(self, waiting: IO[bytes]) -> tuple[Way, dict[str, str]]:
        """Reads the list, in the first way that AWS does not refuse; its pages are in `waiting` then."""
        at = datetime.now(UTC)
        better, *others = ways_of(self._stream)
        ways = [*others, better] if others and is_refused(self._stored, at) else [better, *others]
        for number, way in enumerate(ways, 1):
            try:
                digests = self._read(way, waiting)
                if len(digests) < self._list.get(RECORDS, 0):  # one that was read while it moved up is not gone
                    digests = self._read(way, waiting) | digests
            except RequestRejected:
                if number == len(ways):
                    raise
                waiting.seek(0)
                waiting.truncate()
                if way is better:
                    self._stored[REFUSED_AT] = at.isoformat(timespec="seconds")
            else:
                if way is better:
                    self._stored.pop(REFUSED_AT, None)
                return way, digests
        raise AssertionError("there is a way to read a list")

    def _read(self, way: Way, waiting: IO[bytes]) -> dict[str, str]:
        """Reads every page, which is appended to `waiting`; returns a digest of each record, by its key."""
        digests: dict[str, str] = {}
        parse = partial(_parse, way.operation)
        call: Callable[[Mapping[str, Any]], ListedPage] = partial(self._client.call, way.operation.name, parse=parse)
        for members in way.requests:
            for answer in pages(WholeListRequest(way, self._catalog, members), call):
                waiting.write(len(answer.body).to_bytes(LENGTH_BYTES) + answer.body)
                digests.update(map(self._rows.digest, answer.page.records))
        return digests

    def _handed_on(
        self, way: Way, waiting: IO[bytes], digests: Mapping[str, str], found: dict[str, Any]
    ) -> Iterator[TableRows]:
        """Yields the rows of the pages that wait; then the state is that of what was `found`."""
        listed_at = next_listed_at(self._stored, self._client.metrics.service_now())
        kept = found | {AT: listed_at.isoformat()}
        self._stored[LISTED_AT] = kept[AT]
        versions, details = self._versions(), self._details(way, found)
        waited = _waiting_pages(way, waiting, listed_at)
        made: Iterator[tuple[Page, TableRows]]
        if details is None:
            made = ((page, self._rows.batch(page.records, listed_at)) for page in waited)
        else:
            made = details.batches(waited, listed_at)
        for page, batch in made:
            if versions is not None:
                batch.versions += versions.of(batch.rows)
            self._client.metrics.record_page(
                read=len(page.records), changed=len(batch.rows), rejected=len(batch.rejected)
            )
            yield batch
        if versions is not None:
            self._stored[ORDER], kept[VERSIONS] = versions.order, versions.packed
        if details is not None:
            kept[DETAILS], self.failure = details.packed, details.failure
            digests = {key: digest for key, digest in digests.items() if key not in details.gone}
            if details.is_behind:
                del kept["digest"]  # so that the next run asks for them again
            self._tell_refused(details.refused)
            if details.unread:
                asked = {AT: datetime.now(UTC).isoformat(timespec="seconds")}
                at = asked if details.refused and self.failure is None else self._list.get(REFUSED, asked)
                kept[REFUSED] = {AT: at[AT], ENTRIES: pack(details.unread)}
        if self.failure is not None:
            self._list = {name: kept[name] for name in ("version", "pii", DETAILS, REFUSED) if name in kept}
            return
        if self._stream.fallback is not None:
            yield self._rows.listed(digests, listed_at)
        self._list = kept

    def _tell_refused(self, refused: Mapping[str, RequestRejected]) -> None:
        for key, error in itertools.islice(refused.items(), 1):
            why = error.denial if isinstance(error, ActionDenied) else error
            self._client.metrics.add_note(
                f"AWS refuses {len(refused):,} of the {self._stream.table}, such as {key}: {why} They are asked for "
                "again after a day, or when they change."
            )

    def _versions(self) -> ListVersions | None:
        """Returns what finds the versions, if there are some and their table is loaded."""
        if self._stream.history is None or self._stream.history_table in self._stored.get(LEFT_OUT, ()):
            return None
        history = History(self._row_maker, self._stream.history, now())
        earlier = self._stored.pop(VERSIONS, self._list.get(VERSIONS, ""))
        return ListVersions(history, earlier, self._stored.get(ORDER, 0), self._stored_order)

    def _details(self, way: Way, found: Mapping[str, Any]) -> Details | None:
        """Returns what reads records by their keys, if the list has none."""
        if way.detail is None:
            return None
        same = not self._full and all(self._list.get(name) == found[name] for name in ("version", "pii"))
        earlier, refused = self._list.get(DETAILS, "") if same else "", refused_entries(self._list)
        again = not same or are_asked_for_again(self._list, datetime.now(UTC))
        return Details(self._client, way, self._catalog, self._rows, earlier, refused, asks_again=again)


def _waiting_pages(way: Way, waiting: IO[bytes], listed_at: datetime) -> Iterator[Page]:
    """Yields the pages that wait, in the order they were read."""
    waiting.seek(0)
    while length := waiting.read(LENGTH_BYTES):
        yield parse_page(way.operation, Answer(waiting.read(int.from_bytes(length)), listed_at))


def _parse(operation: List, answer: Answer) -> ListedPage:
    return ListedPage(parse_page(operation, answer), answer.body)
