"""A destination in memory: what every destination promises, and switches that break a promise each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from partner_central.tables.row_batch import TableRows

Row = dict[str, Any]
LEASE = timedelta(seconds=600)
FEWEST_GONE, MOST_GONE = 10, 0.2


class Conflict(Exception):
    """The destination is not what the run began with, so what it read is dropped."""


class Busy(Exception):
    """Another run holds the lease."""


@dataclass(slots=True)
class Broken:
    """Which promises the destination breaks."""

    lease: bool = False
    newest_wins: bool = False
    versions: bool = False


@dataclass(slots=True)
class Destination:
    """Tables of one dataset, the state, and the lease on both.

    Attributes:
        rows: opportunities by id, with their lists inside.
        history: all versions.
        presence: by id.
        rejected: by record key.
        state: as text, None before the first load.
        generation: counts the loads.
        sweeps: the verdict on each listing of everything that was looked at.
    """

    broken: Broken = field(default_factory=Broken)
    rows: dict[str, Row] = field(default_factory=dict)
    history: list[Row] = field(default_factory=list)
    presence: dict[str, Row] = field(default_factory=dict)
    rejected: dict[str, Row] = field(default_factory=dict)
    state: str | None = None
    generation: int = 0
    sweeps: dict[int, str] = field(default_factory=dict)
    _loads: dict[str, int] = field(default_factory=dict)
    _holder: str | None = None
    _until: datetime | None = None

    def take(self, run: str, now: datetime) -> None:
        """Take the lease, or renew it.

        Raises:
            Busy: another run holds it.
        """
        if self._holder not in {None, run} and self._until is not None and now < self._until and not self.broken.lease:
            raise Busy
        self._holder, self._until = run, now + LEASE

    def renew(self, run: str, now: datetime) -> None:
        """Hold the lease for longer, if it is still held."""
        if self._holder == run:
            self._until = now + LEASE

    def release(self, run: str) -> None:
        """Give the lease back."""
        if self._holder == run:
            self._holder = None

    def load(self, batches: Iterable[TableRows], state: dict[str, Any], generation: int) -> int:
        """Commit rows and state together; gives the new generation.

        Raises:
            Conflict: another run loaded something meanwhile.
        """
        if generation != self.generation and not self.broken.lease:
            raise Conflict
        whole = TableRows()
        for batch in batches:
            whole.add(batch)
        self._merge(whole.rows)
        self._versions(whole.versions)
        for listed in whole.listed:
            self.presence[listed["id"]] = {"gone_since": None, "rejected_since": None, **listed}
        self._reject(whole)
        self.state = json.dumps(state)
        self.generation += 1
        return self.generation

    def _merge(self, rows: list[Row]) -> None:
        newest: dict[str, Row] = {}
        for row in rows:
            if row["id"] not in newest or row["_dlt_id"] > newest[row["id"]]["_dlt_id"]:
                newest[row["id"]] = row
        for key, row in newest.items():
            held = self.rows.get(key)
            older = held is not None and row["last_modified_date"] < held["last_modified_date"]
            if not older or self.broken.newest_wins:
                self.rows[key], self._loads[key] = row, self.generation

    def _versions(self, staged: list[Row]) -> None:
        """Insert the versions that differ from the one before, of the same date."""
        if self.broken.versions:
            held = {(row["id"], row["last_modified_date"], row["content_hash"]) for row in self.history}
            for row in staged:
                key = row["id"], row["last_modified_date"], row["content_hash"]
                if key not in held:
                    self.history.append(row)
                    held.add(key)
            return
        last: dict[tuple[str, datetime], Row] = {}
        for row in sorted(self.history, key=lambda row: int(row["read_order"])):
            last[row["id"], row["last_modified_date"]] = row
        for row in sorted(staged, key=lambda row: int(row["read_order"])):
            before = last.get((row["id"], row["last_modified_date"]))
            if before is None or before["content_hash"] != row["content_hash"]:
                self.history.append(row)
                last[row["id"], row["last_modified_date"]] = row

    def _reject(self, whole: TableRows) -> None:
        """Keep what was rejected, until its id loads again."""
        newest = {row["record_key"]: row for row in sorted(whole.rejected, key=lambda row: str(row["_dlt_id"]))}
        self.rejected |= {key: row | {"load": self.generation} for key, row in newest.items()}
        for key in {row["id"] for row in whole.rows} & self.rejected.keys():
            presence = self.presence.get(key)
            is_row = self._is_newer(key) if presence is None else presence["rejected_since"] is None
            if is_row:
                del self.rejected[key]

    def _is_newer(self, key: str) -> bool:
        """Whether a row is a newer version than was rejected of its id, or was read later."""
        row, rejected = self.rows[key], self.rejected[key]
        date = row["last_modified_date"]
        place = rejected["last_modified_date"] or date, rejected["load"], rejected["_dlt_id"]
        return bool((date, self._loads[key], row["_dlt_id"]) > place)

    def conclude(self, number: int, at: str, *, windows: bool, accept: bool) -> None:
        """Mark what the listing of everything of that number did not list, unless it was looked at before."""
        if number in self.sweeps:
            return
        missed = [
            key
            for key, row in sorted(self.rows.items())
            if self._was_missed(key, number) and not (windows and row.get("created_date") is None)
        ]
        known = sum(self.presence.get(key, {}).get("gone_since") is None for key in self.rows)
        if len(missed) >= FEWEST_GONE and len(missed) > MOST_GONE * known and not accept:
            self.sweeps[number] = "held"
            return
        for key in missed:
            row = self.presence.setdefault(key, {"id": key, "last_listed_sweep": None, "rejected_since": None})
            row |= {"gone_since": at, "gone_by": number}
        self.sweeps[number] = "accepted" if accept else "concluded"

    def _was_missed(self, key: str, number: int) -> bool:
        row = self.presence.get(key)
        return row is None or (row["gone_since"] is None and (row["last_listed_sweep"] or 0) < number)
