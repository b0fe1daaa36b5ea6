"""The loads of a run: the opportunities, what events name, the lists that are due, and what is read by ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any

import dlt

from partner_central import ChunkedLoad
from partner_central.public import (
    ROWS_PER_CHUNK,
    SPINE,
    IncrementalStream,
    PartnerCentralError,
    PerIdStream,
    Stream,
    chosen_streams,
)

from ..console.output import Console
from ..destinations.loading import newest_order, stored_counters
from .chunks import has_more, load_chunk, make_source
from .details import IDS_PER_CHUNK, Details
from .events_step import EventsStep
from .lists import Lists
from .next_stream import NextStream
from .run_record import RunRecord
from .settings import Settings
from .state_folder import base_of

ENGAGEMENTS = "engagements"


class Loads:
    """The loads of one run, in the order in which they are made.

    Args:
        pipeline: where they go.
        settings: what is read.
        console: where progress is shown.
        run_record: what the run has done so far.
        begin_views: makes the views, behind the first rows of a load that continues.
    """

    def __init__(
        self,
        pipeline: dlt.Pipeline,
        settings: Settings,
        console: Console,
        run_record: RunRecord,
        begin_views: Callable[[dlt.Pipeline], None],
    ) -> None:
        self._pipeline, self._settings, self._console, self._record = pipeline, settings, console, run_record
        self._begin_views: Callable[[dlt.Pipeline], None] | None = begin_views
        chosen = chosen_streams(settings.tables)
        self._metrics = run_record.metrics
        self._lists = Lists(pipeline, chosen, full=settings.full)
        self._by_ids = [one for one in chosen if isinstance(one, PerIdStream)]
        self._details = Details(pipeline, settings, run_record.metrics)
        self._next = NextStream(self._lists, self._make_load_of_list, partial(make_source, settings))

    def run(self) -> None:
        """Makes the loads. After the last one the destination stays open, for what is concluded from it."""
        events = self._record.events
        with closing(self._next):
            if self._settings.polls:
                is_last = partial(self._ends_with_the_spine, events)
                self._load(self._make_load([SPINE], on_read=self._begin_next), [SPINE], is_last=is_last)
            else:
                self._metrics.begin_stream(SPINE.table)
                self._metrics.end_list(complete=True, mode="events")
            if events is not None:
                self._load_named(events)
            self._find_due()
            self._record.lists = self._lists
            self._load_lists(events)

    def _load_lists(self, events: EventsStep | None) -> None:
        """Loads what is due after the opportunities, and last what is read by ids, since the ids are in all these.

        Which ids events named is in the destination by then. So their messages do not wait for what is read by ids,
        which may take hours.
        """
        lists = self._lists
        by_ids = [one for one in lists.due if isinstance(one, PerIdStream)]
        try:
            for streams in (loads := lists.loads):
                self._load_due(self._next.load_of(streams), streams, is_last=not by_ids and streams is loads[-1])
            if events is not None and not lists.has_failed:
                events.conclude()
            due = self._details.find_due(by_ids, self._record.open_until_logged)
            lists.leave_out(one for one in by_ids if one not in due)
            for some in (parts := self._details.loads(due)):
                load = self._make_load_of_list(some, rows_per_chunk=IDS_PER_CHUNK, ids_due=self._details.due)
                self._load_due(load, some, is_last=some is parts[-1])
        finally:
            lists.warn_of_refusals(self._console, self._settings.catalog)

    def _begin_next(self) -> None:
        """Begins to read the stream behind the opportunities, while the last of these are not loaded yet."""
        self._find_due()
        self._next.begin()

    def _ends_with_the_spine(self, events: EventsStep | None) -> bool:
        return events is None and not self._find_due()

    def _find_due(self) -> list[Stream]:
        events = self._record.events
        return self._lists.find_due(self._metrics.first, events.tables if events else ())

    def _load_named(self, events: EventsStep) -> None:
        """Loads what events name, batch by batch; what is read by ids as well is due from then on."""
        with closing(events.batches(self._metrics)) as batches:
            for named in batches:
                if named.ids:
                    load = self._make_load([SPINE], rows_per_chunk=None, named=named)
                    self._load(load, [SPINE], is_last=lambda: False)
                    self._details.name(SPINE.table, {*named.ids} - named.unread, self._by_ids)
                events.loaded(named, self._metrics)
        self._details.name(ENGAGEMENTS, events.engagement_ids, self._by_ids)

    def _load_due(self, load: ChunkedLoad, streams: Sequence[Stream], *, is_last: bool) -> None:
        """Loads streams that are due; a failure is noted."""
        try:
            self._load(load, streams, is_last=lambda: is_last)
        except PartnerCentralError as error:
            failures = load.failures or {streams[0].table: error}
            for stream in streams:
                if stream.table in failures:
                    self._lists.note_failure(stream, failures[stream.table])
        self._lists.conclude(streams)

    def _make_load_of_list(self, streams: Sequence[Stream], **options: Any) -> ChunkedLoad:  # noqa: ANN401 - of a ChunkedLoad
        return self._make_load(streams, on_failure=self._lists.note_failure, **options)

    def _make_load(self, streams: Sequence[Stream], **options: Any) -> ChunkedLoad:  # noqa: ANN401 - of a ChunkedLoad
        """Returns the load of some streams; only what has a cursor is in chunks, unless the options say otherwise."""
        in_chunks = isinstance(streams[0], IncrementalStream)
        rows = (self._settings.rows_per_chunk or ROWS_PER_CHUNK) if in_chunks else None
        return ChunkedLoad(
            self._metrics,
            stored_counters=partial(stored_counters, self._pipeline),
            calls_folder=base_of(self._settings),
            newest_order=partial(newest_order, self._pipeline),
            **{"rows_per_chunk": rows} | options,
        )

    def _load(self, load: ChunkedLoad, streams: Sequence[Stream], *, is_last: Callable[[], bool]) -> None:
        """Reads some streams and loads them, a chunk at a time."""
        tables = [one.table for one in streams]
        with load:
            while has_more(load, self._console):
                load_chunk(self._pipeline, self._settings, self._console, self._record, load, tables, is_last=is_last)
                if self._begin_views is not None and self._record.loaded and not load.is_complete:
                    self._begin_views(self._pipeline)
                    self._begin_views = None
