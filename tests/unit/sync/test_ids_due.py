"""Which ids are due, in which order: the queue is a query over plain tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from partner_central.streams.aws_opportunity_summaries import AWS_OPPORTUNITY_SUMMARIES as STREAM
from partner_central.streams.opportunity_details import OPPORTUNITY_DETAILS as DETAILS
from partner_central.tables.id_reads import DueId
from partner_central_sync.sync import ids_due
from partner_central_sync.sync.details import allowed, shares
from partner_central_sync.sync.settings import Settings
from queue_tables import QueueTables

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
READS, HISTORY, PRESENCE = STREAM.reads_table, STREAM.history_table, "opportunity_presence"


@pytest.fixture
def tables() -> QueueTables:
    return QueueTables()


def opportunity(key: str, *, days: float = 100, stage: str = "Qualified", **more: object) -> dict[str, object]:
    """An opportunity that was changed so many days ago."""
    at = NOW - days * DAY
    return {"id": key, "life_cycle_stage": stage, "created_date": at - DAY, "last_modified_date": at, **more}


def read(key: str, *, days: float, changed: float = 100, outcome: str = "read", **more: object) -> dict[str, object]:
    """A reading of an opportunity so many days ago, for a change so many days ago."""
    at, of = NOW - days * DAY, NOW - changed * DAY
    return {"id": key, "read_at": at, "read_for": of, "outcome": outcome, "reading": 1, **more}


def due(tables: QueueTables, limit: int = 100, **options: object) -> list[str]:
    """The ids that are due, and a check of their number."""
    found = [one.id for one in tables.due(limit, NOW, **options)]  # type: ignore[arg-type]
    assert len(found) == min(limit, tables.count(NOW, **options))  # type: ignore[arg-type]
    return found


def test_what_changed_is_before_what_is_new_before_what_is_stale_and_what_is_open_first(tables: QueueTables) -> None:
    tables.add(
        "opportunities",
        opportunity("fresh"),
        opportunity("stale"),
        opportunity("stalest"),
        opportunity("new"),
        opportunity("newer", days=50),
        opportunity("changed", days=10),
        opportunity("closed new", stage="Launched"),
        opportunity("closed changed", days=10, stage="Closed Lost"),
        opportunity("closed stale", stage="Launched", days=100),
        *(opportunity(f"oldest {number}", days=900 + number, stage="Launched") for number in range(2)),
    )
    tables.add(
        READS,
        read("fresh", days=0.5),
        read("stale", days=2),
        read("stalest", days=3),
        read("changed", days=11),
        read("closed changed", days=11),
        read("closed stale", days=90),
    )
    rest = ["changed", "newer", "new", "closed changed", "closed new", "stalest", "stale"]
    assert due(tables, limit=10) == ["oldest 0", "oldest 1", *rest][:9]
    assert due(tables, limit=5) == ["oldest 1", *rest[:4]], "one in five has waited longest"


@pytest.mark.parametrize(("limit", "longest"), [(1, 1), (3, 3), (7, 7), (10, 10)])
def test_of_a_few_ids_as_well_one_in_five_has_waited_longest(
    tables: QueueTables, limit: int, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = [opportunity(f"new {number}", days=number + 1) for number in range(limit)]
    oldest = [opportunity(f"oldest {number}", days=900 + number, stage="Launched") for number in range(limit)]
    tables.add("opportunities", *new, *oldest)
    runs = []
    for chance in range(5):
        monkeypatch.setattr(ids_due, "randbelow", lambda _, chance=chance: chance)
        runs += due(tables, limit)
    assert sum(key.startswith("oldest") for key in runs) == longest


def test_what_is_read_in_any_case_takes_no_place_from_others(tables: QueueTables) -> None:
    tables.add("opportunities", *(opportunity(f"O{number}", days=number + 1) for number in range(6)))
    taken = [DueId("O0"), DueId("O5")]
    assert {one.id for one in tables.due(5, NOW, taken=taken)} == {"O1", "O2", "O3", "O4"}
    assert len(tables.due(2, NOW, taken=taken)) == 2


def test_an_id_that_is_gone_is_never_due(tables: QueueTables) -> None:
    tables.add("opportunities", opportunity("gone"), opportunity("there"))
    tables.add(PRESENCE, {"id": "gone", "gone_since": NOW}, {"id": "there", "gone_since": None})
    assert due(tables) == ["there"]


@pytest.mark.parametrize(("outcome", "days"), [("not found", 30), ("refused", 30), ("rejected", 30)])
@pytest.mark.parametrize("stage", ["Qualified", "Launched"])
def test_an_id_that_gave_nothing_is_due_when_it_changes(
    tables: QueueTables, outcome: str, days: int, stage: str
) -> None:
    tables.add("opportunities", opportunity("one", days=20_000, stage=stage))
    tables.add(READS, read("one", days=days - 1, changed=20_000, outcome=outcome))
    assert due(tables) == []
    tables.connection.execute(f"UPDATE {READS} SET read_at = read_at - INTERVAL 2 DAY")
    assert due(tables) == ["one"]
    tables.connection.execute("UPDATE opportunities SET last_modified_date = ?", [NOW])
    assert due(tables) == ["one"]


def test_what_was_not_found_yet_is_due_again_after_some_minutes(tables: QueueTables) -> None:
    tables.add("opportunities", opportunity("new", days=0.1), opportunity("just asked", days=0.1))
    for key, minutes in (("new", 5), ("just asked", 1)):
        tables.add(READS, {**read(key, days=minutes / 1440, outcome="not found"), "read_for": None})
    assert due(tables) == ["new"]


def test_an_answer_from_an_older_copy_is_due_again_for_a_day_and_then_daily() -> None:
    tables = QueueTables(DETAILS)
    keys = {"today": (0.5, 0.4), "lately": (3, 0.9), "long ago": (3, 1.1)}  # days since its change, and its reading
    for key, (changed, was_read) in keys.items():
        tables.add("opportunities", opportunity(key, days=changed, stage="Launched"))
        tables.add(DETAILS.reads_table, read(key, days=was_read, changed=changed + 1))
    tables.add("opportunities", opportunity("changed since", days=0.1, stage="Launched"))
    tables.add(DETAILS.reads_table, read("changed since", days=0.2))
    assert due(tables) == ["changed since", "long ago", "today"]


def test_an_account_has_its_own_queue_in_a_shared_dataset(tables: QueueTables) -> None:
    for account in ("one", "other"):
        tables.add("opportunities", opportunity("same", account=account), opportunity(account, account=account))
    tables.add(READS, read("same", days=0.1, account="other"))
    tables.add(PRESENCE, {"id": "one", "account": "other", "gone_since": NOW})
    assert sorted(due(tables, account="one")) == ["one", "same"]
    assert due(tables, account="other") == ["other"]


def test_another_reading_of_everything_makes_all_due(tables: QueueTables) -> None:
    tables.add("opportunities", opportunity("one"), opportunity("closed", stage="Launched"))
    tables.add(READS, read("one", days=0.1), read("closed", days=0.1))
    assert due(tables) == []
    assert due(tables, reading=2) == ["one", "closed"]


def test_tables_that_are_not_there_are_done_without(tables: QueueTables) -> None:
    tables.add("opportunities", opportunity("one"))
    for table in (PRESENCE, READS, HISTORY):
        tables.connection.execute(f"DROP TABLE {table}")
        assert due(tables) == ["one"]
    tables.connection.execute("DROP TABLE opportunities")
    assert due(tables) == []


def test_the_newest_version_of_an_id_is_known(tables: QueueTables) -> None:
    for account in (None, "one"):
        tables.add("opportunities", opportunity("O1", account=account), opportunity("O2", account=account))
    tables.add(HISTORY, *({"id": "O1", "content_hash": f"hash {order}", "read_order": order} for order in (9, 30, 7)))
    tables.add(HISTORY, {"id": "O1", "account": "one", "content_hash": "mine", "read_order": 8})
    assert {one.id: one.content_hash for one in tables.due(9, NOW)} == {"O1": "hash 30", "O2": None}
    assert {one.id: one.content_hash for one in tables.due(9, NOW, "one")} == {"O1": "mine", "O2": None}


def test_an_id_without_dates_is_due_like_others(tables: QueueTables) -> None:
    tables.add("opportunities", {"id": "one"}, opportunity("other"))
    tables.add(READS, {**read("one", days=0.1), "read_for": None})
    assert due(tables) == ["other"]


SETTINGS = Settings(source={"calls_per_day": 100_000}, details_share=0.2)


@pytest.mark.parametrize(
    ("since", "ids"),
    [
        (None, 833),
        (timedelta(minutes=30), 417),
        (timedelta(), 0),
        (DAY, 20_000),
        (9 * DAY, 20_000),
        (-timedelta(minutes=59), 0),
        (-timedelta(hours=2), 833),
    ],
)
def test_a_run_may_read_what_the_share_gives_since_the_last_reading(since: timedelta | None, ids: int) -> None:
    assert allowed(SETTINGS, None if since is None else NOW - since, NOW) == ids


@pytest.mark.parametrize("calls_per_day", [1, 50, 119])
def test_a_share_of_less_than_an_id_an_hour_begins_with_one(calls_per_day: int) -> None:
    """Otherwise nothing is ever read, since only what was read lets the clock count."""
    few = Settings(source={"calls_per_day": calls_per_day}, details_share=0.2)
    assert allowed(few, None, NOW) == 1


def test_a_share_of_nothing_gives_nothing() -> None:
    assert allowed(Settings(details_share=0), None, NOW) == 0


@pytest.mark.parametrize("minutes", [1, 7, 30, 24 * 60])
def test_the_runs_of_a_day_read_the_share_and_no_more(minutes: int) -> None:
    newest, read_in_all = NOW, 0
    for number in range(1, 24 * 60 // minutes + 1):
        now = NOW + number * timedelta(minutes=minutes)
        if ids := allowed(SETTINGS, newest, now):
            newest, read_in_all = now, read_in_all + ids
    assert 0.9 * 20_000 <= read_in_all <= 20_000


@pytest.mark.parametrize("seconds", [1, 4, 300])
def test_events_that_are_read_each_moment_take_nothing_from_the_share(seconds: int) -> None:
    """Each is the newest reading, so soon before the next run that the time in between gives less than an id."""
    moments = [NOW + timedelta(seconds=number * seconds) for number in range(DAY // timedelta(seconds=seconds) + 1)]
    few = Settings(source={"calls_per_day": 1000}, details_share=0.2)
    assert sum(allowed(few, newest, now) for newest, now in pairwise(moments)) == 200


def test_what_a_stream_does_not_need_is_for_the_others() -> None:
    assert shares(100, {"a": 1000, "b": 1000}) == {"a": 50, "b": 50}
    assert shares(100, {"a": 10, "b": 1000, "c": 0}) == {"a": 10, "b": 90, "c": 0}
    assert shares(100, {"a": 3, "b": 4}) == {"a": 3, "b": 4}
    assert shares(0, {"a": 3}) == {"a": 0}
    assert shares(1, {"a": 3, "b": 3}) == {"a": 1, "b": 0}, "the one that was not read for longest"
    assert shares(5, {"a": 1, "b": 9, "c": 9}) == {"a": 1, "b": 2, "c": 2}
