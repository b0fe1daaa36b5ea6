"""The sections of the page, each from the answers of the views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ..query.currency import CHANGED_SPEND, money, spend, spend_of_version
from .charts import bars, columns, stacks
from .html import Html, join, tag
from .snapshot import WEEKS, Row, RowList, Snapshot
from .tables import Column, figure, join_counts, table

NONE_GIVEN = "none given"
NO_CURRENCY = "no currency"
CURRENCIES_DRAWN = 6
MONTHS_DRAWN = 12
MOVES = {"forward": "var(--a)", "won": "var(--b)", "lost": "var(--c)", "other": "var(--d)"}
WAITING = ("up to 7 days", "8 to 14 days", "15 to 30 days", "over 30 days")
CUSTOMER = Column("Customer", "customer_company_name")
OPPORTUNITY = Column("Opportunity", "id")
STAGE = Column("Stage", "life_cycle_stage")
TARGET = Column("Target close", "life_cycle_target_close_date")
NEXT = Column("Next steps", "life_cycle_next_steps", sentences=True)
MONTHLY = Column("Expected a month", "monthly_spend", lambda row: spend(row["monthly_spend"]))


def new_since(snapshot: Snapshot) -> Html:
    """Returns what the last report did not know."""
    if snapshot.before is None:
        return tag("p", "This is the first report. The next one says here what has changed since.")
    text = f"Since the report as of {(snapshot.before.as_of or 'the beginning')[:16].replace('T', ' ')} UTC: "
    counts = sorted(snapshot.change_counts, key=lambda row: -row["changes"])
    text += ", ".join(f"{row['what']} {row['changes']:,}" for row in counts) or "nothing has changed"
    shown = [
        *(Column("Changed (UTC)", "changed_at"), CUSTOMER, OPPORTUNITY, Column("What", "what")),
        *(_changed("Before", "old_value"), _changed("Now", "new_value")),
    ]
    return join(tag("p", f"{text}."), _long("Changes", shown, snapshot.changes) if counts else None)


def _changed(head: str, key: str) -> Column:
    """A value before or after a change; amounts are written as everywhere on the page."""

    def text(row: Mapping[str, Any]) -> str:
        value: str | None = row[key]
        return spend_of_version(value) if row["what"] == CHANGED_SPEND else value or ""

    return Column(head, key, text)


def pipeline(snapshot: Snapshot) -> Html:
    """Opens opportunities by stage, and expected spend by the month they mean to close."""
    rows = sorted(snapshot.results["stages"], key=lambda row: (row["stage_order"] or 99, row["life_cycle_stage"] or ""))
    sizes = {row["life_cycle_stage"] or NONE_GIVEN: row["opportunities_in_stage"] for row in rows}
    if not sizes:
        return tag("p", "Nothing is open.")
    summary = f"{sum(sizes.values()):,} open opportunities: {join_counts(sizes.items())}."
    stages = [
        *(STAGE, Column("Deals", "opportunities")),
        Column("Expected a month", "monthly_amount", lambda row: money(row["monthly_amount"], row["currency_code"])),
    ]
    funnel = figure(
        "By stage", bars(list(sizes.items()), summary), summary, table("By stage", stages, rows, sort=False)
    )
    return tag(
        "div", funnel, *_spend_figures(snapshot.results["months"], snapshot.freshness["as_of_date"]), class_="grid"
    )


def _spend_figures(months: Sequence[Row], today: date) -> list[Html]:
    """A chart for each of the most frequent currencies, and the numbers of all."""
    currencies: dict[str, list[Row]] = {}
    for row in sorted(months, key=lambda row: (row["target_close_month"] is None, str(row["target_close_month"]))):
        currencies.setdefault(row["currency_code"] or NO_CURRENCY, []).append(row)
    often = sorted(currencies, key=lambda name: (-sum(row["opportunities"] for row in currencies[name]), name))
    found = [_spend_figure(name, currencies[name], today) for name in often[:CURRENCIES_DRAWN]]
    if further := often[CURRENCIES_DRAWN:]:
        rows = [row for name in further for row in currencies[name]]
        summary = f"Expected spend in {len(further):,} further currencies: {', '.join(further)}."
        found.append(figure("Further currencies", None, summary, table("By month", _months(), rows, sort=False)))
    return found


def _spend_figure(name: str, rows: Sequence[Row], today: date) -> Html:
    code = rows[0]["currency_code"]
    total = sum(row["monthly_amount"] for row in rows)
    count = sum(row["opportunities"] for row in rows)
    summary = f"{money(total, code)} a month from {count:,} open opportunities, by the month they mean to close."
    chart = columns(_by_month(rows, today), summary)
    return figure(f"Expected spend, {name}", chart, summary, table("By month", _months(), rows, sort=False))


def _by_month(rows: Sequence[Row], today: date) -> list[tuple[str, float]]:
    """The amounts of the next months, one by one, and before and after them what is earlier, later or without date."""
    months = [
        date(today.year + (today.month - 1 + n) // 12, (today.month - 1 + n) % 12 + 1, 1) for n in range(MONTHS_DRAWN)
    ]
    sums = {"past": 0.0, **{f"{month:%b %y}": 0.0 for month in months}, "later": 0.0, "no date": 0.0}
    for row in rows:
        month = row["target_close_month"]
        if month is None:
            name = "no date"
        elif row["is_past"]:
            name = "past"
        else:
            name = f"{month:%b %y}" if month <= months[-1] else "later"
        sums[name] += float(row["monthly_amount"])
    return [(name, total) for name, total in sums.items() if total or name not in {"past", "later", "no date"}]


def _months() -> list[Column]:
    return [
        Column("Target close", "target_close_month", lambda row: f"{row['target_close_month'] or ''}"[:7]),
        Column("Deals", "opportunities"),
        Column("Expected a month", "monthly_amount", lambda row: money(row["monthly_amount"], row["currency_code"])),
    ]


def movement(snapshot: Snapshot) -> Html:
    """Moves between stages, week by week, back from the newest change."""
    if not (moves := snapshot.results["moves"]):
        return tag("p", f"No move between stages was seen within {WEEKS} weeks.")
    today = snapshot.freshness["as_of_date"]
    counts = {(week, kind): 0 for week in reversed(range(WEEKS)) for kind in MOVES}
    for row in moves:
        counts[row["weeks_ago"], row["movement"] if row["movement"] in MOVES else "other"] += row["moves"]
    starts = {week: today - timedelta(days=7 * week + 6) for week in range(WEEKS)}
    values = [(f"{starts[week]:%b} {starts[week].day}", kind, count) for (week, kind), count in counts.items()]
    totals = {kind: sum(count for (_, one), count in counts.items() if one == kind) for kind in MOVES}
    summary = f"Moves between stages within {WEEKS} weeks: {join_counts(totals.items())} (back, reopened or unknown)."
    weeks = [
        {"week": f"{starts[week]}", **{kind: counts[week, kind] for kind in MOVES}} for week in reversed(range(WEEKS))
    ]
    shown = [Column("Week from", "week"), *(Column(kind.capitalize(), kind) for kind in MOVES)]
    weekly = figure(
        "Moves, week by week",
        stacks(values, MOVES, summary, "moves"),
        summary,
        table("By week", shown, weeks, sort=False),
    )
    return tag("div", weekly, _velocity(snapshot.results["velocity"]), class_="beside")


def _velocity(rows: Sequence[Row]) -> Html:
    """Returns how long stages last that syncs have seen begin and end."""
    shown = [
        *(
            STAGE,
            Column("Median days", "median_days"),
            Column("Mean", "average_days"),
            Column("Longest", "longest_days"),
        ),
        *(Column("Stays", "stays"), Column("Of them lost", "lost")),
    ]
    ordered = sorted(rows, key=lambda row: (row["stage_order"] or 99, row["life_cycle_stage"] or ""))
    return tag(
        "figure",
        tag("h3", "How long a stage lasts"),
        table("How long a stage lasts", shown, ordered, sort=False),
        tag("figcaption", "Only stays whose beginning and end syncs have seen; the longer the history, the truer."),
    )


def review(snapshot: Snapshot) -> Html:
    """Returns how long reviews have been waiting, and what AWS wants changed."""
    rows = snapshot.results["waiting"]
    by_age = None
    if rows:
        counts = {(age, on): 0 for age in WAITING for on in ("AWS", "partner")}
        for row in rows:
            counts[row["waiting"], row["waiting_on"]] += row["opportunities"]
        totals = {on: sum(count for (_, one), count in counts.items() if one == on) for on in ("AWS", "partner")}
        summary = f"Waiting in review: {totals['AWS']:,} on AWS, {totals['partner']:,} on the partner."
        values = [(age.replace(" days", " d"), on, count) for (age, on), count in counts.items()]
        ages = [{"age": age, **{on: counts[age, on] for on in totals}} for age in WAITING]
        shown = [Column("Waiting", "age"), Column("On AWS", "AWS"), Column("On the partner", "partner")]
        chart = stacks(values, {"AWS": "var(--a)", "partner": "var(--d)"}, summary)
        by_age = figure("Age of reviews", chart, summary, table("By age", shown, ages, sort=False))
    required = [
        *(Column("Days", "days_waiting"), CUSTOMER, OPPORTUNITY, STAGE),
        *(
            Column("Reason", "life_cycle_review_status_reason"),
            Column("Comments", "life_cycle_review_comments", sentences=True),
            MONTHLY,
        ),
    ]
    return tag(
        "div",
        by_age or tag("p", "Nothing waits in review."),
        _long("Action required", required, snapshot.tables["action_required"]),
        class_="beside",
    )


def late(snapshot: Snapshot) -> Html:
    """Returns what is past its target close date, has slipped, or is unchanged for long."""
    due = [Column("Days overdue", "days_overdue"), CUSTOMER, OPPORTUNITY, STAGE, TARGET, NEXT, MONTHLY]
    slipped = [
        *(Column("Days slipped", "days_slipped"), Column("Times", "times_slipped"), CUSTOMER, OPPORTUNITY, STAGE),
        *(Column("First target", "first_target_close_date"), TARGET, MONTHLY),
    ]
    stalled = [
        *(Column("Days unchanged", "days_unchanged"), CUSTOMER, OPPORTUNITY, STAGE),
        *(Column("Review", "life_cycle_review_status"), TARGET, NEXT, MONTHLY),
    ]
    return join(
        _long("Past the target close date", due, snapshot.tables["past_target_close"]),
        _long("Target close date slipped", slipped, snapshot.tables["slipped"]),
        _long("Unchanged for 30 days", stalled, snapshot.tables["stalled"]),
    )


def gone_section(snapshot: Snapshot) -> Html:
    """Returns what the newest complete listing did not show."""
    shown = [
        Column("Gone since (UTC)", "gone_since"),
        *(CUSTOMER, OPPORTUNITY, STAGE, Column("Review", "life_cycle_review_status"), MONTHLY),
    ]
    return join(
        tag(
            "p",
            "Opportunities that the newest complete listing did not show any more. They are kept as they were last "
            "seen, and are in no number above but Gone.",
            class_="soft",
        ),
        _long("Gone", shown, snapshot.tables["gone"]),
    )


def _long(caption: str, shown: Sequence[Column], rows: RowList) -> Html:
    return tag("div", table(caption, shown, rows.rows, rows.total), class_="long")
