"""Reads the partitions of a plan side by side, and hands their pages to one consumer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from ..errors import PaginationError
from .both_ends import BothEnds
from .capped_listing import ListedPage, pages_past_caps
from .created_dates import created_dates
from .keyset import keyset_pages
from .pages import Order, Page
from .partition_plan import PartitionPlan, log
from .partitions import EndPage, Partition, PartitionPage
from .request import ListRequest
from .timestamps import second_of

PAGES_AHEAD = 64


class ParallelReader:
    """Reads a plan with as many threads as the quota can keep busy.

    Args:
        plan: what is to be read.
        listing: what to ask for within each partition.
        ask: asks for one page; called from several threads.
        readers: how many of them the quota and the latency can keep busy now.
    """

    def __init__(
        self,
        plan: PartitionPlan,
        listing: ListRequest,
        ask: Callable[[Mapping[str, Any]], Page],
        readers: Callable[[], int],
    ) -> None:
        self._plan = plan
        self._listing = listing
        self._members = listing.stream.members
        self._ask = ask
        self._readers = readers
        self._lock = threading.Lock()
        self._crowds: dict[int, BothEnds] = {}
        self._parts: queue.Queue[PartitionPage | None] = queue.Queue(PAGES_AHEAD)
        self._active = 0
        self._is_started = False
        self._failure: BaseException | None = None
        self._abandoned = False

    def parts(self) -> Generator[PartitionPage]:
        """Pages of all partitions, in the order they arrive; those of one partition in order.

        When a reader fails, the others end with the page they are at, and the failure is raised behind all pages.

        Raises:
            PartnerCentralError: a partition could not be read to its end.
            MissingPartitionDate: a record has no CreatedDate, or a page is not in its order.
        """
        self.start()
        try:
            while (part := self._parts.get()) is not None:
                yield self._without_repeats(part)
        finally:
            self.close()
        if self._failure is not None:
            raise self._failure

    @property
    def pages_waiting(self) -> int:
        """About how many pages were read that nobody has taken."""
        return self._parts.qsize()

    def start(self) -> None:
        """Begin to read, as far as pages are kept until they are taken; does nothing the second time."""
        if not self._is_started:
            self._is_started = True
            self._start_workers()

    def close(self) -> None:
        """Stop reading."""
        self._abandoned = True

    def _start_workers(self) -> None:
        """Start readers while there is something to read and the quota has room for them."""
        with self._lock:
            try:
                while (
                    not self._ends() and self._active < self._readers() and (partition := self._plan.next_partition())
                ):
                    threading.Thread(target=self._run, args=(partition,), daemon=True).start()
                    self._active += 1
            except Exception as error:  # noqa: BLE001 - raised again by the consumer
                self._failure = self._failure or error
            over = not self._active
        if over:
            self._put(None)

    def _run(self, partition: Partition) -> None:
        """Read one partition; another reader takes its place."""
        complete = False
        try:
            complete = self._read(partition)
        except BaseException as error:  # noqa: BLE001 - raised again by the consumer
            self._failure = self._failure or error
        self._plan.worker_finished(partition, complete=complete)
        with self._lock:
            self._active -= 1
        self._start_workers()

    def _read(self, partition: Partition) -> bool:
        """Read a partition page by page, or one end of a crowd, and say whether to its end."""
        if self._listing.filters.records_can_leave:
            parts = self._keyset_parts(partition)
        elif partition.ends is not None or id(partition) in self._crowds:
            parts = self._crowd_parts(partition)
        else:
            parts = self._token_parts(partition)
        for part in parts:
            self._put(part)
            if part.last or (self._ends() and not self._is_crowd_read(partition)):
                return part.last
            self._start_workers()
        return True

    def _token_parts(self, partition: Partition) -> Iterator[PartitionPage]:
        """The parts of a partition that no record leaves."""
        came = partition.position
        order: Order | None = None
        for page, listed_from, shown in self._pages(partition):
            order = order or Order(self._members.created_date, descending=False)
            dates = created_dates(page, self._members, order)
            order = order if page.next_token else None  # behind the last page of a listing another one may follow
            before, (came, end) = came, self._plan.page_received(partition, dates)
            span = Partition(partition.start, end)
            inside = [record for record, date in zip(page.records, dates, strict=True) if span.holds(date)]
            last = page.next_token is None or any(map(span.is_past, dates))
            is_one_second = before is not None and came is not None and second_of(before) == second_of(came)
            token = (page.next_token or None) if is_one_second and not last else None
            listed = (listed_from, shown) if token else (None, None)
            yield PartitionPage(partition, inside, came, last, token, *listed)

    def _crowd_parts(self, partition: Partition) -> Iterator[PartitionPage]:
        """The parts of one end of a crowd. The worker that is the last to leave says that it is read, or reads it all.

        By then the pages of the other one have been handed on.
        """
        with self._lock:
            crowd = self._crowds.setdefault(id(partition), BothEnds(partition, self._listing, self._ask))
        if (end := crowd.take()) is None:
            return
        failure: Exception | None = None
        try:
            for page in crowd.pages(end):
                dates = created_dates(page, self._members)
                self._plan.crowd_page_received(partition, len(page.records))
                records, position = crowd.receive(end, page, dates)
                yield PartitionPage(partition, records, None, last=False, of_end=EndPage(end, position))
        except Exception as error:  # noqa: BLE001 - the other one may have read the rest meanwhile
            failure = error
        outcome = crowd.leave()
        if outcome == "is read":
            yield PartitionPage(partition, [], partition.end, last=True, is_page=False)
        elif failure is not None:
            raise failure
        elif outcome == "is refused":
            log.info("%s is not read from both ends: %s", partition, crowd.refusal)
            yield PartitionPage(partition, [], None, last=False, is_page=False)  # a later run reads it by date, too
            yield from self._token_parts(partition)

    def _keyset_parts(self, partition: Partition) -> Iterator[PartitionPage]:
        """The parts of a partition that records may leave; each page of dates is the first of a listing of its own."""
        listing = self._listing.oldest_first(partition.listed_from if partition.crowd else partition.request_from())
        came = partition.position
        for step in keyset_pages(listing, self._ask, partition.crowd):
            dates = created_dates(step.page, self._members, Order(self._members.created_date, descending=False))
            _, end = self._plan.page_received(partition, dates)
            span = Partition(partition.start, end)
            inside = [record for record, date in zip(step.page.records, dates, strict=True) if span.holds(date)]
            came = step.reached or came
            last = step.last or (step.reached is not None and span.is_past(step.reached))
            yield PartitionPage(
                partition, inside, came, last, listed_from=step.listed_from if step.crowd else None, crowd=step.crowd
            )

    def _pages(self, partition: Partition) -> Iterator[ListedPage]:
        """The pages of a partition from where it has come to. A token that is no longer accepted is done without."""
        if partition.token is not None:
            listing = self._listing.oldest_first(partition.listed_from)
            continued = pages_past_caps(
                listing, self._ask, partition.token, shown=partition.shown, reached=partition.position
            )
            try:
                first = next(continued)
            except PaginationError:
                pass
            else:
                yield first
                yield from continued
                return
        yield from pages_past_caps(self._listing.oldest_first(partition.request_from()), self._ask)

    def _is_crowd_read(self, partition: Partition) -> bool:
        """Returns whether this is a crowd whose readers have met."""
        return id(partition) in self._crowds and self._crowds[id(partition)].is_read

    def _without_repeats(self, part: PartitionPage) -> PartitionPage:
        """A part without the records that the other end of its crowd has handed on."""
        if part.of_end is None:
            return part
        crowd = self._crowds[id(part.partition)]
        return part._replace(records=crowd.without_repeats(part.of_end.number, part.records))

    def _ends(self) -> bool:
        """Returns whether no more is to be asked for."""
        return self._abandoned or self._failure is not None

    def _put(self, part: PartitionPage | None) -> None:
        """Hand a part on; wait while the consumer is behind."""
        while not self._abandoned:
            try:
                self._parts.put(part, timeout=0.2)
            except queue.Full:
                continue
            else:
                return
