"""Members that AWS adds to persons, as whole syncs store them under each mode, and as `forget` cleans them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.forget.run import forget
from partner_central_sync.sync.summary import Summary
from sandbox import Sandbox, rows

DETAILS, SUMMARIES, HISTORY = "opportunity_details", "aws_opportunity_summaries", "aws_opportunity_summary_history"
SECRET, NUMBER = "Unmistakable", 4711004711
ADDED = {"Nick": SECRET, "Born": NUMBER, "Said": [SECRET], "Deep": {"Er": SECRET}, "Homes": [{"Town": SECRET}]}
LIFE_CYCLE = {"LifeCycle": {"Remark": SECRET, "Deep": {"Er": SECRET}}}
KEY = {"pii_key": "a secret of sixteen"}


@pytest.fixture
def account() -> Iterator[Emulator]:
    with Emulator(opportunities=3, seed=4, rps=None) as emulator:
        for stream in (DETAILS, SUMMARIES):
            for one in emulator.truth(stream=stream):
                people = {"OpportunityTeam": [{"FirstName": "A", **ADDED}], "Customer": {"Contacts": [ADDED]}}
                key = one.get("Id") or one["RelatedOpportunityId"]
                emulator.overlay(key, people | LIFE_CYCLE, stream=stream)
        yield emulator


@pytest.fixture
def sandbox(tmp_path: Path, account: Emulator) -> Sandbox:
    return Sandbox(tmp_path, account.endpoint)


def sync(sandbox: Sandbox, mode: str, *, full: bool = False) -> Summary:
    return sandbox.sync(tables=("opportunities", DETAILS, SUMMARIES), source=KEY | {"pii": mode}, full=full)


def contents(sandbox: Sandbox) -> dict[str, list[dict[str, object]]]:
    """The rows of every table, also dlt's own."""
    names = [str(row["name"]) for row in rows(sandbox, "SHOW TABLES")]
    return {name: rows(sandbox, f'SELECT * FROM "{name}" ORDER BY ALL') for name in names}


def in_clear(sandbox: Sandbox) -> list[str]:
    """The tables with something in clear."""
    stored = {table: str(found) for table, found in contents(sandbox).items()}
    return [table for table, found in stored.items() if SECRET in found or str(NUMBER) in found]


@pytest.mark.parametrize("mode", ["mask", "drop"])
def test_what_nobody_knows_of_a_person_is_never_in_clear(sandbox: Sandbox, mode: str) -> None:
    sync(sandbox, mode)
    assert in_clear(sandbox) == []
    team = rows(sandbox, f"SELECT * FROM {DETAILS}__opportunity_team")
    assert team
    names = ("nick", "born", "said", "deep", "homes")
    assert {len(row.get(name) or "") for row in team for name in names} == ({32} if mode == "mask" else {0})


def test_what_is_left_out_is_told_with_its_member_and_its_stream(
    sandbox: Sandbox, account: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    at_first = sync(sandbox, "drop")
    people = [f"{list_}.{name}" for list_ in ("Customer.Contacts", "OpportunityTeam") for name in ADDED]
    of_each = {table: {*people, "LifeCycle.Deep", "LifeCycle.Remark"} for table in (DETAILS, SUMMARIES)}
    of_each["opportunities"] = {"Customer.Contacts", "OpportunityTeam", "LifeCycle.Deep", "LifeCycle.Remark"}
    left_out = sorted(f"{table}.{member}" for table, members in of_each.items() for member in members)
    assert (at_first.left_out, at_first.new_columns) == (left_out, [])
    assert "left out     28, named above" in at_first.text()
    assert f"pii leaves them out, since they may be personal: {', '.join(left_out)}." in capsys.readouterr().err
    key = account.truth()[0]["Id"]
    account.overlay(key, {"Unheard": [SECRET]})
    account.change(key, {"OpportunityType": "Expansion"})
    later, masked = sync(sandbox, "drop"), sync(sandbox, "mask", full=True)
    assert {"opportunities.Unheard", "opportunities.OpportunityTeam"} <= {*later.left_out}
    assert masked.left_out == []
    stored = rows(sandbox, "SELECT left_out FROM sync_runs ORDER BY started_at")
    assert [row["left_out"] for row in stored] == [",".join(left_out), ",".join(later.left_out), None]


@pytest.mark.long
def test_what_nobody_knows_of_a_person_is_cleaned_by_forget(sandbox: Sandbox) -> None:
    mode = "mask"
    sync(sandbox, "keep")
    found = in_clear(sandbox)
    below = [
        f"{table}{name}" for table in (DETAILS, SUMMARIES) for name in ("__customer_contacts", "__opportunity_team")
    ]
    assert {*found} >= {DETAILS, SUMMARIES, HISTORY, *below, *(f"{name}__said" for name in below)}
    told = "\n".join(forget(sandbox.settings(source=KEY | {"pii": mode}), Console()))
    assert in_clear(sandbox) == []
    assert f"versions in {HISTORY}: " in told
    before = contents(sandbox)
    sync(sandbox, mode, full=True)
    assert in_clear(sandbox) == []
    assert contents(sandbox)[HISTORY] == before[HISTORY], "no version more"
