"""What a complete sweep of everything did not list is marked as gone in `opportunity_presence`.

The cursor says which sweep is complete, the table which ids it listed. To conclude twice is to conclude once; so a run
that finds a sweep it has not looked at concludes it, also where an earlier one was killed before it could.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase

from partner_central.errors import ConfigurationError

from .settings import Settings

SOURCE, RESOURCE, SCOPE = "partner_central", "opportunities", "all"
CONCLUDED = "partner_central_concluded"
MOST_GONE = 0.2
FEWEST_GONE = 10


@dataclass(frozen=True, slots=True)
class Removals:
    """What was concluded from a sweep.

    Attributes:
        gone: ids that were marked as gone.
        held: ids that were not, because they were too many at once.
        known: ids that were present before the sweep.
    """

    gone: int = 0
    held: int = 0
    known: int = 0

    def warning(self, dataset: str) -> str | None:
        """What the user is to decide, if anything."""
        if not self.held:
            return None
        return (
            f"{self.held:,} of {self.known:,} opportunities were not listed any more: more than a run marks as gone by "
            "itself (setting most_gone). Nothing was marked; what was listed is loaded. See whether these credentials "
            "still reach the whole account. If those opportunities are gone, sync --accept-removals marks them in "
            f"{dataset}.opportunity_presence."
        )


def most_gone() -> float:
    """The share of all opportunities that one run marks as gone by itself, 0 to 1.

    Raises:
        ConfigurationError: the setting is no such share.
    """
    try:
        share = dlt.config.get("sources.partner_central.most_gone", float)
    except (TypeError, ValueError):
        share = -1
    if share is not None and not 0 <= share <= 1:
        raise ConfigurationError("most_gone must be a share between 0 and 1, as 0.2 for a fifth.")
    return MOST_GONE if share is None else share


def conclude(pipeline: dlt.Pipeline, settings: Settings) -> Removals:
    """Mark what the newest complete sweep did not list, unless that was looked at before.

    More than the share `most_gone` of what was present is marked only if the settings accept it; fewer than
    `FEWEST_GONE` always are. Destinations without SQL cannot conclude.
    """
    swept = _swept(pipeline)
    seen = cast("dict[str, Any]", pipeline.state["_local"]).get(CONCLUDED)
    if swept is None or (seen == swept and not settings.accept_removals):
        return Removals()
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return Removals()
    with client:
        moment = datetime.fromisoformat(swept)
        removals = _mark(client.sql_client, moment, settings.account, accept=settings.accept_removals)
    pipeline.set_local_state_val(CONCLUDED, swept)
    return removals


def _swept(pipeline: dlt.Pipeline) -> str | None:
    """When the newest complete sweep of everything began."""
    sources = cast("dict[str, Any]", pipeline.state.get("sources", {}))
    cursors = sources.get(SOURCE, {}).get("resources", {}).get(RESOURCE, {}).get("cursors", {})
    return cast("str | None", cursors.get(SCOPE, {}).get("swept"))


def _mark(sql: SqlClientBase[Any], swept: datetime, account: str | None, *, accept: bool) -> Removals:
    """Mark ids without a row of presence, and those that were last listed before the sweep; of one account.

    It needs no transaction, which BigQuery has only within a session: done again, it marks what is left.
    """
    presence, opportunities, history = map(
        sql.make_qualified_table_name, ("opportunity_presence", "opportunities", "opportunity_history")
    )
    whose: tuple[str, ...] = () if account is None else (account,)
    mine, same, listed = (" AND p.account = %s", " AND h.account = p.account", "account, ") if whose else ("", "", "")
    unlisted = (
        f"FROM {opportunities} p WHERE NOT EXISTS "  # noqa: S608 - the schema's own names
        f"(SELECT 1 FROM {presence} h WHERE h.id = p.id{same}){mine}"
    )
    missed = f"FROM {presence} p WHERE p.gone_since IS NULL AND p.last_listed_at < %s{mine}"
    gone = _one(sql, f"SELECT count(*) {unlisted}", *whose)
    gone += _one(sql, f"SELECT count(*) {missed}", swept, *whose)
    if not gone:
        return Removals()
    known = gone + _one(
        sql,
        f"SELECT count(*) FROM {presence} p WHERE p.gone_since IS NULL AND p.last_listed_at >= %s{mine} "  # noqa: S608
        f"AND EXISTS (SELECT 1 FROM {history} h WHERE h.id = p.id{same} AND h.first_seen_at < %s)",
        swept,
        *whose,
        swept,
    )
    if gone >= FEWEST_GONE and gone > most_gone() * known and not accept:
        return Removals(held=gone, known=known)
    sql.execute_sql(
        f"UPDATE {presence} SET gone_since = %s WHERE gone_since IS NULL AND last_listed_at < %s"  # noqa: S608
        + mine.replace("p.", ""),
        swept,
        swept,
        *whose,
    )
    sql.execute_sql(
        f"INSERT INTO {presence} ({listed}id, gone_since, _dlt_load_id, _dlt_id) "
        f"SELECT {listed}p.id, %s, p._dlt_load_id, p._dlt_id {unlisted}",
        swept,
        *whose,
    )
    return Removals(gone=gone, known=known)


def _one(sql: SqlClientBase[Any], query: str, *values: object) -> int:
    rows = sql.execute_sql(query, *values)
    return int(rows[0][0]) if rows else 0
