"""Deletes what a load has replaced: rejected records that became rows since, and records that an id has no more.

The tables of rejected records hold what cannot be a row now. A query says which rows go, for each way in which a stream
is read:

- Opportunities go once their presence says that the newest version is a row.
- A list that has changed is handed on whole, so what cannot be a row is rejected again. What was rejected before that
  is listed no more, or is a row.
- Of the search, what has a row goes if that is a newer version, or was read later. After a search of everything, all
  goes that it did not reject again: that was found no more, or had no id to tell its row by.
- What is read by its id goes if its row was read later.

Of a list that belongs to an id, the table itself holds what the newest reading gave, as a list inside a record does.
What came with another load than the row of that reading goes, also if the list is empty now.

Later is what the service's clock says. The ids of loads are the clocks of machines, which may differ. They decide only
in the second in which both were read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

import dlt
from dlt.common.destination.client import JobClientBase

from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES as SEARCH
from partner_central.public import (
    SPINE,
    STREAMS,
    PerIdStream,
    Stream,
    StreamMetrics,
    WholeListStream,
    handed_on_at,
    searched_at,
)

from ..destinations import of
from ..destinations.pipeline_state import state_of_source
from . import run_lease
from .search_gaps import found_everything
from .settings import Settings

CLEARED, LISTS_CLEARED = "partner_central_rejected_cleared", "partner_central_lists_cleared"
ROW, LOAD = "_dlt_id", "_dlt_load_id"
LATER = "(o.{at} > r.seen_at OR (o.{at} = r.seen_at AND {tie}))"
LATER_LOAD = f"o.{LOAD} > r.{LOAD}"
READ_LATER = LATER.format(at="read_at", tie=LATER_LOAD)
LISTED_LATER = LATER.format(at="last_listed_at", tie=f"({LATER_LOAD} OR (o.{LOAD} = r.{LOAD} AND o.{ROW} > r.{ROW}))")
NEWER = (
    "(o.last_modified_date > r.last_modified_date OR "
    f"(COALESCE(r.last_modified_date, o.last_modified_date) = o.last_modified_date AND {LISTED_LATER}))"
)
LISTED = "o.rejected_since IS NULL AND o.last_listed_sweep IS NOT NULL"
REPLACED = "r.record_key IS NULL AND o.record_key IS NOT NULL"  # a row of an earlier release


def clear(pipeline: dlt.Pipeline, settings: Settings, search: StreamMetrics | None) -> None:
    """Deletes the rows of records that were loaded since, and rows of earlier releases that a newer row replaces.

    It costs a query or two for each stream, after a load only, and for a list only if it was loaded. The working folder
    keeps for which load it was done. If a run is killed before, the next run does it. If a list could not be loaded,
    the working folder is ahead of the destination, so a later run does it as well.

    Args:
        pipeline: whose destination holds what was loaded.
        settings: whose account it is.
        search: what the run read of the search; None if nothing.
    """
    stored, local = pipeline.state.get("_version_hash"), cast("dict[str, Any]", pipeline.state["_local"])
    if local.get(CLEARED) == stored or pipeline.has_pending_data or not run_lease.take_if_free(pipeline):
        return
    cleared: dict[str, str] = dict(local.get(LISTS_CLEARED, {}))
    client = pipeline.destination_client()
    with client:
        replaced = ReplacedRows(client, settings.account)
        for stream in STREAMS:
            if not isinstance(stream, WholeListStream):
                replaced.delete(stream.rejected_table, replaced.loaded(stream))
                if isinstance(stream, PerIdStream) and stream.operation.records:
                    replaced.delete(stream.table, replaced.left(stream))
                continue
            at = handed_on_at(state_of_source(cast("dict[str, Any]", pipeline.state), stream) or {})
            if at is not None and cleared.get(stream.table) != at.isoformat():
                replaced.delete(stream.rejected_table, replaced.seen_before(stream, at))
                cleared[stream.table] = at.isoformat()
        at = searched_at(state_of_source(cast("dict[str, Any]", pipeline.state), SEARCH) or {})
        if at is not None and found_everything(search):
            replaced.delete(SEARCH.rejected_table, replaced.seen_before(SEARCH, at))
    pipeline.set_local_state_val(LISTS_CLEARED, cleared)
    pipeline.set_local_state_val(CLEARED, stored)


class ReplacedRows:
    """The rows of an open destination that a load has replaced, as far as runs have loaded their tables.

    Args:
        client: of the destination.
        account: whose rows, in a shared dataset.
    """

    def __init__(self, client: JobClientBase, account: str | None) -> None:
        self._client, self._account = client, account
        self._known = set(client.schema.data_table_names(seen_data_only=True))

    def loaded(self, stream: Stream) -> Iterator[str]:
        """Yields which rows are of records that have become a row since."""
        if stream is SPINE:
            yield from self._joined(stream, SPINE.presence_table, LISTED, "rejected_since", "last_listed_sweep")
            yield from self._joined(stream, stream.rejected_table, REPLACED, "record_key")
        elif stream is SEARCH:
            yield from self._joined(stream, stream.table, NEWER, "last_modified_date", "last_listed_at", LOAD, ROW)
        else:
            yield from self._joined(stream, stream.table, READ_LATER, "read_at", LOAD)

    def seen_before(self, stream: Stream, at: datetime) -> Iterator[str]:
        """Yields which rows were seen before a time."""
        query = f"SELECT r.{ROW} FROM {{{stream.rejected_table}}} r WHERE r.seen_at < %s{self._mine('r')}"  # noqa: S608 - names of this program
        yield from self._select({stream.rejected_table: {ROW, "seen_at"}}, query, at, *self._values)

    def left(self, stream: PerIdStream) -> Iterator[str]:
        """Yields which rows are of records that the newest reading of their id did not give."""
        query = (
            f"SELECT r.{ROW} FROM {{{stream.table}}} r JOIN {{{stream.reads_table}}} o "  # noqa: S608 - names of this program
            f"ON o.id = r.{stream.id_column}{self._same} "
            f"WHERE o.outcome = 'read' AND o.{LOAD} <> r.{LOAD}{self._mine('r')}"
        )
        columns = {stream.table: {ROW, LOAD, stream.id_column}, stream.reads_table: {"id", "outcome", LOAD}}
        yield from self._select(columns, query, *self._values)

    def delete(self, table: str, row_ids: Iterator[str]) -> None:
        """Deletes rows from a table."""
        if found := sorted({*row_ids}):
            of(self._client).delete_rows(self._client, table, found)

    def _joined(self, stream: Stream, table: str, condition: str, *columns: str) -> Iterator[str]:
        """Yields which rows `r` have a row `o` of the same record in a table, under a condition."""
        query = (
            f"SELECT r.{ROW} FROM {{{stream.rejected_table}}} r JOIN {{{table}}} o ON o.id = r.id{self._same} "  # noqa: S608
            f"WHERE {condition}{self._mine('r')}"
        )
        wanted = {stream.rejected_table: {ROW, LOAD, "id", "record_key", "last_modified_date", "seen_at"}}
        wanted[table] = {"id", *columns, *wanted.get(table, ())}
        yield from self._select(wanted, query, *self._values)

    def _select(self, columns: Mapping[str, set[str]], query: str, *values: object) -> Iterator[str]:
        """Yields the ids of the rows that a query finds; none where one of its tables is not there."""
        if self._account is not None:
            columns = {table: {*names, "account"} for table, names in columns.items()}
        if columns.keys() <= self._known:
            yield from (str(row[0]) for row in of(self._client).select(self._client, columns, query, *values))

    @property
    def _same(self) -> str:
        """The condition that two rows are of one account."""
        return "" if self._account is None else " AND o.account = r.account"

    @property
    def _values(self) -> tuple[object, ...]:
        """The value of each condition of the account."""
        return () if self._account is None else (self._account,)

    def _mine(self, alias: str) -> str:
        """Returns the condition of the account."""
        return "" if self._account is None else f" AND {alias}.account = %s"
