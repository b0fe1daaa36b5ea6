"""A run, as far as it has come."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dlt

from partner_central.public import SPINE, SyncMetrics

from ..console.exit_codes import ExitCode
from .events_step import EventsStep
from .lists import Lists
from .settings import Settings


@dataclass(slots=True)
class RunRecord:
    """A run, as far as it has come.

    Attributes:
        metrics: what it counted.
        run_id: identifies it, also in the lines of its log.
        pipeline: where the row goes; None before the destination was reached.
        outcome: how it ended.
        message: the message to the user.
        new_columns: columns that came with unknown members, as `table.column`.
        loaded: the ids of the packages that it loaded.
        changed: how many versions these brought, by the table of the stream.
        open_until_logged: what the run keeps open until its row is written.
        lists: the lists that it reads whole, once everything else is loaded; None before.
        events: the queue whose events it reads; None without one.
        missed_by_events: how many opportunities changed without an event; None if that is not known.
        is_concluded: whether the opportunities are loaded, and it is known which of them are gone.
    """

    metrics: SyncMetrics
    settings: Settings
    run_id: str
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    pipeline: dlt.Pipeline | None = None
    outcome: ExitCode = ExitCode.DONE
    message: str | None = None
    new_columns: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    open_until_logged: ExitStack = field(default_factory=ExitStack)
    lists: Lists | None = None
    events: EventsStep | None = None
    missed_by_events: int | None = None
    is_concluded: bool = False

    @property
    def mode(self) -> str:
        """The mode of reading, also of a run that failed before it read."""
        if not self.settings.polls:
            return "events"
        if self.metrics.first.mode:
            return self.metrics.first.mode
        if self.settings.full:
            return "full"
        return "incremental" if self.pipeline and self.pipeline.state.get("sources") else "first"

    @property
    def versions(self) -> int:
        """The number of versions of opportunities that were new."""
        return self.changed.get(SPINE.table, 0)

    @property
    def loaded_up_to(self) -> datetime | None:
        """The watermark, if everything before it is loaded, whatever became of the other lists."""
        return self.metrics.first.watermark if self.is_concluded and not self.metrics.first.mass_rejected else None
