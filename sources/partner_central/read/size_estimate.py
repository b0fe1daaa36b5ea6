"""Estimates how many records there are and how they are spread over time, from a page or three."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..tables.table import Path
from .density import Density
from .request import ListRequest

MAX_SEQUENTIAL_PAGES = 8
MOST_OF_A_GROUP = 5
FEWEST = 25


def spans_many_pages(newest: Sequence[object], listing: ListRequest) -> bool:
    """Returns whether a listing may take more than a few pages, judged by how far back its first page reaches.

    Args:
        newest: the records of its first page, newest first.
        listing: the listing.
    """
    dates = [date for date in map(listing.stream.members.modified_date, newest) if date is not None]
    modified_since = listing.modified_since
    if modified_since is None or not dates:
        return True
    return max(dates) - modified_since > MAX_SEQUENTIAL_PAGES * (max(dates) - min(dates))


def has_many_records(page: Sequence[object], sample: Sequence[object], listing: ListRequest) -> bool:
    """Returns whether a listing takes more than a few pages, judged by how few records of one page are in a sample.

    Two independent selections share about the product of their sizes over all there are, as in capture and recapture.
    """
    key_of = listing.stream.members.key_of
    common = {*map(key_of, page)} & {*map(key_of, sample)}
    return len(common) * MAX_SEQUENTIAL_PAGES * listing.stream.operation.page_size < len(page) * len(sample)


def estimate_density(sample: Iterable[object], listing: ListRequest) -> Density:
    """Estimates how records are spread over their dates of creation, from pages in another order, such as by customer.

    A page may be full of one customer, whose records came together. Only a few of each customer count, unless hardly
    any others are there. Where many came within one second is seen from all of them.
    """
    members, spread_by = listing.stream.members, listing.stream.read.backfill.spread_by
    seen: Counter[str] = Counter()
    everything, spread = [], []
    for record in sample:
        if (date := members.created_date(record)) is None:
            continue
        everything.append(date)
        group = _value_at(record, spread_by)
        seen[group] += 1
        if seen[group] <= MOST_OF_A_GROUP:
            spread.append(date)
    return Density(spread if len(spread) >= FEWEST else everything, everything)


def _value_at(record: object, path: Path) -> str:
    """The value at a path, as far as the record has one."""
    for member in path:
        record = record.get(member) if isinstance(record, dict) else None
    return str(record)
