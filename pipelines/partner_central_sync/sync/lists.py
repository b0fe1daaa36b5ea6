"""The lists that are read after the opportunities: which are due, and which AWS refuses.

When each was read is kept in dlt's working folder. On another machine a list is read sooner. If it is as it was,
nothing of it is loaded. What has a cursor is due as soon as opportunities changed, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import dlt

from partner_central.public import (
    SPINE,
    IncrementalStream,
    PartnerCentralError,
    RequestRejected,
    Stream,
    StreamMetrics,
    WholeListStream,
    has_read,
)

from ..console.output import Console
from ..destinations.pipeline_state import state_of_source

READ = "partner_central_lists"
REFUSED_FOR = timedelta(days=1)  # how long a refusal is remembered
AT, REFUSED_AT = "at", "refused_at"


class Lists:
    """The lists of a run.

    Args:
        pipeline: its folder says when each list was read.
        chosen: the streams to load.
        full: whether all of them are due.

    Attributes:
        due: the lists that are to be read now; none before it is known what changed.
        failures: of lists, for passing reasons.
    """

    def __init__(self, pipeline: dlt.Pipeline, chosen: Sequence[Stream], *, full: bool) -> None:
        self._pipeline = pipeline
        self._now = datetime.now(UTC)
        self._read: dict[str, dict[str, str]] = dict(_local(pipeline).get(READ, {}))
        self._chosen = [stream for stream in chosen if stream is not SPINE]
        self._full = full
        self._scope: str | None = None
        self.due: list[Stream] = []
        self.failures: list[tuple[Stream, PartnerCentralError]] = []
        self._refused: list[tuple[Stream, PartnerCentralError]] = []

    def find_due(self, opportunities: StreamMetrics) -> list[Stream]:
        """Returns the lists that are to be read now, after the opportunities."""
        self._scope = opportunities.filter_set
        changed = opportunities.changed > 0
        self.due = [stream for stream in self._chosen if self._full or self._is_due(stream, changed=changed)]
        return self.due

    @property
    def with_cursor(self) -> list[Stream]:
        """The lists to be read that have a cursor."""
        return [stream for stream in self.due if isinstance(stream, IncrementalStream)]

    @property
    def whole(self) -> list[Stream]:
        """The lists that are to be read whole."""
        return [stream for stream in self.due if isinstance(stream, WholeListStream)]

    def note_failure(self, stream: Stream, error: PartnerCentralError) -> None:
        """Notes that a list could not be read; a refusal is not asked about again for a day."""
        (self._refused if isinstance(error, RequestRejected) else self.failures).append((stream, error))

    def conclude(self, console: Console) -> None:
        """Notes which lists were read, once they are loaded; warns of each that was refused.

        Raises:
            PartnerCentralError: the first failure, when everything else is loaded.
        """
        failed = {stream for stream, _ in self.failures}
        refused = {stream for stream, _ in self._refused}
        for stream in self.due:
            if stream in refused:
                self._read[self._key(stream)] = {REFUSED_AT: self._now.isoformat()}
            elif stream not in failed:
                self._read[self._key(stream)] = {AT: self._now.isoformat()}
        if self.due:
            self._pipeline.set_local_state_val(READ, self._read)
        for one, error in self._refused:
            console.warn(f"{one.table} was not loaded, and is asked for again in a day: {error}")

    def raise_failure(self) -> None:
        """Raises the first passing failure of a list.

        Raises:
            PartnerCentralError: what is to be loaded by the next run.
        """
        for stream, error in self.failures:
            raise type(error)(f"Everything is loaded but {stream.table}: {error}") from error

    def _key(self, stream: Stream) -> str:
        """Returns under which name it is noted when a list was read: each set of filters has a cursor of its own."""
        return (
            stream.table
            if self._scope is None or isinstance(stream, WholeListStream)
            else f"{stream.table} {self._scope}"
        )

    def _is_due(self, stream: Stream, *, changed: bool) -> bool:
        """Returns whether a list is no longer fresh. A clock that was set back makes it due."""
        noted = dict(self._read.get(self._key(stream), {}))
        if not has_read(state_of_source(self._pipeline.state, stream) or {}, self._scope) or (
            changed and isinstance(stream, IncrementalStream)
        ):
            noted.pop(AT, None)  # its tables were lost, the state is an older one, or there is something new
        for key, lasts in ((AT, stream.refresh), (REFUSED_AT, REFUSED_FOR)):
            if lasts is not None and (text := noted.get(key)):
                return not timedelta() <= self._now - datetime.fromisoformat(text) < lasts
        return True


def _local(pipeline: dlt.Pipeline) -> dict[str, Any]:
    return cast("dict[str, Any]", pipeline.state["_local"])
