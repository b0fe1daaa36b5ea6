"""The result of a finished sync, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..console.exit_codes import ExitCode, of_result
from .new_columns import left_out
from .stream_log import StreamRun, rejected_table_of, stream_runs

if TYPE_CHECKING:
    from .removals import Removals
    from .run_record import RunRecord

SHORT_LIST = 3


@dataclass(frozen=True, slots=True)
class StreamSummary:
    """A stream of a finished sync.

    Attributes:
        table: the table of its records.
        outcome: done, not due, refused, or failed.
        message: why AWS refuses it, or why it failed.
        calls, records, rejected: counts, see `SyncMetrics`; 0 if it was not read.
    """

    table: str
    outcome: str
    message: str | None
    calls: int
    records: int
    rejected: int

    @classmethod
    def build(cls, one: StreamRun) -> StreamSummary:
        """Takes over what was counted of a stream."""
        counts, ending = one.counts, one.ending
        return cls(one.table, ending.outcome, ending.why, counts.calls, counts.read, counts.rejected)


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished sync. The attributes are the keys of its JSON line.

    Attributes:
        dataset: where its rows are.
        location: the destination, without secrets.
        calls, throttles, waited, calls_left, pages, read, rejected, watermark: counts, see `SyncMetrics`.
        changed: versions that were new: rows that were added to the history.
        mass_rejected: a sentence if so many records were rejected that the cursor does not move.
        seconds: how long it took.
        new_columns: columns of members that were unknown, as `table.column`.
        left_out: such members that `pii` left out, as `table.member`.
        gone: opportunities that were marked as gone.
        held: opportunities that were not marked, because they were too many.
        streams: each stream that was chosen: its table, how it ended, and what was counted of it.
    """

    dataset: str
    location: str
    calls: int
    throttles: int
    waited: float
    calls_left: int | None
    pages: int
    read: int
    changed: int
    rejected: int
    watermark: datetime | None
    seconds: float
    new_columns: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    gone: int = 0
    held: int = 0
    mass_rejected: str | None = None
    streams: list[StreamSummary] = field(default_factory=list)

    @classmethod
    def build(cls, run: RunRecord, removals: Removals, *, location: str, seconds: float) -> Summary:
        """Takes over what was counted, and what was concluded.

        Args:
            run: the run that is finished.
            removals: its conclusion about what is gone.
            location: the destination, without secrets.
            seconds: how long it took.
        """
        metrics = run.metrics
        return cls(
            dataset=run.settings.dataset_name,
            location=location,
            calls=metrics.calls,
            throttles=metrics.throttles,
            waited=round(metrics.waited, 3),
            calls_left=metrics.calls_left,
            pages=metrics.pages,
            read=metrics.read,
            changed=run.versions,
            rejected=metrics.rejected,
            watermark=metrics.first.watermark,
            seconds=round(seconds, 3),
            new_columns=list(run.new_columns),
            left_out=left_out(metrics),
            gone=removals.marked,
            held=removals.unmarked,
            mass_rejected=metrics.mass_rejected,
            streams=[StreamSummary.build(one) for one in stream_runs(run)],
        )

    @property
    def code(self) -> ExitCode:
        """The exit code of the run."""
        return of_result(held=self.held, mass_rejected=self.mass_rejected)

    def values(self) -> dict[str, Any]:
        """Returns the summary for machines: what JSON can hold."""
        return asdict(self) | {"watermark": self.watermark and self.watermark.isoformat()}

    def line(self) -> str:
        """Returns the summary in one line."""
        return f"{self.changed:,} rows changed, {self.rejected:,} rejected, watermark {self._watermark()}"

    def _watermark(self) -> str:
        return f"{self.watermark:%Y-%m-%d %H:%M:%S} UTC" if self.watermark else "none: no opportunity yet"

    def text(self) -> str:
        """Returns the summary for people."""
        tables = [rejected_table_of(one.table) for one in self.streams if one.rejected]
        rejected = f"{self.rejected:,}" + (f" (see {', '.join(tables)})" if tables else "")
        rows = (
            ("read", f"{self.read:,} records in {self.pages:,} pages, {self.calls:,} calls"),
            ("throttled", f"{self.throttles:,} calls, waited {self.waited:.1f} s for the quota or to retry"),
            ("quota", "unknown" if self.calls_left is None else f"{self.calls_left:,} calls left within 24 hours"),
            ("changed", f"{self.changed:,} rows"),
            ("rejected", rejected),
            ("new columns", _join_short(self.new_columns)),
            *([("left out", _join_short(self.left_out))] if self.left_out else []),
            *([("gone", f"{self.gone:,} opportunities are no longer listed")] if self.gone else []),
            *self._tables(),
            ("watermark", self._watermark()),
            ("data", f"{self.location}, dataset {self.dataset}"),
        )
        lines = [f"Synced in {self.seconds:.1f} s", *(f"  {name:<12} {value}" for name, value in rows)]
        return "\n".join(lines)

    def _tables(self) -> Iterator[tuple[str, str]]:
        """Yields what became of the tables, if there are others than the opportunities."""
        if len(self.streams) < 2:  # noqa: PLR2004
            return
        done = [f"{one.table} ({one.records:,} records)" for one in self.streams if one.outcome == "done"]
        yield "tables", ", ".join(done)
        if waiting := [one.table for one in self.streams if one.outcome == "not due"]:
            yield "not due", ", ".join(waiting)
        for one in self.streams:
            if one.outcome in {"refused", "failed"}:
                yield one.outcome, f"{one.table}: {one.message}"


def _join_short(names: Sequence[str]) -> str:
    return ", ".join(names) if 0 < len(names) <= SHORT_LIST else f"{len(names)}, named above" if names else "none"
