"""How far a run came, and which records are new since the last."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from opportunity import MEMBERS
from partner_central.read.changes import ChangeDetector, Cursor, content_hash, read_from

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
FLOOR = NOON - timedelta(minutes=5)


def record(key: object = "O1", minutes: float | None = 0, **members: Any) -> dict[str, Any]:
    """A record last modified this many minutes after noon; None leaves the date out."""
    modified = None if minutes is None else (NOON + timedelta(minutes=minutes)).isoformat()
    return {"Id": key, "LastModifiedDate": modified, **members}


def changes(*seen: dict[str, Any], floor: datetime | None = FLOOR) -> ChangeDetector:
    """Changes after a run that saw these records, reading above `floor`."""
    before = ChangeDetector({}, MEMBERS)
    for one in seen:
        before.is_new(one)
    found = ChangeDetector(before.seen(), MEMBERS)
    found.keep_from(floor)
    return found


def test_a_record_never_seen_is_new() -> None:
    assert changes().is_new(record())
    assert changes(record("O2")).is_new(record("O1"))


def test_a_record_seen_with_the_same_content_is_not_new_whatever_its_members_order() -> None:
    assert not changes(record(A=1, B=2)).is_new(dict(reversed(record(A=1, B=2).items())))


@pytest.mark.parametrize(
    "changed", [record(A=2), record(A=None), record(A="1"), record(A=1, B=1), record(minutes=1, A=1)]
)
def test_a_record_with_other_content_is_new_also_under_the_same_date(changed: dict[str, Any]) -> None:
    assert changes(record(A=1)).is_new(changed)


def test_a_record_met_twice_in_one_run_is_new_once() -> None:
    found = changes()
    assert [found.is_new(record()) for _ in range(3)] == [True, False, False]


def test_a_record_that_changes_back_within_one_second_of_one_run_is_new_each_time() -> None:
    found = changes(record(A=1))
    assert [found.is_new(record(A=content)) for content in (1, 2, 1)] == [False, True, True]


def test_an_older_version_that_comes_after_a_newer_one_is_not_new() -> None:
    found = changes()
    newer, older = record(minutes=2, A=2), record(minutes=1, A=1)
    assert found.is_new(newer)
    assert not found.is_new(older)
    assert found.seen() == {"O1": content_hash(newer)}


def test_an_older_version_below_the_floor_is_not_new_behind_a_newer_one_above_it() -> None:
    found = changes()
    newer, older = record(minutes=2, A=2), record(minutes=-60, A=1)
    assert found.is_new(newer)
    assert not found.is_new(older)
    assert found.seen() == {"O1": content_hash(newer)}


def test_an_older_version_is_not_new_behind_one_that_was_seen_before_as_it_is() -> None:
    newer, older = record(minutes=2, A=2), record(minutes=1, A=1)
    found = changes(newer)
    assert [found.is_new(one) for one in (newer, older, newer)] == [False, False, False]


def test_a_newer_version_behind_an_older_one_is_new() -> None:
    found = changes()
    older, newer = record(minutes=-60, A=1), record(minutes=2, A=2)
    assert [found.is_new(one) for one in (older, newer, newer)] == [True, True, False]
    assert found.seen() == {"O1": content_hash(newer)}


def test_only_what_the_next_run_reads_again_is_remembered() -> None:
    found = changes()
    at_floor, below = record("at", minutes=-5), record("below", minutes=-5.001)
    assert found.is_new(at_floor)
    assert found.is_new(below)
    assert found.is_new(below), "a record below the floor is not remembered, not even within the run"
    assert found.seen().keys() == {"at"}


def test_a_record_of_the_last_lookback_is_not_new_although_it_lies_below_the_next_floor() -> None:
    found = changes(record(minutes=-7, A=1))
    assert not found.is_new(record(minutes=-7, A=1))
    assert found.seen() == {}


def test_without_a_floor_everything_is_remembered() -> None:
    found = changes(floor=None)
    assert found.is_new(record("old", minutes=-1e6))
    assert found.seen().keys() == {"old"}


@pytest.mark.parametrize("minutes", [None, 0])
def test_records_without_an_id_are_told_apart_by_their_content(minutes: float | None) -> None:
    first, second = record(None, minutes, A=1), record(None, minutes, A=2)
    found = changes(first)
    assert [found.is_new(one) for one in (first, second, second)] == [False, True, False]
    assert set(found.seen().values()) == {content_hash(first), content_hash(second)}


@pytest.mark.parametrize("broken", [None, "text", 7, ["list"], record(minutes=None), {"Id": 7}, {"Id": ""}])
def test_a_broken_record_is_reported_when_it_comes_and_not_again_while_it_stays(broken: Any) -> None:
    found = changes()
    assert found.is_new(broken)
    assert not changes(broken).is_new(broken)
    assert json.loads(json.dumps(found.seen())) == found.seen()


def test_a_record_that_loses_its_date_is_new_and_new_again_when_it_has_one() -> None:
    found = changes(record(minutes=0))
    assert [found.is_new(record(minutes=minutes)) for minutes in (None, 1)] == [True, True]
    assert found.seen() == {"O1": content_hash(record(minutes=1))}


@pytest.mark.parametrize(
    ("watermark", "lookback", "floor"),
    [
        (NOON, timedelta(minutes=5), FLOOR),
        (NOON, timedelta(0), NOON - timedelta(seconds=1)),
        (None, timedelta(minutes=5), None),
        (datetime(1, 1, 1, tzinfo=UTC), timedelta(seconds=1), None),
        (NOON, timedelta(days=999_999), None),
    ],
)
def test_the_next_run_reads_from_the_lookback_below_the_watermark(
    watermark: datetime | None, lookback: timedelta, floor: datetime | None
) -> None:
    assert read_from(watermark, lookback) == floor


@pytest.mark.parametrize(
    "cursor",
    [Cursor(), Cursor(NOON), Cursor(NOON.replace(microsecond=1), {"b": "2", "a": "1"}), Cursor(None, {"a": "1"})],
)
def test_a_cursor_comes_back_from_its_state_as_it_was(cursor: Cursor) -> None:
    assert Cursor.load(json.loads(json.dumps(cursor.dump()))) == cursor


def test_an_empty_state_is_the_cursor_before_the_first_run() -> None:
    assert Cursor.load({}) == Cursor(None, {})


def test_equal_cursors_give_equal_state_whatever_order_the_records_came_in() -> None:
    ways = [changes(), changes()]
    records = [record(f"O{number}") for number in range(20)]
    for one in records:
        ways[0].is_new(one)
    for one in reversed(records):
        ways[1].is_new(one)
    written = [json.dumps(Cursor(NOON, found.seen()).dump()) for found in ways]
    assert written[0] == written[1]


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_equal_content_has_an_equal_hash_and_other_content_another(one: Any, other: Any) -> None:
    assert (content_hash(one) == content_hash(other)) == (
        json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    )
    assert len(content_hash(one)) == 32
