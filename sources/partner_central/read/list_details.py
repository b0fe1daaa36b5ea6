"""Reads the records of a list of short entries, each by its key, if its entry is not what it was.

What was read is handed on page by page. If reading ends early, the next run reads what is left. AWS may refuse a single
record: the others are read, and it is asked for again after a day, or when its entry changes. Where it gives none of
the first ones, and never gave one, it may refuse the operation. Then the next run tries others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from ..api.client import PartnerCentral
from ..errors import PartnerCentralError, RecordNotFound, RequestRejected
from ..tables.listed_rows import ListedRows
from ..tables.record import timestamp_of
from ..tables.row_batch import TableRows
from .id_answers import FIRST_REFUSALS
from .list_request import Way
from .list_state import digest_of, pack, unpack
from .pages import Page, parse_record
from .timestamps import is_older


class Details:
    """Reads the records of one list.

    Args:
        client: calls the operation.
        way: how the list is read; its `detail` gives one record.
        catalog: `AWS` or `Sandbox`.
        rows: makes the batches.
        earlier: the entries whose records were read before, as `packed` gave them.
        refused_before: the entries whose records AWS refused before.
        asks_again: whether it is asked for these again.

    Attributes:
        failure: why reading ended early; None if it did not.
        gone: keys of entries whose record AWS did not find.
        is_behind: whether the record of an entry was not found, or was older than its entry.
        refused: why AWS refuses single records, by key.
    """

    def __init__(
        self,
        client: PartnerCentral,
        way: Way,
        catalog: str,
        rows: ListedRows,
        earlier: str,
        refused_before: frozenset[bytes],
        *,
        asks_again: bool,
    ) -> None:
        self.failure: PartnerCentralError | None = None
        self.gone: set[str] = set()
        self.is_behind = False
        self.refused: dict[str, RequestRejected] = {}
        self._is_permitted = False
        self._client, self._way, self._catalog, self._rows = client, way, catalog, rows
        self._earlier = unpack(earlier)
        self._read: set[bytes] = set()
        self._refused_before, self._asks_again = refused_before, asks_again
        self._unread: set[bytes] = set()

    def batches(self, pages: Iterable[Page], listed_at: datetime) -> Iterator[tuple[Page, TableRows]]:
        """Yields the records of each page as a batch; the last one is short if reading ends early.

        Raises:
            RequestRejected: AWS refuses the operation.
        """
        for page in pages:
            batch = TableRows()
            for entry in page.records:
                self._add(batch, entry, listed_at)
                if self.failure is not None:
                    break
            yield page, batch
            if self.failure is not None:
                return
        if self.refused and not (self._is_permitted or self._earlier or self._refused_before):
            raise next(iter(self.refused.values()))

    @property
    def packed(self) -> str:
        """The entries whose records are read; when reading ended early, with the ones that were read before."""
        return pack(self._read if self.failure is None else self._read | self._earlier)

    @property
    def unread(self) -> frozenset[bytes]:
        """The entries whose records AWS refuses; when reading ended early, with the ones that it refused before."""
        return frozenset(self._unread if self.failure is None else self._unread | self._refused_before - self._read)

    def _add(self, batch: TableRows, entry: object, listed_at: datetime) -> None:
        """Adds the record of an entry, unless it was read; one that cannot be a row is read again next time."""
        key, digest = self._rows.digest(entry)
        mark = digest_of(key, digest)
        if mark in self._read:
            return
        if mark in self._refused_before and not self._asks_again:
            self._unread.add(mark)
            return
        if mark not in self._earlier:
            try:
                record = entry if key == digest else self._record(key)
            except RecordNotFound:
                self.gone.add(key)
                self.is_behind = True
                return
            except RequestRejected as refusal:
                self.refused[key] = refusal
                self._unread.add(mark)
                self._end_if_refused(refusal)
                return
            except PartnerCentralError as error:
                self.failure = error
                return
            made = self._rows.batch([record], listed_at)
            batch.add(made)
            is_older = self._is_older(record, entry)
            self.is_behind |= is_older
            if made.rejected or is_older:
                return
        self._read.add(mark)

    def _end_if_refused(self, refusal: RequestRejected) -> None:
        """Ends the reading if AWS gave none of the first ones; what it refused is known to the next run.

        Raises:
            RequestRejected: AWS says that it refuses the operation.
        """
        if self._is_permitted or len(self._unread - self._refused_before) < FIRST_REFUSALS:
            return
        if all(error.of_all for error in self.refused.values()):
            raise refusal
        if not self._earlier:
            self.failure = refusal

    def _is_older(self, record: object, entry: object) -> bool:
        """Returns whether AWS gave an older copy of a record than it listed."""
        read, listed = (timestamp_of(one, self._way.modified or "") for one in (record, entry))
        return read is not None and listed is not None and is_older(read, listed)

    def _record(self, key: str) -> object:
        request = {"Catalog": self._catalog, "Identifier": key}
        record: object = self._client.call(str(self._way.detail), request, parse=parse_record)
        self._is_permitted = True
        return record
