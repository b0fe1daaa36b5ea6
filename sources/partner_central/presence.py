"""Which opportunities are listed: a list shows what is there, never what is not.

A reading of everything there is lists each id with the moment it began. What then still bears an earlier moment was not
listed. Whoever runs the source concludes that in the destination, once everything is loaded; `swept` in the state says
of which reading.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .model import Column, RecordModel
from .rows import Row

TICK = timedelta(milliseconds=1)
PRESENCE = RecordModel(
    (
        Column(("Id",), "id", "text", "Unique identifier of the opportunity."),
        Column(
            (),
            "last_listed_at",
            "timestamp",
            "When the run, or the sweep over several runs, began that last listed it, by the clock of its machine.",
        ),
        Column(
            (),
            "gone_since",
            "timestamp",
            "When the first complete sweep began that no longer listed it; null while it is listed.",
        ),
    ),
    (),
)


def moment(*after: datetime | None) -> datetime:
    """Now, in milliseconds, which every database can hold; but later than these, whatever a machine's clock says."""
    now = datetime.now(UTC)
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return max([now, *(earlier + TICK for earlier in after if earlier is not None)])


def listed(key: str, at: datetime, row_id: str) -> Row:
    """The row of an id that was listed."""
    return {"id": key, "last_listed_at": at, "_dlt_id": row_id}
