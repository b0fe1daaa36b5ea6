"""From the records of a page to a batch of rows, for every table."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .cursor import Changes
from .history import History
from .presence import listed
from .privacy import Privacy
from .rows import Row, RowMaker, key_of
from .values import Unfit

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Batch:
    """The rows of one page, or of several.

    Attributes:
        rows: for `opportunities`, lists inside as lists of child rows.
        rejected: for `opportunities_rejected`.
        first: whether this is the first batch of a first load, when tables are to be created.
        versions: for `opportunity_history`.
        listed: for `opportunity_presence`.
    """

    rows: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)
    first: bool = False
    versions: list[Row] = field(default_factory=list)
    listed: list[Row] = field(default_factory=list)

    def add(self, other: Batch) -> None:
        """Take in the rows of a later batch."""
        self.rows += other.rows
        self.rejected += other.rejected
        self.first = self.first or other.first
        self.versions += other.versions
        self.listed += other.listed


class BatchMaker:
    """Makes the batches of one run.

    Args:
        row_maker: makes rows of records.
        privacy: says what of a record may be stored.
        history: makes the rows of versions.
    """

    def __init__(self, row_maker: RowMaker, privacy: Privacy, history: History) -> None:
        self._row_maker = row_maker
        self._privacy = privacy
        self._history = history
        self._run = secrets.token_hex(4)
        self._count = 0
        self._order = int(datetime.now(UTC).timestamp() * 1000) * 1_000_000

    def batch(self, records: Sequence[object], changes: Changes, listed_at: datetime, *, everything: bool) -> Batch:
        """The batch of a page.

        Args:
            records: as the API sent them.
            changes: tells which are new.
            listed_at: the moment as of which they are listed.
            everything: whether those that are not new count as listed, too.
        """
        batch = Batch()
        for record in map(self._privacy.record, records):
            is_new = changes.is_new(record)
            if (is_new or everything) and (key := key_of(record)):
                batch.listed.append(self._row_maker.constant | listed(key, listed_at, self._row_id(listed_at)))
            if not is_new:
                continue
            try:
                row = self._row_maker.row(record)
            except Unfit as unfit:
                batch.rejected.append(self._rejected(record, str(unfit)))
            else:
                row["_dlt_id"] = self._row_id(row["last_modified_date"])
                batch.rows.append(row)
                batch.versions.append(self._history.version(row, self._order + self._count))
        return batch

    def _rejected(self, record: object, reason: str) -> Row:
        written = self._privacy.rejected(record)
        row = {"id": key_of(record), "reason": reason, "record": written, "seen_at": datetime.now(UTC)}
        return self._row_maker.constant | row

    def _row_id(self, date: datetime) -> str:
        """Sorts by date, then by order of reading: the greatest of a key is its newest row."""
        self._count += 1
        microseconds = (date - BEGINNING) // timedelta(microseconds=1)
        return f"{microseconds:015x}{self._count:08x}{self._run}"
