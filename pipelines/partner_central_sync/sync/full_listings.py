"""`sync_sweeps`: what was concluded from each complete listing of everything, so that it is concluded once.

The verdicts are in the destination, so that a later run from another machine, or another folder, finds them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, cast

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase

from ..destinations.own_tables import LISTINGS, OwnTable

Verdict = Literal["concluded", "held", "accepted"]
VERDICTS = (
    "concluded: what it did not show is marked as gone; accepted: although it was much, as --accept-removals said; "
    "held: nothing was marked, since it was too much."
)
TABLE = OwnTable(
    LISTINGS,
    (
        ("number", "bigint", "Number of the listing, as in last_listed_sweep of opportunity_presence."),
        ("account", "text", "Whose listing it was, where several accounts share the dataset."),
        ("begun_at", "timestamp", "When it began, by the service's clock."),
        ("verdict", "text", VERDICTS),
        ("gone", "bigint", "How many opportunities it did not show."),
        ("known", "bigint", "How many there were before it."),
        ("judged_at", "timestamp", "When that was concluded, by the clock of the machine that ran."),
    ),
    nullable=frozenset({"account"}),
)


def find_verdict(sql: SqlClientBase[Any], number: int, account: str | None) -> Verdict | None:
    """Returns the verdict on a listing; None if there is none yet."""
    mine, account_key = ("account IS NULL", ()) if account is None else ("account = %s", (account,))
    table = sql.make_qualified_table_name(TABLE.name)
    try:
        rows = sql.execute_sql(f"SELECT verdict FROM {table} WHERE number = %s AND {mine}", number, *account_key)  # noqa: S608 - the schema's own names
    except DatabaseUndefinedRelation:
        return None
    return cast("Verdict", rows[0][0]) if rows else None


def record(
    client: SqlJobClientBase,
    listing: tuple[int, datetime],
    account: str | None,
    verdict: Verdict,
    counts: tuple[int, int],
    judged_at: datetime,
) -> None:
    """Writes down what was concluded from a listing, given its number and when it began."""
    number, begun_at = listing
    TABLE.insert(client, (number, account, begun_at, verdict, *counts, judged_at))
