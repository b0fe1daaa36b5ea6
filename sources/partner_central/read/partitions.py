"""Partitions of CreatedDate, and how records lie over it. Plain data, without calls.

A partition lists in ascending CreatedDate from its start, without an upper filter, and stops a whole second past its
end. A service that orders dates as text puts `…00Z` after `…00.900Z`. CreatedDate never changes, so a record can enter
the listing, never leave it: under an offset token it may come twice, never be skipped. And the end may
move down while the partition is read, when another worker takes over the later part.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from .timestamps import from_text, to_text
from .until_stable import StableRead

SECOND = timedelta(seconds=1)
HOT_SECOND_RECORDS = 3
FOUR_DIGITS = 1000


@dataclass(slots=True)
class Partition:
    """CreatedDates after `start`, up to and including `end`; None is open.

    Attributes:
        start: where it begins.
        end: where it ends; it may move down.
        position: CreatedDate up to which its records have been handed on; None before its first page.
        done: whether all of them have.
        records: how many have.
        token: the token after the last page, if that was within one second, so that no date tells where to continue.
        asked: the `AfterCreatedDate` of the listing that token belongs to, or that crowd.
        crowd: how far the readings of a crowd are, where records may leave the list.
    """

    start: datetime | None
    end: datetime | None
    position: datetime | None = None
    done: bool = False
    records: int = 0
    token: str | None = None
    listed_from: datetime | None = None
    crowd: StableRead | None = None

    def mark_delivered(self, page: PartitionPage) -> None:
        """Note that a page was handed on."""
        self.records += len(page.records)
        self.position = page.reached
        self.done = page.last
        self.token, self.listed_from, self.crowd = page.token, page.listed_from, page.crowd

    def request_from(self) -> datetime | None:
        """The `AfterCreatedDate` to list from: a second early, so that it does not matter whether that is inclusive.

        None, for all of time, before the year 1000: botocore writes such years with fewer digits than ISO 8601 wants.
        """
        return second_before(self.position or self.start)

    def holds(self, created: datetime) -> bool:
        """Returns whether a CreatedDate lies in this partition."""
        return (self.start is None or created > self.start) and (self.end is None or created <= self.end)

    def is_past(self, created: datetime) -> bool:
        """Returns whether a listing that has come to a CreatedDate is a whole second past the end."""
        return self.end is not None and second_of(created) > second_of(self.end)

    def __str__(self) -> str:
        return f"({to_text(self.start) or 'the beginning'}, {to_text(self.end) or 'now'}]"


class PartitionPage(NamedTuple):
    """A page of a partition.

    Attributes:
        partition: whose page it is.
        records: of the partition.
        reached: the CreatedDate the partition has come to.
        last: whether that was its last page.
        token: see `Partition.token`.
        asked: see `Partition.asked`.
        crowd: see `Partition.crowd`.
    """

    partition: Partition
    records: list[object]
    reached: datetime | None
    last: bool
    token: str | None = None
    listed_from: datetime | None = None
    crowd: StableRead | None = None


class Density:
    """The spread of records over CreatedDate, estimated from a sample."""

    def __init__(self, sample: Iterable[datetime]) -> None:
        self._sample = sorted(sample)

    def share(self, after: datetime | None, until: datetime | None) -> float:
        """The share of all records created after one timestamp and until another, 0 to 1."""
        return self.count(after, until) / max(1, len(self._sample))

    def count(self, after: datetime | None, until: datetime | None) -> int:
        """Returns how many records of the sample were created after one timestamp and until another."""
        return len(self._between(after, until))

    def cuts(self, after: datetime | None, until: datetime | None, parts: int) -> list[datetime]:
        """Whole seconds that cut a span into `parts` of about as many records; fewer where records crowd one second.

        A cut lies a second before the record it is taken from. Many records may share that second, and the partition
        below the cut is not to list them as well.
        """
        inside = self._between(after, until)
        if len(inside) >= parts or after is None or until is None:
            chosen = [_moved(inside[len(inside) * part // parts], -SECOND) for part in range(1, parts) if inside]
        else:
            chosen = [after + (until - after) * part / parts for part in range(1, parts)]
        seconds = {timestamp.replace(microsecond=0) for timestamp in chosen if timestamp is not None}
        return sorted(cut for cut in seconds if (after is None or cut > after) and (until is None or cut < until))

    def hot_seconds(self) -> list[datetime]:
        """Cuts before the seconds that many records share: they can only be paged through, so a partition begins."""
        seconds = Counter(created.replace(microsecond=0) for created in self._sample)
        cuts = [_moved(second, -SECOND) for second, records in seconds.items() if records >= HOT_SECOND_RECORDS]
        return sorted(cut for cut in cuts if cut is not None)

    def share_of_second(self, cut: datetime | None) -> float:
        """The share of all records in the second behind a cut."""
        return 0.0 if cut is None else self.share(cut, _moved(cut, 2 * SECOND))

    def _between(self, after: datetime | None, until: datetime | None) -> list[datetime]:
        low = 0 if after is None else bisect_right(self._sample, after)
        high = len(self._sample) if until is None else bisect_right(self._sample, until)
        return self._sample[low:high]


def first_partitions(density: Density, parts: int) -> list[Partition]:
    """Partitions over all of CreatedDate that hold about as many records each, and further ones for crowded seconds."""
    cuts = sorted({*density.cuts(None, None, parts), *density.hot_seconds()})
    return [Partition(start, end) for start, end in zip([None, *cuts], [*cuts, None], strict=True)]


def dump(partitions: Iterable[Partition]) -> list[dict[str, Any]]:
    """Partitions as JSON-ready state, in order; finished neighbours are one."""
    state: list[dict[str, Any]] = []
    for partition in sorted(partitions, key=lambda partition: (partition.start is not None, partition.start)):
        item: dict[str, Any] = {
            "start": to_text(partition.start),
            "end": to_text(partition.end),
            "position": to_text(partition.position),
            "done": partition.done,
            "records": partition.records,
        }
        if partition.token is not None:
            item |= {"token": partition.token, "asked": to_text(partition.listed_from)}
        if partition.crowd is not None:
            item |= {"crowd": partition.crowd.dump(), "asked": to_text(partition.listed_from)}
        if state and partition.done and state[-1]["done"]:
            item |= {"start": state[-1]["start"], "records": state[-1]["records"] + partition.records}
            state[-1] = item
        else:
            state.append(item)
    return state


def load(state: Iterable[Mapping[str, Any]]) -> list[Partition]:
    """Read what `dump` wrote."""
    return [
        Partition(
            from_text(item["start"]),
            from_text(item["end"]),
            from_text(item["position"]),
            item["done"],
            item["records"],
            item.get("token"),
            from_text(item.get("asked")),
            StableRead.load(item.get("crowd")),
        )
        for item in state
    ]


def second_before(timestamp: datetime | None) -> datetime | None:
    """The whole second before a timestamp, to list from; None where botocore does not write the year in four digits."""
    before = timestamp and _moved(second_of(timestamp), -SECOND)
    return before if before is not None and before.year >= FOUR_DIGITS else None


def second_of(timestamp: datetime) -> datetime:
    """The whole second a timestamp lies in."""
    return timestamp.replace(microsecond=0)


def _moved(timestamp: datetime, by: timedelta) -> datetime | None:
    """An earlier or later timestamp; None where that is outside the years 1 to 9999, so without a limit."""
    try:
        return timestamp + by
    except OverflowError:
        return None
