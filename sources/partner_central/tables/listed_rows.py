"""Rows of a list that is read whole: each says when it was last listed.

A row stays when AWS lists its record no more. Then its `last_listed_at` is older than that of the newest listing,
which the rest of the table has. If the list is empty, no row has it: see `listed_at` in `list_state.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from .pii import PiiPolicy
from .record import content_hash
from .row_batch import TableRows, rejection_row
from .row_ids import RowIds
from .rows import LAST_LISTED_AT, RowMaker
from .table import Column, RecordModel
from .values import InvalidValue


def listing_model(noun: str) -> RecordModel:
    """Returns the table that says when each record of a list was last listed."""
    description = (
        f"When a run last found the list changed and the {noun} in it, by the service's clock. Older than that of the "
        f"newest listing: AWS lists the {noun} no more."
    )
    return RecordModel(
        (
            Column(("Id",), "id", "text", f"Unique identifier of the {noun}."),
            Column((), LAST_LISTED_AT, "timestamp", description),
        ),
        (),
    )


def listed_model(model: RecordModel, noun: str) -> RecordModel:
    """Returns the table of records of a list: the columns of a model, and when each record was last listed."""
    return RecordModel((*model.columns, listing_model(noun).columns[-1]), model.children)


class ListedRows:
    """Makes the batches of one reading.

    Args:
        row_maker: makes rows of records.
        privacy: says what of a record may be stored.
        in_rows: whether the row of a record says when it was listed, and not a table of its own.
        modified: the column by which the newest row of a record is told in one listing; None if the last one is it.
    """

    def __init__(
        self, row_maker: RowMaker, privacy: PiiPolicy, *, in_rows: bool = True, modified: str | None = None
    ) -> None:
        self._modified = modified
        self._in_rows = in_rows
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
                rejected = rejection_row(self._row_maker.members, record, str(unfit), self._privacy, listed_at)
                batch.rejected.append(self._row_maker.constant | rejected)
            else:
                listed = {LAST_LISTED_AT: listed_at} if self._in_rows else {}
                date = row.get(self._modified) if self._modified else None
                batch.rows.append(row | listed | {"_dlt_id": self._ids.next(date or listed_at)})
        return batch

    def listed(self, digests: Mapping[str, str], listed_at: datetime) -> TableRows:
        """The batch of the table that says when each key was listed.

        Args:
            digests: of the records that are listed, by key, as `digest` gave them.
            listed_at: when the whole list was read.
        """
        keys = [key for key, digest in digests.items() if key != digest]
        of_all = {LAST_LISTED_AT: listed_at, **self._row_maker.constant}
        return TableRows(listed=[{"id": key, **of_all, "_dlt_id": self._ids.next(listed_at)} for key in keys])
