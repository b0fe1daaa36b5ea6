"""How much there is to read, and how it lies over time: judged from a page or three."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from ..tables.rows import created_date, key_and_modified
from .partitions import Density
from .request import PAGE_SIZE

MAX_SEQUENTIAL_PAGES = 8
MOST_OF_A_CUSTOMER = 5
FEWEST = 25


def spans_many_pages(newest: Sequence[object], modified_since: datetime | None) -> bool:
    """Whether a listing may take more than a few pages, judged by how far back its first page reaches.

    Args:
        newest: the records of its first page, newest first.
        modified_since: where the listing ends; None for the beginning of time.
    """
    dates = [modified for _, modified in map(key_and_modified, newest) if modified is not None]
    if modified_since is None or not dates:
        return True
    return max(dates) - modified_since > MAX_SEQUENTIAL_PAGES * (max(dates) - min(dates))


def has_many_records(page: Sequence[object], sample: Sequence[object]) -> bool:
    """Whether a listing takes more than a few pages, judged by how few records of one page are in a sample.

    Two independent selections share about the product of their sizes over all there are, as in capture and recapture.
    """
    common = {key_and_modified(record)[0] for record in page} & {key_and_modified(record)[0] for record in sample}
    return len(common) * MAX_SEQUENTIAL_PAGES * PAGE_SIZE < len(page) * len(sample)


def estimate_density(sample: Iterable[object]) -> Density:
    """How records lie over CreatedDate, judged from pages sorted by customer.

    A page may be full of one customer, whose records came together: only a few of each customer count, unless hardly
    any others are there.
    """
    seen: Counter[str] = Counter()
    everything, spread = [], []
    for record in sample:
        if (date := created_date(record)) is None:
            continue
        everything.append(date)
        customer = _customer(record)
        seen[customer] += 1
        if seen[customer] <= MOST_OF_A_CUSTOMER:
            spread.append(date)
    return Density(spread if len(spread) >= FEWEST else everything)


def _customer(record: object) -> str:
    """The customer's name, as far as the record has one."""
    for member in ("Customer", "Account", "CompanyName"):
        record = record.get(member) if isinstance(record, dict) else None
    return str(record)
