"""The queue over days and years: a first reading of 100,000 opportunities comes to its end, and none waits for ever."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from partner_central.public import DueId
from partner_central.streams.aws_opportunity_summaries import AWS_OPPORTUNITY_SUMMARIES as STREAM
from partner_central_sync.sync.details import IDS_PER_CHUNK, allowed
from partner_central_sync.sync.settings import Settings
from queue_tables import QueueTables

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
READS = STREAM.reads_table


class Account:
    """An account of some opportunities, and a machine that reads them; the destination is all that is kept."""

    def __init__(self, opportunities: int, open_ones: int, calls_of_a_day: int) -> None:
        self.tables, self.now, self.calls = QueueTables(), BEGIN, 0
        self.settings = Settings(source={"calls_per_day": calls_of_a_day}, details_share=1.0)
        self.tables.connection.execute(
            "INSERT INTO opportunities SELECT 'O' || n, NULL, CASE WHEN n < ? THEN 'Qualified' ELSE 'Launched' END, "
            "TIMESTAMPTZ '2024-01-01' + n * INTERVAL 10 MINUTE, TIMESTAMPTZ '2025-01-01' + n * INTERVAL 5 MINUTE "
            "FROM range(?) AS t(n)",
            [open_ones, opportunities],
        )

    def run(self, chunks_before_a_kill: int | None = None) -> None:
        """A run, which is killed after some chunks: the calls of the next one are made, and its rows are lost."""
        ((newest,),) = self.tables.connection.execute(f"SELECT max(read_at) FROM {READS}").fetchall()
        most = allowed(self.settings, newest, self.now)
        due = self.tables.due(most, self.now) if most else []
        for number, begin in enumerate(range(0, len(due), IDS_PER_CHUNK)):
            chunk = due[begin : begin + IDS_PER_CHUNK]
            self.calls += len(chunk)
            if number == chunks_before_a_kill:
                return
            self.commit(chunk)

    def commit(self, chunk: list[DueId]) -> None:
        ids = [one.id for one in chunk]
        self.tables.connection.execute(f"DELETE FROM {READS} WHERE id IN (SELECT unnest(?))", [ids])
        self.tables.connection.execute(
            f"INSERT INTO {READS} SELECT o.id, NULL, ?, o.last_modified_date, 'read', 1 "
            "FROM opportunities o WHERE o.id IN (SELECT unnest(?))",
            [self.now, ids],
        )

    def change(self, ids: list[str]) -> None:
        self.tables.connection.execute(
            "UPDATE opportunities SET last_modified_date = ? WHERE id IN (SELECT unnest(?))", [self.now, ids]
        )

    def stalest(self) -> timedelta:
        """The age of the oldest reading of an open opportunity."""
        ((oldest,),) = self.tables.connection.execute(
            f"SELECT min(coalesce(r.read_at, TIMESTAMPTZ '2000-01-01')) FROM opportunities o LEFT JOIN {READS} r "
            "ON r.id = o.id WHERE o.life_cycle_stage <> 'Launched'"
        ).fetchall()
        return self.now - oldest

    def read_once(self) -> int:
        ((count,),) = self.tables.connection.execute(f"SELECT count(*) FROM {READS}").fetchall()
        return int(count)


def test_100_000_are_read_within_five_days_and_as_long_as_kills_took() -> None:
    account, chance = Account(100_000, 0, 20_000), random.Random(1)
    runs_of_a_day, lost = 8, 0
    while account.read_once() < 100_000:
        before = account.calls
        kept = account.read_once()
        account.run(chance.choice([None, None, None, 0, 1]))
        lost += account.calls - before - (account.read_once() - kept)
        account.now += DAY / runs_of_a_day
        assert account.now < BEGIN + 8 * DAY
    assert account.calls == 100_000 + lost, "no call is made twice but for what a kill lost"
    assert lost > 0
    assert account.tables.count(account.now) == 0


def test_100_000_are_read_within_five_days_without_kills() -> None:
    account = Account(100_000, 0, 20_000)
    while account.read_once() < 100_000:
        account.run()
        account.now += DAY / 4
    assert account.calls == 100_000
    assert account.now - BEGIN <= 5.5 * DAY


@pytest.mark.long
def test_a_year_of_more_changes_than_calls_starves_none() -> None:
    """A fifth of the calls is for what has waited longest: first what was never read, then the stalest open ones."""
    records, opened, calls = 1000, 500, 50
    account, chance = Account(records, opened, calls), random.Random(2)
    of_longest = calls // 5
    first, oldest = records // of_longest, timedelta()
    for day in range(365):
        account.change([f"O{number}" for number in chance.sample(range(opened // 2), calls * 2)])
        account.run()
        if day > first + opened // of_longest:
            oldest = max(oldest, account.stalest())
        account.now += DAY
    assert account.read_once() == records
    assert oldest <= (opened / of_longest + 1) * DAY


def test_what_is_open_is_fresh_where_there_are_calls_enough() -> None:
    account, chance = Account(3000, 1000, 1500), random.Random(3)
    for day in range(60):
        account.change([f"O{number}" for number in chance.sample(range(3000), 100)])
        account.run()
        assert day < 5 or account.stalest() <= DAY
        account.now += DAY
