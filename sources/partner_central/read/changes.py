"""Finds the records that are new since the last run.

The cursor is AWS's own LastModifiedDate from the first page of the last complete run, never a local clock. The next run
asks again from `lookback` below it, for records that became visible late; so it sees records it has seen. A record is
dropped as seen only when its content is the same: with dates of whole seconds, one can change twice within a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..tables.record import Members, content_hash
from .timestamps import SECOND, from_text, to_text


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place where a complete run left off.

    Attributes:
        watermark: newest LastModifiedDate on that run's first page, in UTC; None before the first run, and while the
            account is empty.
        seen: content hash by record key, for records at or above `watermark - lookback`.
    """

    watermark: datetime | None = None
    seen: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Cursor:
        """Read what `dump` wrote; an empty state is the cursor before the first run."""
        return cls(from_text(state.get("watermark")), state.get("seen", {}))

    def dump(self) -> dict[str, Any]:
        """The cursor as JSON-ready state; equal cursors give equal state, so that a quiet run stores nothing."""
        return {"watermark": to_text(self.watermark), "seen": dict(sorted(self.seen.items()))}


class OtherFilterSets:
    """The content that other sets of filters remember of records: all of them load into the same tables.

    If one loads another content of a record, the others have seen that content as well. Otherwise a record that returns
    to its former content would keep the wrong one.

    Args:
        cursors: the state of every other set of filters, by its name.
    """

    def __init__(self, cursors: Mapping[str, Mapping[str, Any]]) -> None:
        self._cursors = cursors
        remembered = [held for cursor in cursors.values() for held in (cursor, cursor.get("backfill", {}))]
        self._seen: dict[str, str | None] = {key: "" for held in remembered for key in held.get("seen", {})}
        self._all_listed = False

    def note(self, key: str | None, record: object, digest: str | None = None) -> None:
        """A record was read, and is in the tables as it is now."""
        if key in self._seen:
            self._seen[key] = digest or content_hash(record)

    def forget(self, key: str | None) -> None:
        """A record was read that could not become a row: whoever reads it next is to see that for himself."""
        if key in self._seen:
            self._seen[key] = None

    def all_are_listed(self) -> None:
        """Everything was listed: what others remember and this run did not see may be gone, so they forget it."""
        self._all_listed = True

    def dump(self) -> dict[str, Any]:
        """The state of those sets of filters."""
        return {name: self._dump(cursor) for name, cursor in self._cursors.items()}

    def _dump(self, cursor: Mapping[str, Any]) -> dict[str, Any]:
        """One of them; where another content was loaded, its next run has to look further than to the first page."""
        state = dict(cursor)
        if "seen" in state:
            state["seen"] = self._as_it_is_now(state["seen"])
            if state["seen"] != cursor["seen"]:
                state.pop("looked", None)
        if "backfill" in state:
            state["backfill"] = {**state["backfill"], "seen": self._as_it_is_now(state["backfill"].get("seen", {}))}
        return state

    def _as_it_is_now(self, seen: Mapping[str, str]) -> dict[str, str]:
        kept = {}
        for key, digest in seen.items():
            now = self._seen[key]
            if now or (now is not None and not self._all_listed):
                kept[key] = now or digest
        return kept


class ChangeDetector:
    """Tells new or changed records from those seen before, while a run reads them.

    Only records the next run will read again are remembered: those at or above its floor, and those without a date.
    So memory follows the number of records in the lookback, not the size of the account.

    Args:
        before: content hash by record key, from the last run.
        members: where a record has its key and date.
        elsewhere: what other sets of filters remember.
    """

    def __init__(self, before: Mapping[str, str], members: Members, elsewhere: OtherFilterSets | None = None) -> None:
        self._members = members
        self._before = before
        self._elsewhere = elsewhere or OtherFilterSets({})
        self._now: dict[str, tuple[datetime | None, str]] = {}
        self._floor: datetime | None = None

    def keep_from(self, floor: datetime | None) -> None:
        """Set the date from which the next run will read; None remembers everything."""
        self._floor = floor

    def is_new(self, record: object) -> bool:
        """Returns whether the content differs from what was last seen under its key, and is not an older version."""
        key, modified = self._members.key_and_modified(record)
        again = modified is None or self._floor is None or modified >= self._floor
        if not again and key not in self._before and key not in self._now:
            self._elsewhere.note(key, record)
            return True
        digest = content_hash(record)
        key = key or digest
        last_modified, last_digest = self._now.get(key, (None, self._before.get(key)))
        if last_modified is not None and modified is not None and modified < last_modified:
            return False
        self._elsewhere.note(key, record, digest)
        if again:
            self._now[key] = (modified, digest)
        return digest != last_digest

    def was_rejected(self, key: str | None) -> None:
        """A record that is new could not become a row."""
        self._elsewhere.forget(key)

    def seen(self) -> dict[str, str]:
        """Content hash by key of every remembered record, for the next run."""
        return {
            key: digest
            for key, (modified, digest) in self._now.items()
            if modified is None or self._floor is None or modified >= self._floor
        }


def read_from(watermark: datetime | None, lookback: timedelta) -> datetime | None:
    """The LastModifiedDate a run behind `watermark` reads from; None reads from the beginning.

    At least a whole second is read again: a service that orders dates as text puts `…00Z` behind `…00.900Z`.
    """
    if watermark is None:
        return None
    try:
        return min(watermark - lookback, watermark.replace(microsecond=0) - SECOND)
    except OverflowError:
        return None
