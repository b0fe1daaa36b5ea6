"""Reads the windows of a plan side by side, and hands their pages to one consumer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .client import Page
from .listing import Listing, pages
from .plan import Plan
from .rows import created
from .windows import Window

PAGES_AHEAD = 64


class Unplaced(Exception):
    """A record has no CreatedDate to go by, so no window can be known to hold all of its kind."""


def side_by_side(ask: Callable[[Mapping[str, Any]], Page], listings: Sequence[Listing]) -> list[Page]:
    """The first pages of several listings, asked for at the same time.

    Raises:
        PartnerCentralError: one of them could not be read.
    """
    answers: queue.SimpleQueue[Page | BaseException] = queue.SimpleQueue()

    def run(listing: Listing) -> None:
        try:
            answers.put(ask(listing.request()))
        except BaseException as error:  # noqa: BLE001 - raised again by the caller
            answers.put(error)

    for listing in listings:
        threading.Thread(target=run, args=(listing,), daemon=True).start()
    first_pages = []
    for answer in (answers.get() for _ in listings):
        if isinstance(answer, BaseException):
            raise answer
        first_pages.append(answer)
    return first_pages


@dataclass(frozen=True, slots=True)
class Part:
    """A page of a window: the records that belong to it, the CreatedDate it has reached, whether that was its last."""

    window: Window
    records: list[object]
    reached: datetime | None
    last: bool


class Sweep:
    """Reads a plan with as many threads as the quota can keep busy.

    Args:
        plan: what is to be read.
        listing: what to ask for within each window.
        ask: asks for one page; called from several threads.
        readers: how many of them the quota and the latency can keep busy now.
    """

    def __init__(
        self, plan: Plan, listing: Listing, ask: Callable[[Mapping[str, Any]], Page], readers: Callable[[], int]
    ) -> None:
        self._plan = plan
        self._listing = listing
        self._ask = ask
        self._readers = readers
        self._lock = threading.Lock()
        self._parts: queue.Queue[Part | None] = queue.Queue(PAGES_AHEAD)
        self._active = 0
        self._failure: BaseException | None = None
        self._abandoned = False

    def parts(self) -> Generator[Part]:
        """Pages of all windows, in the order they arrive; those of one window in order.

        When a reader fails, the others end with the page they are at, and the failure is raised behind all pages.

        Raises:
            PartnerCentralError: a window could not be read to its end.
            Unplaced: a record has no CreatedDate.
        """
        self._engage()
        try:
            while (part := self._parts.get()) is not None:
                yield part
        finally:
            self._abandoned = True
        if self._failure is not None:
            raise self._failure

    def _engage(self) -> None:
        """Start readers while there is something to read and the quota has room for them."""
        with self._lock:
            try:
                while not self._ends() and self._active < self._readers() and (window := self._plan.claim()):
                    threading.Thread(target=self._run, args=(window,), daemon=True).start()
                    self._active += 1
            except Exception as error:  # noqa: BLE001 - raised again by the consumer
                self._failure = self._failure or error
            over = not self._active
        if over:
            self._put(None)

    def _run(self, window: Window) -> None:
        """Read one window; another reader takes its place."""
        complete = False
        try:
            complete = self._read(window)
        except BaseException as error:  # noqa: BLE001 - raised again by the consumer
            self._failure = self._failure or error
        self._plan.left(window, complete=complete)
        with self._lock:
            self._active -= 1
        self._engage()

    def _read(self, window: Window) -> bool:
        """Read a window page by page, and say whether to its end."""
        for page in pages(self._listing.oldest_first(window.asked_from()), self._ask):
            dates = [date for date in map(created, page.records) if date is not None]
            if len(dates) < len(page.records):
                raise Unplaced("A record has no CreatedDate to go by.")
            reached, end = self._plan.arrived(window, dates)
            inside = [
                record
                for record, date in zip(page.records, dates, strict=True)
                if (window.start is None or date > window.start) and (end is None or date <= end)
            ]
            last = page.next_token is None or (end is not None and any(date > end for date in dates))
            self._put(Part(window, inside, reached, last))
            if last or self._ends():
                return last
            self._engage()
        return True

    def _ends(self) -> bool:
        """Whether no more is to be asked for."""
        return self._abandoned or self._failure is not None

    def _put(self, part: Part | None) -> None:
        """Hand a part on; wait while the consumer is behind."""
        while not self._abandoned:
            try:
                self._parts.put(part, timeout=0.2)
            except queue.Full:
                continue
            else:
                return
