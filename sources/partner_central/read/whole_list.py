"""Reads a list whole, and hands it on if anything in it is not what it was.

What lapses in such a list moves no date, so nothing shorter than the whole list shows it. A digest of what is listed is
kept in the state. Pages wait in a temporary file that has no name until the last of them is read: only then it is known
whether the list has changed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, Any

from ..api.client import PartnerCentral
from ..api.raw_json import Answer
from ..operation import List
from ..stream import WholeListStream
from ..tables.listed_rows import ListedRows
from ..tables.presence import now
from ..tables.row_batch import TableRows
from ..tables.row_version import version_of
from ..tables.rows import RowMaker
from .list_state import LIST, RECORDS, list_of, stored_list
from .pages import Page, pages, parse_page

IN_MEMORY = 16 * 2**20  # bytes of pages, beyond which they wait on the disk
LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page with the bytes it came as."""

    page: Page
    body: bytes

    @property
    def next_token(self) -> str | None:
        """The token of the next page."""
        return self.page.next_token


@dataclass(frozen=True, slots=True)
class WholeListRequest:
    """The request for a list, or for one of the lists that make the whole.

    Attributes:
        stream: whose records.
        catalog: `AWS` or `Sandbox`.
        members: further members of the request.
    """

    stream: WholeListStream
    catalog: str
    members: Mapping[str, Any]

    def request(self, next_token: str | None = None) -> dict[str, Any]:
        """The parameters of the operation for the first page, or for the one after `next_token`."""
        request = {"Catalog": self.catalog, "MaxResults": self.stream.operation.page_size, **self.members}
        if self.stream.sort_by is not None:
            request["Sort"] = {"SortBy": self.stream.sort_by, "SortOrder": "ASCENDING"}
        return request if next_token is None else request | {"NextToken": next_token}


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

    Attributes:
        is_resumable: whether a later run can continue half-way: it reads the whole list again.
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
    ) -> None:
        self._stream, self._catalog, self._client, self._rows = stream, catalog, client, rows
        self._row_maker = row_maker
        self._pii = pii
        self._full = full
        self._stored = dict(state)
        self._list = stored_list(state)
        self._call: Callable[[Mapping[str, Any]], ListedPage] = partial(
            client.call, stream.operation.name, parse=partial(_parse, stream.operation)
        )

    def state(self) -> dict[str, Any]:
        """The whole state, JSON-ready; equal lists give equal ones, so that one without a change stores nothing."""
        return self._stored | {LIST: self._list, "members": self._row_maker.assigned_names}

    def batches(self) -> Generator[TableRows]:
        """Every page as a batch, if the list has changed. Afterwards `state` is the next run's.

        Raises:
            PartnerCentralError: the list could not be read to its end; nothing of it was handed on.
        """
        first = not self._list
        metrics = self._client.metrics
        try:
            with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as waiting:
                digests = self._read(waiting)
                if len(digests) < self._list.get(RECORDS, 0):  # one that was read while it moved up is not gone
                    digests = self._read(waiting) | digests
                found = list_of(digests, version_of(self._row_maker.model), self._pii)
                if found != self._list or self._full:
                    yield from self._hand_on(waiting, first=first)
                self._list = found
            metrics.end_list(complete=True)
        finally:
            self._client.close()

    def _read(self, waiting: IO[bytes]) -> dict[str, str]:
        """Reads every page, which is appended to `waiting`; returns a digest of each record, by its key."""
        digests: dict[str, str] = {}
        for members in self._stream.requests:
            for answer in pages(WholeListRequest(self._stream, self._catalog, members), self._call):
                waiting.write(len(answer.body).to_bytes(LENGTH_BYTES) + answer.body)
                digests.update(map(self._rows.digest, answer.page.records))
        return digests

    def _hand_on(self, waiting: IO[bytes], *, first: bool) -> Iterator[TableRows]:
        """Yields the pages that wait, in the order they were read."""
        listed_at = now()
        waiting.seek(0)
        while length := waiting.read(LENGTH_BYTES):
            body = waiting.read(int.from_bytes(length))
            page = parse_page(self._stream.operation, Answer(body, listed_at))
            batch = self._rows.batch(page.records, listed_at)
            self._client.metrics.record_page(
                read=len(page.records), changed=len(batch.rows), rejected=len(batch.rejected)
            )
            yield replace(batch, first=first)
            first = False


def _parse(operation: List, answer: Answer) -> ListedPage:
    return ListedPage(parse_page(operation, answer), answer.body)
