"""Reads what changed since the last run, from the cursor to rows and to the next cursor.

A short increment is read newest first. A first load, a full one or a long increment is read in partitions of
CreatedDate, after a watermark was taken; its state says how far it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

from ..api.client import PartnerCentral
from ..errors import CallBudgetExhausted, PaginationError, RequestInvalid
from ..tables.history import History
from ..tables.pii import PiiPolicy
from ..tables.presence import now
from ..tables.row_batch import RowBatchBuilder, TableRows
from ..tables.row_version import version_of
from ..tables.rows import RowMaker
from .checkpoint import Checkpoint
from .pages import Page, page_call
from .partition_plan import PartitionPlan, log
from .partitions import first_partitions
from .progress import Progress
from .read_options import ReadOptions
from .request import ListRequest
from .sampling import Sampler
from .sequential import SequentialReader
from .size_estimate import MAX_SEQUENTIAL_PAGES, estimate_density
from .state import State
from .state_parts import StoredCounters
from .until_stable import StableRead, pages_until_stable
from .workers import MissingPartitionDate, ParallelReader

CONFIRMATIONS = 6
TOO_FEW_CALLS = (
    "What was read is loaded, but records keep leaving a part of the list that must be read in one run. That takes "
    "{:,} calls."
)


class IncrementalReader:
    """Reads what a question asks for. `state` describes what it has handed on so far.

    Args:
        question: what to read.
        filter_set: the name of its filters.
        state: the whole state that earlier readings left.
        client: whom to ask; it is closed when the reading ends.
        row_maker: makes rows of records.
        privacy: says what of a record may be stored.
        stored_counters: returns the numbers that the tables hold already.
    """

    def __init__(
        self,
        question: ReadOptions,
        filter_set: str,
        state: Mapping[str, Any],
        client: PartnerCentral,
        row_maker: RowMaker,
        privacy: PiiPolicy,
        stored_counters: Callable[[], StoredCounters] = StoredCounters,
    ) -> None:
        self._state = State(state, filter_set, stored_counters)
        self._interrupted = self._state.backfill
        self._client = client
        self._metrics = client.metrics
        self._call = page_call(client, question.stream.operation)
        self._metrics.begin_stream(question.stream.table)
        self._row_maker = row_maker
        self._plan: PartitionPlan | None = None
        self._first = self._state.cursor.watermark is None and self._state.backfill is None
        self._batch_maker = RowBatchBuilder(
            row_maker, privacy, History(row_maker, question.stream.history, now()), self._state.next_order
        )
        self._samples = Sampler(self._call, client.concurrency, client.metrics, self._state)
        self._progress = Progress(question, self._state, client.metrics, lambda: version_of(row_maker.model))

    @property
    def is_resumable(self) -> bool:
        """Returns whether a later run can continue from `state`, though not everything has been read."""
        backfill = self._state.backfill
        if backfill is None:
            return self._progress.is_finished
        is_resumable = self._plan is not None or backfill.token is not None or backfill.in_chain
        return is_resumable or backfill is not self._interrupted

    def state(self) -> dict[str, Any]:
        """The whole state, with the reading under way if there is one, JSON-ready."""
        if self._state.backfill is not None:
            if self._plan is not None:
                self._state.backfill.windows = self._plan.snapshot()
            self._state.backfill.seen |= self._progress.changes.seen()
        return self._state.dump() | {"members": self._row_maker.assigned_names}

    def batches(self) -> Generator[TableRows]:
        """Every page as a batch; a batch may be empty. Afterwards `state` is the next run's.

        Raises:
            PartnerCentralError: the listing could not be read to its end.
        """
        try:
            backfill = self._state.backfill
            if backfill is not None:
                yield from self._go_on(backfill)
                self._progress.went_on(backfill)
            yield from self._bring_up_to_date()
            self._progress.end()
        except CallBudgetExhausted as spent:
            self._progress.keep()
            self.state()
            if (needed := self._progress.calls_needed()) is not None:
                raise CallBudgetExhausted(f"{spent} {TOO_FEW_CALLS.format(needed)}") from spent
            raise
        finally:
            self._metrics.end_stream()
            self._client.close()

    def _go_on(self, backfill: Checkpoint) -> Iterator[TableRows]:
        """Finish the reading that was interrupted; what remains is an increment behind it."""
        read = sum(window.records for window in backfill.windows)
        log.info(
            "going on with the load that was interrupted, at %d of about %d records", read, backfill.estimated_records
        )
        if backfill.at is None and not backfill.windows and backfill.token is None:  # its first page is still to come
            self._progress.begin_anew(backfill)
            return
        self._progress.go_on(backfill)
        listing = self._progress.question.all(backfill.modified_since)
        if backfill.token is None:
            yield from self._sweep_or_chain(
                backfill, listing, self._samples.again(backfill, listing, self._progress.question)
            )
            return
        chain = SequentialReader(listing, self._call, backfill.token)
        try:
            yield from self._follow(chain, chain.pages(), backfill)
        except PaginationError as refusal:
            if chain.count:
                raise
            self._metrics.add_note(f"The load that was interrupted begins anew: {refusal}")
            self._progress.begin_anew(backfill)

    def _bring_up_to_date(self) -> Iterator[TableRows]:
        """Read what is asked for; then, behind a chain that lists everything, until nothing changed meanwhile."""
        for _ in range(CONFIRMATIONS):
            is_settled = yield from self._read_newest_first()
            if is_settled or self._state.unconfirmed is None:
                self._progress.confirm()
                return
            if self._state.is_new and self._metrics.mode != "full":  # nothing can be gone
                self._state.unconfirmed = None
                return
        self._progress.give_up_confirming()

    def _read_newest_first(self) -> Generator[TableRows, None, bool]:
        """Read what is new, in partitions if it is long. Returns whether nothing can have changed meanwhile."""
        if self._metrics.mass_rejected:
            return True
        listing = self._progress.listing()
        chain = SequentialReader(listing, self._call)
        pages = chain.pages()
        page = next(pages)
        if self._progress.is_ahead(page):
            return (yield from self._read_newest_first())
        backfill = self._progress.begin(listing, page)
        before = self._found()
        yield self._batch(page.records)
        is_behind = not page.records and page.next_token is not None
        if self._progress.is_up_to_date(is_new=is_behind or self._found() > before):
            return True
        if page.next_token is not None:
            can_leave = listing.filters.records_can_leave
            affordable = not can_leave or self._progress.question.can_sample
            sample = self._samples.of_many(listing, page) if self._found() > before and affordable else None
            if can_leave and sample is None:
                sample = self._samples.of_few(listing)
            if sample is not None or can_leave:
                yield from self._sweep_or_chain(backfill, listing, None if self._state.undated else sample)
                return False
        yield from self._follow(chain, pages, backfill)
        return chain.count == 1 or self._found() == before

    def _follow(self, chain: SequentialReader, pages: Iterator[Page], backfill: Checkpoint) -> Iterator[TableRows]:
        """Read what is left of a chain; once it is long, a later run can continue it."""
        for page in pages:
            self._progress.find_watermark(backfill, page)
            backfill.token = page.next_token
            if chain.count > MAX_SEQUENTIAL_PAGES:
                self._state.backfill = backfill
            yield self._batch(page.records)
        if not chain.is_in_order:
            self._metrics.add_note("A page was not in the order of LastModifiedDate: what is gone cannot be told.")
            backfill.number = None
        self._progress.finish(backfill, windows=False)

    def _sweep_or_chain(
        self, backfill: Checkpoint, listing: ListRequest, sample: list[object] | None
    ) -> Iterator[TableRows]:
        """Sweep; where that is not to be had, read one chain."""
        if sample is not None:
            try:
                yield from self._sweep(backfill, listing, sample)
            except (RequestInvalid, MissingPartitionDate) as reason:
                self._samples.in_one_chain(str(reason))
            else:
                self._plan = None
                self._progress.finish(backfill, windows=True)
                return
        self._state.backfill = self._plan = None
        self._progress.under_way, backfill.token, backfill.windows = backfill, None, []
        backfill.in_chain = True
        if not listing.filters.records_can_leave:
            chain = SequentialReader(listing, self._call)
            yield from self._follow(chain, chain.pages(), backfill)
            return
        readings = pages_until_stable(listing, self._call, backfill.settling or StableRead())
        for count, (page, settling) in enumerate(readings, start=1):
            if not settling.is_settled:
                backfill.settling = settling
            if count > MAX_SEQUENTIAL_PAGES:
                self._state.backfill = backfill
            yield self._batch(page.records)
        self._progress.finish(backfill, windows=False)

    def _sweep(self, backfill: Checkpoint, listing: ListRequest, sample: list[object]) -> Iterator[TableRows]:
        density = estimate_density(sample, listing)
        first = backfill.windows or first_partitions(density, self._client.concurrency())
        self._plan = plan = PartitionPlan(first, density, backfill.watermark or self._progress.listed.at)
        self._state.backfill, backfill.token = backfill, None
        sweep = ParallelReader(plan, listing, self._call, self._client.concurrency)
        with closing(sweep.parts()) as parts:
            for part in parts:
                part.window.mark_delivered(part)
                backfill.estimated_records = self._metrics.estimated_records = round(plan.total())
                yield self._batch(part.records)

    def _found(self) -> int:
        """Returns how many records were new."""
        return self._metrics.changed + self._metrics.rejected

    def _batch(self, records: list[object]) -> TableRows:
        batch = self._batch_maker.batch(records, self._progress.changes, self._progress.listed)
        self._progress.note(records, self._batch_maker.rejections, len(batch.rows))
        batch.first, self._first = self._first, False
        self._metrics.record_page(read=len(records), changed=len(batch.rows), rejected=len(batch.rejected))
        return batch
