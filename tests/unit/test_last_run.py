"""When `status --max-age` ends with a code other than 0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.sync.last_run import RUN, LastRun, Unknown, judge, parse_age

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
AGE = timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "age"),
    [("90s", timedelta(seconds=90)), ("30m", timedelta(minutes=30)), ("2H", AGE), ("1d", timedelta(days=1))],
)
def test_an_age_is_a_number_and_a_unit(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "2", "h", "-1h", "1.5h", "2 h", "2w", "99999999999d"])
def test_another_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 2h"):
        parse_age(text)


@pytest.mark.parametrize(
    ("exit_code", "hours", "held", "code"),
    [
        (0, 1, 0, ExitCode.DONE),
        (0, 2, 0, ExitCode.DONE),
        (0, 3, 0, ExitCode.STALE),
        (4, 1, 0, ExitCode.RETRY_LATER),
        (4, 3, 0, ExitCode.STALE),
        (3, 3, 0, ExitCode.REFUSED),
        (0, 1, 5, ExitCode.REVIEW_REMOVALS),
        (143, 1, 0, ExitCode.TERMINATED),
        (0, None, 0, ExitCode.STALE),
    ],
)
def test_old_data_a_failed_run_and_held_removals_are_heard(
    exit_code: int, hours: int | None, held: int, code: ExitCode
) -> None:
    as_of = None if hours is None else NOW - timedelta(hours=hours)
    assert LastRun({"exit_code": exit_code}, as_of, gone=0, held=held).code(AGE, NOW) is code


@pytest.mark.parametrize(
    ("hours", "code"), [(None, ExitCode.RETRY_LATER), (1, ExitCode.ALREADY_RUNNING), (3, ExitCode.STALE)]
)
def test_data_that_cannot_be_read_now_are_not_called_old_unless_the_run_that_writes_is(
    hours: int | None, code: ExitCode
) -> None:
    assert Unknown(None if hours is None else NOW - timedelta(hours=hours)).code(AGE, NOW) is code


def row(scope: str | None, code: int, hours: int, complete: int | None) -> list[Any]:
    """The newest run of some filters: how it ended, hours ago, and when the newest complete one began."""
    values = {"scope": scope, "exit_code": code, "started_at": NOW - timedelta(hours=hours)}
    return [*map(values.get, RUN), None if complete is None else NOW - timedelta(hours=complete)]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([row("all", 3, 1, 2), row("stage", 0, 0, 0)], ExitCode.REFUSED),  # hidden by no other run
        ([row("all", 0, 1, 1), row("stage", 3, 0, 5)], ExitCode.REFUSED),
        ([row("all", 0, 0, 0), row("stage", 3, 1, 5)], ExitCode.DONE),  # it loaded what the other did not
        ([row("all", 0, 5, 5), row("stage", 0, 0, 0)], ExitCode.STALE),  # it has not run since
        ([row("stage", 0, 0, 0), row("other", 0, 5, 5)], ExitCode.STALE),
        ([row("stage", 0, 0, 0), row("other", 0, 1, 1)], ExitCode.DONE),
        ([row("stage", 0, 0, 0), row("other", 4, 1, None)], ExitCode.STALE),
        ([row(None, 2, 0, None), row("all", 0, 1, 1)], ExitCode.CONFIGURATION),  # before its filters were known
        ([row(None, 2, 1, None), row("all", 0, 0, 0)], ExitCode.DONE),
        ([], ExitCode.STALE),
    ],
)
def test_each_set_of_filters_is_looked_at(rows: list[list[Any]], code: ExitCode) -> None:
    values, others, as_of = judge(rows)
    assert LastRun(values, as_of, gone=0, held=0, others=others).code(AGE, NOW) is code
