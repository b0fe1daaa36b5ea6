"""One run over the API: from the cursor to batches of rows, and to the cursor of the next run.

Few changes are read in one chain of pages, newest first. A first load, a full one or a long increment is a sweep:
windows of CreatedDate side by side, behind a watermark taken before. A sweep can be interrupted; its state says where
the next run goes on.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from .backfill import Backfill
from .batch import Batch, BatchMaker
from .client import PartnerCentral
from .cursor import Changes, Cursor, floor_of
from .errors import Invalid
from .extent import density_of, is_long, is_many
from .history import History
from .listing import Filters, Listing, pages
from .plan import Plan, log
from .presence import moment
from .privacy import Privacy
from .rows import RowMaker
from .sweep import Sweep, Unplaced, side_by_side
from .watermark import Watermark
from .windows import first_windows


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


class Reading:
    """Reads what a question asks for. `state` describes what it has handed on so far.

    Args:
        question: what to read.
        state: what an earlier reading left.
        client: whom to ask; it is closed when the reading ends.
        row_maker: makes rows of records.
        privacy: says what of a record may be stored.
    """

    def __init__(
        self,
        question: Question,
        state: Mapping[str, Any],
        client: PartnerCentral,
        row_maker: RowMaker,
        privacy: Privacy,
    ) -> None:
        self._cursor = Cursor.load(state)
        interrupted = state.get("backfill")
        self._backfill = Backfill.load(interrupted) if interrupted else None
        self._question = question
        self._client = client
        self._changes = Changes({} if question.full else self._cursor.seen)
        self._plan: Plan | None = None
        self._first = self._cursor.watermark is None and self._backfill is None
        self._began = moment(self._cursor.swept, self._backfill.listed_at if self._backfill else None)
        self._batch_maker = BatchMaker(row_maker, privacy, History(row_maker.model, self._began))
        self._lists(self._began, everything=False)
        full = question.full or (self._backfill is not None and self._backfill.full)
        client.tally.mode = "full" if full else "first" if self._cursor.watermark is None else "incremental"

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
            self._client.tally.complete = True
        finally:
            self._client.close()

    def _go_on(self, backfill: Backfill) -> Iterator[Batch]:
        """Finish the sweep that was interrupted; what remains is an increment behind it."""
        read = sum(window.records for window in backfill.windows)
        log.info("going on with the load that was interrupted, at %d of about %d records", read, backfill.about)
        self._changes.remember_from(floor_of(backfill.watermark, self._question.lookback))
        listing = self._question.all(backfill.modified_since)
        self._lists(backfill.listed_at or self._began, everything=backfill.listed_at is not None)
        yield from self._sweep_or_chain(backfill, listing, self._sample(listing))
        self._finish(backfill.watermark)
        self._question = replace(self._question, full=False, since=None)
        self._changes = Changes(self._cursor.seen)

    def _bring_up_to_date(self) -> Iterator[Batch]:
        """Read the listing newest first, in one chain; turn to a sweep when the first page shows that it is long."""
        listing = self._question.listing(self._cursor)
        watermark = Watermark(self._cursor.watermark)
        self._lists(self._began, everything=listing.is_everything)
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
                self._backfill.listed_at = self._listed_at if self._everything else None
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

    def _lists(self, at: datetime, *, everything: bool) -> None:
        """What is read from here on is listed as of a moment; whether it is all there is, or what changed."""
        self._listed_at, self._everything = at, everything

    def _finish(self, watermark: datetime | None) -> None:
        """Everything has been handed on: the cursor moves."""
        swept = self._everything and (self._question.full or watermark is not None)
        self._cursor = Cursor(watermark, self._changes.seen(), self._listed_at if swept else self._cursor.swept)
        self._backfill = self._plan = None
        self._client.tally.watermark = watermark

    def _batch(self, records: list[object]) -> Batch:
        batch = self._batch_maker.batch(records, self._changes, self._listed_at, everything=self._everything)
        batch.first, self._first = self._first, False
        self._client.tally.page(read=len(records), changed=len(batch.rows), rejected=len(batch.rejected))
        return batch
