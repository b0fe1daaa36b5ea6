"""Heading and footer of the page: of when the data are, what is wrong with them, and how they were counted."""

from __future__ import annotations

from datetime import UTC, datetime

from .banner import warnings
from .currency import ABOUT
from .html import Html, join, tag
from .snapshot import Snapshot

TITLE = "Co-sell pipeline"
CUT_NAMES = {"moves": "moves between stages", "spans": "parts of the trend"}


def heading(snapshot: Snapshot, now: datetime) -> list[Html]:
    """Returns what is above the figures: of when the data are, and what is wrong with them."""
    as_of = snapshot.as_of
    said = (
        f"As of {as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC, the newest change AWS has shown. Ages count up to then."
        if as_of
        else "No opportunity has been seen yet."
    )
    table = snapshot.tables["opportunities"]
    cut = None
    if table.total > table.size:
        cut = tag(
            "p",
            f"This page has {table.size:,} of {table.total:,} opportunities: the open ones that need somebody, "
            "then the other open ones, then the closed ones, the largest amounts first in each. The figures count "
            "all of them as long as no filter is set.",
            class_="warning",
            role="note",
        )
    return [tag("h1", TITLE), tag("p", said, class_="soft"), join(*warnings(snapshot, now), cut)]


def footer(snapshot: Snapshot) -> list[Html]:
    """Returns what is below them."""
    found = [one.freshness for one in snapshot.accounts]
    since = min((at for one in found if (at := one["history_since"])), default=None)
    last = min((at for one in found if (at := one["last_success_at"])), default=None)
    of = f" of {', '.join(str(one.name) for one in snapshot.accounts)}" if snapshot.is_shared else ""
    cut = [
        f"The newest {table.size:,} {CUT_NAMES.get(name, name)} are here. "
        for name, table in snapshot.tables.items()
        if name != "opportunities" and not table.is_whole
    ]
    absent = snapshot.absent
    return [
        tag(
            "p",
            f"{sum(one['opportunities'] for one in found):,} opportunities{of} in the dataset {snapshot.dataset}. ",
            f"History since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC. " if since else None,
            f"Last good sync {last.astimezone(UTC):%Y-%m-%d %H:%M} UTC. " if last else None,
            f"Not in this dataset: {', '.join(absent)}. " if absent else None,
            *cut,
        ),
        tag(
            "p",
            "Amounts are expected monthly spend, as entered in Partner Central. ",
            _rates(snapshot),
            "Review "
            "fields are those of opportunities that the partner originated. What each figure means: "
            "docs/how-to/reports.md.",
        ),
    ]


def _rates(snapshot: Snapshot) -> str:
    """Returns at which rates currencies are added."""
    reporting = snapshot.reporting
    if reporting is None:
        return "Currencies are never added. "
    rates = [
        f"{row['currency_code']} {row['rate']:g} since {row['rate_date']}" for row in snapshot.rates if row["rate_date"]
    ]
    return (
        f"With {ABOUT}, amounts are added in {reporting}, at these rates: {'; '.join(rates)}. Amounts in other "
        "currencies are not in such a sum. "
    )
