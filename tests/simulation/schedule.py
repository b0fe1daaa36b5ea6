"""A schedule as data: an account, the runs that read it, and what happens while they do."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, Literal

TokenKind = Literal["offset", "position", "snapshot"]
OrderKind = Literal["honours", "ignores", "refuses", "text"]
Undated = Literal["first", "last", "lowest", "highest"]
Kind = Literal[
    "change",  # its date is the clock's, `late` seconds ago
    "same second",  # a change that leaves the date as it is
    "stage",  # a change of the stage, which may leave a filter, or enter one
    "leave",  # a change of the stage of what has been read of the listing that is read
    "company",
    "appear",
    "vanish",
    "return",
    "return changed",
    "future",  # a change dated `amount` hours ahead
    "bad",  # a change to what cannot be a row
    "mend",
    "many",  # `amount` changes, a minute apart
    "tick",  # the service's clock moves on by `amount` seconds
    "fault",  # the call fails
    "token",  # the token is no longer accepted
    "stale",  # the page shows versions of `amount` seconds ago
    "empty",  # the page has no records, and a token
    "step",  # the clock of the machine that reads moves by `amount` seconds
    "writer",  # another machine runs `run`, from its own working folder
]
End = Literal["whole", "killed", "killed before a load", "killed after a load"]


@dataclass(frozen=True, slots=True)
class Event:
    """What happens before the answer to a call of a run."""

    call: int
    kind: Kind
    which: int = 0
    amount: float = 0
    late: int = 0
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run; `end` says how it ends: at call `at`, or at the load of part `at`.

    Attributes:
        since: days ago, counted from the start of the schedule.
        stage: only opportunities of this stage; all, if empty.
        company: only opportunities of this customer; all, if empty.
        rows: rows of a part.
        machine: which one runs it.
        fresh: whether its working folder is lost before.
        other: whether it reads with the credentials of another account.
    """

    events: tuple[Event, ...] = ()
    full: bool = False
    since: float | None = None
    pii: str = "keep"
    lookback: int = 300
    stage: str = ""
    company: str = ""
    rows: int = 10
    max_calls: int | None = None
    end: End = "whole"
    at: int = 1
    machine: int = 0
    fresh: bool = False
    other: bool = False
    accept: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """An account, and the runs.

    Attributes:
        made: chooses the records.
        undated: every so many records has no CreatedDate; none, if 0.
        undated_at: where those stand in an order of CreatedDate: the same place in both directions, or as a date would.
        undated_match: whether they match the filter AfterCreatedDate.
        inclusive: whether AfterCreatedDate includes its date.
        crowd: so many records were created within one second.
        page: most records of a page.
        windows: into how many windows a sweep is cut.
        whole_seconds: whether dates have no fractions.
        cap: as a search, whose listings end behind so many records without a sign; 0 for a list.
    """

    made: int = 0
    records: int = 10
    token: TokenKind = "offset"
    order: OrderKind = "honours"
    undated: int = 0
    undated_at: Undated = "last"
    undated_match: bool = True
    inclusive: bool = True
    crowd: int = 0
    page: int = 5
    windows: int = 1
    whole_seconds: bool = True
    cap: int = 0
    runs: tuple[Run, ...] = ()


def written(value: Any, depth: int = 0) -> str:
    """A schedule as Python, without what is as usual."""
    if isinstance(value, tuple):
        inner = "".join(f"\n{'    ' * (depth + 1)}{written(item, depth + 1)}," for item in value)
        return f"({inner}\n{'    ' * depth})" if value else "()"
    if not is_dataclass(value):
        return repr(value)
    given = [
        f"{field.name}={written(getattr(value, field.name), depth)}"
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    ]
    return f"{type(value).__name__}({', '.join(given)})"
