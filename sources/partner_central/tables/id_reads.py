"""The table that says of each id what was read of it, when, and for which change of the record it is the id of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from .rows import READ_AT, READ_FOR, Row
from .table import Column, RecordModel

Outcome = Literal["read", "not found", "refused", "rejected"]
OUTCOME, REASON, ROUND = "outcome", "reason", "reading"
READ_COLUMNS = (
    Column((), READ_AT, "timestamp", "When it was read, by the service's clock."),
    Column((), READ_FOR, "timestamp", "The date of the change that was read; null if AWS did not find it yet."),
)


def reads_model(noun: str) -> RecordModel:
    """Returns the columns of the table of reads.

    Args:
        noun: what the ids are of.
    """
    return RecordModel(
        (
            Column(("Id",), "id", "text", f"Unique identifier of the {noun}."),
            *READ_COLUMNS,
            Column(
                (),
                OUTCOME,
                "text",
                "read; not found: AWS has no such record; refused: AWS does not show it; rejected: a record that came "
                "could not become a row.",
            ),
            Column((), REASON, "text", "The reason that AWS gave, where it was refused."),
            Column(
                (),
                ROUND,
                "bigint",
                "Number of the reading of everything that had begun then. An id with a lower number than the newest "
                "one is read again.",
            ),
        ),
        (),
    )


def with_read_columns(model: RecordModel) -> RecordModel:
    """Returns the table of records that are read by their ids: the columns of a model, and when each was read."""
    return RecordModel((*model.columns, *READ_COLUMNS), model.children)


class DueId(NamedTuple):
    """An id that is to be read.

    Attributes:
        id: of the parent.
        modified: when the parent was last changed, as far as its table knows.
        content_hash: of the newest version that is stored; None without.
    """

    id: str
    modified: datetime | None = None
    content_hash: str | None = None


def read_row(due: DueId, read_at: datetime, outcome: Outcome, reason: str | None, reading: int) -> Row:
    """Returns the row of an id that was read.

    Args:
        due: the id, with the change that was read.
        read_at: when, by the service's clock.
        outcome: of it.
        reason: the reason that AWS gave, where it was refused.
        reading: number of the reading of everything that has begun.
    """
    return {
        "id": due.id,
        READ_AT: read_at,
        READ_FOR: due.modified,
        OUTCOME: outcome,
        REASON: reason,
        ROUND: reading,
    }


def unique(due: Iterable[DueId], seen: set[tuple[str, datetime | None]] | None = None) -> Iterator[DueId]:
    """Yields each id once for each change.

    Args:
        due: the ids.
        seen: the ids that were yielded before, each with its change.
    """
    seen = set() if seen is None else seen
    for one in due:
        if (change := (one.id, one.modified)) not in seen:
            seen.add(change)
            yield one
