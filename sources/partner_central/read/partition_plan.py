"""The plan of a parallel read: who reads which partition, when one is split, what is left. It makes no call.

What it decides goes to the log `partner_central.plan`, which explains a run afterwards.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .density import Density
from .partitions import Partition
from .timestamps import SECOND, cut_before, second_of

FEWEST_RECORDS = 400
COARSE = 1000
PARTS = 2
SECONDS_TWICE = 3  # at a cut, for as long in CreatedDate some records are listed twice, or come with what is next
PACE_TOLD = 30  # records per second; of a faster pace, dates of whole seconds tell little
log = logging.getLogger("partner_central.plan")


@dataclass(slots=True)
class _WorkerProgress:
    """The progress of the worker that reads a partition.

    Attributes:
        partition: what it reads.
        reached: CreatedDate of the last record it got; never before its partition, though it lists a second more. That
            of a crowd stays at its start.
        per_second: records per second of CreatedDate over its last page; None before the second page.
        workers: how many read it: two, if it is a crowd.
    """

    partition: Partition
    reached: datetime | None
    pages: int = 0
    records: int = 0
    per_second: float | None = None
    workers: int = 1

    def advance(self, dates: Sequence[datetime]) -> None:
        """Note a page with records created then."""
        self.pages += 1
        self.records += len(dates)
        latest = max(dates, default=None)
        if latest is None or (self.reached is not None and latest <= self.reached):
            return
        if self.reached is not None and (span := latest - min(dates)):
            self.per_second = len(dates) / span.total_seconds()
        self.reached = latest

    def listed_twice(self) -> float:
        """About how many records a cut costs; never so many that a thousand more are not worth it."""
        return min(SECONDS_TWICE * (self.per_second or 0.0), COARSE - FEWEST_RECORDS)


class PartitionPlan:
    """Partitions and their readers, who may be threads.

    Args:
        partitions: all partitions; finished ones stay finished.
        density: how records lie over CreatedDate.
        latest: hardly a record was created after this.
    """

    def __init__(self, partitions: Iterable[Partition], density: Density, latest: datetime) -> None:
        self._lock = threading.RLock()
        self._partitions = list(partitions)
        self._density = density
        self._latest = latest
        waiting = [one for one in self._partitions if not one.done for _ in range(1 if one.ends is None else 2)]
        self._waiting = sorted(waiting, key=lambda partition: -density.share_of_second(partition.start))
        self._active: dict[int, _WorkerProgress] = {}
        self._abandoned: list[_WorkerProgress] = []
        self._read = sum(partition.records for partition in self._partitions)
        log.info("%d partitions are to be read: %s", len(self._unread()), ", ".join(map(str, self._unread())))

    def next_partition(self) -> Partition | None:
        """A partition for a reader: one nobody reads, or the later part of one somebody does; None if not worth it.

        A crowd is given to two readers.
        """
        with self._lock:
            partition = self._waiting.pop(0) if self._waiting else self._split()
            if partition is not None and (progress := self._active.get(id(partition))):
                progress.workers += 1
            elif partition is not None:
                self._active[id(partition)] = _WorkerProgress(partition, partition.position or partition.start)
            return partition

    def page_received(self, partition: Partition, dates: Sequence[datetime]) -> tuple[datetime | None, datetime | None]:
        """Notes a page with records created then; returns how far the partition has come, and its end now."""
        with self._lock:
            progress = self._active[id(partition)]
            progress.advance(dates)
            self._read += len(dates)
            return progress.reached, partition.end

    def crowd_page_received(self, partition: Partition, records: int) -> None:
        """Notes a page of a crowd, which is not read in the order of CreatedDate."""
        with self._lock:
            progress = self._active[id(partition)]
            progress.pages += 1
            progress.records += records
            self._read += records

    def worker_finished(self, partition: Partition, *, complete: bool) -> None:
        """The reader of a partition has ended: with its last page, or because reading is stopped."""
        with self._lock:
            progress = self._active[id(partition)]
            progress.workers -= 1
            if progress.workers:
                return
            del self._active[id(partition)]
            if complete:
                self._waiting = [waiting for waiting in self._waiting if waiting is not partition]
            else:
                self._abandoned.append(progress)
        how = "is read" if complete else "is left unfinished"
        log.info("%s %s: %d pages, %d records", partition, how, progress.pages, progress.records)

    def snapshot(self) -> list[Partition]:
        """All partitions as they are now."""
        with self._lock:
            return [replace(partition) for partition in self._partitions]

    def total(self) -> float:
        """About how many records there are in all: those read, over the share of the sample that lies in them.

        Where many share a second, nothing tells how many of them are left: these count as read with their first page.
        """
        with self._lock:
            begun = [*self._active.values(), *self._abandoned]
            dated = [one for one in begun if one.partition.ends is None or not one.pages]
            unread = [(progress.reached, progress.partition.end) for progress in dated]
            unread += [(partition.position or partition.start, partition.end) for partition in self._unread()]
            share = 1 - sum(self._density.share(after, until) for after, until in unread)
            return self._read / max(share, 0.01)

    def _unread(self) -> list[Partition]:
        """Returns the partitions that nobody has begun to read, each once."""
        return list({id(one): one for one in self._waiting if id(one) not in self._active}.values())

    def _split(self) -> Partition | None:
        """Give away the later part of the partition with the most left to read, as far as a cut does not cost that."""
        total = self.total()
        by_date = [progress for progress in self._active.values() if progress.partition.ends is None]
        rests = [(self._rest(progress, total), progress) for progress in by_date]
        for rest, progress in sorted(rests, key=lambda item: item[1].listed_twice() - item[0]):
            if rest - progress.listed_twice() < FEWEST_RECORDS:
                return None
            partition = progress.partition
            if cut := self._middle(progress, rest):
                later = Partition(cut, partition.end)
                log.info("%s has about %d records left: %s is split off", partition, rest, later)
                partition.end = cut
                self._partitions.append(later)
                return later
        return None

    def _rest(self, progress: _WorkerProgress, total: float) -> float:
        """Records still to read, as far as can be judged: by the sample; where that is coarse, by the last page.

        The last page is trusted for as many records again as were read. Where it tells a pace, a single record of the
        sample does not count: of a hundred thousand, it stands for a thousand, and is there by chance.
        """
        end = progress.partition.end or self._latest
        by_sample = self._density.share(progress.reached, end) * total
        pace = progress.per_second
        if progress.reached is None or pace is None:
            return by_sample
        by_page = min(pace * max(0.0, (end - progress.reached).total_seconds()), max(COARSE, progress.records))
        if pace < PACE_TOLD and self._density.count(progress.reached, end) < PARTS:
            return by_page
        return by_sample if by_sample > COARSE else max(by_sample, by_page)

    def _middle(self, progress: _WorkerProgress, rest: float) -> datetime | None:
        """Returns where half of the rest may be read, by the sample; by the last page if the sample says nothing.

        The later half is asked for from the second before it, which must not be one that is being read: it may be long.
        """
        reached, end = progress.reached, progress.partition.end or self._latest
        if reached is None or reached >= end:
            return None
        if self._density.count(reached, end) >= PARTS or progress.per_second is None:
            middles = self._density.cuts(reached, end, PARTS)
        else:
            ahead = min((end - reached).total_seconds(), max(2.0, rest / PARTS / progress.per_second))
            middles = [cut] if (cut := cut_before(reached + timedelta(seconds=ahead))) else []
        return next((cut for cut in middles if second_of(reached) + SECOND < cut < end), None)
