"""The mark that a reading leaves on each record that was listed, and when everything is to be read again.

Where a table of presence says what is listed, it carries the number of the newest full listing. Otherwise each row
carries the time at which the newest reading of everything began that had it, by the service's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ..stream import IncrementalStream
from ..tables.presence import ListingMark, now
from .checkpoint import Checkpoint
from .pages import Page
from .state import READ_WHOLE_AT, State
from .timestamps import from_text

MILLISECOND = timedelta(milliseconds=1)


def searched_at(state: Mapping[str, Any]) -> datetime | None:
    """Returns the mark of what the newest reading of everything had, also if that was nothing.

    Args:
        state: of a stream whose rows carry the mark.

    Returns:
        None if no reading came to its end, or found nothing and none before did.
    """
    return from_text(state.get("cursors", {}).get("all", {}).get(READ_WHOLE_AT))


class ListingMarks:
    """Makes the marks of a stream's records.

    Args:
        stream: what is read.
        state: what is kept between runs.
    """

    def __init__(self, stream: IncrementalStream, state: State) -> None:
        self._are_in_rows = stream.history is None
        self._whole_every = stream.read.whole_every
        self._state = state

    def of_new(self, at: datetime, *, everything: bool, full: bool) -> ListingMark:
        """The mark of a listing that begins now.

        Args:
            at: when, by the service's clock.
            everything: whether it lists everything there is.
            full: whether everything is read again.
        """
        before, begun = self._state.read_whole_at, self._state.begun
        if not self._are_in_rows:
            return ListingMark(at, begun, everything=everything)
        if before is not None and not full and self._state.cursor.watermark is not None:
            return ListingMark(before, begun)
        return ListingMark(max(at, before + MILLISECOND) if before else at, begun, everything=True)

    def of_interrupted(self, checkpoint: Checkpoint) -> ListingMark:
        """The mark of a listing that is continued."""
        if not self._are_in_rows:
            return ListingMark(now(), self._state.begun, everything=checkpoint.number is not None)
        is_whole = checkpoint.at != self._state.read_whole_at
        return ListingMark(checkpoint.at or now(), self._state.begun, everything=is_whole)

    def note_end(self, checkpoint: Checkpoint) -> None:
        """Note that a listing was read to its end."""
        if self._are_in_rows and checkpoint.watermark is not None:
            self._state.read_whole_at = checkpoint.at

    def is_due_whole(self, page: Page) -> bool:
        """Returns whether everything is to be read again: the last time is too long ago when a page was served."""
        last = self._state.read_whole_at
        if self._whole_every is None or last is None:
            return False
        return (page.served_at or now()) - last >= self._whole_every
