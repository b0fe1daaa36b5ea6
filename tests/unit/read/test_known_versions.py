"""The newest version of each id, in the state of a run without the command."""

from __future__ import annotations

import pytest

from partner_central.read import known_versions
from partner_central.read.known_versions import KnownVersions


def test_a_version_is_new_when_it_is_another_than_the_last_one_also_one_that_returns() -> None:
    known = KnownVersions("")
    for content, is_new in (("a", True), ("a", False), ("b", True), ("a", True), ("a", False)):
        assert known.is_new("O1", content) is is_new
        known = KnownVersions(known.packed)
    assert known.is_new("O2", "a")


def test_the_state_holds_what_was_read_last_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_versions, "MOST_IDS", 3)
    known = KnownVersions("")
    for key in ("O1", "O2", "O3", "O1", "O4"):
        known.is_new(key, "a")
    assert len(known.packed) == 3 * 16
    again = KnownVersions(known.packed)
    assert [again.is_new(key, "a") for key in ("O1", "O3", "O4", "O2")] == [False, False, False, True]
