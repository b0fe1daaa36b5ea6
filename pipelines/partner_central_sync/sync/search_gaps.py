"""Counts the opportunities that a search of everything did not have: it is an index, and may lack some."""

from __future__ import annotations

from datetime import datetime

import dlt
from dlt.common.destination.client import JobClientBase

from partner_central.public import OPPORTUNITIES, StreamMetrics, newest_full_listing, searched_at
from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES as SEARCH

from ..destinations import of
from ..destinations.pipeline_state import state_of_source
from .settings import Settings

COLUMNS = {
    OPPORTUNITIES.table: {"id"},
    OPPORTUNITIES.presence_table: {"id", "gone_since", "last_listed_sweep"},
    SEARCH.table: {"id", "last_listed_at"},
}


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
    listing = newest_full_listing(state_of_source(pipeline.state) or {})
    client = pipeline.destination_client()
    with client:
        at = searched_at(state_of_source(pipeline.state, SEARCH) or {})
        missing, known = _count(client, settings.account, listing.number if listing else 0, at)
    if not missing:
        return None
    return (
        f"{SEARCH.operation.name} did not find {missing:,} of {known:,} opportunities. They stay, and what "
        f"{SEARCH.table} says of them is older or missing."
    )


def _count(client: JobClientBase, account: str | None, listing: int, searched_at: datetime | None) -> tuple[int, int]:
    """Returns how many opportunities the newest search of everything lacks, and how many there are.

    A search that found nothing has no row that shows its time, so the time is asked of the state.
    In a lake nothing is marked as gone, so what the newest listing of everything did not show does not count. A dataset
    of an earlier release has no table of presence before something of it changes. What the join does not find is
    counted by a column that may be null: in ClickHouse, the id is then an empty text.
    """
    there = of(client).queryable_columns(client, COLUMNS)
    if not there.keys() >= {OPPORTUNITIES.table, SEARCH.table}:
        return 0, 0
    opportunities, presence, found = (f"{{{table}}}" for table in COLUMNS)
    keys = () if account is None else (account,)
    mine, same = (" AND o.account = %s", " AND {0}.account = o.account") if keys else ("", "")
    newest, at = ("1 = 0", ()) if searched_at is None else ("s.last_listed_at >= %s", (searched_at,))
    gone = "(p.gone_since IS NOT NULL OR p.last_listed_sweep < %s)"
    unlisted = f"NOT EXISTS (SELECT 1 FROM {presence} p WHERE p.id = o.id{same.format('p')} AND {gone})"  # noqa: S608
    listed, numbers = (unlisted, (listing,)) if OPPORTUNITIES.presence_table in there else ("1 = 1", ())
    query = (
        f"SELECT count(*) - count(s.last_listed_at), count(*) FROM {opportunities} o "  # noqa: S608
        f"LEFT JOIN {found} s ON s.id = o.id{same.format('s')} AND {newest} WHERE {listed}{mine}"
    )
    columns = {table: {*names, "account"} if keys else names for table, names in COLUMNS.items() if table in there}
    rows = of(client).select(client, columns, query, *at, *numbers, *keys)
    ((missing, known),) = rows or ((0, 0),)
    return int(missing), int(known)
