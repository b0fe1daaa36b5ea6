"""From the records of a page to a batch of rows, for every table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from .history import History, HistoryRules
from .pii import PiiPolicy
from .presence import ListingMark, now, presence_row
from .record import Members, content_hash
from .row_ids import RowIds
from .rows import LAST_LISTED_AT, Row, RowMaker
from .values import InvalidValue


@dataclass(slots=True)
class TableRows:
    """The rows of one page, or of several.

    Attributes:
        rows: of records; their lists are lists of child rows.
        rejected: of records that could not become rows.
        first: whether this is the first batch of a first load, when tables are to be created.
        versions: of versions.
        listed: of keys that were listed.
        unchanged: how many of `rows` are as they were, and only say that they are listed.
    """

    rows: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)
    first: bool = False
    versions: list[Row] = field(default_factory=list)
    listed: list[Row] = field(default_factory=list)
    unchanged: int = 0

    @property
    def changed(self) -> int:
        """The number of `rows` that are new, or not what they were."""
        return len(self.rows) - self.unchanged

    def add(self, other: TableRows) -> None:
        """Take in the rows of a later batch."""
        self.rows += other.rows
        self.rejected += other.rejected
        self.first = self.first or other.first
        self.versions += other.versions
        self.listed += other.listed
        self.unchanged += other.unchanged


class Changes(Protocol):
    """Tells which records are new."""

    def is_new(self, record: object) -> bool:
        """Returns whether a record is new, or not what it was."""

    def was_rejected(self, key: str | None) -> None:
        """Note that a new record could not become a row."""


class RowBatchBuilder:
    """Makes the batches of one run.

    Args:
        row_maker: makes rows of records.
        privacy: says what of a record may be stored.
        rules: what a version is made of; without it, each row says itself when it was last listed.
        next_order: gives the read_order of one more version.

    Attributes:
        rejections: why the records of the last batch that could not become rows could not, with LastModifiedDate.
    """

    def __init__(
        self, row_maker: RowMaker, privacy: PiiPolicy, rules: HistoryRules | None, next_order: Callable[[], int]
    ) -> None:
        self.rejections: list[tuple[str, datetime | None]] = []
        self._row_maker = row_maker
        self._members = row_maker.members
        self._privacy = privacy
        self._history = History(row_maker, rules, now()) if rules else None
        self._next_order = next_order
        self._rejected: dict[str, tuple[datetime, datetime | None]] = {}
        self._ids = RowIds()

    def batch(self, records: Sequence[object], changes: Changes, listed: ListingMark) -> TableRows:
        """The batch of a page.

        Args:
            records: as the API sent them.
            changes: tells which are new.
            listed: how they are listed.
        """
        batch = TableRows()
        self.rejections = []
        for record in map(self._privacy.record, records):
            is_new = changes.is_new(record)
            key = self._members.key_of(record)
            if is_new and not self._put(batch, record, listed):
                changes.was_rejected(key)
            if self._history is None:
                batch.unchanged += not is_new and listed.everything and self._put(batch, record, listed)
            elif key and (is_new or listed.everything):
                rejected_since = self._rejected_since(key, record, listed, is_new=is_new)
                row = presence_row(key, listed, rejected_since, self._ids.next(listed.at))
                batch.listed.append(self._row_maker.constant | row)
        return batch

    def _rejected_since(self, key: str, record: object, listed: ListingMark, *, is_new: bool) -> datetime | None:
        """Since when AWS has what could not become a row: its LastModifiedDate, or when it was listed if it has none.

        A record that is not new may have been rejected by an earlier run.
        """
        if key in self._rejected:
            return self._rejected[key][0]
        if is_new:
            return None
        try:
            self._row_maker.row(record)
        except InvalidValue:
            return self._members.key_and_modified(record)[1] or listed.at
        return None

    def _put(self, batch: TableRows, record: object, listed: ListingMark) -> bool:
        """Put a new record into a batch, as a row or as rejected; gives whether it is a row."""
        try:
            row = self._row_maker.row(record)
        except InvalidValue as unfit:
            key, modified = self._members.key_and_modified(record)
            self.rejections.append((str(unfit), modified))
            if key:
                self._rejected[key] = modified or listed.at, modified
            rejection = rejection_row(self._members, record, str(unfit), self._privacy, listed.at)
            row_id = self._ids.next(modified or listed.at)
            batch.rejected.append(self._row_maker.constant | rejection | {"_dlt_id": row_id})
            return False
        if row["id"] in self._rejected:
            _, rejected = self._rejected[row["id"]]
            if rejected is None or rejected <= row["last_modified_date"]:
                del self._rejected[row["id"]]
        row["_dlt_id"] = self._ids.next(row["last_modified_date"])
        batch.rows.append(row)
        if self._history is None:
            row[LAST_LISTED_AT] = listed.at
        else:
            batch.versions.append(self._history.version(row, self._next_order()))
        return True


def rejection_row(members: Members, record: object, reason: str, privacy: PiiPolicy, seen_at: datetime) -> Row:
    """Returns the row of a record that could not become one.

    Args:
        members: where it has its key and date.
        record: as `privacy.record` gave it.
        reason: why it could not.
        privacy: says what of it may be stored.
        seen_at: when it was read, by the service's clock.
    """
    key, modified = members.key_and_modified(record)
    return {
        "record_key": key or content_hash(record),
        "id": key,
        "last_modified_date": modified,
        "reason": reason,
        "record": privacy.rejected(record),
        "seen_at": seen_at,
    }
