"""Which opportunities are listed: a list shows what is there, never what is not.

Readings of everything there is are numbered. Each id carries the number of the newest one that had begun when it was
last listed. What still carries a lower number once such a reading is complete was not listed. Whoever runs the source
concludes that in the destination, once everything is loaded; `listing.complete` in the state says of which reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from .rows import Row
from .service_model import Column, RecordModel

PRESENCE = RecordModel(
    (
        Column(("Id",), "id", "text", "Unique identifier of the opportunity."),
        Column((), "last_listed_at", "timestamp", "When a run last listed it, by the service's clock."),
        Column(
            (),
            "last_listed_sweep",
            "bigint",
            "Number of the newest listing of everything that had begun when it was last listed.",
        ),
        Column(
            (),
            "rejected_since",
            "timestamp",
            "LastModifiedDate of the version that AWS has, where that cannot become a row: the one in opportunities is "
            "older. Null while the newest version is loaded.",
        ),
        Column(
            (),
            "gone_since",
            "timestamp",
            "When the first complete listing of everything began that no longer had it; null while it is listed.",
        ),
    ),
    (),
)


@dataclass(frozen=True, slots=True)
class ListingMark:
    """How records are listed.

    Attributes:
        at: when, by the service's clock.
        sweep: number of the newest listing of everything that has begun.
        everything: whether all there is is listed, so that an unchanged record is noted, too.
    """

    at: datetime
    sweep: int
    everything: bool = False


def now() -> datetime:
    """Now, in milliseconds, which every database can hold."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def presence_row(key: str, listed: ListingMark, rejected_since: datetime | None, row_id: str) -> Row:
    """The row of an id that was listed."""
    return {
        "id": key,
        "last_listed_at": listed.at,
        "last_listed_sweep": listed.sweep,
        "rejected_since": rejected_since,
        "_dlt_id": row_id,
    }
