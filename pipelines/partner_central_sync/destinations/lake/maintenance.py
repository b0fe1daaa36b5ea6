"""Keeps a lake from growing: small files are joined, and files and snapshots of earlier versions are removed.

A merge writes new files and leaves the old ones to readers of earlier versions. They are removed once they have not
been part of the table for longer than `destination.filesystem.retention_days`. What is part of the present version is
never removed, so a reader of it is not disturbed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import dlt
from dlt.common.destination.exceptions import DestinationUndefinedEntity

from partner_central.public import ConfigurationError

if TYPE_CHECKING:
    from .client import LakeClient

RETENTION = "destination.filesystem.retention_days"
RETENTION_DAYS = 7.0


def retention() -> timedelta:
    """Returns how long files and snapshots stay that are no longer part of a table.

    Raises:
        ConfigurationError: it is not a number of days, 0 or more.
    """
    configured: object = dlt.config.get(RETENTION)
    try:
        days = RETENTION_DAYS if configured is None else float(str(configured))
    except ValueError:
        days = -1
    if not 0 <= days < timedelta.max.days:
        raise ConfigurationError(f"{RETENTION} must be a number of days, 0 or more; the default is {RETENTION_DAYS:g}.")
    return timedelta(days=days)


def tidy(client: LakeClient, tables: Sequence[str], kept: timedelta) -> None:
    """Joins small files of tables, and removes what has been out of them for longer than it is to be kept.

    Args:
        client: open, under the lease.
        tables: their names; one that is not there is left out.
        kept: how long files and snapshots stay that are no longer part of a table.

    Raises:
        LeaseLost: another run took the lease.
    """
    for table in tables:
        try:
            stored = client.open_table(table)
        except DestinationUndefinedEntity:
            continue
        client.fence()
        stored.tidy(kept)
