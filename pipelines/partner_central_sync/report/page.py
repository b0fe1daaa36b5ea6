"""The page: a heading, figures, and a section for each question of a partner manager."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

from ..query.currency import money
from .html import Html, tag
from .sections import gone_section, late, movement, new_since, pipeline, review
from .snapshot import Snapshot
from .tables import NOTHING, format_value
from .won_and_lost import won_and_lost

HERE = Path(__file__).parent
TITLE = "Co-sell pipeline"
BAD_ENDS_WELL = ("done", "held")


def page(snapshot: Snapshot) -> str:
    """The whole page, which loads nothing: styles, the program that sorts tables, and charts are in it."""
    sections = [
        ("new", "Since the last report", new_since(snapshot)),
        ("pipeline", "What is open", pipeline(snapshot)),
        ("movement", "What moved", movement(snapshot)),
        ("review", "What waits in review", review(snapshot)),
        ("late", "What is late", late(snapshot)),
        ("outcomes", "What was won and lost", won_and_lost(snapshot)),
        ("gone", "What is gone", gone_section(snapshot)),
    ]
    links = [tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in sections]
    head = tag(
        "head",
        Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        # nothing is fetched, and the browser refuses to
        Html("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "),
        Html("script-src 'unsafe-inline'\">"),
        tag("title", f"{TITLE}: {snapshot.dataset}"),
        tag("style", Html((HERE / "style.css").read_text(encoding="utf-8"))),
    )
    body = tag(
        "body",
        tag("a", "To the content", class_="skip", href="#content"),
        tag("header", *_heading(snapshot), tag("nav", tag("ul", *links), aria_label="Sections")),
        tag("main", *[_section(*section) for section in sections], id="content"),
        tag("footer", *_footer(snapshot)),
        tag("script", Html((HERE / "sort.js").read_text(encoding="utf-8"))),
    )
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def _section(name: str, title: str, content: Html) -> Html:
    return tag("section", tag("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")


def _heading(snapshot: Snapshot) -> list[Html]:
    freshness, results = snapshot.freshness, snapshot.results
    as_of = freshness["as_of"]
    text = (
        f"As of {as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC, the newest change AWS has shown. All ages count up to then."
        if as_of
        else "No opportunity has been seen yet."
    )
    sizes = {row["life_cycle_stage"]: row["opportunities_in_stage"] for row in results["stages"]}
    won, lost = (sum(quarter[name] for quarter in results["quarters"][:4]) for name in ("won", "lost"))
    open_spend: dict[str | None, float] = {}
    for row in results["stages"]:
        if row["monthly_amount"] is not None:
            open_spend[row["currency_code"]] = open_spend.get(row["currency_code"], 0) + row["monthly_amount"]
    launched = {row["currency_code"]: row["monthly_amount"] for row in results["launched"]}
    tables = snapshot.tables
    figures = [
        _figure("Open", f"{sum(sizes.values()):,}"),
        _figure("Launched", f"{sum(quarter['won'] for quarter in results['quarters']):,}"),
        _figure("Won of closed, last 4 quarters", f"{100 * won / (won + lost):.0f} %" if won + lost else NOTHING),
        _figure("Action required", f"{tables['action_required'].total:,}"),
        _figure("Past target close", f"{tables['past_target_close'].total:,}"),
        _figure("Slipped", f"{tables['slipped'].total:,}"),
        _figure("Unchanged for 30 days", f"{tables['stalled'].total:,}"),
        _figure("Gone", f"{tables['gone'].total:,}"),
    ]
    sums = [
        _figure("Open, expected a month", *_amounts(open_spend)),
        _figure("Launched, expected a month", *_amounts(launched)),
    ]
    warning = None
    if freshness["last_run_outcome"] not in (*BAD_ENDS_WELL, None):
        last = freshness["last_success_at"]
        warning = tag(
            "p",
            f"The last sync did not end well ({freshness['last_run_outcome']}). The last good one ended ",
            f"{format_value(last)} UTC." if last else "never.",
            class_="warning",
            role="note",
        )
    return [
        tag("h1", TITLE),
        tag("p", text, class_="soft"),
        *([warning] if warning else []),
        tag("dl", *figures, class_="figures", aria_label="Figures"),
        tag("dl", *sums, class_="figures sums", aria_label="Sums"),
    ]


def _amounts(amounts: dict[str | None, float]) -> list[str]:
    ordered = sorted(amounts.items(), key=lambda item: (item[0] is None, item[0] or ""))
    return [money(amount, currency) for currency, amount in ordered]


def _figure(name: str, *values: str) -> Html:
    shown: Sequence[str | Html] = values or [NOTHING]
    return tag("div", tag("dt", name), *(tag("dd", value) for value in shown))


def _footer(snapshot: Snapshot) -> list[Html]:
    freshness = snapshot.freshness
    since, last = format_value(freshness["history_since"]), format_value(freshness["last_success_at"])
    rejected, outdated = freshness["rejected"], freshness["outdated"]
    return [
        tag(
            "p",
            f"{freshness['opportunities']:,} opportunities in the dataset {snapshot.dataset}. ",
            f"History since {since} UTC. " if since else None,
            f"Last good sync {last} UTC. " if last else None,
            f"{rejected:,} records could not be read: see opportunities_rejected. " if rejected else None,
            f"For {outdated:,} of them an older version is counted here. " if outdated else None,
        ),
        tag(
            "p",
            "Amounts are expected monthly spend, as entered in Partner Central; currencies are never added. Review "
            "fields are those of opportunities that the partner originated. What each figure means: "
            "docs/reference/views.md.",
        ),
    ]
