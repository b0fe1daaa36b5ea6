"""The newest runs in `sync_runs`, and what the newest listing said: whether data are fresh and need a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_client_impl import SqlJobClientBase

from ..console.exit_codes import ExitCode, of_several
from . import full_listings, run_log
from .utc import in_utc

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
AGE = re.compile(r"(\d+)([smhd])")
AGE_RULE = "a whole number and a unit: s, m, h or d, such as 2h"
RUN = (
    "run_id",
    "started_at",
    "finished_at",
    "mode",
    "outcome",
    "exit_code",
    "message",
    "rows_changed",
    "version",
    "scope",
)
EVERYTHING = "all"  # the scope of a run without filters
POLLS = "mode <> 'events'"
FRESH = (ExitCode.DONE, ExitCode.REVIEW_REMOVALS)


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Counts of events in runs.

    Attributes:
        newest_at: when the newest run with a queue began.
        outcome: how it ended.
        last_at: when the newest run began that received an event; None if none did.
        received: the events of that run.
        seconds: the median of the seconds from an event to the commit of its opportunity, in that run.
        missed: the opportunities that changed without an event, in the newest run that could count them.
    """

    newest_at: datetime
    outcome: str
    last_at: datetime | None
    received: int
    seconds: float | None
    missed: int | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """The end of the newest run of each set of filters, and the age of the data.

    A run that loaded only what events named counts for neither: it says nothing of the other opportunities.

    Attributes:
        values: columns of `sync_runs` of the newest run, by name; empty if there was none.
        as_of: when the newest complete run without filters began; None if none did. Where all runs have filters, it is
            the oldest such time of a set of filters.
        gone: opportunities that are marked as gone; None if that is unknown.
        held: opportunities that the newest listing did not show, and that wait for a review.
        others: the same columns of the newest runs with other filters, if no run without filters is done since.
        events: what the newest run with a queue counted; None if there was none.
    """

    values: dict[str, Any]
    as_of: datetime | None
    gone: int | None
    held: int
    others: tuple[dict[str, Any], ...] = ()
    events: EventCounts | None = None

    def lag(self, now: datetime) -> timedelta | None:
        """Returns how old the data are."""
        return None if self.as_of is None else max(timedelta(), now - self.as_of)

    def code(self, max_age: timedelta, now: datetime) -> ExitCode:
        """Returns the exit code of `status --max-age`: of the worst of the newest runs, or that data are older."""
        lag = self.lag(now)
        stale = [ExitCode.STALE] if lag is None or lag > max_age else []
        held = [ExitCode.REVIEW_REMOVALS] if self.held else []
        runs = [ExitCode(run.get("exit_code", 0)) for run in (self.values, *self.others)]
        return of_several([*runs, *stale, *held])


@dataclass(frozen=True, slots=True)
class Unknown:
    """The age of the data is unknown, since the destination could not be read.

    Attributes:
        active_since: when the run began that writes to it; None if none is active on this machine.
        is_refused: whether the destination does not let this user read.
    """

    active_since: datetime | None
    is_refused: bool = False

    def code(self, max_age: timedelta, now: datetime) -> ExitCode:
        """Returns the exit code of `status --max-age`; a run that has lasted longer than that is stale by itself."""
        if self.is_refused:
            return ExitCode.CONFIGURATION
        if self.active_since is None:
            return ExitCode.RETRY_LATER
        return ExitCode.STALE if now - self.active_since > max_age else ExitCode.ALREADY_RUNNING


def parse_age(text: str) -> timedelta:
    """Returns the duration that a text such as `2h` means.

    Raises:
        ValueError: it is not a whole number and a unit, or is too long.
    """
    found = AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(AGE_RULE)
    try:
        return timedelta(**{UNITS[found[2]]: int(found[1])})
    except OverflowError:
        raise ValueError(f"{AGE_RULE}, and not longer than time is") from None


def last_run(client: SqlJobClientBase, account: str | None) -> LastRun:
    """Reads the newest runs of an account from an open destination; whatever is not there yet is left out."""
    mine, keys = ("account IS NULL", ()) if account is None else ("account = %s", (account,))
    runs = client.sql_client.make_qualified_table_name(run_log.TABLE)
    codes = ", ".join(str(int(code)) for code in FRESH)
    columns = ", ".join(RUN)
    done = f"exit_code IN ({codes}) OR watermark IS NOT NULL OR complete"  # a list may have failed, once these were in
    fresh = f"MAX(CASE WHEN {done} THEN started_at END) OVER (PARTITION BY scope)"
    nth = "ROW_NUMBER() OVER (PARTITION BY scope ORDER BY started_at DESC)"
    of_scopes = f"SELECT {columns}, {fresh} AS fresh, {nth} AS nth FROM {runs} WHERE {mine} AND {POLLS}"  # noqa: S608 - the schema's own names
    newest = _rows(client, f"SELECT {columns}, fresh FROM ({of_scopes}) r WHERE nth = 1", *keys)  # noqa: S608
    presence = client.sql_client.make_qualified_table_name("opportunity_presence")
    of_account = "" if account is None else f" AND {mine}"
    gone = _rows(client, f"SELECT count(*) FROM {presence} WHERE gone_since IS NOT NULL{of_account}", *keys)  # noqa: S608
    values, others, as_of = judge([tuple(map(_plain, row)) for row in newest])
    return LastRun(
        values=values,
        as_of=as_of,
        gone=int(gone[0][0]) if gone else None,
        held=held_removals(client, account),
        others=others,
        events=event_counts(client, account),
    )


def held_removals(client: SqlJobClientBase, account: str | None) -> int:
    """Reads how many opportunities the newest listing of an account did not show, and that wait for a review."""
    mine, keys = ("account IS NULL", ()) if account is None else ("account = %s", (account,))
    listings = client.sql_client.make_qualified_table_name(full_listings.TABLE.name)
    query = f"SELECT verdict, gone FROM {listings} WHERE {mine} ORDER BY number DESC LIMIT 1"  # noqa: S608 - the schema's own names
    verdict = _rows(client, query, *keys)
    return int(verdict[0][1]) if verdict and verdict[0][0] == "held" else 0


def event_counts(client: SqlJobClientBase, account: str | None) -> EventCounts | None:
    """Reads what the newest runs of an account counted of events; None if none had a queue."""
    mine, keys = ("account IS NULL", ()) if account is None else ("account = %s", (account,))
    runs = client.sql_client.make_qualified_table_name(run_log.TABLE)

    def newest(columns: str, having: str) -> tuple[Any, ...] | None:
        query = f"SELECT {columns} FROM {runs} WHERE {mine} AND {having} ORDER BY started_at DESC LIMIT 1"  # noqa: S608 - the schema's own names
        return next((tuple(map(_plain, row)) for row in _rows(client, query, *keys)), None)

    run = newest("started_at, outcome", "events IS NOT NULL")
    if run is None:
        return None
    last = newest("started_at, events, event_seconds", "events > 0") or (None, 0, None)
    missed = newest("missed_by_events", "missed_by_events IS NOT NULL") or (None,)
    return EventCounts(*run, *last, *missed)


def judge(newest: Iterable[Sequence[Any]]) -> tuple[dict[str, Any], tuple[dict[str, Any], ...], datetime | None]:
    """Returns the newest run, the newest ones with other filters that count, and since when the data are complete.

    A run without filters loads everything. So once one is done, runs that began before it count no more. A run that
    ended before its filters were known counts if it is the newest of all.

    Args:
        newest: for each set of filters the columns `RUN` of the newest run, and when the newest complete one began.
    """
    ordered = sorted(newest, key=lambda row: row[RUN.index("started_at")], reverse=True)
    runs = [dict(zip(RUN, row, strict=False)) for row in ordered]
    complete = {run["scope"]: row[-1] for run, row in zip(runs, ordered, strict=True) if run["scope"] is not None}
    whole = complete.get(EVERYTHING)
    others = (run for run in runs[1:] if run["scope"] and (whole is None or run["started_at"] > whole))
    times = [whole] if EVERYTHING in complete else list(complete.values())
    known = [at for at in times if at is not None]
    as_of = min(known) if known and len(known) == len(times) else None
    return (runs[0] if runs else {}), tuple(others), as_of


def _rows(client: SqlJobClientBase, query: str, *values: object) -> list[tuple[Any, ...]]:
    try:
        return [tuple(row) for row in client.sql_client.execute_sql(query, *values) or ()]
    except DatabaseUndefinedRelation:
        return []


def _plain(value: Any) -> Any:  # noqa: ANN401 - of any column
    """Returns a value with its time in UTC, whatever the database says of zones."""
    return in_utc(value) if isinstance(value, datetime) else value
