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
from ..tables.pii import PiiPolicy
from ..tables.row_batch import RowBatchBuilder, TableRows
from ..tables.row_version import version_of
from ..tables.rows import RowMaker
from .checkpoint import Checkpoint
from .created_dates import MissingPartitionDate
from .pages import Page, page_call
from .partition_plan import PartitionPlan, log
from .partitions import first_partitions
from .progress import Progress
from .read_options import ReadOptions
from .request import ListRequest
from .sampling import Sampler
from .sequential import EARLY_END, SequentialReader
from .size_estimate import MAX_SEQUENTIAL_PAGES, estimate_density
from .state import State
from .state_parts import StoredCounters
from .until_stable import StableRead, pages_until_stable
from .workers import ParallelReader

CONFIRMATIONS = 6
TOO_FEW_CALLS = "What was read is loaded, but records keep leaving a part of the list. That takes {:,} calls of a run."


class IncrementalReader:
    """Reads the records of a stream; `state` describes what it has handed on so far.

    Args:
        options: what to read.
        filter_set: the name of its filters.
        state: the whole state that earlier readings left.
        client: it is closed when the reading ends.
        row_maker: makes rows of records.
        privacy: says what of a record may be stored.
        stored_counters: returns the numbers that the tables hold already.
    """

    def __init__(
        self,
        options: ReadOptions,
        filter_set: str,
        state: Mapping[str, Any],
        client: PartnerCentral,
        row_maker: RowMaker,
        privacy: PiiPolicy,
        stored_counters: Callable[[], StoredCounters] = StoredCounters,
    ) -> None:
        self._state = State(state, filter_set, stored_counters)
        self._interrupted = self._state.checkpoint
        self._client, self._metrics, self._row_maker = client, client.metrics, row_maker
        self._call = page_call(client, options.stream.operation)
        self._plan: PartitionPlan | None = None
        self._first = self._state.cursor.watermark is None and self._state.checkpoint is None
        self._batch_maker = RowBatchBuilder(row_maker, privacy, options.stream.history, self._state.next_order)
        self._samples = Sampler(self._call, client.concurrency, client.metrics, self._state)
        self._progress = Progress(options, self._state, client.metrics, lambda: version_of(row_maker.model))

    @property
    def is_resumable(self) -> bool:
        """Returns whether a later run can continue from `state`, though not everything has been read."""
        checkpoint = self._state.checkpoint
        if checkpoint is None:
            return self._progress.is_finished
        is_resumable = self._plan is not None or checkpoint.token is not None or checkpoint.is_sequential
        return is_resumable or checkpoint is not self._interrupted

    def state(self) -> dict[str, Any]:
        """The whole state, with the reading under way if there is one, JSON-ready."""
        if self._state.checkpoint is not None:
            if self._plan is not None:
                self._state.checkpoint.partitions = self._plan.snapshot()
            self._state.checkpoint.seen |= self._progress.changes.seen()
        return self._state.dump() | {"members": self._row_maker.assigned_names}

    def batches(self) -> Generator[TableRows]:
        """Every page as a batch; a batch may be empty. Afterwards `state` is the next run's.

        Raises:
            PartnerCentralError: the listing could not be read to its end.
        """
        try:
            checkpoint = self._state.checkpoint
            if checkpoint is not None:
                yield from self._continue(checkpoint)
                self._progress.end_resumed(checkpoint)
            yield from self._bring_up_to_date()
            self._progress.end()
        except CallBudgetExhausted as spent:
            self._progress.keep()
            self.state()
            if (needed := self._progress.calls_needed()) is not None:
                raise CallBudgetExhausted(f"{spent} {TOO_FEW_CALLS.format(needed)}") from spent
            raise
        finally:
            self._client.close()

    def _continue(self, checkpoint: Checkpoint) -> Iterator[TableRows]:
        """Finishes the reading that was interrupted; what remains is an increment after it."""
        log.info("continuing a load at %d of about %d records", checkpoint.handed_on, checkpoint.estimated_records)
        has_first_page = checkpoint.at is not None or checkpoint.partitions or checkpoint.token is not None
        if not has_first_page:
            self._progress.start_over(checkpoint)
            return
        self._progress.resume(checkpoint)
        listing = self._progress.options.all(checkpoint.modified_since)
        if checkpoint.token is None:
            sample = self._samples.again(checkpoint, listing, self._progress.options)
            yield from self._read_long_listing(checkpoint, listing, sample)
            return
        reader = SequentialReader(listing, self._call, checkpoint.token)
        try:
            yield from self._follow(reader, reader.pages(), checkpoint)
        except PaginationError as refusal:
            if reader.count:
                raise
            self._metrics.add_note(f"The load that was interrupted starts over: {refusal}")
            self._progress.start_over(checkpoint)

    def _bring_up_to_date(self) -> Iterator[TableRows]:
        """Reads the listing. After a sequential one that lists everything, reads until nothing changed meanwhile."""
        for _ in range(CONFIRMATIONS):
            is_settled = yield from self._read_newest_first()
            if is_settled or self._state.unconfirmed is None:
                self._progress.confirm()
                return
            if self._state.is_new and self._metrics.current.mode != "full":  # nothing can be gone
                self._state.unconfirmed = None
                return
        self._progress.give_up_confirming()

    def _read_newest_first(self) -> Generator[TableRows, None, bool]:
        """Reads what is new, in partitions if it is long; returns whether nothing can have changed meanwhile."""
        if self._metrics.current.mass_rejected:
            return True
        listing = self._progress.listing()
        reader = SequentialReader(listing, self._call)
        pages = reader.pages()
        page = next(pages)
        if self._progress.is_ahead(page) or self._progress.is_due_whole(page):
            return (yield from self._read_newest_first())
        checkpoint = self._progress.begin(listing, page)
        if not reader.is_in_order:
            checkpoint.token = None  # a run that continues has not seen this page: it does not read on behind it
        before = self._found()
        yield self._batch(page.records)
        is_behind = not page.records and page.next_token is not None
        if self._progress.is_up_to_date(is_new=is_behind or self._found() > before):
            return True
        if page.next_token is not None:
            can_leave = listing.filters.records_can_leave
            affordable = not can_leave or self._progress.options.can_sample
            sample = self._samples.of_many(listing, page) if self._found() > before and affordable else None
            if can_leave and sample is None:
                sample = self._samples.of_few(listing)
            if sample is not None or can_leave:
                yield from self._read_long_listing(checkpoint, listing, None if self._state.undated else sample)
                return False
        yield from self._follow(reader, pages, checkpoint)
        return reader.count == 1 or self._found() == before

    def _follow(self, reader: SequentialReader, pages: Iterator[Page], checkpoint: Checkpoint) -> Iterator[TableRows]:
        """Reads what is left of a sequential listing; once it is long, a later run can continue it."""
        for page in pages:
            checkpoint.token = page.next_token
            if not reader.is_in_order:  # told now: another run may read the rest, and find that in order
                checkpoint.doubt(reader.doubt, self._metrics)
            if reader.count > MAX_SEQUENTIAL_PAGES:
                self._state.checkpoint = checkpoint
            yield self._batch(page.records)
        if reader.may_have_ended_early and not checkpoint.is_sequential:
            self._interrupted = None  # it has come further than the one that was continued, though no token says so
            yield from self._read_long_listing(checkpoint, reader.listing, self._samples.of_few(reader.listing))
            return
        checkpoint.doubt(reader.doubt, self._metrics)
        self._progress.finish(checkpoint, by_partitions=False)

    def _read_long_listing(
        self, checkpoint: Checkpoint, listing: ListRequest, sample: list[object] | None
    ) -> Iterator[TableRows]:
        """Reads in parallel; where that is not possible, one page after another."""
        if sample is not None:
            try:
                yield from self._read_in_parallel(checkpoint, listing, sample)
            except (RequestInvalid, MissingPartitionDate) as reason:
                self._samples.read_sequentially(str(reason))
            else:
                self._plan = None
                self._progress.finish(checkpoint, by_partitions=True)
                return
        self._state.checkpoint = self._plan = None
        self._progress.under_way, checkpoint.token, checkpoint.partitions = checkpoint, None, []
        checkpoint.is_sequential = True
        if not listing.filters.records_can_leave:
            reader = SequentialReader(listing, self._call)
            yield from self._follow(reader, reader.pages(), checkpoint)
            return
        readings = pages_until_stable(listing, self._call, checkpoint.stable_read or StableRead())
        for count, (page, stable_read) in enumerate(readings, start=1):
            if not stable_read.is_settled:
                checkpoint.stable_read = stable_read
            if count > MAX_SEQUENTIAL_PAGES:
                self._state.checkpoint = checkpoint
            yield self._batch(page.records)
        checkpoint.doubt(EARLY_END if stable_read.may_have_ended_early(listing) else None, self._metrics)
        self._progress.finish(checkpoint, by_partitions=False)

    def _read_in_parallel(
        self, checkpoint: Checkpoint, listing: ListRequest, sample: list[object]
    ) -> Iterator[TableRows]:
        density = estimate_density(sample, listing)
        first = checkpoint.partitions or first_partitions(
            density, self._client.concurrency(), both_ends=listing.can_be_by_key
        )
        self._plan = plan = PartitionPlan(first, density, checkpoint.watermark or self._progress.listed.at)
        self._state.checkpoint, checkpoint.token = checkpoint, None
        self._client.is_hurried = False
        with closing(ParallelReader(plan, listing, self._call, self._client.concurrency)) as reader:
            reader.start()
            yield TableRows()  # whoever reads ahead waits for no page
            for part in reader.parts():
                part.partition.mark_delivered(part)
                checkpoint.estimated_records = round(plan.total())
                self._metrics.estimate(checkpoint.estimated_records, pages_waiting=reader.pages_waiting)
                yield self._batch(part.records) if part.is_page else TableRows()

    def _found(self) -> int:
        """Returns how many records were new."""
        return self._metrics.current.changed + self._metrics.current.rejected

    def _batch(self, records: list[object]) -> TableRows:
        batch = self._batch_maker.batch(records, self._progress.changes, self._progress.listed)
        self._progress.note(records, self._batch_maker.rejections, batch.changed)
        batch.first, self._first = self._first, False
        self._metrics.record_page(read=len(records), changed=batch.changed, rejected=len(batch.rejected))
        return batch
