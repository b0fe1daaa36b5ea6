"""Records that cannot be rows are not forgotten: a later version tries them again, and many at once hold the cursor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from ..metrics import SyncMetrics
from .checkpoint import Counts
from .state import State
from .state_parts import RejectedRange

FEWEST, SHOWN = 10, 3


class Rejections:
    """Keeps account of rejected records in the state.

    Args:
        state: where they are kept.
        metrics: where they are counted.
        most: share of the records read, 0 to 1, that may be rejected while the cursor moves.
        version: gives the version of this program; it is asked only when something was rejected.
    """

    def __init__(self, state: State, metrics: SyncMetrics, most: float, version: Callable[[], str]) -> None:
        self._state = state
        self._metrics = metrics
        self._most = most
        self._version = version

    def again(self) -> RejectedRange | None:
        """Returns what another version rejected, so that it is tried again."""
        rejected = self._state.rejected
        return rejected if rejected is not None and rejected.by != self._version() else None

    def are_read_from(self, modified_since: datetime | None) -> None:
        """Everything modified since then is read again: what is rejected once more is noted again."""
        rejected = self._state.rejected
        if rejected is None or modified_since is None or (rejected.since and modified_since <= rejected.since):
            self._state.rejected = None

    def note(self, rejections: Iterable[tuple[str, datetime | None]]) -> None:
        """Note records that were rejected: why, and their LastModifiedDate."""
        for _, modified in rejections:
            before = self._state.rejected
            self._state.rejected = before.and_also(modified) if before else RejectedRange(self._version(), modified)

    def too_many(self, counts: Counts) -> str | None:
        """A sentence that names what did not fit, if a reading rejected so much that the cursor must not move."""
        rejected, read = counts.rejected, counts.rejected + counts.changed
        if rejected < FEWEST or rejected <= self._most * read:
            return None
        reasons = Counter(counts.reasons).most_common(SHOWN)
        return (
            f"{rejected:,} of {read:,} records could not become rows: "
            + "; ".join(f"{reason} ({count:,})" for reason, count in reasons)
            + ". The others are loaded. The cursor stays where it was, so that a version that understands them reads "
            "them again (setting most_rejected)."
        )
