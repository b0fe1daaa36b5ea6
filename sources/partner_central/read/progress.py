"""Tracks a reading, and decides what follows when it ends: the cursor, what is complete, what is tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ..metrics import SyncMetrics
from ..tables.presence import ListingMark, now
from .changes import ChangeDetector, Cursor, read_from
from .checkpoint import Checkpoint
from .listing_marks import ListingMarks
from .pages import Page
from .read_options import ReadOptions
from .rejections import Rejections
from .request import ListRequest
from .state import State
from .state_parts import FullListing, RejectedRange
from .watermark import LIES_AHEAD, lies_ahead, watermark_of


class Progress:
    """Decides what a reading has found out.

    Args:
        options: what is to be read.
        state: what is kept between runs.
        metrics: where the run is counted.
        version: gives the version of this program.

    Attributes:
        options: what is still to be read.
        changes: tells which records are new.
        listed: how records are listed now.
        under_way: the reading under way, to continue when calls are spent.
        is_finished: whether the cursor has moved.
    """

    def __init__(self, options: ReadOptions, state: State, metrics: SyncMetrics, version: Callable[[], str]) -> None:
        self.options = options
        self._members = options.stream.members
        self.under_way: Checkpoint | None = None
        self.is_finished = False
        self._marks = ListingMarks(options.stream, state)
        self.listed = ListingMark(now(), state.begun)
        self._state = state
        self._metrics = metrics
        self._rejections = Rejections(state, metrics, options.most_rejected, version)
        self._saw_undated = state.undated and (state.checkpoint is not None or state.unconfirmed is not None)
        self._given_up: RejectedRange | None = None
        full = options.full or (state.checkpoint is not None and state.checkpoint.full)
        self._read_everything_that_was_lost()
        self._skip_what_was_read_in_full()
        self._start_over_if_conditions_changed()
        self.changes = self._changes()
        metrics.current.mode = "full" if full else "first" if state.cursor.watermark is None else "incremental"

    @property
    def _starts_over(self) -> bool:
        """Returns whether records count as new that were seen before."""
        return self.options.full or self._again() is not None

    def _again(self) -> RejectedRange | None:
        """Returns what is to be tried again: what another version or a dropped reading rejected."""
        again, given_up = self._rejections.again(), self._given_up
        return again.and_also(given_up.since) if again and given_up else again or given_up

    def _changes(self) -> ChangeDetector:
        """Returns what tells new records, by what a reading saw that is continued, and by what earlier ones saw."""
        checkpoint, before = self._state.checkpoint, self._state.cursor.seen
        if self._starts_over:
            before = {}
        elif checkpoint is not None:
            before = checkpoint.seen if checkpoint.ignores_seen else {**before, **checkpoint.seen}
        return ChangeDetector(before, self._members, self._state.elsewhere)

    def listing(self) -> ListRequest:
        """Returns what is to be listed next, newest first."""
        return self.options.listing(self._state.cursor, self._again())

    def is_ahead(self, page: Page) -> bool:
        """Returns whether the run would begin in the future of the service's clock; if so, the cursor is given up."""
        floor = read_from(self._state.cursor.watermark, self.options.lookback)
        if floor is None or page.served_at is None or floor <= page.served_at:
            return False
        self._metrics.add_note("The stored watermark is ahead of the service's clock: everything is read again.")
        self._state.cursor = Cursor()
        self._begin_anew()
        return True

    def is_due_whole(self, page: Page) -> bool:
        """Returns whether everything is to be read again, by the service's clock; if so, that is what is read next."""
        if self.options.full or not self._marks.is_due_whole(page):
            return False
        self.options = replace(self.options, full=True)
        self._begin_anew()
        self._metrics.current.mode = "full"
        return True

    def _begin_anew(self) -> None:
        """Begins a reading of everything; the next run takes it up if no call is left for its first page."""
        self.changes = self._changes()
        self.under_way = Checkpoint(None, None, self.options.full, self.options.conditions)

    def begin(self, listing: ListRequest, page: Page) -> Checkpoint:
        """Begin a reading with its first page, newest first."""
        if lies_ahead(page, self._members):
            self._metrics.add_note(LIES_AHEAD)
        ignores_seen = self._starts_over
        if ignores_seen or self._state.cursor.watermark is None:
            self._rejections.are_read_from(listing.modified_since)
        lists_all = listing.is_everything and (self.options.full or bool(page.records))
        number = self._state.next_listing() if lists_all else None
        if lists_all:
            self._state.unconfirmed = None
        if self.options.full:
            self._state.answered = None
        at = page.served_at or now()
        self.listed = self._marks.of_new(at, everything=listing.is_everything, full=self.options.full)
        self.under_way = Checkpoint(
            None,
            listing.modified_since,
            self.options.full,
            self.options.conditions,
            token=None if listing.filters.records_can_leave else page.next_token,
            number=number,
            order=self._state.order,
            at=self.listed.at,
            ignores_seen=ignores_seen,
        )
        if not self._raise_watermark(self.under_way, page):
            self.under_way.watermark_until = page.served_at
        return self.under_way

    def resume(self, checkpoint: Checkpoint) -> None:
        """Continue with a reading that was interrupted."""
        self.under_way = checkpoint
        self.changes.keep_from(read_from(checkpoint.watermark, self.options.lookback))
        self.listed = self._marks.of_interrupted(checkpoint)

    def start_over(self, checkpoint: Checkpoint) -> None:
        """Give up a reading that was interrupted; what it was asked for is asked again."""
        self._state.checkpoint = None
        since, ignores_seen = checkpoint.modified_since, checkpoint.ignores_seen
        self._given_up = RejectedRange("", since) if ignores_seen else None
        self.under_way = Checkpoint(None, since, checkpoint.full, checkpoint.conditions, ignores_seen=ignores_seen)
        self.options = replace(self.options, full=self.options.full or checkpoint.full)
        self.changes = self._changes()

    def keep(self) -> None:
        """No call is left: the next run continues what is under way."""
        self._state.checkpoint = self._state.checkpoint or self.under_way

    def end_resumed(self, checkpoint: Checkpoint) -> None:
        """A reading that was interrupted has ended; where it found nothing new, only its first page can have by now."""
        found = checkpoint.counts.changed or checkpoint.counts.rejected
        self._state.looked = self.is_finished and checkpoint.number is None and not found

    def is_up_to_date(self, *, is_new: bool) -> bool:
        """Returns whether a first page shows nothing new, after a reading that found nothing new: that is the end."""
        looked, self._state.looked = self._state.looked and not self._starts_over, False
        if looked and not is_new:
            self.under_way = None
            return True
        return False

    def calls_needed(self) -> int | None:
        """Calls of a run that surely comes to an end; None while nothing says that several runs do not."""
        checkpoint = self._state.checkpoint
        if checkpoint is None:
            return None
        reads = [checkpoint.stable_read, *(partition.crowd for partition in checkpoint.partitions)]
        return max((calls for one in reads if one is not None and (calls := one.calls_needed())), default=None)

    def note(self, records: list[object], rejections: list[tuple[str, datetime | None]], changed: int) -> None:
        """Note a page: its records, what of it was rejected, and how many rows it gave."""
        self._rejections.note(rejections)
        if self.under_way is not None:
            self.under_way.counts.add(changed, [reason for reason, _ in rejections])
            if (until := self.under_way.watermark_until) is not None:
                self._raise_watermark(self.under_way, Page(records, None, until))
        self._saw_undated |= any(self._members.created_date(record) is None for record in records)
        self._state.undated |= self._saw_undated

    def _raise_watermark(self, checkpoint: Checkpoint, page: Page) -> bool:
        """Raise the watermark to what a page tells, if it tells any."""
        newest = watermark_of(page, self._members)
        dates = (newest, checkpoint.watermark, self._state.cursor.watermark)
        checkpoint.watermark = max(filter(None, dates), default=None)
        self.changes.keep_from(read_from(checkpoint.watermark, self.options.lookback))
        return newest is not None

    def finish(self, checkpoint: Checkpoint, *, by_partitions: bool) -> None:
        """Everything has been handed on: the cursor moves, unless so much was rejected that it must not."""
        self._state.checkpoint = self.under_way = None
        if sentence := self._rejections.too_many(checkpoint.counts):
            self._metrics.current.mass_rejected, self._state.unconfirmed = sentence, None
            return
        self.is_finished = True
        self._state.whole, self._given_up = False, None
        if checkpoint.full:
            self._state.answered = checkpoint.conditions
        self._state.cursor = Cursor(checkpoint.watermark, checkpoint.seen | self.changes.seen())
        self._marks.note_end(checkpoint)
        self._metrics.current.watermark = checkpoint.watermark
        if checkpoint.number is not None and checkpoint.at is not None:
            self._state.unconfirmed = FullListing(checkpoint.number, checkpoint.order, checkpoint.at, by_partitions)
            if by_partitions:
                self.confirm()
        self.options = replace(self.options, full=False, since=None)
        self.changes = self._changes()

    def end(self) -> None:
        """Everything that was asked for has been read."""
        self._state.answered = None
        self._metrics.current.complete = self._metrics.current.mass_rejected is None

    def confirm(self) -> None:
        """A listing of everything is complete: what it does not hold is gone."""
        listing, self._state.unconfirmed = self._state.unconfirmed, None
        if listing is None:
            return
        self._state.complete, self._metrics.current.full_listing = listing, listing.number
        self._state.elsewhere.all_are_listed()
        if not listing.by_partitions:
            self._state.undated = self._saw_undated

    def give_up_confirming(self) -> None:
        """A listing of everything was disturbed again and again."""
        self._state.unconfirmed = None
        self._metrics.add_note("Too much changed while everything was read: what is gone cannot be told this time.")

    def _read_everything_that_was_lost(self) -> None:
        """Wherever a first load was to begin: what tables held that were lost began elsewhere."""
        if self._state.whole and self.options.since is not None:
            self._metrics.add_note("What was lost is read again from the beginning; --since does not apply to that.")
            self.options = replace(self.options, since=None)

    def _start_over_if_conditions_changed(self) -> None:
        """Drop an interrupted reading that another question began."""
        checkpoint = self._state.checkpoint
        if checkpoint is not None and not self.options.can_continue(checkpoint):
            self._metrics.add_note("The load that was interrupted had other options: it starts over.")
            self.start_over(checkpoint)

    def _skip_what_was_read_in_full(self) -> None:
        """Take a full load as read that an earlier run has read; only the increment behind it is missing."""
        if self.options.full and self.options.conditions == self._state.answered:
            self.options = replace(self.options, full=False, since=None)
