"""Exit codes: what each means, what a user does then, and what a scheduler does.

The one place for them. The command's help, the results of several accounts, `sync_runs`, the Airflow DAG and the
documentation take them from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum
from typing import NamedTuple


class ExitCode(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    DEFECT = 1
    CONFIGURATION = 2
    REFUSED = 3
    RETRY_LATER = 4
    ALREADY_RUNNING = 5
    REVIEW_REMOVALS = 6
    REJECTED = 7
    STALE = 8
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


INTERRUPTIONS = frozenset({ExitCode.HUNG_UP, ExitCode.INTERRUPTED, ExitCode.TERMINATED})


class Scheduling(Enum):
    """The action of a scheduler after a run."""

    CONTINUE = "continue"
    ALERT = "alert somebody, and continue"
    RETRY = "try again, at the next scheduled time at the latest"
    SKIP = "continue: the other run does the work"
    FAIL = "alert somebody; do not try again"


class Meaning(NamedTuple):
    """The meaning of an exit code.

    Attributes:
        text: what happened.
        action: what the user does; empty if nothing.
        scheduling: what a scheduler does.
        outcome: the value of `sync_runs.outcome`.
    """

    text: str
    action: str
    scheduling: Scheduling
    outcome: str


MEANINGS: dict[ExitCode, Meaning] = {
    ExitCode.DONE: Meaning("done", "", Scheduling.CONTINUE, "done"),
    ExitCode.DEFECT: Meaning("unexpected error", "report the trace: it is a defect", Scheduling.FAIL, "defect"),
    ExitCode.CONFIGURATION: Meaning(
        "wrong arguments, configuration or credentials", "follow the message", Scheduling.FAIL, "configuration"
    ),
    ExitCode.REFUSED: Meaning(
        "AWS refused: permission or validation", "paste the policy in the message", Scheduling.FAIL, "refused"
    ),
    ExitCode.RETRY_LATER: Meaning(
        "temporary failure of AWS or the destination, or no calls left (of the day, or of --max-calls)",
        "nothing; the next run continues. If the day's calls are spent, the message has the time when calls are free",
        Scheduling.RETRY,
        "later",
    ),
    ExitCode.ALREADY_RUNNING: Meaning("another run is active", "nothing", Scheduling.SKIP, "active"),
    ExitCode.REVIEW_REMOVALS: Meaning(
        "finished, but an unusual number of opportunities disappeared, and none of them were marked as gone",
        "check that the credentials still reach the whole account, then run sync --full --accept-removals",
        Scheduling.ALERT,
        "held",
    ),
    ExitCode.REJECTED: Meaning(
        "what could be loaded is loaded, but so many records were rejected that the cursor did not move",
        "look at the table that the message names; upgrade to a version that understands the records",
        Scheduling.ALERT,
        "rejected",
    ),
    ExitCode.STALE: Meaning(
        "only of status --max-age: the data are older than that",
        "look at the last run, and at what starts the runs",
        Scheduling.ALERT,
        "stale",
    ),
    ExitCode.HUNG_UP: Meaning(
        "ended by SIGHUP: its terminal was closed", "nothing; the next run continues", Scheduling.RETRY, "hung_up"
    ),
    ExitCode.INTERRUPTED: Meaning(
        "interrupted (Ctrl-C)", "nothing; the next run continues", Scheduling.RETRY, "interrupted"
    ),
    ExitCode.TERMINATED: Meaning(
        "ended by SIGTERM, as when a container or a service is stopped",
        "nothing; the next run continues",
        Scheduling.RETRY,
        "terminated",
    ),
}
URGENCY = (Scheduling.FAIL, Scheduling.ALERT, Scheduling.RETRY, Scheduling.SKIP, Scheduling.CONTINUE)


def help_text() -> str:
    """Returns all exit codes in one paragraph, with the action where a finished sync needs one."""
    return "Exit codes: " + " · ".join(f"{code:d} {_help_for(meaning)}" for code, meaning in MEANINGS.items()) + "."


def _help_for(meaning: Meaning) -> str:
    return f"{meaning.text}: {meaning.action}" if meaning.scheduling is Scheduling.ALERT else meaning.text


def of_several(codes: Iterable[ExitCode]) -> ExitCode:
    """Returns the exit code for several ends: of several accounts, or of one run that ended in several ways.

    What needs a person comes before what a later run repairs by itself: 1, 2, 3, then 8, 7, 6, then 4, then 5, then 0.
    """
    return min(codes, key=_urgency, default=ExitCode.DONE)


def of_result(*, held: int, mass_rejected: str | None) -> ExitCode:
    """Returns the exit code of a run that loaded what it could.

    Args:
        held: opportunities that were not marked as gone, because they were too many.
        mass_rejected: a sentence if so many records were rejected that the cursor does not move.
    """
    ends = {ExitCode.REVIEW_REMOVALS: bool(held), ExitCode.REJECTED: bool(mass_rejected)}
    return of_several(code for code, is_so in ends.items() if is_so)


def _urgency(code: ExitCode) -> tuple[int, int]:
    scheduling = MEANINGS[code].scheduling
    return URGENCY.index(scheduling), -code if scheduling is Scheduling.ALERT else code
