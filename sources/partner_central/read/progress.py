"""Tracks a reading, and decides what follows when it ends: the cursor, what is complete, what is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ..metrics import SyncMetrics
from ..tables.presence import ListingMark, now
from .changes import ChangeDetector, Cursor, read_from
from .checkpoint import Checkpoint
from .pages import Page
from .read_options import ReadOptions
from .rejections import Rejections
from .request import ListRequest
from .state import State
from .state_parts import FullListing, RejectedRange
from .watermark import lies_ahead, watermark_of


class Progress:
    """Decides what a reading has found out.

    Args:
        question: what is to be read.
        state: what is kept between runs.
        metrics: where the run is counted.
        version: gives the version of this program.

    Attributes:
        question: what is still to be read.
        changes: tells which records are new.
        listed: how records are listed now.
        under_way: the reading under way, to continue when calls are spent.
        is_finished: whether the cursor has moved.
    """

    def __init__(self, question: ReadOptions, state: State, metrics: SyncMetrics, version: Callable[[], str]) -> None:
        self.question = question
        self._members = question.stream.members
        self.under_way: Checkpoint | None = None
        self.is_finished = False
        self.listed = ListingMark(now(), state.begun)
        self._state = state
        self._metrics = metrics
        self._rejections = Rejections(state, metrics, question.most_rejected, version)
        self._saw_undated = state.undated and (state.backfill is not None or state.unconfirmed is not None)
        self._given_up: RejectedRange | None = None
        full = question.full or (state.backfill is not None and state.backfill.full)
        self._read_everything_that_was_lost()
        self._go_on_behind_what_was_answered()
        self._begin_anew_if_asked_otherwise()
        self.changes = self._changes()
        metrics.mode = "full" if full else "first" if state.cursor.watermark is None else "incremental"

    @property
    def _reads_anew(self) -> bool:
        """Returns whether records count as new that were seen before."""
        return self.question.full or self._again() is not None

    def _again(self) -> RejectedRange | None:
        """Returns what is to be tried again: what another version or a dropped reading rejected."""
        again, given_up = self._rejections.again(), self._given_up
        return again.and_also(given_up.since) if again and given_up else again or given_up

    def _changes(self) -> ChangeDetector:
        """Returns what tells new records, by what a reading saw that is continued, and by what earlier ones saw."""
        backfill, before = self._state.backfill, self._state.cursor.seen
        if self._reads_anew:
            before = {}
        elif backfill is not None:
            before = backfill.seen if backfill.anew else {**before, **backfill.seen}
        return ChangeDetector(before, self._members, self._state.elsewhere)

    def listing(self) -> ListRequest:
        """Returns what is to be listed next, newest first."""
        return self.question.listing(self._state.cursor, self._again())

    def is_ahead(self, page: Page) -> bool:
        """Returns whether the run would begin in the future of the service's clock; if so, the cursor is given up."""
        floor = read_from(self._state.cursor.watermark, self.question.lookback)
        if floor is None or page.served_at is None or floor <= page.served_at:
            return False
        self._metrics.add_note("The stored watermark is ahead of the service's clock: everything is read again.")
        self._state.cursor = Cursor()
        self.changes = self._changes()
        return True

    def begin(self, listing: ListRequest, page: Page) -> Checkpoint:
        """Begin a reading with its first page, newest first."""
        if lies_ahead(page, self._members):
            self._metrics.add_note(
                "A LastModifiedDate lies in the future of the service's clock: its record is loaded, and read again by "
                "every run until then."
            )
        anew = self._reads_anew
        if anew or self._state.cursor.watermark is None:
            self._rejections.are_read_from(listing.modified_since)
        lists_all = listing.is_everything and (self.question.full or bool(page.records))
        number = self._state.next_listing() if lists_all else None
        if lists_all:
            self._state.unconfirmed = None
        if self.question.full:
            self._state.answered = None
        self.listed = ListingMark(page.served_at or now(), self._state.begun, everything=listing.is_everything)
        self.under_way = Checkpoint(
            None,
            listing.modified_since,
            self.question.full,
            self.question.asked,
            token=None if listing.filters.records_can_leave else page.next_token,
            number=number,
            order=self._state.order,
            at=self.listed.at,
            anew=anew,
        )
        self.find_watermark(self.under_way, page)
        return self.under_way

    def go_on(self, backfill: Checkpoint) -> None:
        """Continue with a reading that was interrupted."""
        self.under_way = backfill
        self.changes.keep_from(read_from(backfill.watermark, self.question.lookback))
        self.listed = ListingMark(now(), self._state.begun, everything=backfill.number is not None)

    def begin_anew(self, backfill: Checkpoint) -> None:
        """Give up a reading that was interrupted; what it was asked for is asked again."""
        self._state.backfill = None
        self._given_up = RejectedRange("", backfill.modified_since) if backfill.anew else None
        self.under_way = Checkpoint(None, backfill.modified_since, backfill.full, backfill.asked, anew=backfill.anew)
        self.question = replace(self.question, full=self.question.full or backfill.full)
        self.changes = self._changes()

    def keep(self) -> None:
        """No call is left: the next run continues what is under way."""
        self._state.backfill = self._state.backfill or self.under_way

    def went_on(self, backfill: Checkpoint) -> None:
        """A reading that was interrupted has ended; where it found nothing new, only its first page can have by now."""
        found = backfill.counts.changed or backfill.counts.rejected
        self._state.looked = self.is_finished and backfill.number is None and not found

    def is_up_to_date(self, *, is_new: bool) -> bool:
        """Returns whether a first page shows nothing new, after a reading that found nothing new: that is the end."""
        looked, self._state.looked = self._state.looked and not self._reads_anew, False
        if looked and not is_new:
            self.under_way = None
            return True
        return False

    def calls_needed(self) -> int | None:
        """Calls of a run that surely comes to an end; None while nothing says that several runs do not."""
        backfill = self._state.backfill
        if backfill is None:
            return None
        settling = [backfill.settling, *(window.crowd for window in backfill.windows)]
        return max((calls for one in settling if one is not None and (calls := one.calls_needed())), default=None)

    def find_watermark(self, backfill: Checkpoint, page: Page) -> None:
        """Take the watermark from the first page that has one."""
        if backfill.watermark is None:
            backfill.watermark = watermark_of(page, self._state.cursor.watermark, self._members)
            self.changes.keep_from(read_from(backfill.watermark, self.question.lookback))

    def note(self, records: list[object], rejections: list[tuple[str, datetime | None]], changed: int) -> None:
        """Note a page: its records, what of it was rejected, and how many rows it gave."""
        self._rejections.note(rejections)
        if self.under_way is not None:
            self.under_way.counts.add(changed, [reason for reason, _ in rejections])
        self._saw_undated |= any(self._members.created_date(record) is None for record in records)
        self._state.undated |= self._saw_undated

    def finish(self, backfill: Checkpoint, *, windows: bool) -> None:
        """Everything has been handed on: the cursor moves, unless so much was rejected that it must not."""
        self._state.backfill = self.under_way = None
        if sentence := self._rejections.too_many(backfill.counts):
            self._metrics.mass_rejected, self._state.unconfirmed = sentence, None
            return
        self.is_finished = True
        self._state.whole, self._given_up = False, None
        if backfill.full:
            self._state.answered = backfill.asked
        self._state.cursor = Cursor(backfill.watermark, backfill.seen | self.changes.seen())
        self._metrics.watermark = backfill.watermark
        if backfill.number is not None and backfill.at is not None:
            self._state.unconfirmed = FullListing(backfill.number, backfill.order, backfill.at, windows)
            if windows:
                self.confirm()
        self.question = replace(self.question, full=False, since=None)
        self.changes = self._changes()

    def end(self) -> None:
        """Everything that was asked for has been read."""
        self._state.answered = None
        self._metrics.complete = self._metrics.mass_rejected is None

    def confirm(self) -> None:
        """A listing of everything is complete: what it does not hold is gone."""
        listing, self._state.unconfirmed = self._state.unconfirmed, None
        if listing is None:
            return
        self._state.complete, self._metrics.full_listing = listing, listing.number
        self._state.elsewhere.all_are_listed()
        if not listing.windows:
            self._state.undated = self._saw_undated

    def give_up_confirming(self) -> None:
        """A listing of everything was disturbed again and again."""
        self._state.unconfirmed = None
        self._metrics.add_note("Too much changed while everything was read: what is gone cannot be told this time.")

    def _read_everything_that_was_lost(self) -> None:
        """Wherever a first load was to begin: what tables held that were lost began elsewhere."""
        if self._state.whole and self.question.since is not None:
            self._metrics.add_note("What was lost is read again from the beginning; --since does not apply to that.")
            self.question = replace(self.question, since=None)

    def _begin_anew_if_asked_otherwise(self) -> None:
        """Drop an interrupted reading that another question began."""
        backfill = self._state.backfill
        if backfill is not None and not self.question.can_continue(backfill):
            self._metrics.add_note("The load that was interrupted had been asked for otherwise: it begins anew.")
            self.begin_anew(backfill)

    def _go_on_behind_what_was_answered(self) -> None:
        """Take a full load as read that an earlier run has read; only the increment behind it is missing."""
        if self.question.full and self.question.asked == self._state.answered:
            self.question = replace(self.question, full=False, since=None)
