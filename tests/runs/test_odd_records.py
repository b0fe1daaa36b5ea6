"""Records with ids or members that a database cannot hold, among others that it can."""

from __future__ import annotations

import duckdb
import pytest

from partner_central_emulator import Emulator
from sandbox import Sandbox


def ids_of(sandbox: Sandbox, table: str) -> list[str | None]:
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        found = connection.execute(f"SELECT id FROM partner_central.partner_central.{table} ORDER BY id").fetchall()
    return [key for (key,) in found]


@pytest.mark.long
def test_records_with_ids_no_database_can_hold_are_rejected_one_by_one(sandbox: Sandbox, emulator: Emulator) -> None:
    records = sorted(emulator.truth(), key=lambda record: record["Id"])
    for record, bad in zip(records, ("O\0x", "O\ud800", "\uf026x"), strict=False):
        emulator.overlay(record["Id"], {"Id": bad})
    summary = sandbox.sync()
    assert (summary.changed, summary.rejected) == (len(records) - 3, 3)
    sandbox.assert_equals(records[3:])
    assert len(ids_of(sandbox, "opportunities_rejected")) == 3


@pytest.mark.long
def test_unknown_members_that_look_like_impossible_timestamps_stop_nothing(
    sandbox: Sandbox, emulator: Emulator
) -> None:
    ids = sorted(record["Id"] for record in emulator.truth())
    dates = ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-02-30T00:00:00Z", "2026-05-01T12:00:00Z")
    for key, text in zip(ids, dates, strict=False):
        emulator.overlay(key, {"RenewalDate": text, "Team": [{"JoinedAt": text}]})
    assert sandbox.sync().changed == len(ids)
    assert ids_of(sandbox, "opportunities") == ids
