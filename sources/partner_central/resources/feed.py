"""The rows that a reading feeds to the resource of one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dlt

from ..tables.items import Items
from ..tables.row_batch import TableRows
from ..tables.rows import Row

Feed = Callable[[TableRows], Iterator[Any]]


def feed(items: Items, rows_of: Callable[[TableRows], list[Row]]) -> Feed:
    """Returns what makes the items of a table.

    Args:
        items: makes them of rows.
        rows_of: gives the rows of the table, of a batch.
    """

    def rows(batch: TableRows) -> Iterator[Any]:
        yield from items.of(rows_of(batch), first=batch.first)

    return rows


def rejected(batch: TableRows) -> Iterator[Any]:
    """Yields the rejected records of a batch; the table is made with the first one."""
    if batch.first:
        yield dlt.mark.materialize_table_schema()
    if batch.rejected:
        yield batch.rejected
