"""Queries the views for all that the report shows: the page is made of a `Snapshot` alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.public import ConfigurationError

from ..destinations.errors import WrongQuery
from ..query.read_only import run_query
from ..views.translation import translate
from .last_report import ReportState, ReportStates

Row = dict[str, Any]
SHOWN = 200  # rows of a table; the page has the number of all
WEEKS = 8

QUERIES = {
    "stages": "SELECT * FROM pipeline_by_stage",
    "months": "SELECT * FROM expected_spend_by_month",
    "moves": f"""
        SELECT weeks_ago, movement, COUNT(*) AS moves
        FROM (
            SELECT
                movement,
                CAST(FLOOR(DATE_DIFF('day', CAST(changed_at AT TIME ZONE 'UTC' AS DATE), as_of_date) / 7) AS BIGINT)
                    AS weeks_ago
            FROM stage_transitions
            JOIN data_freshness ON data_freshness.stream = 'opportunities'
        ) AS dated
        WHERE weeks_ago < {WEEKS}
        GROUP BY weeks_ago, movement""",  # noqa: S608
    "velocity": "SELECT * FROM stage_velocity",
    "waiting": "SELECT waiting, waiting_on, COUNT(*) AS opportunities FROM review_ageing GROUP BY waiting, waiting_on",
    "quarters": "SELECT * FROM win_rate_by_quarter ORDER BY quarter_start DESC",
    "reasons": "SELECT * FROM closed_lost_reasons",
    "launched": "SELECT * FROM launched_monthly_recurring",
}
TABLES = {
    "action_required": ("action_required", "days_waiting DESC"),
    "past_target_close": ("past_target_close", "days_overdue DESC"),
    "slipped": ("slipped_close_dates", "days_slipped DESC"),
    "stalled": ("stalled", "days_unchanged DESC"),
    "gone": ("opportunity_current WHERE is_gone", "gone_since DESC"),
}


@dataclass(frozen=True, slots=True)
class RowList:
    """The first rows of a list, and how many it has in all."""

    rows: list[Row]
    total: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything on the page.

    Attributes:
        dataset: whose data it is.
        freshness: the row of `data_freshness`.
        results: rows by the names of `QUERIES`.
        tables: lists by the names of `TABLES`.
        mark: how far these data go; before: how far the last report went, None for a first one.
        changes: what came between the two; change_counts: how many of each kind.
    """

    dataset: str
    freshness: Row
    results: Mapping[str, list[Row]]
    tables: Mapping[str, RowList]
    mark: ReportState
    before: ReportState | None
    changes: RowList
    change_counts: list[Row]


def load_snapshot(client: SqlJobClientBase, dataset: str, marks: ReportStates) -> Snapshot:
    """Runs all queries on an open destination.

    Raises:
        ConfigurationError: the views are not there yet.
    """
    try:
        (freshness,) = fetch_rows(client, "SELECT * FROM data_freshness WHERE stream = 'opportunities'")
    except WrongQuery as error:
        raise ConfigurationError(
            f"The report is made from views that the dataset {dataset} does not have: run partner-central sync, which "
            "makes them unless several accounts share the dataset."
        ) from error
    (newest,) = fetch_rows(client, "SELECT MAX(gone_since) AS gone FROM opportunity_standing")
    mark = ReportState(_iso(freshness["as_of"]), _iso(freshness["last_change_seen_at"]), _iso(newest["gone"]))
    before = marks.before(mark)
    return Snapshot(
        dataset,
        freshness,
        {name: fetch_rows(client, query) for name, query in QUERIES.items()},
        {name: _load_rows(client, *table) for name, table in TABLES.items()},
        mark,
        before,
        _load_rows(client, f"changes WHERE {since(before)}", "changed_at DESC") if before else RowList([], 0),
        fetch_rows(client, f"SELECT what, COUNT(*) AS changes FROM changes WHERE {since(before)} GROUP BY what")  # noqa: S608
        if before
        else [],
    )


def since(mark: ReportState) -> str:
    """The condition on `changes` for what a report with this mark did not know."""

    def later(column: str, timestamp: str | None) -> str:
        return f"{column} > CAST('{timestamp}' AS TIMESTAMP WITH TIME ZONE)" if timestamp else "TRUE"

    versions, gone = later("first_seen_at", mark.seen), later("changed_at", mark.gone)
    return f"((what <> 'gone' AND {versions}) OR (what = 'gone' AND {gone}))"


def fetch_rows(client: SqlJobClientBase, query: str) -> list[Row]:
    """The rows of a query that is written as the views are."""
    with run_query(client, translate(query, client)) as answer:
        columns = [column.lower() for column in answer.columns]
        return [dict(zip(columns, row, strict=True)) for row in answer.rows]


def _load_rows(client: SqlJobClientBase, source: str, order: str) -> RowList:
    rows = fetch_rows(client, f"SELECT *, COUNT(*) OVER () AS total FROM {source} ORDER BY {order}, id LIMIT {SHOWN}")  # noqa: S608
    return RowList(rows, rows[0]["total"] if rows else 0)


def _iso(timestamp: datetime | None) -> str | None:
    return timestamp.astimezone(UTC).isoformat() if timestamp else None
