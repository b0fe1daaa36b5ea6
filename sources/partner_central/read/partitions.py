"""Partitions of CreatedDate. Plain data, without calls.

A partition lists in ascending CreatedDate from its start, without an upper filter, and stops a whole second past its
end. A service that orders dates as text puts `…00Z` after `…00.900Z`. CreatedDate never changes, so a record can enter
the listing, never leave it: under an offset token it may come twice, never be skipped. And the end may
move down while the partition is read, when another worker takes over the later part.

A crowd is a partition of a few seconds that no date cuts, and that two workers read (`both_ends.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from .density import Density
from .timestamps import MOMENT, from_text, moved, second_before, second_of, to_text
from .until_stable import StableRead


class End(NamedTuple):
    """The place that one of two listings of a crowd by key has come to: the token after its last page, the last key."""

    token: str | None = None
    key: str | None = None


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
        listed_from: the `AfterCreatedDate` of the listing that token belongs to, or that crowd.
        shown: how many records the listing of that token has shown; None where an earlier release did not count them.
        crowd: how far the readings of a crowd are, where records may leave the list.
        ends: how far the two listings of a crowd by key are, the ascending one first; None if it is listed by date.
    """

    start: datetime | None
    end: datetime | None
    position: datetime | None = None
    done: bool = False
    records: int = 0
    token: str | None = None
    listed_from: datetime | None = None
    shown: int | None = None
    crowd: StableRead | None = None
    ends: tuple[End, End] | None = None

    def mark_delivered(self, page: PartitionPage) -> None:
        """Note that a page was handed on."""
        self.records += len(page.records)
        self.position = page.reached
        self.done = page.last
        self.token, self.listed_from, self.shown, self.crowd = page.token, page.listed_from, page.shown, page.crowd
        self.ends = page.of_end.among(self.ends) if page.of_end and self.ends else None

    def request_from(self) -> datetime | None:
        """The `AfterCreatedDate` to list from: the whole second before the one that the next record can lie in.

        So it does not matter whether that is inclusive. Others may share the date that was reached, but none the start.
        None, for all of time, before the year 1000: botocore writes such years with fewer digits than ISO 8601 wants.
        """
        return second_before(self.position or (self.start and moved(self.start, MOMENT)))

    def holds(self, created: datetime) -> bool:
        """Returns whether a CreatedDate lies in this partition."""
        return (self.start is None or created > self.start) and (self.end is None or created <= self.end)

    def is_past(self, created: datetime) -> bool:
        """Returns whether a listing that has come to a CreatedDate is a whole second past the end."""
        return self.end is not None and second_of(created) > second_of(self.end)

    def __str__(self) -> str:
        return f"({to_text(self.start) or 'the beginning'}, {to_text(self.end) or 'now'}]"


class EndPage(NamedTuple):
    """The number of the listing of a crowd that a page is of, and the place that this listing has come to."""

    number: int
    end: End

    def among(self, ends: tuple[End, End]) -> tuple[End, End]:
        """Both ends, with this one as it is now."""
        return (ends[0], self.end) if self.number else (self.end, ends[1])


class PartitionPage(NamedTuple):
    """A page of a partition, or the news that it is read.

    Attributes:
        partition: whose page it is.
        records: of the partition.
        reached: the CreatedDate the partition has come to.
        last: whether that was its last page.
        token: see `Partition.token`.
        listed_from: see `Partition.listed_from`.
        shown: see `Partition.shown`.
        crowd: see `Partition.crowd`.
        of_end: the end that it is a page of, where two workers read the partition.
        is_page: whether it is one.
    """

    partition: Partition
    records: list[object]
    reached: datetime | None
    last: bool
    token: str | None = None
    listed_from: datetime | None = None
    shown: int | None = None
    crowd: StableRead | None = None
    of_end: EndPage | None = None
    is_page: bool = True


def first_partitions(density: Density, parts: int, *, both_ends: bool = False) -> list[Partition]:
    """Partitions over all of CreatedDate that hold about as many records each, and further ones for crowded seconds.

    Args:
        density: how records lie.
        parts: how many partitions, and readers.
        both_ends: whether a crowd may be listed by key.
    """
    crowds = density.crowds(parts) if both_ends else []
    cuts = {*density.cuts(None, None, parts), *density.hot_seconds(parts)}
    outside = [cut for cut in cuts if not any(start < cut < end for start, end in crowds)]
    bounds = [None, *sorted({*outside, *(bound for span in crowds for bound in span)}), None]
    return [Partition(*span, ends=(End(), End()) if span in crowds else None) for span in pairwise(bounds)]


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
            item |= {"token": partition.token, "asked": to_text(partition.listed_from), "shown": partition.shown}
        if partition.crowd is not None:
            item |= {"crowd": partition.crowd.dump(), "asked": to_text(partition.listed_from)}
        if partition.ends is not None:
            item["ends"] = [end._asdict() for end in partition.ends]
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
            item.get("shown"),
            StableRead.load(item.get("crowd")),
            _ends(item.get("ends")),
        )
        for item in state
    ]


def _ends(state: Iterable[Mapping[str, Any]] | None) -> tuple[End, End] | None:
    if state is None:
        return None
    low, high = (End(**end) for end in state)
    return low, high
