"""Finds the ids that are due of a stream that is read by ids: the queue is a query, so nothing about it can be lost.

An id is due if it was never read, if its record has changed since, or if an open record was not read for longer than
the stream's refresh. What changed and what was never read comes first, and of these what is open. A fifth of each run
is for the ids that have waited longest, so that no id waits for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dlt.common.destination.client import JobClientBase

from partner_central.public import DueId, IncrementalStream, PerIdStream

from ..destinations import of

NEED = (
    "CASE WHEN r.id IS NULL OR r.reading < {reading} THEN 1 "
    "WHEN r.read_for < {modified} OR (r.read_for IS NULL AND {modified} IS NOT NULL) THEN 0 "
    "WHEN r.outcome <> 'not found' AND {closed} = 0 AND r.read_at < %s THEN 2 END"
)
DUE = (
    "SELECT id, modified, known, waiting FROM (SELECT d.*, COUNT(*) OVER () AS waiting, "
    "ROW_NUMBER() OVER (ORDER BY waiting_since, id) AS by_wait, "
    "ROW_NUMBER() OVER (ORDER BY CASE WHEN need = 2 THEN 1 ELSE 0 END, is_closed, need, "
    "CASE WHEN need = 2 THEN waiting_since END, modified DESC, id) AS by_need "
    "FROM (SELECT p.id AS id, p.{modified} AS modified, {known} AS known, {closed} AS is_closed, {need} AS need, "
    "{since} AS waiting_since FROM {rows}) d WHERE need IS NOT NULL) o "
    "ORDER BY CASE WHEN by_wait <= {longest} THEN 0 ELSE 1 END, by_need LIMIT {limit}"
)
SHARE_OF_LONGEST = 5  # one in so many
DAY = timedelta(days=1)
OF_READS = frozenset({"id", "read_at", "read_for", "outcome", "reading", "version_hash"})


@dataclass(frozen=True, slots=True)
class Queue:
    """The ids that are due.

    Attributes:
        ids: the first ones.
        waiting: how many there are in all.
    """

    ids: list[DueId]
    waiting: int


def find_due(
    client: JobClientBase,
    stream: PerIdStream,
    account: str | None,
    reading: int,
    limit: int,
    now: datetime,
    among: Sequence[str] = (),
) -> Queue:
    """Returns the ids that are due, the first ones first.

    Args:
        client: of the open destination.
        stream: what is read by ids.
        account: whose rows, in a shared dataset.
        reading: number of the reading of everything; what was read in an earlier one is due.
        limit: how many ids at most; at least one.
        now: the present time.
        among: the ids to choose from; empty for all.
    """
    tables = _Tables(client, stream, account)
    if not tables.has_parent:
        return Queue([], 0)
    refresh = stream.refresh or DAY
    query, values = tables.query(limit, reading, now - refresh, among)
    rows = of(client).select(client, tables.columns, query, *values)
    ids = [DueId(key, _in_utc(modified), known) for key, modified, known, *_ in rows]
    return Queue(ids, int(rows[0][3]) if rows else 0)


def newest_read(client: JobClientBase, stream: PerIdStream, account: str | None) -> datetime | None:
    """Returns when the newest id was read; None if none was, or the table is not there."""
    tables = _Tables(client, stream, account)
    if not tables.has_reads:
        return None
    mine, values = (" WHERE account = %s", [account]) if account is not None else ("", [])
    query = f"SELECT max(read_at) FROM {{{stream.reads_table}}}{mine}"  # noqa: S608 - the schema's own names
    columns = {stream.reads_table: tables.columns[stream.reads_table]}
    ((newest,),) = of(client).select(client, columns, query, *values)
    return _in_utc(newest)


def reads_since(client: JobClientBase, stream: PerIdStream, account: str | None, since: datetime) -> int:
    """Returns how many ids were read since a time; 0 if the table is not there."""
    tables = _Tables(client, stream, account)
    if not tables.has_reads:
        return 0
    mine, values = (" AND account = %s", [account]) if account is not None else ("", [])
    query = f"SELECT count(*) FROM {{{stream.reads_table}}} WHERE read_at > %s{mine}"  # noqa: S608 - the schema's own names
    columns = {stream.reads_table: tables.columns[stream.reads_table]}
    ((count,),) = of(client).select(client, columns, query, since, *values)
    return int(count)


class _Tables:
    """The tables that the query reads, as far as they are there."""

    def __init__(self, client: JobClientBase, stream: PerIdStream, account: str | None) -> None:
        parent = stream.parent
        self._stream, self._account = stream, account
        self._presence = parent.stream.presence_table if isinstance(parent.stream, IncrementalStream) else None
        wanted = {
            parent.stream.table: {
                "id",
                parent.modified,
                parent.created,
                *([parent.closed[0]] if parent.closed else []),
            },
            stream.reads_table: OF_READS,
            **({self._presence: {"id", "gone_since"}} if self._presence else {}),
        }
        if account is not None:
            wanted = {name: {*columns, "account"} for name, columns in wanted.items()}
        there = of(client).stored_columns(client, wanted)
        self.columns = {name: columns for name, columns in wanted.items() if columns <= there.get(name, set())}

    @property
    def has_parent(self) -> bool:
        """Returns whether there are ids."""
        return self._stream.parent.stream.table in self.columns

    @property
    def has_reads(self) -> bool:
        """Returns whether any id was read."""
        return self._stream.reads_table in self.columns

    def query(
        self, limit: int, reading: int, stale_before: datetime, among: Sequence[str] = ()
    ) -> tuple[str, list[object]]:
        """Returns the query for the ids that are due, and its values."""
        stream, parent = self._stream, self._stream.parent
        facts = {"known": "NULL", "need": "1", "closed": "0", "since": f"p.{parent.created}"}
        same = " AND {0}.account = p.account" if self._account is not None else ""
        joins, values, where = "", list[object](), []
        if parent.closed is not None:
            column, closed = parent.closed
            facts["closed"] = f"CASE WHEN p.{column} IN ({', '.join(map(_quoted, closed))}) THEN 1 ELSE 0 END"
        if self.has_reads:
            joins += f" LEFT JOIN {{{stream.reads_table}}} r ON r.id = p.id{same.format('r')}"
            facts |= {"known": "r.version_hash", "since": f"COALESCE(r.read_at, p.{parent.created})"}
            facts["need"] = NEED.format(closed=facts["closed"], modified=f"p.{parent.modified}", reading=reading)
            values.append(stale_before)
        if self._presence in self.columns:
            joins += f" LEFT JOIN {{{self._presence}}} q ON q.id = p.id{same.format('q')}"
            where.append("q.gone_since IS NULL")
        if self._account is not None:
            where.append("p.account = %s")
            values.append(self._account)
        if among:
            where.append(f"p.id IN ({', '.join(['%s'] * len(among))})")
            values += among
        rows = f"{{{parent.stream.table}}} p{joins}{' WHERE ' if where else ''}{' AND '.join(where)}"
        longest = -(-limit // SHARE_OF_LONGEST)
        return DUE.format(**facts, modified=parent.modified, rows=rows, longest=longest, limit=limit), values


def _quoted(value: str) -> str:
    """Returns a text of this program as SQL."""
    return "'" + value.replace("'", "''") + "'"


def _in_utc(timestamp: datetime | None) -> datetime | None:
    if timestamp is None:
        return None
    return timestamp.replace(tzinfo=UTC) if timestamp.tzinfo is None else timestamp.astimezone(UTC)
