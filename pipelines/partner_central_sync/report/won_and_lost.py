"""The section on what was won, what was lost and why, and what is launched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..query.currency import money
from .charts import bars, stacks
from .html import Html, tag
from .snapshot import Row, Snapshot
from .tables import Column, figure, join_counts, table

NONE_GIVEN = "none given"
QUARTERS_DRAWN = 8
REASONS_DRAWN = 12


def won_and_lost(snapshot: Snapshot) -> Html:
    """Returns won and lost by quarter, why, and what is launched."""
    quarters = list(reversed(snapshot.results["quarters"][:QUARTERS_DRAWN]))
    if not quarters:
        return tag("p", "Nothing is closed yet.")
    newest = quarters[-1]
    summary = (
        f"{newest['quarter']}: {newest['won']:,} won, {newest['lost']:,} lost, {newest['win_rate_percent']} % won. "
        "Counted by the day of closing; of what was closed at the first sync, that day is an estimate."
    )
    values = [(row["quarter"][2:], kind, row[kind]) for row in quarters for kind in ("won", "lost")]
    shown = [
        *(Column("Quarter", "quarter"), Column("Won", "won"), Column("Lost", "lost")),
        *(Column("Win rate %", "win_rate_percent"), Column("Estimated days", "undated")),
    ]
    chart = stacks(values, {"won": "var(--b)", "lost": "var(--c)"}, summary)
    return tag(
        "div",
        figure("Won and lost, by quarter", chart, summary, table("By quarter", shown, quarters, sort=False)),
        *_reasons(snapshot.results["reasons"]),
        *_launched_by_month(snapshot.results["launched"]),
        class_="grid",
    )


def _reasons(reasons: Sequence[Row]) -> list[Html]:
    if not reasons:
        return []
    ordered = sorted(reasons, key=lambda row: (-row["opportunities"], row["life_cycle_closed_lost_reason"] or ""))
    counts = [(row["life_cycle_closed_lost_reason"] or NONE_GIVEN, row["opportunities"]) for row in ordered]
    summary = f"Reasons of {sum(count for _, count in counts):,} lost deals: {join_counts(counts[:3])}."
    shown = [
        *(Column("Reason", "life_cycle_closed_lost_reason"), Column("Lost", "opportunities")),
        *(Column("Within a year", "within_a_year"), Column("Last", "last_closed_on")),
    ]
    chart = bars(counts[:REASONS_DRAWN], summary, "var(--c)")
    return [figure("Why deals were lost", chart, summary, table("By reason", shown, ordered, sort=False))]


def _launched_by_month(rows: Sequence[Row]) -> list[Html]:
    if not rows:
        return []

    def amount(name: str) -> Any:  # noqa: ANN401 - a cell
        return lambda row: money(row[name], row["currency_code"])

    shown = [
        Column("Deals", "opportunities"),
        Column("A month", "monthly_amount", amount("monthly_amount")),
        Column("Within a year", "launched_within_a_year", amount("launched_within_a_year")),
    ]
    ordered = sorted(rows, key=lambda row: row["currency_code"] or "~")
    summary = f"What {sum(row['opportunities'] for row in rows):,} launched opportunities may bring, by currency."
    return [
        tag(
            "figure",
            tag("h3", "Launched, expected a month"),
            table("Launched, expected a month", shown, ordered, sort=False),
            tag("figcaption", summary),
        )
    ]
