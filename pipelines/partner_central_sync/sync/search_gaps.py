"""Counts the opportunities that a search of everything did not have: it is an index, and may lack some."""

from __future__ import annotations

import dlt
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import OPPORTUNITIES, StreamMetrics
from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES as SEARCH

from .settings import Settings


def found_everything(search: StreamMetrics | None) -> bool:
    """Returns whether a run searched for everything, to its end."""
    return search is not None and search.complete and search.mode != "incremental" and search.filter_set == "all"


def gaps(pipeline: dlt.Pipeline, settings: Settings, search: StreamMetrics | None) -> str | None:
    """Returns a sentence about opportunities that are listed, and that the search did not find; None without any.

    Args:
        pipeline: whose destination holds what was loaded.
        settings: whose account it is.
        search: what the run read of the search; None if nothing. Only a search of everything can lack something.
    """
    if not found_everything(search):
        return None
    client = pipeline.destination_client()
    if not isinstance(client, SqlJobClientBase):
        return None
    with client:
        missing, known = _count(client, settings.account)
    if not missing:
        return None
    return (
        f"{SEARCH.operation.name} did not find {missing:,} of {known:,} opportunities. They stay, and what "
        f"{SEARCH.table} says of them is older or missing."
    )


def _count(client: SqlJobClientBase, account: str | None) -> tuple[int, int]:
    """Returns how many opportunities the newest search of everything lacks, and how many there are.

    What the join does not find is counted by a column that may be null: in ClickHouse, the id is then an empty text.
    """
    opportunities, presence, found = map(
        client.sql_client.make_qualified_table_name,
        (OPPORTUNITIES.table, OPPORTUNITIES.presence_table, SEARCH.table),
    )
    keys = () if account is None else (account,)
    mine, same = (" AND o.account = %s", " AND {0}.account = o.account") if keys else ("", "")
    newest = f"SELECT max(last_listed_at) FROM {found}" + (" WHERE account = %s" if keys else "")  # noqa: S608 - the schema's own names
    rows = client.sql_client.execute_sql(
        f"SELECT count(*) - count(s.last_listed_at), count(*) FROM {opportunities} o "  # noqa: S608
        f"LEFT JOIN {presence} p ON p.id = o.id{same.format('p')} "
        f"LEFT JOIN {found} s ON s.id = o.id{same.format('s')} AND s.last_listed_at = ({newest}) "
        f"WHERE p.gone_since IS NULL{mine}",
        *keys,
        *keys,
    )
    ((missing, known),) = rows or ((0, 0),)
    return int(missing), int(known)
