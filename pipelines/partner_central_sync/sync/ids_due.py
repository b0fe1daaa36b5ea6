"""Finds the ids that are due of a stream that is read by ids: the queue is a query, so nothing about it can be lost.

An id is due if it was never read, or if its record has changed since. That of an open record is due again after the
stream's refresh. An id that AWS refused or did not find, or whose record could not become a row, is due again after a
month. One that AWS did not find right after its change is due again after some minutes. One that AWS gave in an older
copy is due again in each run for a day after the change, and then once a day.
What changed and what was never read comes first, and what is open before the rest. One in five is for the ids that
have waited longest, so that no id waits for ever. Where a run reads fewer, chance decides whether it reads such a one.

A row that a join does not find shows by a column that may be null. In ClickHouse, a key of such a row is an empty text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from secrets import randbelow
from typing import Any

from dlt.common.destination.client import JobClientBase
from dlt.common.schema.typing import C_DLT_ID

from partner_central.public import DueId, PerIdStream, WholeListStream, handed_on_at

from ..destinations import of
from ..destinations.column_comments import literal
from ..destinations.pipeline_state import state_of_source
from .utc import in_utc

NEED = (
    "CASE WHEN r.reading IS NULL OR r.reading < {reading} THEN 1 "
    "WHEN r.read_for IS NULL AND {modified} IS NOT NULL "
    "THEN CASE WHEN r.outcome <> 'not found' OR r.read_at < %s THEN 0 END {older}WHEN r.read_for < {modified} THEN 0 "
    "WHEN r.outcome = 'read' AND {closed} = 0 AND r.read_at < %s THEN 2 "
    "WHEN r.outcome IN ('refused', 'rejected', 'not found') AND r.read_at < %s THEN 2 END"
)
OLDER = (
    "WHEN r.outcome = 'read' AND r.read_for < {modified} AND r.read_at > {modified} "
    "THEN CASE WHEN {modified} > %s OR r.read_at < %s THEN 2 END "
)
FACTS = (
    "SELECT p.id AS id, p.{modified} AS modified, {closed} AS is_closed, {need} AS need, "
    "{since} AS waiting_since FROM {rows}"
)
DUE = (
    "SELECT id, modified FROM (SELECT d.*, "
    "ROW_NUMBER() OVER (ORDER BY waiting_since, id) AS by_wait, "
    "ROW_NUMBER() OVER (ORDER BY CASE WHEN need = 2 THEN 1 ELSE 0 END, is_closed, need, "
    "CASE WHEN need = 2 THEN waiting_since END, modified DESC, id) AS by_need "
    "FROM ({facts}) d WHERE need IS NOT NULL) o "
    "ORDER BY CASE WHEN by_wait <= {longest} THEN 0 ELSE 1 END, by_need LIMIT {limit}"
)
COUNT = "SELECT COUNT(*) FROM ({facts}) d WHERE need IS NOT NULL"
NEWEST_VERSIONS = (
    "SELECT h.id, h.content_hash FROM {{{history}}} h JOIN "
    "(SELECT id, MAX(read_order) AS read_order FROM {{{history}}}{mine} GROUP BY id) n "
    "ON n.id = h.id AND n.read_order = h.read_order{mine_too}"
)
SHARE_OF_LONGEST = 5  # one in so many
NEVER = timedelta(days=36_500)
AGAIN = timedelta(days=30)  # after which what did not become a row is asked for again
NOT_YET = timedelta(minutes=2)  # after which what AWS did not find yet is asked for again
DAY = timedelta(days=1)
OF_READS = frozenset({"id", "read_at", "read_for", "outcome", "reading"})


def _newest_versions(client: JobClientBase, stream: PerIdStream, account: str | None) -> dict[str, str]:
    """Returns the content_hash of the newest version of each id."""
    history = stream.history_table
    columns = {history: _of_account({"id", "content_hash", "read_order"}, account)}
    if not columns[history] <= of(client).queryable_columns(client, columns).get(history, set()):
        return {}
    mine, mine_too = ("", "") if account is None else (" WHERE account = %s", " WHERE h.account = %s")
    query = NEWEST_VERSIONS.format(history=history, mine=mine, mine_too=mine_too)
    values = () if account is None else (account, account)
    rows: Iterable[Sequence[str]] = of(client).select(client, columns, query, *values)
    return {key: known for key, known, *_ in rows}


def _of_account(columns: set[str], account: str | None) -> set[str]:
    return columns if account is None else {*columns, "account"}


def queues_of(
    client: JobClientBase, streams: Iterable[PerIdStream], account: str | None, state: Mapping[str, Any]
) -> dict[str, IdQueue]:
    """Returns the queues of some streams in an open destination, by table. Which tables are there is asked once.

    Args:
        client: of the open destination.
        streams: what is read by ids.
        account: whose rows, in a shared dataset.
        state: of the pipeline; it says when each list was listed last.
    """
    wanted = {stream.table: _columns_of(stream, account) for stream in streams}
    there = of(client).queryable_columns(client, set().union(*wanted.values()))
    return {
        stream.table: IdQueue(
            client,
            stream,
            account,
            {name: columns for name, columns in wanted[stream.table].items() if columns <= there.get(name, set())},
            handed_on_at(state_of_source(state, stream.parent.stream) or {}),
        )
        for stream in streams
    }


def _columns_of(stream: PerIdStream, account: str | None) -> dict[str, set[str]]:
    """Returns the columns that the queue of a stream reads, by table."""
    parent = stream.parent
    closed = {parent.closed[0]} if parent.closed else set[str]()
    wanted = {
        parent.stream.table: {C_DLT_ID, "id", parent.modified, parent.created, *closed},  # without it, it is the user's
        parent.stream.presence_table: {"id", _seen(stream)},
        stream.reads_table: {*OF_READS},
    }
    return {name: _of_account(columns, account) for name, columns in wanted.items()}


def _seen(stream: PerIdStream) -> str:
    """Returns the column of presence that says whether the parent is there."""
    return "last_listed_at" if isinstance(stream.parent.stream, WholeListStream) else "gone_since"


class IdQueue:
    """The ids of one stream in an open destination; see `queues_of`.

    Args:
        client: of the open destination.
        stream: what is read by ids.
        account: whose rows, in a shared dataset.
        columns: the columns that are read, by table, of those tables that are there.
        listed_at: when the list of their records was listed last; None if that is not known.
    """

    def __init__(
        self,
        client: JobClientBase,
        stream: PerIdStream,
        account: str | None,
        columns: Mapping[str, set[str]],
        listed_at: datetime | None,
    ) -> None:
        self._client, self._stream, self._account, self._columns = client, stream, account, columns
        self._seen, self._listed_at = _seen(stream), listed_at

    def newest_read(self) -> datetime | None:
        """Returns when the newest id was read; None if none was, or the table is not there."""
        newest: datetime | None = self._of_reads("MAX(read_at)")
        return newest and in_utc(newest)

    def reads_since(self, since: datetime) -> int:
        """Returns how many ids were read since a time; 0 if the table is not there."""
        return int(self._of_reads("COUNT(CASE WHEN read_at > %s THEN 1 END)", since) or 0)

    def find(
        self, reading: int, limit: int, now: datetime, among: Sequence[str] = (), *, taken: Sequence[DueId] = ()
    ) -> list[DueId]:
        """Returns the ids that are due, the first ones first.

        Args:
            reading: number of the reading of everything; what was read in an earlier one is due.
            limit: how many ids at most; at least one.
            now: the present time.
            among: the ids to choose from; empty for all.
            taken: ids that are read in any case, and are not found.
        """
        if not self._has_ids:
            return []
        facts, values = self._facts(reading, now, among)
        query = DUE.format(facts=facts, longest=longest_of(limit), limit=limit + len(taken))
        found, given = of(self._client).select(self._client, self._columns, query, *values), {one.id for one in taken}
        rows = [(key, modified) for key, modified in found if key not in given][:limit]
        is_versioned = bool(rows) and self._stream.history is not None
        newest = _newest_versions(self._client, self._stream, self._account) if is_versioned else {}
        return [DueId(key, modified and in_utc(modified), newest.get(key)) for key, modified in rows]

    def count(self, reading: int, now: datetime) -> int:
        """Returns how many ids are due; the arguments are those of `find`."""
        if not self._has_ids:
            return 0
        facts, values = self._facts(reading, now)
        ((count,),) = of(self._client).select(self._client, self._columns, COUNT.format(facts=facts), *values)
        return int(count)

    def _of_reads(self, what: str, *values: object) -> Any:  # noqa: ANN401 - what a driver gives
        """Returns a figure over the table of reads; None if that is not there."""
        table = self._stream.reads_table
        if table not in self._columns:
            return None
        mine, of_account = ("", ()) if self._account is None else (" WHERE account = %s", (self._account,))
        query = f"SELECT {what} FROM {{{table}}}{mine}"  # noqa: S608 - the schema's own names
        ((figure,),) = of(self._client).select(self._client, self._columns, query, *values, *of_account)
        return figure

    @property
    def _has_ids(self) -> bool:
        return self._stream.parent.stream.table in self._columns

    def _facts(self, reading: int, now: datetime, among: Sequence[str] = ()) -> tuple[str, list[object]]:
        """Returns the query for each id that AWS lists, with why it is due; and its values."""
        stream, parent = self._stream, self._stream.parent
        modified = f"p.{parent.modified}"
        facts = {"need": "1", "closed": "0", "since": f"COALESCE(p.{parent.created}, {modified})"}
        same = " AND {0}.account = p.account" if self._account is not None else ""
        joins, values, where = "", list[object](), []
        if parent.closed is not None:
            column, closed = parent.closed
            facts["closed"] = f"CASE WHEN p.{column} IN ({', '.join(map(literal, closed))}) THEN 1 ELSE 0 END"
        if stream.reads_table in self._columns:
            joins += f" LEFT JOIN {{{stream.reads_table}}} r ON r.id = p.id{same.format('r')}"
            facts["since"] = f"COALESCE(r.read_at, {facts['since']})"
            is_dated = stream.members.is_dated
            older = OLDER.format(modified=modified) if is_dated else ""
            facts["need"] = NEED.format(closed=facts["closed"], modified=modified, reading=reading, older=older)
            values += [now - NOT_YET, *([now - DAY] * 2 if is_dated else []), now - (stream.refresh or NEVER)]
            values += [now - AGAIN]
        presence = parent.stream.presence_table
        if presence in self._columns:
            joins += f" LEFT JOIN {{{presence}}} q ON q.id = p.id{same.format('q')}"
            condition, listed = self._is_listed(presence)
            where.append(condition)
            values += listed
        if self._account is not None:
            where.append("p.account = %s")
            values.append(self._account)
        if among:
            where.append(f"p.id IN ({', '.join(['%s'] * len(among))})")
            values += among
        rows = f"{{{parent.stream.table}}} p{joins}{' WHERE ' if where else ''}{' AND '.join(where)}"
        return FACTS.format(**facts, modified=parent.modified, rows=rows), values

    def _is_listed(self, presence: str) -> tuple[str, list[object]]:
        """Returns the condition that a record was in its list when that was read last, and its values.

        Of an empty list, no row says when it was. The state does, unless its newest reading came to no end.
        """
        if self._seen == "gone_since":
            return "q.gone_since IS NULL", []
        if self._listed_at is not None:
            return "(q.last_listed_at IS NULL OR q.last_listed_at >= %s)", [self._listed_at]
        mine = "" if self._account is None else " WHERE account = %s"
        newest = f"SELECT MAX(last_listed_at) FROM {{{presence}}}{mine}"  # noqa: S608 - the schema's own names
        return f"(q.last_listed_at IS NULL OR q.last_listed_at = ({newest}))", [self._account] if mine else []


def longest_of(limit: int) -> int:
    """Returns how many of so many ids are ones that have waited longest: one in five, of fewer by chance."""
    return limit // SHARE_OF_LONGEST + (randbelow(SHARE_OF_LONGEST) < limit % SHARE_OF_LONGEST)
