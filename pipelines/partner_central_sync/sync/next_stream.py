"""The stream that is read next: its reading begins while the last chunk of the opportunities is not loaded yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from partner_central import ChunkedLoad
from partner_central.public import IncrementalStream, Stream

from .lists import Lists

MakeLoad = Callable[[Sequence[Stream]], ChunkedLoad]


class NextStream:
    """Begins the first load of lists before its turn, where the way of reading allows that.

    Only calls are made ahead, and as many pages kept as a reading keeps. Nothing of it is stored before its turn, which
    is behind the commit of the opportunities. If their load fails, what was read ahead is dropped.

    Args:
        lists: says what is read after the opportunities.
        make_load: makes the load of some streams.
        declare: makes the source of a load, which then knows how the streams are read.
    """

    def __init__(
        self, lists: Lists, make_load: MakeLoad, declare: Callable[[ChunkedLoad, Sequence[str]], object]
    ) -> None:
        self._lists = lists
        self._make_load = make_load
        self._declare = declare
        self._begun: tuple[str, ChunkedLoad] | None = None

    def begin(self) -> None:
        """Begins to read; called from within the extraction of the opportunities, when all of them were read."""
        first = next(iter(self._lists.loads), [])
        if self._begun is None and len(first) == 1 and isinstance(first[0], IncrementalStream):
            table = first[0].table
            load = self._make_load(first)
            self._begun = table, load
            self._declare(load, [table])
            if begin_ahead := load.stream(table).begin_ahead:
                begin_ahead()

    def load_of(self, streams: Sequence[Stream]) -> ChunkedLoad:
        """Returns the load of some streams: the one that was begun, if it is theirs."""
        if self._begun is not None and [one.table for one in streams] == [self._begun[0]]:
            return self._begun[1]
        return self._make_load(streams)

    def close(self) -> None:
        """Stops what was begun."""
        if self._begun is not None:
            self._begun[1].close()
