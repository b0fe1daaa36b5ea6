"""One run over the API: from the cursor to batches of rows, and to the cursor of the next run."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .client import PartnerCentral
from .cursor import Changes, Cursor, floor_of
from .listing import Filters, Listing, pages
from .rows import Row, RowMaker, identity
from .values import Unfit
from .watermark import Watermark

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """What a run is to read.

    Attributes:
        catalog: `AWS` or `Sandbox`.
        filters: which opportunities.
        since: LastModifiedDate at which a first load, or a full one, begins; None for all there are.
        full: read everything again, whatever the cursor says.
        lookback: how far below the cursor to read again.
    """

    catalog: str
    filters: Filters
    since: datetime | None
    full: bool
    lookback: timedelta

    def listing(self, cursor: Cursor) -> Listing:
        """The listing that answers this question after a run that left `cursor`."""
        floor = floor_of(cursor.watermark, self.lookback)
        if cursor.watermark is None or (self.full and self.since is None):
            return Listing(self.catalog, self.filters, self.since)
        if self.full and self.since is not None and floor is not None:
            return Listing(self.catalog, self.filters, min(self.since, floor))
        return Listing(self.catalog, self.filters, floor)


@dataclass(slots=True)
class Batch:
    """The rows of one page.

    Attributes:
        rows: for `opportunities`, lists inside as lists of child rows.
        rejected: for `opportunities_rejected`.
        first: whether this is the first batch of a first load, when tables are to be created.
    """

    rows: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)
    first: bool = False


class Reading:
    """Reads what a question asks for. `cursor` is the next run's, once `batches` is exhausted and not before."""

    def __init__(self, question: Question, cursor: Cursor, client: PartnerCentral, row_maker: RowMaker) -> None:
        self.cursor = cursor
        self._question = question
        self._client = client
        self._row_maker = row_maker
        self._changes = Changes({} if question.full else cursor.seen)
        self._order = _Order()

    def batches(self) -> Iterator[Batch]:
        """Every page as a batch; a batch may be empty.

        Raises:
            PartnerCentralError: the listing could not be read to its end.
        """
        question, tally = self._question, self._client.tally
        watermark = Watermark(self.cursor.watermark)
        first = self.cursor.watermark is None
        for page in pages(question.listing(self.cursor), self._client.list_opportunities):
            watermark.look(page)
            self._changes.remember_from(floor_of(watermark.value, question.lookback))
            batch = self._batch(page.records)
            batch.first, first = first, False
            tally.page(read=len(page.records), changed=len(batch.rows), rejected=len(batch.rejected))
            yield batch
        watermark.end()
        if watermark.passed_over:
            tally.note(
                "A LastModifiedDate lies more than a day in the future; its record is loaded, the watermark ignores it."
            )
        self.cursor = Cursor(watermark.value, self._changes.seen())
        tally.watermark = watermark.value

    def _batch(self, records: list[object]) -> Batch:
        batch = Batch()
        for record in records:
            if not self._changes.is_new(record):
                continue
            try:
                row = self._row_maker.row(record)
            except Unfit as unfit:
                batch.rejected.append(_rejected(record, str(unfit)))
            else:
                row["_dlt_id"] = self._order.key(row["last_modified_date"])
                batch.rows.append(row)
        return batch


class _Order:
    """Row ids that sort by LastModifiedDate, then by order of reading: the greatest of a key is its newest version."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._count = 0

    def key(self, modified: datetime) -> str:
        self._count += 1
        microseconds = (modified - BEGINNING) // timedelta(microseconds=1)
        return f"{microseconds:015x}{self._count:08x}{self._run}"


def _rejected(record: object, reason: str) -> Row:
    key, _ = identity(record)
    return {"id": key, "reason": reason, "record": json.dumps(record), "seen_at": datetime.now(UTC)}
