"""Warnings above the figures: what is wrong with the data, since when, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from .html import Html, tag
from .snapshot import Account, Snapshot

ENDS_WELL = ("done", "held")
STALE = timedelta(days=1)
HELD = (
    "The newest listing did not show them, and they are too many to be marked as gone. They are still counted here. "
    "Check that the credentials reach the whole account. If they are gone, run partner-central sync --full "
    "--accept-removals."
)


def warnings(snapshot: Snapshot, now: datetime) -> list[Html]:
    """Returns the warnings; none if everything is as it should be."""
    return [
        tag("p", tag("strong", head), " ", text, class_="warning", role="note") for head, text in _found(snapshot, now)
    ]


def _found(snapshot: Snapshot, now: datetime) -> Iterator[tuple[str, str]]:
    for account in snapshot.accounts:
        whose = f"{account.name}: " if account.name else ""
        yield from ((whose + head, text) for head, text in _of(account, now))


def _of(account: Account, now: datetime) -> Iterator[tuple[str, str]]:
    freshness = account.freshness
    last, outcome = freshness["last_success_at"], freshness["last_run_outcome"]
    good = f"The last good one ended {last.astimezone(UTC):%Y-%m-%d %H:%M} UTC." if last else "None ended well before."
    if outcome not in (*ENDS_WELL, None):
        begun = freshness["last_run_at"]
        at = f" of {begun.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if begun else ""
        yield (
            f"The last sync did not end well ({outcome}).",
            f"The run{at} says why in sync_runs. {good} Run partner-central sync, and do what its message says.",
        )
    elif last and now - last > STALE:
        yield (
            "These data are old.",
            f"{good} That is {_ago(now - last)} before this page was written. Run partner-central sync.",
        )
    if account.held:
        yield (
            f"{account.held:,} opportunities wait for a decision.",
            HELD,
        )
    if rejected := freshness["rejected"]:
        outdated = freshness["outdated"]
        yield (
            f"{rejected:,} records could not be read.",
            "The table opportunities_rejected says why."
            + (f" For {outdated:,} of them an older version is counted here." if outdated else ""),
        )


def _ago(time: timedelta) -> str:
    return f"{time.days:,} days" if time.days > 1 else f"{time.days * 24 + time.seconds // 3600} hours"
