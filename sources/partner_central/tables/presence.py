"""Presence: which records are listed. A list shows what is there, never what is not.

Full listings are numbered. Each key carries the number of the newest full listing that had begun when it was last
listed. A key that still carries a lower number once such a listing is complete was not in it. Whoever runs the source
concludes that in the destination, once everything is loaded. `listing.complete` in the state names the listing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple, cast

from .rows import Row
from .table import Column, RecordModel
from .types import ColumnType


def presence_model(noun: str, table: str, key: str = "Id") -> RecordModel:
    """Returns the columns of the table of presence.

    Args:
        noun: what a record is called.
        table: the table of records.
        key: the member that identifies a record.
    """
    columns = (
        ("last_listed_at", "timestamp", "When a run last listed it, by the service's clock."),
        (
            "last_listed_sweep",
            "bigint",
            "Number of the newest full listing that had begun when it was last listed.",
        ),
        (
            "rejected_since",
            "timestamp",
            (
                f"LastModifiedDate of the version that AWS has, where that cannot become a row: the one in {table} is "
                "older. Null while the newest version is loaded."
            ),
        ),
        (
            "gone_since",
            "timestamp",
            "When the first complete full listing began that no longer had it; null while it is listed.",
        ),
    )
    return RecordModel(
        (
            Column((key,), "id", "text", f"Unique identifier of the {noun}."),
            *(Column((), name, cast("ColumnType", kind), description) for name, kind, description in columns),
        ),
        (),
    )


class ListingMark(NamedTuple):
    """The listing in which records are seen.

    Attributes:
        at: when, by the service's clock.
        number: number of the newest full listing that has begun.
        everything: whether this is a full listing, so that an unchanged record is noted, too.
    """

    at: datetime
    number: int
    everything: bool = False


def now() -> datetime:
    """Returns the present time in milliseconds, which every database can hold."""
    present = datetime.now(UTC)
    return present.replace(microsecond=present.microsecond // 1000 * 1000)


def presence_row(key: str, listed: ListingMark, rejected_since: datetime | None, row_id: str) -> Row:
    """Returns the row of a key that was listed."""
    return {
        "id": key,
        "last_listed_at": listed.at,
        "last_listed_sweep": listed.number,
        "rejected_since": rejected_since,
        "_dlt_id": row_id,
    }
