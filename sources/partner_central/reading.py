"""One run over the API: from the cursor to batches of rows, and to the cursor of the next run.

Few changes are read in one chain of pages, newest first. A first load, a full one or a long increment is a sweep:
windows of CreatedDate side by side, behind a watermark taken before. A sweep can be interrupted; its state says where
the next run goes on.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .backfill import Backfill
from .client import PartnerCentral
from .cursor import Changes, Cursor, floor_of
from .errors import Invalid
from .extent import density_of, is_long, is_many
from .listing import Filters, Listing, pages
from .plan import Plan, log
from .rows import Row, RowMaker, identity
from .sweep import Sweep, Unplaced, side_by_side
from .values import Unfit
from .watermark import Watermark
from .windows import first_windows

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
            return self.all(self.since)
        if self.full and self.since is not None and floor is not None:
            return self.all(min(self.since, floor))
        return self.all(floor)

    def all(self, modified_since: datetime | None) -> Listing:
        """The listing of what was last modified at or after a moment."""
        return Listing(self.catalog, self.filters, modified_since)


@dataclass(slots=True)
class Batch:
    """The rows of one page, or of several.

    Attributes:
        rows: for `opportunities`, lists inside as lists of child rows.
        rejected: for `opportunities_rejected`.
        first: whether this is the first batch of a first load, when tables are to be created.
    """

    rows: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)
    first: bool = False

    def add(self, other: Batch) -> None:
        """Take in the rows of a later batch."""
        self.rows += other.rows
        self.rejected += other.rejected
        self.first = self.first or other.first


class Reading:
    """Reads what a question asks for. `state` describes what it has handed on so far.

    Args:
        question: what to read.
        state: what an earlier reading left.
        client: whom to ask; it is closed when the reading ends.
        row_maker: makes rows of records.
    """

    def __init__(
        self, question: Question, state: Mapping[str, Any], client: PartnerCentral, row_maker: RowMaker
    ) -> None:
        self._cursor = Cursor.load(state)
        interrupted = state.get("backfill")
        self._backfill = Backfill.load(interrupted) if interrupted else None
        self._question = question
        self._client = client
        self._row_maker = row_maker
        self._changes = Changes({} if question.full else self._cursor.seen)
        self._order = _Order()
        self._plan: Plan | None = None
        self._first = self._cursor.watermark is None and self._backfill is None

    @property
    def is_resumable(self) -> bool:
        """Whether a later run can go on from `state`, though not everything has been read."""
        return self._backfill is not None and self._plan is not None

    def state(self) -> dict[str, Any]:
        """The cursor, and the sweep under way if there is one, as JSON-ready state."""
        if self._backfill is None or self._plan is None:
            return self._cursor.dump()
        self._backfill.windows = self._plan.snapshot()
        return self._cursor.dump() | {"backfill": self._backfill.dump()}

    def batches(self) -> Generator[Batch]:
        """Every page as a batch; a batch may be empty. Afterwards `state` is the next run's.

        Raises:
            PartnerCentralError: the listing could not be read to its end.
        """
        try:
            if self._backfill and (self._backfill.full or not self._question.full):
                yield from self._go_on(self._backfill)
            yield from self._bring_up_to_date()
        finally:
            self._client.close()

    def _go_on(self, backfill: Backfill) -> Iterator[Batch]:
        """Finish the sweep that was interrupted; what remains is an increment behind it."""
        read = sum(window.records for window in backfill.windows)
        log.info("going on with the load that was interrupted, at %d of about %d records", read, backfill.about)
        self._changes.remember_from(floor_of(backfill.watermark, self._question.lookback))
        listing = self._question.all(backfill.modified_since)
        yield from self._sweep_or_chain(backfill, listing, self._sample(listing))
        self._finish(backfill.watermark)
        self._question = replace(self._question, full=False, since=None)
        self._changes = Changes(self._cursor.seen)

    def _bring_up_to_date(self) -> Iterator[Batch]:
        """Read the listing newest first, in one chain; turn to a sweep when the first page shows that it is long."""
        listing = self._question.listing(self._cursor)
        watermark = Watermark(self._cursor.watermark)
        decided = False
        for page in pages(listing, self._client.list_opportunities):
            watermark.look(page)
            self._changes.remember_from(floor_of(watermark.value, self._question.lookback))
            batch = self._batch(page.records)
            yield batch
            if decided or watermark.value is None or page.next_token is None:
                continue
            decided = True
            if not batch.rows or not is_long(page.records, listing.modified_since):
                continue
            sample = self._sample(listing)
            if sample is not None and is_many(page.records, sample):
                self._backfill = Backfill(watermark.value, listing.modified_since, self._question.full)
                yield from self._sweep_or_chain(self._backfill, listing, sample)
                break
        watermark.end()
        if watermark.passed_over:
            self._client.tally.note(
                "A LastModifiedDate lies more than a day in the future; its record is loaded, the watermark ignores it."
            )
        self._finish(watermark.value)

    def _sample(self, listing: Listing) -> list[object] | None:
        """Records of a listing, nearly at random; None where the service does not give such orders."""
        try:
            sampled = side_by_side(self._client.list_opportunities, listing.samples())
        except Invalid as refusal:
            self._in_one_chain(str(refusal))
            return None
        return [record for page in sampled for record in page.records]

    def _sweep_or_chain(self, backfill: Backfill, listing: Listing, sample: list[object] | None) -> Iterator[Batch]:
        """Sweep; without a sample, or where the service does not list by CreatedDate, read one chain."""
        if sample is not None:
            try:
                yield from self._sweep(backfill, listing, sample)
            except (Invalid, Unplaced) as reason:
                self._in_one_chain(str(reason))
            else:
                return
        self._backfill = self._plan = None
        yield from self._chain(listing)

    def _sweep(self, backfill: Backfill, listing: Listing, sample: list[object]) -> Iterator[Batch]:
        density = density_of(sample)
        first = backfill.windows or first_windows(density, self._client.readers())
        self._plan = plan = Plan(first, density, backfill.watermark)
        sweep = Sweep(plan, listing, self._client.list_opportunities, self._client.readers)
        with closing(sweep.parts()) as parts:
            for part in parts:
                part.window.hand_on(len(part.records), part.reached, last=part.last)
                backfill.about = self._client.tally.about = round(plan.total())
                yield self._batch(part.records)

    def _chain(self, listing: Listing) -> Iterator[Batch]:
        for page in pages(listing, self._client.list_opportunities):
            yield self._batch(page.records)

    def _in_one_chain(self, why: str) -> None:
        self._client.tally.note(f"Reading one page after another, which takes longer: {why}")

    def _finish(self, watermark: datetime | None) -> None:
        """Everything has been handed on: the cursor moves."""
        self._cursor = Cursor(watermark, self._changes.seen())
        self._backfill = self._plan = None
        self._client.tally.watermark = watermark

    def _batch(self, records: list[object]) -> Batch:
        batch = Batch(first=self._first)
        self._first = False
        for record in records:
            if not self._changes.is_new(record):
                continue
            try:
                row = self._row_maker.row(record)
            except Unfit as unfit:
                batch.rejected.append(self._row_maker.constant | _rejected(record, str(unfit)))
            else:
                row["_dlt_id"] = self._order.key(row["last_modified_date"])
                batch.rows.append(row)
        self._client.tally.page(read=len(records), changed=len(batch.rows), rejected=len(batch.rejected))
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
