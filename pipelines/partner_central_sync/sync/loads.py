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
    DueId,
    IncrementalStream,
    PartnerCentralError,
    PerIdStream,
    Stream,
    chosen_streams,
    reading_of,
)

from ..console.output import Console
from ..destinations.loading import newest_order, stored_counters
from ..destinations.pipeline_state import state_of_source
from .chunks import has_more, load_chunk
from .details import IDS_PER_CHUNK, Details
from .events_step import EventsStep
from .lists import Lists
from .run_record import RunRecord
from .settings import Settings
from .state_folder import base_of


class Loads:
    """The loads of one run, in the order in which they are made.

    Args:
        pipeline: where they go.
        settings: what is read.
        console: where progress is shown.
        run_record: what the run has done so far.
    """

    def __init__(self, pipeline: dlt.Pipeline, settings: Settings, console: Console, run_record: RunRecord) -> None:
        self._pipeline, self._settings, self._console, self._record = pipeline, settings, console, run_record
        chosen = chosen_streams(settings.tables)
        self._metrics = run_record.metrics
        self._lists = Lists(pipeline, chosen, full=settings.full)
        by_ids = [one for one in chosen if isinstance(one, PerIdStream)]
        self._details = Details(pipeline, settings, by_ids, run_record.metrics)
        self._new_load: Callable[..., ChunkedLoad] = partial(
            ChunkedLoad,
            run_record.metrics,
            stored_counters=partial(stored_counters, pipeline),
            calls_folder=base_of(settings),
            newest_order=partial(newest_order, pipeline),
        )

    def run(self) -> None:
        """Makes the loads. After the last one the destination stays open, for what is concluded from it."""
        events = self._record.events
        if self._settings.polls:
            self._load([SPINE], is_last=lambda: events is None and not self._find_due())
        else:
            self._metrics.begin_stream(SPINE.table)
            self._metrics.end_list(complete=True, mode="events")
        if events is not None:
            self._load_named(events)
        self._find_due()
        self._record.lists = self._lists
        try:
            for streams in (loads := self._lists.loads):
                try:
                    self._load_due(streams, is_last=streams is loads[-1])
                except PartnerCentralError as error:
                    self._lists.note_failure(streams[0], error)
                self._lists.conclude(streams)
        finally:
            self._lists.warn_of_refusals(self._console, self._settings.catalog)
        if events is not None and not self._lists.has_failed:
            events.conclude()

    def _find_due(self) -> list[Stream]:
        events = self._record.events
        return self._lists.find_due(self._metrics.first, events.tables if events else ())

    def _load_named(self, events: EventsStep) -> None:
        """Loads what events name, batch by batch; what is read by ids as well is due from then on."""
        with closing(events.batches(self._metrics)) as batches:
            for named in batches:
                if named.ids:
                    self._load([SPINE], is_last=lambda: False, rows_per_chunk=None, named=named)
                    self._details.name({*named.ids} - named.unread)
                events.loaded(named, self._metrics)

    def _load_due(self, streams: Sequence[Stream], *, is_last: bool) -> None:
        """Loads streams that are due; of one that is read by ids, the ids that are due now."""
        first, settings = streams[0], self._settings
        options: dict[str, Any] = {"on_failure": self._lists.note_failure}
        if isinstance(first, PerIdStream):
            state = state_of_source(self._pipeline.state, first) or {}
            due: list[DueId] = self._details.due(first, reading_of(state, full=settings.full))
            if not due:
                return
            options |= {"ids_due": lambda *_: due, "rows_per_chunk": IDS_PER_CHUNK}
        elif not isinstance(first, IncrementalStream):
            options["rows_per_chunk"] = None
        self._load(streams, is_last=lambda: is_last, **options)

    def _load(self, streams: Sequence[Stream], *, is_last: Callable[[], bool], **options: Any) -> None:  # noqa: ANN401 - of a ChunkedLoad
        """Reads some streams and loads them, a chunk at a time."""
        settings, tables = self._settings, [one.table for one in streams]
        options = {"rows_per_chunk": settings.rows_per_chunk or ROWS_PER_CHUNK} | options
        with self._new_load(**options) as load:
            while has_more(load, self._console):
                load_chunk(self._pipeline, settings, self._console, self._record, load, tables, is_last=is_last)
