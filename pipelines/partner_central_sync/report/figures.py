"""Every figure of the page, as data: which rows count, by what they are grouped, and how that is shown.

`evaluate.py` works them out for the page as it is written, and `app/evaluate.js` in the browser, for the rows that a
filter leaves. So a figure is defined once.

A condition is `(field, operator, value)`; `=`, `in`, `<` and `>=` are true of no missing value.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

Condition = tuple[str, str, Any]
Figure = dict[str, Any]

WEEKS, QUARTER_WEEKS, MONTHS, QUARTERS, TOP = 8, 13, 12, 8, 10
STALE_DAYS = 30
BEFORE = "the quarter before"
OPEN: tuple[Condition, ...] = (("open", "=", 1), ("gone", "=", 0))
PIPELINE: tuple[Condition, ...] = (("pipeline", "=", 1),)
VALIDATED: tuple[Condition, ...] = (("validated", "=", 1),)
CLOSED: tuple[Condition, ...] = (("open", "=", 0),)
LAUNCHED: tuple[Condition, ...] = (("stage", "=", "Launched"), ("gone", "=", 0))
TREND = "The thirteen weeks up to now, each with the same week of the quarter before beside it."
REVIEWED = ("approved", "rejected")
WAITING = ("up to 7 days", "8 to 14 days", "15 to 30 days", "over 30 days")


def quarter_end(today: date) -> int:
    """Returns how many days from now the quarter ends."""
    year, month = divmod(today.year * 12 + 3 * ((today.month - 1) // 3) + 3, 12)
    first_of_next = date(year, month + 1, 1)
    return (first_of_next - timedelta(1) - today).days


def figures(today: date, since: date, first: date, earliest: date) -> dict[str, Figure]:
    """Returns all of them by name.

    Args:
        today: the day up to which everything is counted.
        since: the day from which on changes are new.
        first: the day of the first watermark: what was pipeline before is not known.
        earliest: the same of the account whose history begins first: no move was seen before.
    """
    news, needs = _news((since - today).days), _needs(today)
    found = [*news, *needs, *_pipeline(today, first), *_splits(), *_outcomes(today, earliest)]
    return {figure["name"]: figure for figure in found}


def _tile(name: str, title: str, where: tuple[Condition, ...], **more: Any) -> Figure:  # noqa: ANN401 - JSON
    return {"name": name, "show": "tile", "table": "opportunities", "title": title, "where": where, **more}


def _bars(name: str, title: str, field: str, where: tuple[Condition, ...] = PIPELINE, **more: Any) -> Figure:  # noqa: ANN401
    figure = _tile(name, title, where, by={"field": field}, top=TOP)
    return figure | {"show": "bars"} | more


def _columns(name: str, title: str, by: dict[str, Any], where: tuple[Condition, ...], **more: Any) -> Figure:  # noqa: ANN401
    figure = _tile(name, title, where, by=by, value="count", series=[{"name": "", "where": []}])
    return figure | {"show": "columns"} | more


def _news(since: int) -> list[Figure]:
    where: tuple[Condition, ...] = (("day", ">=", since),)
    columns = ["day", "customer", "what", "before", "now"]
    return [
        _bars("changes", "Changes by kind", "what", where, table="changes"),
        _tile(
            "changed",
            "Changes",
            where,
            table="changes",
            note="Newest first. What the first sync found is not a change.",
            list={"sort": ["day", "down"], "columns": columns, "rows": 10},
        ),
    ]


def _needs(today: date) -> list[Figure]:
    until = quarter_end(today) + 1
    slipping: tuple[Condition, ...] = (*PIPELINE, ("slips", ">=", 1), ("target", ">=", 0), ("target", "<", until))
    return [
        _tile(
            "action_required",
            "Action required",
            (*PIPELINE, ("standing", "=", "action required")),
            note="AWS sent it back: correct it and submit it again. Longest first.",
            empty="Nothing was sent back.",
            list={"sort": ["review_since", "up"], "columns": ["customer", "reason", "review_since", "amount"]},
        ),
        _tile(
            "referrals",
            "Referrals waiting",
            (("standing", "=", "waiting"),),
            table="invitations",
            note="Invitations without an answer. The one that lapses first is first.",
            empty="Nothing waits for an answer.",
            list={"sort": ["expires", "up"], "columns": ["title", "sender", "expires", "left"]},
        ),
        _tile(
            "overdue",
            "Past target close",
            (*PIPELINE, ("target", "<", 0)),
            part=["validated", VALIDATED],
            note="Close it, or set a new date. Largest first.",
            empty="Nothing is past its date.",
            list={"sort": ["amount", "down"], "columns": ["customer", "stage", "target", "amount"]},
        ),
        _tile(
            "slipping",
            "Slipped, due this quarter",
            slipping,
            part=["validated", VALIDATED],
            note="The date moved before, and falls into this quarter. Largest first.",
            empty="Nothing.",
            list={"sort": ["amount", "down"], "columns": ["customer", "slips", "target", "amount"]},
        ),
    ]


def _pipeline(today: date, first: date) -> list[Figure]:
    due: tuple[Condition, ...] = (*PIPELINE, ("target", ">=", 0), ("target", "<", quarter_end(today) + 1))
    return [
        _tile("validated", "Validated pipeline", VALIDATED, note="The part that AWS has approved."),
        _tile("pipeline", "Pipeline", PIPELINE, note="Open, and neither rejected nor still to be submitted."),
        _tile("no_pipeline", "Open, but no pipeline", (*OPEN, ("pipeline", "=", 0)), note="Rejected or not submitted."),
        _tile("due", "Due this quarter", due, part=["validated", VALIDATED]),
        _tile("launched", "Launched", LAUNCHED),
        _tile(
            "win_rate",
            "Won of closed",
            (*CLOSED, ("closed", ">=", -364)),
            share=[("stage", "=", "Launched")],
            note="Within a year, by the day of closing.",
        ),
        _tile(
            "stalled",
            "Unchanged for 30 days",
            (*PIPELINE, ("modified", "<", 1 - STALE_DAYS)),
            part=["validated", VALIDATED],
        ),
        *_trend(today, first),
        _columns(
            "by_month",
            "Expected a month, by target close",
            {"field": "target", "unit": "month", "count": MONTHS},
            (*PIPELINE, ("target", ">=", 0)),
            value="amount",
            note="Without what is past its date, which has a tile of its own.",
        ),
    ]


def _trend(today: date, first: date) -> list[Figure]:
    """The pipeline of each week, as far as it is known: by amount, and by number."""
    monday = first - timedelta(first.weekday())
    known = (today - monday).days // 7 + 1
    by = {"field": "from", "until": "until", "unit": "standing", "count": max(1, min(known, QUARTER_WEEKS))}
    by |= {"end": 6 - today.weekday(), "begin": (monday - today).days}
    series = [{"name": "this quarter", "where": [], "shift": 0}]
    more: dict[str, Any] = {"note": TREND}
    if known > QUARTER_WEEKS:
        series.append({"name": BEFORE, "where": [], "shift": 7 * QUARTER_WEEKS})
        more["beside"] = True
        if known < 2 * QUARTER_WEEKS:
            more["note"] += f" What was before {monday} is not known."
    else:
        series[0]["name"] = ""
        later = monday + timedelta(7 * (QUARTER_WEEKS if known > 1 else 1))
        what = "the quarter before is beside it" if known > 1 else "there is a trend"
        more["note"] = f"The history begins in the week of {monday}. From {later} on, {what}."
    if known <= 1:
        more["alone"] = True
    more |= {"table": "spans", "series": series}
    first_ones: tuple[Condition, ...] = (("first", "=", 1),)  # a row for each currency
    return [
        _columns("trend", "Pipeline at the end of each week", by, (), value="amount", **more),
        _columns("trend_count", "Opportunities in it", by, first_ones, **more),
    ]


def _splits() -> list[Figure]:
    waiting: tuple[Condition, ...] = (*OPEN, ("review", "set", None), ("standing", "not in", REVIEWED))
    return [
        _bars("by_stage", "By stage", "stage", order="stages"),
        _bars("by_account", "By account", "account"),
        _bars("by_review", "What is open, by review", "standing", OPEN),
        _bars("by_owner", "By owner", "owner"),
        _bars("by_origin", "By origin", "origin"),
        _bars("by_country", "By country", "country"),
        _bars("by_industry", "By industry", "industry"),
        _bars("by_type", "By type", "type"),
        _bars("by_solution", "By solution", "solutions"),
        _bars("by_currency", "By currency", "currency"),
        _bars(
            "waiting",
            "How long reviews wait",
            "review_since",
            waiting,
            by={"field": "review_since", "edges": [7, 14, 30], "labels": WAITING},
        ),
    ]


def _outcomes(today: date, earliest: date) -> list[Figure]:
    won, lost = [("stage", "=", "Launched")], [("stage", "=", "Closed Lost")]
    kinds = {name: [("movement", "=", name)] for name in ("forward", "won", "lost")}
    other = [("movement", "not in", tuple(kinds))]
    weeks = max(0, (today - earliest).days) // 7 + 1
    later = f" From {earliest + timedelta(7)} on, each week has a column." if weeks == 1 else ""
    return [
        _columns(
            "by_quarter",
            "Won and lost, by quarter",
            {"field": "closed", "unit": "quarter", "count": QUARTERS},
            CLOSED,
            series=[{"name": "won", "where": won}, {"name": "lost", "where": lost}],
            note="By the day of closing. For what was closed at the first sync, that day is an estimate.",
        ),
        _bars("why_lost", "Why they were lost", "lost", (("stage", "=", "Closed Lost"),)),
        _columns(
            "moves",
            "Moves between stages, by week",
            {"field": "day", "unit": "week", "count": min(weeks, WEEKS)},
            (),
            table="moves",
            series=[
                *({"name": name, "where": where} for name, where in kinds.items()),
                {"name": "other", "where": other},
            ],
            note="Other: back, reopened or unknown.",
            empty=f"No move has been seen since {earliest}, when the history begins.{later}",
        ),
        _bars(
            "velocity",
            "Median days in a stage",
            "from",
            (("exact", "=", 1),),
            table="moves",
            order="stages",
            median="days",
            note="Only stays whose begin and end syncs have seen. The longer the history, the truer.",
            empty=f"None yet: the history begins on {earliest}.",
        ),
        _bars("launched_by_currency", "Launched, by currency", "currency", LAUNCHED),
        _tile("gone", "Gone", (("gone", "=", 1),), note="Not in the newest complete listing, and in no other number."),
    ]
