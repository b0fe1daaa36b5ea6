"""The progress of each set of filters, with its values: the name of its cursor has only a hash of them."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any, NamedTuple

from .checkpoint import Checkpoint
from .list_state import stored_list
from .state import migrate
from .timestamps import from_text

FILTERS = "filters"
Values = Mapping[str, list[str] | None]


class CursorReport(NamedTuple):
    """The progress of one set of filters.

    Attributes:
        filter_set: its name.
        filters: its values by the names of their settings, None for values that are concealed; None where an earlier
            release wrote the cursor.
        watermark: the cursor; None before the first complete run.
        is_under_way: whether a load was interrupted.
        read: records that it has read.
        estimated_records: about how many there are.
        partitions_left: partitions that are not read to their end.
    """

    filter_set: str
    filters: Values | None
    watermark: datetime | None
    is_under_way: bool = False
    read: int = 0
    estimated_records: int = 0
    partitions_left: int = 0

    @property
    def text(self) -> str:
        """The settings of the filters with their values, for a person; empty without filters."""
        if self.filter_set == "all":
            return ""
        if self.filters is None:
            return f"{', '.join(self.filter_set.split('-')[:-1])} (its next sync stores the values)"
        return "; ".join(
            f"{option} {'(concealed)' if values is None else ', '.join(values)}"
            for option, values in self.filters.items()
        )


def note_values(state: MutableMapping[str, Any], filter_set: str, values: Values) -> None:
    """Notes the values of a set of filters in its cursor, if it has one."""
    cursor = state.get("cursors", {}).get(filter_set)
    if cursor is not None and values:
        cursor[FILTERS] = dict(values)


def cursor_reports(state: Mapping[str, Any]) -> list[CursorReport]:
    """Returns how far each set of filters has come, by its name."""
    found = []
    for name, cursor in sorted(migrate(state).get("cursors", {}).items()):
        values, watermark = cursor.get(FILTERS), from_text(cursor.get("watermark"))
        if cursor.get("backfill"):
            one = Checkpoint.load(cursor["backfill"])
            read, left = sum(part.records for part in one.partitions), sum(not part.done for part in one.partitions)
            found.append(
                CursorReport(
                    name,
                    values,
                    watermark,
                    is_under_way=True,
                    read=read,
                    estimated_records=one.estimated_records,
                    partitions_left=left,
                )
            )
        else:
            found.append(CursorReport(name, values, watermark))
    return found


def has_read(state: Mapping[str, Any], filter_set: str | None) -> bool:
    """Returns whether a stream was read to its end, with these filters if it takes any, and its tables are there.

    Args:
        state: the whole state of the stream.
        filter_set: the name of the filters.
    """
    cursor = state.get("cursors", {}).get(filter_set, {})
    return bool(stored_list(state)) or ("watermark" in cursor and "backfill" not in cursor)
