"""How many calls are left: within a process, between processes, over 24 hours, and when remembering fails."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from partner_central.api.call_ledger import CALLS_PER_SAVE, DAY, KEPT, MINUTE, CallBudget, CallLedger
from partner_central.errors import CallBudgetExhausted, ServiceUnavailable

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()


class Clock:
    """Seconds since the epoch, that pass when told to."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where calls are remembered; neither the file nor its folder is there yet."""
    return tmp_path / "data" / "calls.sqlite"


def minute(seconds: float = NOON) -> int:
    return int(seconds // MINUTE)


def take(budget: CallBudget, calls: int) -> CallBudget:
    """The budget after so many calls."""
    for _ in range(calls):
        budget.take()
    return budget


def test_a_ledger_adds_up_calls_and_makes_its_file(file: Path) -> None:
    ledger = CallLedger(file, "account")
    assert ledger.add({}, NOON) == 0
    assert ledger.add({minute(): 3, minute() - 1: 4}, NOON) == 7
    assert ledger.add({minute(): 5}, NOON) == 12
    assert CallLedger(file, "account").add({}, NOON) == 12


def test_others_cannot_read_the_file_whatever_the_umask_is(file: Path) -> None:
    before = os.umask(0)
    try:
        CallLedger(file, "account").add({}, NOON)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_accounts_are_counted_apart(file: Path) -> None:
    assert CallLedger(file, "one").add({minute(): 3}, NOON) == 3
    assert CallLedger(file, "other").add({minute(): 4}, NOON) == 4
    assert CallLedger(file, "one").add({}, NOON) == 3


def test_calls_are_forgotten_when_they_are_24_hours_old_and_not_before(file: Path) -> None:
    ledger = CallLedger(file, "account")
    late = NOON + MINUTE - 1
    ledger.add({minute(late): 3}, late)
    assert ledger.add({}, late + DAY - 1) == 3
    assert ledger.add({}, late + DAY + 1) == 0


def test_the_file_keeps_the_newest_minutes_of_each_account_and_no_more(file: Path) -> None:
    CallLedger(file, "one").add({minute() - number: 1 for number in range(2 * KEPT, 0, -1)}, NOON)
    CallLedger(file, "other").add({minute(): 1}, NOON)
    with closing(sqlite3.connect(file)) as connection:
        kept = connection.execute("SELECT account, count(*), max(minute) FROM calls GROUP BY account").fetchall()
    assert kept == [("one", KEPT, minute() - 1), ("other", 1, minute())]


AHEAD = 3 * 365 * DAY


@pytest.mark.parametrize("ahead", [2 * DAY, 30 * DAY, AHEAD, 9_000 * 365 * DAY])
def test_a_clock_that_was_ahead_makes_nothing_be_forgotten_and_blocks_no_later_day(file: Path, ahead: float) -> None:
    clock = Clock()
    take(CallBudget(CallLedger(file, "account"), 1000, clock), 900).save()
    clock.now += ahead
    take(CallBudget(CallLedger(file, "account"), 1000, clock), 1000).save()
    clock.now += MINUTE - ahead
    assert CallBudget(CallLedger(file, "account"), 1000, clock).left == 100
    for days in (1.1, 2, 30, ahead / DAY, ahead / DAY + 0.5):
        clock.now = NOON + days * DAY
        assert CallBudget(CallLedger(file, "account"), 1000, clock).left == 1000


def test_a_clock_that_was_behind_makes_nothing_be_forgotten(file: Path) -> None:
    clock = Clock()
    take(CallBudget(CallLedger(file, "account"), 1000, clock), 900).save()
    clock.now -= AHEAD
    for _ in range(3):
        take(CallBudget(CallLedger(file, "account"), 1000, clock), 10).save()
    clock.now += AHEAD + MINUTE
    assert CallBudget(CallLedger(file, "account"), 1000, clock).left == 100


def test_calls_of_a_clock_ahead_are_not_what_the_message_speaks_of(file: Path) -> None:
    clock = Clock(NOON + AHEAD)
    take(CallBudget(CallLedger(file, "account"), 5, clock), 5).save()
    clock.now = NOON
    with pytest.raises(CallBudgetExhausted, match="free again at 2026-05-02 12:01 UTC"):
        take(CallBudget(CallLedger(file, "account"), 5, clock), 6)


def test_a_budget_without_a_file_bears_a_clock_that_jumps_as_well() -> None:
    clock = Clock()
    budget = take(CallBudget(calls_per_day=10, now=clock), 6)
    clock.now += AHEAD
    take(budget, 4)
    take(budget, 1)  # there is nothing left but by looking again
    clock.now -= AHEAD
    with pytest.raises(CallBudgetExhausted):
        take(budget, 10)
    clock.now += DAY + 2 * MINUTE
    take(budget, 10)


def test_the_oldest_call_is_that_of_the_account(file: Path) -> None:
    assert CallLedger(file, "one").oldest(NOON) is None
    CallLedger(file, "other").add({minute() - 100: 1}, NOON)
    CallLedger(file, "one").add({minute() - 50: 1, minute(): 1}, NOON)
    assert CallLedger(file, "one").oldest(NOON) == NOON - 50 * MINUTE


@settings(max_examples=12)
@given(some.lists(some.tuples(some.integers(0, 60).map(lambda hours: hours * 3600), some.integers(1, 500)), max_size=8))
def test_a_ledger_never_forgets_a_call_of_the_last_24_hours(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int]]
) -> None:
    ledger = CallLedger(tmp_path_factory.mktemp("ledger") / "calls.sqlite", "account")
    made: list[tuple[float, int]] = []
    for after, count in sorted(calls):
        now = NOON + after + 30
        made.append((now, count))
        spent = ledger.add({minute(now): count}, now)
        assert spent >= sum(count for at, count in made if at > now - DAY)
        assert spent <= sum(count for at, count in made if at > now - DAY - MINUTE)


def test_a_budget_counts_down_and_ends() -> None:
    budget = CallBudget(calls_per_day=3, now=Clock())
    left = []
    for _ in range(3):
        budget.take()
        left.append(budget.left)
    assert left == [2, 1, 0]
    for _ in range(2):
        with pytest.raises(CallBudgetExhausted):
            budget.take()
    assert budget.left == 0


def test_a_spent_budget_passes_by_itself_like_other_failures_that_do() -> None:
    assert issubclass(CallBudgetExhausted, ServiceUnavailable)


def test_a_later_run_has_what_an_earlier_one_left(file: Path) -> None:
    clock = Clock()
    take(CallBudget(CallLedger(file, "account"), 100, clock), 30).save()
    assert CallBudget(CallLedger(file, "account"), 100, clock).left == 70


def test_calls_are_remembered_now_and_then_so_that_a_killed_run_forgets_few(file: Path) -> None:
    take(CallBudget(CallLedger(file, "account"), 1000, Clock()), 2 * CALLS_PER_SAVE + 7)
    assert CallBudget(CallLedger(file, "account"), 1000, Clock()).left == 1000 - 2 * CALLS_PER_SAVE


def test_what_is_remembered_is_not_remembered_twice(file: Path) -> None:
    budget = take(CallBudget(CallLedger(file, "account"), 1000, Clock()), CALLS_PER_SAVE + 5)
    for _ in range(3):
        budget.save()
    assert budget.left == CallBudget(CallLedger(file, "account"), 1000, Clock()).left == 1000 - CALLS_PER_SAVE - 5


def test_two_processes_share_the_calls_of_an_account(file: Path) -> None:
    one, other = (CallBudget(CallLedger(file, "account"), 300, Clock()) for _ in range(2))
    take(one, 120)
    take(other, 130)
    one.save()
    other.save()
    assert other.left == 50
    with pytest.raises(CallBudgetExhausted):
        take(one, 50 + CALLS_PER_SAVE + 1)
    one.save()
    with pytest.raises(CallBudgetExhausted):
        take(other, CALLS_PER_SAVE + 1)


def test_before_a_budget_says_no_it_asks_the_file_whether_old_calls_are_forgotten(file: Path) -> None:
    clock = Clock()
    budget = take(CallBudget(CallLedger(file, "account"), 10, clock), 10)
    clock.now += DAY / 2
    with pytest.raises(CallBudgetExhausted):
        budget.take()
    clock.now += DAY / 2 + MINUTE
    take(budget, 10)
    with pytest.raises(CallBudgetExhausted):
        budget.take()


def test_a_budget_that_remembers_nothing_is_free_again_after_a_day_as_well() -> None:
    clock = Clock()
    budget = take(CallBudget(calls_per_day=10, now=clock), 10)
    clock.now += DAY + 2 * MINUTE
    take(budget, 10)


def test_the_message_says_when_calls_are_free_again_and_then_they_are(file: Path) -> None:
    clock = Clock(NOON + 59)
    budget = take(CallBudget(CallLedger(file, "account"), 2, clock), 2)
    with pytest.raises(CallBudgetExhausted) as raised:
        budget.take()
    assert str(raised.value) == (
        "The 2 calls of 24 hours are spent (setting calls_per_day). The first of them are free again at "
        "2026-05-02 12:01 UTC: run again then."
    )
    clock.now = NOON + DAY + MINUTE
    take(budget, 2)


def test_without_a_file_the_message_says_tomorrow() -> None:
    with pytest.raises(CallBudgetExhausted, match=r"The 1,000 calls .*Run again tomorrow"):
        take(CallBudget(calls_per_day=1000, now=Clock()), 1001)


def test_a_raised_quota_counts_at_once_and_a_lowered_one_too(file: Path) -> None:
    budget = take(CallBudget(CallLedger(file, "account"), 10, Clock()), 8)
    budget.calls_per_day = 20
    assert budget.left == 12
    budget.calls_per_day = 5
    assert budget.left == 0
    with pytest.raises(CallBudgetExhausted, match="The 5 calls"):
        budget.take()


def in_the_way(file: Path) -> None:
    file.parent.write_text("a file where the folder should be")


def a_folder(file: Path) -> None:
    file.mkdir(parents=True)


def damaged(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"no database" * 500)


def another_table(file: Path) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE calls (something TEXT)")


@pytest.mark.parametrize("spoil", [in_the_way, a_folder, damaged, another_table])
def test_a_file_that_cannot_be_used_leaves_a_budget_that_forgets_and_says_why(
    file: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(file)
    budget = take(CallBudget(CallLedger(file, "account"), 100, Clock()), 60)
    assert budget.save_error
    assert budget.left == 40
    budget.save()
    with pytest.raises(CallBudgetExhausted, match="Run again tomorrow"):
        take(budget, 41)


def test_a_file_that_is_damaged_while_it_is_used_is_given_up_and_no_call_lost(file: Path) -> None:
    budget = take(CallBudget(CallLedger(file, "account"), 100, Clock()), CALLS_PER_SAVE)
    file.write_bytes(b"no database" * 500)
    take(budget, 100 - CALLS_PER_SAVE)
    assert budget.save_error == "file is not a database"
    with pytest.raises(CallBudgetExhausted, match="Run again tomorrow"):
        budget.take()


def test_a_file_that_fails_when_the_last_call_is_taken_still_gives_the_sentence(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: CallLedger, __: float) -> float:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(CallLedger, "oldest", fail)
    budget = take(CallBudget(CallLedger(file, "account"), 3, Clock()), 3)
    with pytest.raises(CallBudgetExhausted, match="Run again tomorrow"):
        budget.take()


def test_a_file_that_is_deleted_while_it_is_used_is_begun_again(file: Path) -> None:
    budget = take(CallBudget(CallLedger(file, "account"), 1000, Clock()), 3)
    file.unlink()
    take(budget, CALLS_PER_SAVE)
    assert budget.save_error is None
    assert CallBudget(CallLedger(file, "account"), 1000, Clock()).left == 1000 - CALLS_PER_SAVE


def test_threads_never_take_more_than_there_is(file: Path) -> None:
    budget = CallBudget(CallLedger(file, "account"), 500, Clock())
    taken: list[int] = []

    def take_all() -> None:
        try:
            while True:
                budget.take()
                taken.append(1)
        except CallBudgetExhausted:
            pass

    threads = [threading.Thread(target=take_all) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 500


def test_the_file_holds_the_digest_of_the_account_minutes_and_counts_alone(file: Path) -> None:
    take(CallBudget(CallLedger(file, "0a1b2c"), 100, Clock()), 7).save()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM calls").fetchall() == [("0a1b2c", minute(), 7)]
