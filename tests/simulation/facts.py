"""What must be true after every load, every run, and at the end; an assertion says what is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from opportunity import row_maker
from partner_central.tables.rows import RowMaker
from simulation.happenings import is_bad
from simulation.machines import Outcome, privacy_of, since_of
from simulation.records import Opportunity, Version
from simulation.schedule import Run
from simulation.world import World

LATE = timedelta(seconds=60)  # more than anything becomes visible late, less than any lookback
Row = dict[str, Any]


@dataclass
class Facts:
    """Watches a world.

    Attributes:
        floors: by scope, the LastModifiedDate from which on everything was read; None for all.
        asked: by scope, where a first load begins that was interrupted.
        modes: how personal data may stand in rows.
        begun: by number of a listing of everything, the turn in which its run began.
        seen: by id, the versions that were the newest after a load.
    """

    world: World
    floors: dict[str, datetime | None] = field(default_factory=dict)
    asked: dict[str, str | None] = field(default_factory=dict)
    modes: set[str] = field(default_factory=set)
    begun: dict[int, int] = field(default_factory=dict)
    seen: dict[str, list[Any]] = field(default_factory=dict)
    _expected: dict[tuple[str, int, str], Row] = field(default_factory=dict)

    def loaded(self, outcome: Outcome) -> None:
        """After every load."""
        state = self.world._stored_state()
        own = state["cursors"].get(outcome.scope, {})
        if own.get("watermark") and "backfill" not in own:
            self._lower_floor(outcome)
        clock = self.world.service.clock
        for scope, cursor in state["cursors"].items():
            watermark = cursor["watermark"] and datetime.fromisoformat(cursor["watermark"])
            assert not watermark or watermark <= clock, f"the cursor of {scope} is ahead: {watermark} at {clock}"
        for key, row in self.world.destination.rows.items():
            versions = self.seen.setdefault(key, [])
            if not versions or versions[-1] != _content(row):
                versions.append(_content(row))

    def ended(self, outcome: Outcome) -> None:
        """After every run."""
        number = self.world._stored_state().get("listing", {}).get("begun", 0)
        if number > outcome.state.get("listing", {}).get("begun", 0):
            self.begun.setdefault(number, outcome.turn)
        self.nothing_listed_is_gone()
        if outcome.run.other:
            assert outcome.how != "done" or not outcome.state, "another account was read"
            return
        self.modes.add(outcome.run.pii)
        if outcome.is_complete:
            self._complete(outcome)
        own = outcome.state.get("cursors", {}).get(outcome.scope, {})
        if "backfill" in own and own["watermark"] is None:
            self.asked[outcome.scope] = own["backfill"]["asked"]["since"]

    def _complete(self, outcome: Outcome) -> None:
        """A run that says complete loaded all."""
        run, began = outcome.run, outcome.began - LATE
        before = outcome.state.get("cursors", {}).get(outcome.scope, {})
        interrupted = "backfill" in before or "answered" in before
        anew = run.full and run.since is None
        unchanged = [
            one
            for one in self.world.service.opportunities()
            if one.now.since < began and max(one.now.turn, one.visible_since) < outcome.turn
        ]
        floor = since_of(run) if run.full else self.floors.get(outcome.scope)
        whole = anew and not interrupted
        self._are_equal(unchanged, run, outcome.scope, floor, {run.pii} if run.full else self.modes, whole=whole)
        if whole and outcome.scope == "all":
            self.modes = {run.pii}
            service = self.world.service
            service.returned = {key: turn for key, turn in service.returned.items() if turn >= outcome.turn}

    def _lower_floor(self, outcome: Outcome) -> None:
        """Everything a run asked for is loaded."""
        run, scope, since = outcome.run, outcome.scope, since_of(outcome.run)
        if outcome.metrics.first.mode == "first" or scope not in self.floors:
            interrupted = outcome.state.get("cursors", {}).get(scope, {}).get("backfill", {})
            before = self.asked.pop(scope, None)  # of an earlier run, whose reading another question may have dropped
            began = interrupted.get("asked", {}).get("since") or before
            others = [moment for moment in (since, began and datetime.fromisoformat(began)) if moment]
            self.floors[scope] = max(others, default=None)
        elif run.full:
            floor = self.floors[scope]
            self.floors[scope] = min(since, floor) if since and floor else None

    def _are_equal(
        self, found: list[Opportunity], run: Run, scope: str, floor: datetime | None, modes: set[str], *, whole: bool
    ) -> None:
        """Visible records that a run asks for equal their rows."""
        service, destination = self.world.service, self.world.destination
        excepted = set(service.skipped.get(scope, {})) | (set() if whole else set(service.returned))
        for one in found:
            record = one.now.record
            asked = not run.stage or record["LifeCycle"]["Stage"] == run.stage
            asked &= not run.company or record["Customer"]["Account"]["CompanyName"] == run.company
            if not one.visible or not asked or one.key in excepted or (floor and one.now.modified < floor):
                continue
            if service.unplaced.get(scope, {}).get(one.key) == one.now.turn:
                continue
            row = destination.rows.get(one.key)
            presence = destination.presence.get(one.key) if not self.world.schedule.cap else None
            where = f"{one.key} as of {one.now.modified} ({scope})"
            if is_bad(one):
                assert one.key in destination.rejected, f"{where} is not among the rejected"
                if not self.world.schedule.cap:
                    assert presence, f"{where} is not present"
                    assert presence["rejected_since"], f"{where} is not marked as rejected"
                continue
            assert row is not None, f"{where} is missing"
            wanted = [self._row(one.key, one.now, mode) for mode in sorted(modes)]
            held = {name: value for name, value in row.items() if name not in {"_dlt_id", "last_listed_at"}}
            assert held in wanted, f"{where} differs: {held} is none of {wanted}"
            assert one.key not in destination.rejected, f"{where} is still among the rejected"
            if not self.world.schedule.cap:
                assert presence, f"{where} is not present"
                assert presence["rejected_since"] is None, f"{where} is still marked as rejected"

    def _row(self, key: str, version: Version, mode: str) -> Row:
        known = key, id(version), mode
        if known not in self._expected:
            self._expected[known] = rows_of().row(privacy_of(mode).record(version.record))
        return self._expected[known]

    def nothing_listed_is_gone(self) -> None:
        """What was visible throughout the listing that says it is gone is not gone."""
        service = self.world.service
        visible = {one.key: one for one in service.opportunities() if one.visible}
        for key, row in self.world.destination.presence.items():
            if row["gone_since"] is None or key not in visible or key in service.skipped.get("all", {}):
                continue
            began = self.begun.get(row["gone_by"], 0)
            assert visible[key].visible_since > began, f"{key} is marked as gone by {row['gone_by']}, and is listed"

    def rows_equal(self, run: Run, scope: str) -> None:
        """What the account holds now stands in the rows, as far as plain runs can know."""
        everything = self.world.service.opportunities()
        self._are_equal(everything, run, scope, self.floors.get(scope), self.modes, whole=False)

    def all_equal(self, run: Run, began: int) -> None:
        """After a listing of everything, all is as it should be."""
        service, destination = self.world.service, self.world.destination
        service.skipped.clear()
        self._are_equal(service.opportunities(), run, "all", None, {run.pii}, whole=True)
        visible = {one.key for one in service.opportunities() if one.visible}
        if self.world.schedule.cap:
            good = {one.key for one in service.opportunities() if one.visible and not is_bad(one)}
            newest = max((row["last_listed_at"] for row in destination.rows.values()), default=None)
            found = {key for key, row in destination.rows.items() if row["last_listed_at"] == newest}
            assert found == good, f"{sorted(found ^ good)} are not marked as they are listed"
            return
        gone = {key for key, row in destination.presence.items() if row["gone_since"] is not None}
        assert not gone & visible, f"{sorted(gone & visible)} are listed, and marked as gone"
        complete = self.world._stored_state()["listing"]["complete"]
        cannot = {key for key, row in destination.rows.items() if complete["windows"] and not row.get("created_date")}
        vanished = set(destination.rows) - visible - cannot
        assert vanished <= gone, f"{sorted(vanished - gone)} are not marked as gone"
        assert self.world.outcomes[-1].turn >= began

    def versions_are_right(self) -> None:
        """Versions follow one another, each differs from the one before, and none that was the newest is missing."""
        if self.world.schedule.cap:
            assert not self.world.destination.history, "a search has no versions"
            return
        by_key: dict[str, list[Row]] = {}
        for row in self.world.destination.history:
            by_key.setdefault(row["id"], []).append(row)
        for key, rows in by_key.items():
            rows.sort(key=lambda row: (row["last_modified_date"], row["read_order"]))
            for before, after in pairwise(rows):
                where = f"{key} at {after['last_modified_date']}"
                names = ("last_modified_date", "content_hash")
                assert [before[name] for name in names] != [after[name] for name in names], f"{where} is there twice"
                same = before["last_modified_date"], before["read_order"]
                assert same != (after["last_modified_date"], after["read_order"]), f"{where} has versions without order"
            contents = iter([_content(row) for row in rows])
            for content in self.seen.get(key, []):
                assert content in contents, f"{key}: version {content} is missing, or in the wrong place"
        assert set(self.seen) <= set(by_key), "a row has no version"


@cache
def rows_of() -> RowMaker:
    """Makes the rows that are expected."""
    return row_maker()


def _content(row: Row) -> tuple[Any, ...]:
    """What tells versions apart here."""
    names = ("last_modified_date", "partner_opportunity_identifier", "life_cycle_next_steps", "life_cycle_stage")
    return tuple(row.get(name) for name in names)
