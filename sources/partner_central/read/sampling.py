"""Looks at a few pages of a long listing, to decide whether it is read side by side, and how it is cut."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import RequestInvalid
from ..metrics import SyncMetrics
from .checkpoint import Checkpoint
from .concurrent_calls import in_order
from .created_dates import UNDATED, UNSORTED
from .pages import Call, Order, Page, pages
from .read_options import ReadOptions
from .request import ListRequest
from .size_estimate import has_many_records, spans_many_pages
from .state import State


class Sampler:
    """Takes samples of listings, where these may be read by CreatedDate.

    Args:
        call: requests one page.
        concurrency: returns how many calls in parallel are of use.
        metrics: where notes are kept.
        state: knows whether there are records without CreatedDate.
    """

    def __init__(self, call: Call, concurrency: Callable[[], int], metrics: SyncMetrics, state: State) -> None:
        self._call = call
        self._concurrency = concurrency
        self._metrics = metrics
        self._state = state
        self._is_refused = False

    def of_many(self, listing: ListRequest, page: Page) -> list[object] | None:
        """Samples of a listing that takes more than a few pages; None if it does not, or is read sequentially.

        Args:
            listing: newest first.
            page: its first page.
        """
        if not spans_many_pages(page.records, listing):
            return None
        if self._state.undated:
            self.read_sequentially(UNDATED)
            return None
        sample = self.of(listing)
        if sample is None or not has_many_records(page.records, sample, listing):
            return None
        return sample if self._has_dates(listing, sample) else None

    def of_few(self, listing: ListRequest) -> list[object] | None:
        """No samples, where a listing that is not many may be read by CreatedDate as well; None where it may not."""
        if self._state.undated or self._is_refused:
            return None
        return [] if self._has_dates(listing, []) else None

    def again(self, checkpoint: Checkpoint, listing: ListRequest, options: ReadOptions) -> list[object] | None:
        """Samples of a listing that is continued; None where it is read sequentially."""
        if checkpoint.is_sequential:
            return None
        if not checkpoint.partitions:
            return self.of_few(listing)
        return self.of(listing) if options.can_sample else []

    def of(self, listing: ListRequest) -> list[object] | None:
        """Records of a listing, nearly at random; None where the service does not give such orders."""
        try:
            requests = [one.request() for one in listing.samples()]
            sampled = list(in_order(requests, self._call, self._concurrency))
        except RequestInvalid as refusal:
            self.read_sequentially(str(refusal))
            return None
        return [record for page in sampled for record in page.records]

    def _has_dates(self, listing: ListRequest, sample: list[object]) -> bool:
        """Returns whether all records seem to have a CreatedDate, and to be sorted by it."""
        try:
            listed = pages(listing.youngest_first(), self._call)
            youngest = next(page for page in listed if page.records or page.next_token is None)
        except RequestInvalid as refusal:
            self.read_sequentially(str(refusal))
            return False
        if not Order(listing.stream.members.created_date, descending=True).holds(youngest):
            self.read_sequentially(UNSORTED)
            return False
        if any(listing.stream.members.created_date(record) is None for record in (*sample, *youngest.records)):
            self.read_sequentially(UNDATED)
            return False
        return True

    def read_sequentially(self, why: str) -> None:
        """Notes why a listing is read one page after another."""
        self._is_refused = True
        self._metrics.add_note(f"Reading one page after another, which takes longer: {why}")
