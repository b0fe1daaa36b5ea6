"""How much there is to read, judged from one page or two: whether one chain of pages will do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .listing import PAGE_SIZE
from .rows import identity

LONGEST_CHAIN = 8


def is_long(newest: Sequence[object], modified_since: datetime | None) -> bool:
    """Whether a listing may take more than a few pages, judged by how far back its first page reaches.

    Args:
        newest: the records of its first page, newest first.
        modified_since: where the listing ends; None for the beginning of time.
    """
    dates = [modified for _, modified in map(identity, newest) if modified is not None]
    if modified_since is None or not dates:
        return True
    return max(dates) - modified_since > LONGEST_CHAIN * (max(dates) - min(dates))


def is_many(one: Sequence[object], other: Sequence[object]) -> bool:
    """Whether a listing takes more than a few pages, judged by how few records two of its pages have in common.

    Two independent pages of a listing share about the square of a page's size over all there are, as in capture and
    recapture.
    """
    common = {identity(record)[0] for record in one} & {identity(record)[0] for record in other}
    return len(common) * LONGEST_CHAIN < PAGE_SIZE
