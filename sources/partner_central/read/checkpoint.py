"""The checkpoint of a first load, a full load or a long increment that was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from ..metrics import SyncMetrics
from . import partitions
from .timestamps import from_text, to_text
from .until_stable import StableRead


@dataclass(slots=True)
class Counts:
    """The rows and rejected records of a reading, in all its runs.

    Attributes:
        changed: rows.
        rejected: records that could not become rows.
        reasons: why they could not, with how many each.
    """

    changed: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, changed: int, reasons: list[str]) -> None:
        """Count a page."""
        self.changed += changed
        self.rejected += len(reasons)
        for reason in reasons:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1


@dataclass(slots=True)
class Checkpoint:
    """A reading and how far it is: by partitions of CreatedDate, or one page after another.

    Attributes:
        watermark: newest LastModifiedDate before it began; the cursor once it is complete.
        modified_since: it reads what was modified at or after this; None for everything.
        full: whether it was asked for as a full load.
        conditions: what else was asked for: where it was to begin, what becomes of personal data.
        partitions: what it reads; none before it is planned, or if it is sequential.
        estimated_records: about how many records there are.
        token: the token of the next page, if it is sequential.
        number: its number if it lists everything there is.
        order: read_order of the newest version before it began.
        at: when it began, by the service's clock; None before it has.
        is_sequential: whether it cannot be read by partitions.
        stable_read: how far the repeated readings of a listing are that records may leave.
        counts: what it has come upon.
        seen: what its earlier runs have seen, as in the cursor.
        ignores_seen: whether records count as new that earlier readings have seen.
        watermark_until: when its first page was served, by the service's clock, if that told no watermark: what follows
            raises it, up to then. None if nothing does.
    """

    watermark: datetime | None
    modified_since: datetime | None
    full: bool
    conditions: dict[str, str | None] = field(default_factory=dict)
    partitions: list[partitions.Partition] = field(default_factory=list)
    estimated_records: int = 0
    token: str | None = None
    number: int | None = None
    order: int = 0
    at: datetime | None = None
    is_sequential: bool = False
    stable_read: StableRead | None = None
    counts: Counts = field(default_factory=Counts)
    seen: dict[str, str] = field(default_factory=dict)
    ignores_seen: bool = False
    watermark_until: datetime | None = None

    @property
    def handed_on(self) -> int:
        """The number of records of its partitions that have been handed on."""
        return sum(partition.records for partition in self.partitions)

    def doubt(self, sentence: str | None, metrics: SyncMetrics) -> None:
        """Note why it may lack records, if it may: what it does not hold is not gone for sure."""
        if sentence is not None:
            metrics.add_note(sentence)
            self.number = None

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Checkpoint:
        """Read what `dump` wrote."""
        return cls(
            from_text(state["watermark"]),
            from_text(state["modified_since"]),
            state["full"],
            dict(state["asked"]),
            partitions.load(state["windows"]),
            state["about"],
            state["token"],
            state["number"],
            state["order"],
            from_text(state["at"]),
            state["in_chain"],
            StableRead.load(state["settling"]),
            Counts(**state["counts"]),
            dict(state["seen"]),
            state["anew"],
            from_text(state.get("until")),  # earlier checkpoints lack it
        )

    def dump(self) -> dict[str, Any]:
        """The reading as JSON-ready state."""
        return {
            "watermark": to_text(self.watermark),
            "modified_since": to_text(self.modified_since),
            "full": self.full,
            "asked": self.conditions,
            "windows": partitions.dump(self.partitions),
            "about": self.estimated_records,
            "token": self.token,
            "number": self.number,
            "order": self.order,
            "at": to_text(self.at),
            "in_chain": self.is_sequential,
            "settling": self.stable_read and self.stable_read.dump(),
            "counts": asdict(self.counts),
            "seen": dict(sorted(self.seen.items())),
            "anew": self.ignores_seen,
            "until": to_text(self.watermark_until),
        }
