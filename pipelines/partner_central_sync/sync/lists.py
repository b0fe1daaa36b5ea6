"""The lists that are read after the opportunities: which are due, and which AWS refuses.

What has a cursor is due as soon as opportunities changed, too. That is noted, since the run may end before its turn.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import dlt

from partner_central.public import (
    SPINE,
    ActionDenied,
    IncrementalStream,
    PartnerCentralError,
    PerIdStream,
    RequestRejected,
    Stream,
    StreamMetrics,
    WholeListStream,
    has_read,
    policy_to_attach,
)

from ..console.output import Console
from ..destinations.pipeline_state import state_of_source
from .list_notes import Note, notes, write

Outcome = Literal["done", "not due", "refused", "failed"]


class Ending(NamedTuple):
    """The end of a list in a run, and the reason if it was not loaded."""

    outcome: Outcome
    why: str | None = None


class Lists:
    """The lists of a run.

    Args:
        pipeline: its folder says when each list was read.
        chosen: the streams to load.
        full: whether all of them are due.

    Attributes:
        due: the lists that are to be read now; none before it is known what changed.
        endings: how each list of the run ended so far, by its table.
    """

    def __init__(self, pipeline: dlt.Pipeline, chosen: Sequence[Stream], *, full: bool) -> None:
        self._pipeline = pipeline
        self._now = datetime.now(UTC)
        self._notes = notes(pipeline)
        self._chosen = [stream for stream in chosen if stream is not SPINE]
        self._full = full
        self._scope: str | None = None
        self.due: list[Stream] = []
        self.endings: dict[str, Ending] = {}
        self._failed: dict[str, PartnerCentralError] = {}
        self._refused: dict[Stream, RequestRejected] = {}

    def find_due(self, opportunities: StreamMetrics, told: Collection[str] = ()) -> list[Stream]:
        """Returns the lists that are to be read now, after the opportunities.

        Args:
            opportunities: what was read of them.
            told: tables that changed, as an event said; what AWS refuses is not due by that.
        """
        self._scope = opportunities.filter_set
        self._note_news(one for one in self._chosen if one.table in told or _follows(one, opportunities))
        self.due = [one for one in self._chosen if self._full or self._is_due(one)]
        self.endings = {one.table: self._not_due(one) for one in self._chosen if one not in self.due}
        return self.due

    @property
    def loads(self) -> list[list[Stream]]:
        """The lists that are due, by what is loaded together.

        A list that may take long is loaded by itself, so that it holds back no other. That is one with a cursor, and,
        until it is stored, one whose records may have to be asked for one by one. The others take seconds, and are
        loaded together: each load takes a second here, and many in a warehouse. What is read by ids is loaded after all
        of them, since the ids are in them.
        """
        lists = [one for one in self.due if not isinstance(one, PerIdStream)]
        with_cursor: list[Stream] = [one for one in lists if isinstance(one, IncrementalStream)]
        slow = [one for one in lists if _may_be_asked_for_one_by_one(one) and not self._is_stored(one)]
        short = [one for one in lists if one not in (*with_cursor, *slow)]
        return [*([one] for one in with_cursor), *([short] if short else []), *([one] for one in slow)]

    def leave_out(self, streams: Iterable[Stream]) -> None:
        """Notes which streams have nothing that is due after all."""
        self.endings |= {stream.table: Ending("not due") for stream in streams}

    def note_failure(self, stream: Stream, error: PartnerCentralError) -> None:
        """Notes that a list could not be read; a refusal is not asked about again for a day."""
        self._failed[stream.table] = error

    def conclude(self, streams: Iterable[Stream]) -> None:
        """Notes how lists ended that were due, once they are loaded."""
        now = self._now.isoformat()
        for stream in streams:
            error = self._failed.get(stream.table)
            if error is None:
                self.endings[stream.table] = Ending("done")
                self._notes[self._key(stream)] = Note(at=now)
            elif isinstance(error, RequestRejected):
                why = reason_of(error)
                self.endings[stream.table] = Ending("refused", why)
                self._notes[self._key(stream)] = self._note_of(stream)._replace(refused_at=now, why=why)
                self._refused[stream] = error
            else:
                self.endings[stream.table] = Ending("failed", str(error))
                self._notes[self._key(stream)] = self._note_of(stream)._replace(is_behind=True)
        write(self._pipeline, self._notes)

    def warn_of_refusals(self, console: Console, catalog: str) -> None:
        """Warns of the lists that were refused in this run: once of all that one policy would allow."""
        refused = {one: self._refused[one] for one in self.due if one in self._refused}
        denied = {one: error for one, error in refused.items() if isinstance(error, ActionDenied)}
        for streams in _by_reason({one: error for one, error in refused.items() if one not in denied}):
            console.warn(f"{_not_loaded(streams)}: {refused[streams[0]]}")
        if denied:
            operations = {name for stream in denied for name in stream.operations}
            said = " ".join(error.denial for error in denied.values())
            console.warn(f"{_not_loaded([*denied])}: {said} {policy_to_attach(operations, catalog)}")

    @property
    def has_failed(self) -> bool:
        """Returns whether a list could not be read, for a reason that passes."""
        return any(ending.outcome == "failed" for ending in self.endings.values())

    def raise_failure(self) -> None:
        """Raises the first passing failure of a list, when everything else is loaded.

        Raises:
            PartnerCentralError: what is to be loaded by the next run.
        """
        failed = [table for table, ending in self.endings.items() if ending.outcome == "failed"]
        for table in failed:
            error = self._failed[table]
            raise type(error)(f"Everything is loaded but {', '.join(failed)}: {error}") from error

    def _note_of(self, stream: Stream) -> Note:
        return self._notes.get(self._key(stream), Note())

    def _key(self, stream: Stream) -> str:
        """Returns under which name it is noted when a list was read: each set of filters has a cursor of its own."""
        has_scope = self._scope not in {None, "all"} and isinstance(stream, IncrementalStream)
        return f"{stream.table} {self._scope}" if has_scope else stream.table

    def _not_due(self, stream: Stream) -> Ending:
        """A refusal that is remembered is still one."""
        note = self._note_of(stream)
        return Ending("refused", note.why) if note.refused_at else Ending("not due")

    def _is_stored(self, stream: Stream) -> bool:
        return has_read(state_of_source(self._pipeline.state, stream) or {}, self._scope)

    def _note_news(self, streams: Iterable[Stream]) -> None:
        """Notes which lists are not what they were; what is known is not written again."""
        news = {self._key(one): self._note_of(one)._replace(is_behind=True) for one in streams}
        if not news.items() <= self._notes.items():
            self._notes |= news
            write(self._pipeline, self._notes)

    def _is_due(self, stream: Stream) -> bool:
        """Returns whether a list is no longer fresh. A clock that was set back makes it due."""
        note = self._note_of(stream)
        if not (self._is_stored(stream) or isinstance(stream, PerIdStream)):
            note = note._replace(at=None)  # its tables were lost, or the state is an older one
        due_at = note.due_at(stream)
        noted = note.refused_at or note.at
        return due_at is None or noted is None or not datetime.fromisoformat(noted) <= self._now < due_at


def _may_be_asked_for_one_by_one(stream: Stream) -> bool:
    """Returns whether a refusal of its operation makes a list slow."""
    return isinstance(stream, WholeListStream) and stream.fallback is not None


def _follows(stream: Stream, opportunities: StreamMetrics) -> bool:
    """Returns whether a list is due since opportunities changed."""
    return opportunities.changed > 0 and isinstance(stream, IncrementalStream)


def _by_reason(refused: Mapping[Stream, RequestRejected]) -> list[list[Stream]]:
    """Returns the lists that AWS refuses for the same reason together; one without a reason is alone."""
    found: dict[object, list[Stream]] = {}
    for stream, error in refused.items():
        found.setdefault(error.reason or stream, []).append(stream)
    return list(found.values())


def _not_loaded(streams: Sequence[Stream]) -> str:
    tables, one = ", ".join(stream.table for stream in streams), len(streams) == 1
    return f"{tables} {'was' if one else 'were'} not loaded, and {'is' if one else 'are'} asked for again in a day"


def reason_of(error: PartnerCentralError) -> str:
    """Returns why AWS refuses a call, in a line: its own name of the reason, or what it says."""
    text = str(error).partition("\n")[0]
    named: str | None = getattr(error, "reason", None)
    return named or text.partition(" (" if text.startswith("AWS denied") else "\n")[0]
