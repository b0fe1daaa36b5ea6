"""Rows of a list that is read whole: each says when it was last listed.

A row stays when AWS lists its record no more. Then its `last_listed_at` is older than that of the rest of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .pii import PiiPolicy
from .record import content_hash
from .row_batch import TableRows, rejection_row
from .row_ids import RowIds
from .rows import LAST_LISTED_AT, RowMaker
from .table import Column, RecordModel
from .values import InvalidValue


def listed_model(model: RecordModel, noun: str) -> RecordModel:
    """Returns the table of records of a list: the columns of a model, and when each record was last listed."""
    description = (
        f"When a run last found the list changed and the {noun} in it, by the clock of its machine. Older than in "
        f"other rows of the table: AWS lists the {noun} no more."
    )
    return RecordModel((*model.columns, Column((), LAST_LISTED_AT, "timestamp", description)), model.children)


class ListedRows:
    """Makes the batches of one reading.

    Args:
        row_maker: makes rows of records.
        privacy: says what of a record may be stored.
    """

    def __init__(self, row_maker: RowMaker, privacy: PiiPolicy) -> None:
        self._row_maker = row_maker
        self._privacy = privacy
        self._ids = RowIds()

    def digest(self, record: object) -> tuple[str, str]:
        """Returns the key of a record and a hash of what may be stored of it; the hash is the key where it has none."""
        stored = content_hash(self._privacy.record(record))
        return self._row_maker.members.key_of(record) or stored, stored

    def batch(self, records: Sequence[object], listed_at: datetime) -> TableRows:
        """The batch of a page.

        Args:
            records: as the API sent them.
            listed_at: when the whole list was read.
        """
        batch = TableRows()
        for record in map(self._privacy.record, records):
            try:
                row = self._row_maker.row(record)
            except InvalidValue as unfit:
                rejected = rejection_row(self._row_maker.members, record, str(unfit), self._privacy)
                batch.rejected.append(self._row_maker.constant | rejected)
            else:
                batch.rows.append(row | {LAST_LISTED_AT: listed_at, "_dlt_id": self._ids.next(listed_at)})
        return batch
