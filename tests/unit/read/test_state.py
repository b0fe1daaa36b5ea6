"""The state that is kept between runs: its layout, and what becomes of states that earlier releases wrote."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from partner_central.errors import ConfigurationError
from partner_central.read.filter_sets import cursor_reports
from partner_central.read.state import (
    VERSION,
    State,
    forget_cursors,
    lost_tables,
    migrate,
    newest_full_listing,
)

STORED = sorted((Path(__file__).parent / "states").glob("*.json"))  # written by earlier commits, as they are
INTERRUPTED = [path for path in STORED if "interrupted" in path.name]


def stored(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_what_an_earlier_release_stored_is_read_and_kept(path: Path) -> None:
    before = stored(path)
    for filter_set in before["cursors"]:
        state = State(before, filter_set)
        after = json.loads(json.dumps(state.dump()))
        assert after["version"] == VERSION
        assert state.cursor.watermark == cursor_of(before, filter_set)
        assert state.cursor.seen == before["cursors"][filter_set]["seen"]
        others = before["cursors"].keys() - {filter_set}
        assert all(after["cursors"][name]["seen"] == before["cursors"][name]["seen"] for name in others)
        assert {key: after[key] for key in ("catalog", "members")} == {
            key: before[key] for key in ("catalog", "members")
        }
    assert before == stored(path), "migrating changes nothing in place"


def cursor_of(state: dict[str, Any], filter_set: str) -> datetime | None:
    watermark = state["cursors"][filter_set]["watermark"]
    return watermark and datetime.fromisoformat(watermark)


@pytest.mark.parametrize("path", INTERRUPTED, ids=lambda path: path.stem)
def test_a_load_that_an_earlier_release_left_is_continued(path: Path) -> None:
    before = stored(path)
    (filter_set,) = before["cursors"]
    checkpoint = State(before, filter_set).checkpoint
    assert checkpoint is not None
    kept = before["cursors"][filter_set]["backfill"]
    partitions = [one for one in kept["windows"] if not one["done"]]
    assert [one.records for one in checkpoint.partitions if not one.done] == [one["records"] for one in partitions]
    assert checkpoint.full == kept["full"]
    assert checkpoint.ignores_seen == kept.get("anew", kept["full"])
    assert checkpoint.number == kept.get("number"), "a listing that has no number concludes nothing"


def test_a_state_is_migrated_once() -> None:
    for path in STORED:
        assert migrate(migrate(stored(path))) == migrate(stored(path))


def test_a_state_of_a_later_release_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="A later release wrote the state"):
        State({"version": VERSION + 1}, "all")


def test_a_quiet_run_stores_what_it_read() -> None:
    for path in STORED:
        once = State(stored(path), "all").dump()
        assert State(json.loads(json.dumps(once)), "all").dump() == once


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_how_far_each_set_of_filters_has_come_is_reported(path: Path) -> None:
    before = stored(path)
    found = {report.filter_set: report for report in cursor_reports(before)}
    assert found.keys() == before["cursors"].keys()
    for name, cursor in before["cursors"].items():
        assert found[name].watermark == cursor_of(before, name)
        assert found[name].is_under_way == ("backfill" in cursor)
        if checkpoint := cursor.get("backfill"):
            assert found[name].read == sum(one["records"] for one in checkpoint["windows"]) > 0
            assert found[name].estimated_records == checkpoint["about"]
            assert found[name].partitions_left == sum(not one["done"] for one in checkpoint["windows"]) > 0


def test_after_a_loss_every_cursor_begins_again_and_numbers_stay() -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    state: dict[str, Any] = {
        "cursors": {"all": {"watermark": at.isoformat(), "seen": {"O1": "a"}}, "identifier-1": {}},
        "listing": {"begun": 3, "complete": {"number": 3, "order": 9, "at": at.isoformat(), "windows": True}},
        "order": 9,
        "members": {"": {"New text": "new"}},
    }
    assert newest_full_listing(state) is not None
    forget_cursors(state, ["opportunity_presence"])
    forget_cursors(state, ["opportunities"])
    assert newest_full_listing(state) is None
    assert lost_tables(state) == {"opportunities", "opportunity_presence"}
    assert State(state, "all").whole
    assert (state["listing"]["begun"], state["order"], state["members"]) == (3, 9, {"": {"New text": "new"}})
