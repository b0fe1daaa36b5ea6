"""The lists that are read whole after the opportunities: which are due, and which AWS refuses.

When each was read is kept in dlt's working folder. On another machine a list is read sooner. If it is as it was,
nothing of it is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import dlt

from partner_central.public import PartnerCentralError, RequestRejected, Stream, WholeListStream, stored_list

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
        due: the lists that are to be read now.
        failures: of lists, for passing reasons.
    """

    def __init__(self, pipeline: dlt.Pipeline, chosen: Sequence[Stream], *, full: bool) -> None:
        self._pipeline = pipeline
        self._now = datetime.now(UTC)
        self._read: dict[str, dict[str, str]] = dict(_local(pipeline).get(READ, {}))
        lists = [stream for stream in chosen if isinstance(stream, WholeListStream)]
        self.due = [stream for stream in lists if full or self._is_due(stream)]
        self.failures: list[tuple[Stream, PartnerCentralError]] = []
        self._refused: list[tuple[Stream, PartnerCentralError]] = []

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
                self._read[stream.table] = {REFUSED_AT: self._now.isoformat()}
            elif stream not in failed:
                self._read[stream.table] = {AT: self._now.isoformat()}
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

    def _is_due(self, stream: WholeListStream) -> bool:
        """Returns whether a list is no longer fresh. A clock that was set back makes it due."""
        noted = dict(self._read.get(stream.table, {}))
        if not stored_list(state_of_source(self._pipeline.state, stream) or {}):
            noted.pop(AT, None)  # its tables were lost, or the state is an older one
        for key, lasts in ((AT, stream.refresh), (REFUSED_AT, REFUSED_FOR)):
            if text := noted.get(key):
                return not timedelta() <= self._now - datetime.fromisoformat(text) < lasts
        return True


def _local(pipeline: dlt.Pipeline) -> dict[str, Any]:
    return cast("dict[str, Any]", pipeline.state["_local"])
