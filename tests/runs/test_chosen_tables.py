"""Tables besides the opportunities: when they are loaded, what is refused, what is switched on and off, who is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from databases import MOSTLY_DUCKDB, Database
from partner_central.errors import ServiceUnavailable
from partner_central.public import STREAMS
from partner_central_emulator import Emulator, Fault
from partner_central_sync.cli.app import app
from partner_central_sync.query.read_only import open_read_only
from partner_central_sync.sync import lists as module
from partner_central_sync.sync.check import check
from partner_central_sync.sync.finding import Finding
from partner_central_sync.sync.status import status
from partner_central_sync.sync.stream_status import StreamStatus, stream_statuses

INVITATIONS, SOLUTIONS, SEARCH = "engagement_invitations", "solutions", "opportunity_search_summaries"
LIST_INVITATIONS, LIST_SOLUTIONS = "ListEngagementInvitations", "ListSolutions"
REASON = "INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE"
NEWEST = "run_id = (SELECT run_id FROM sync_runs ORDER BY started_at DESC LIMIT 1)"
TWO = (INVITATIONS, SOLUTIONS)
IN_PLACE_OF_A_REFUSED_ONE = {f"partnercentral:{name}" for stream in STREAMS for name in stream.operations[1:]}


@pytest.fixture
def emulator(port: int) -> Iterator[Emulator]:
    with Emulator(opportunities=20, seed=1, port=port, rps=None) as running:
        yield running


def operations(emulator: Emulator) -> set[str]:
    return {call.operation for call in emulator.calls}


def stored(database: Database, table: str) -> int:
    return int(database.sql(f"SELECT count(*) FROM {table}")[0][0])


def names(database: Database) -> set[str]:
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'partner_central'"
    return {name for (name,) in database.sql(query)}


def logged(database: Database) -> dict[str, tuple[Any, ...]]:
    """What the newest run says of each stream: its outcome and the reason."""
    rows = database.sql(f"SELECT stream, outcome, message FROM sync_run_streams WHERE {NEWEST}")
    return {table: found for table, *found in rows}  # type: ignore[misc]


def statuses(database: Database, tables: Iterable[str]) -> dict[str, StreamStatus]:
    settings = database.settings(tables=tuple(tables))
    with open_read_only(settings) as client:
        return {one.stream.table: one for one in stream_statuses(client, settings)}


def checked(database: Database, tables: Iterable[str]) -> list[Finding]:
    """What `check` says of permissions."""
    return [one for one in check(database.settings(tables=tuple(tables))) if one.subject == "permission"]


@MOSTLY_DUCKDB
def test_the_search_comes_before_the_lists_and_a_run_that_ends_between_them_keeps_it(
    database: Database, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end_after(lists: module.Lists, streams: Any) -> None:
        conclude(lists, streams)
        seen.append((streams[0].table, {one.table for one in STREAMS if one.table in names(database)}))
        if streams[0].table == SEARCH:
            raise KeyboardInterrupt

    conclude, seen = module.Lists.conclude, []
    with monkeypatch.context() as patch:
        patch.setattr(module.Lists, "conclude", end_after)
        with pytest.raises(KeyboardInterrupt):
            database.sync(tables=(SEARCH, *TWO))
    assert seen == [(SEARCH, {"opportunities", SEARCH})], "each is there before the next is read"
    assert (stored(database, "opportunities"), stored(database, SEARCH)) == (20, 20)
    assert operations(emulator).isdisjoint({LIST_INVITATIONS, LIST_SOLUTIONS})
    emulator.calls.clear()
    summary = database.sync(tables=(SEARCH, *TWO))
    assert operations(emulator) == {"ListOpportunities", LIST_INVITATIONS, LIST_SOLUTIONS}
    assert stored(database, SOLUTIONS) == len(emulator.truth(stream=SOLUTIONS))
    outcomes = {one.table: one.outcome for one in summary.streams}
    assert outcomes == {"opportunities": "done", SEARCH: "not due", INVITATIONS: "done", SOLUTIONS: "done"}


@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_the_lists_of_a_first_sync_are_one_load_and_one_that_may_take_long(
    database: Database, emulator: Emulator
) -> None:
    loads = "SELECT count(*) FROM _dlt_loads"
    database.sync(tables=("engagements", *TWO))
    assert database.sql(loads) == [(3,)], "the opportunities, both lists, and the engagements"
    assert stored(database, INVITATIONS) == len(invitations(emulator))
    assert stored(database, SOLUTIONS) == len(emulator.truth(stream=SOLUTIONS))


def invitations(emulator: Emulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.truth(stream=INVITATIONS)
    return found


@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_a_policy_that_was_narrowed_leaves_a_table_as_it_was_until_check_finds_it_permitted(
    database: Database, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    database.sync(tables=TWO)
    before = statuses(database, TWO)
    emulator.denied[LIST_SOLUTIONS] = REASON
    with monkeypatch.context() as patch:
        patch.setattr(module.Lists, "_is_due", lambda *_: True)
        summary = database.sync(tables=TWO)
    assert summary.code == 0
    assert "solutions was not loaded" in capfd.readouterr().err
    (refused,) = [one for one in summary.streams if one.outcome == "refused"]
    assert (refused.table, refused.message, refused.records) == (SOLUTIONS, REASON, 0)
    assert f"refused      solutions: {REASON}" in summary.text()
    assert logged(database)[SOLUTIONS] == ["refused", REASON]
    assert logged(database)[INVITATIONS] == ["done", None]
    found = statuses(database, TWO)[SOLUTIONS]
    assert (found.permitted, found.rows) == (f"no: {REASON}", before[SOLUTIONS].rows), "its rows stay"
    assert found.refreshed_at == before[SOLUTIONS].refreshed_at
    (line,) = [one for one in status(database.settings(tables=TWO)) if one.subject == SOLUTIONS]
    assert line.text.endswith(f"AWS refuses it: {REASON}")
    assert line.values["streams"][SOLUTIONS]["refused"] == REASON
    emulator.calls.clear()
    remembered = database.sync(tables=TWO)
    assert [one.outcome for one in remembered.streams if one.table == SOLUTIONS] == ["refused"]
    assert operations(emulator) == {"ListOpportunities"}, "it is not asked for again"
    assert [one.is_left_out for one in checked(database, TWO)] == [False, False, True]
    del emulator.denied[LIST_SOLUTIONS]
    assert {one.mark for one in checked(database, TWO)} == {"ok"}
    emulator.calls.clear()
    database.sync(tables=TWO)
    assert operations(emulator) == {"ListOpportunities", LIST_SOLUTIONS}
    assert statuses(database, TWO)[SOLUTIONS].permitted == "yes"


@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
@pytest.mark.parametrize("reason", [None, REASON, "SEARCH_OPPORTUNITIES_NOT_ENABLED", "SOMETHING_NEW"])
def test_check_asks_each_table_once_for_one_record_and_fails_for_the_opportunities_alone(
    reason: str | None, database: Database, emulator: Emulator
) -> None:
    emulator.denied[LIST_INVITATIONS] = reason
    found = checked(database, TWO)
    to_attach = [("--", 0)] if reason is None else []
    assert [(one.mark, int(one.code)) for one in found] == [("ok", 0), ("--", 0), ("ok", 0), *to_attach]
    assert (reason or f"partnercentral:{LIST_INVITATIONS}") in found[1].text
    assert ['"Statement"' in one.text for one in found] == [False, False, False, *[True for _ in to_attach]]
    asked = [(call.operation, call.request["MaxResults"]) for call in emulator.calls]
    assert asked == [("ListOpportunities", 1), (LIST_INVITATIONS, 1), (LIST_SOLUTIONS, 1)]
    emulator.denied["ListOpportunities"] = reason
    assert [(one.mark, int(one.code)) for one in checked(database, TWO)] == [("FAIL", 3)]


@pytest.mark.long
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_tables_that_fail_are_named_when_everything_else_is_loaded(database: Database, emulator: Emulator) -> None:
    for operation in (LIST_INVITATIONS, LIST_SOLUTIONS):
        emulator.faults.append(Fault("server_error", calls=2, operation=operation))
    tasks = "engagement_from_opportunity_tasks"
    with pytest.raises(ServiceUnavailable, match=f"Everything is loaded but {INVITATIONS}, {SOLUTIONS}: "):
        database.sync({"attempts": 2}, tables=(*TWO, tasks))
    outcomes = {table: outcome for table, (outcome, _) in logged(database).items()}
    assert outcomes == {"opportunities": "done", INVITATIONS: "failed", SOLUTIONS: "failed", tasks: "done"}
    assert stored(database, tasks) == len(emulator.truth(stream=tasks))
    database.sync(tables=TWO)
    assert stored(database, SOLUTIONS) == len(emulator.truth(stream=SOLUTIONS))


@MOSTLY_DUCKDB
def test_a_table_that_is_switched_on_late_and_off_again_stays_as_it_was(database: Database, emulator: Emulator) -> None:
    database.sync()
    assert statuses(database, ["opportunities"])[SOLUTIONS].rows is None
    emulator.advance(days=365)
    database.sync(tables=(SOLUTIONS,))
    loaded = statuses(database, [SOLUTIONS])[SOLUTIONS]
    assert (loaded.rows, loaded.permitted) == (len(emulator.truth(stream=SOLUTIONS)), "yes")
    assert loaded.next_due.endswith(" UTC")
    emulator.calls.clear()
    database.sync()
    assert operations(emulator) == {"ListOpportunities"}
    off = statuses(database, ["opportunities"])
    assert (off[SOLUTIONS].rows, off[SOLUTIONS].refreshed_at) == (loaded.rows, loaded.refreshed_at)
    assert off[SOLUTIONS].next_due == "not chosen"
    assert off["opportunities"].next_due == "each run"
    (line,) = [one for one in status(database.settings()) if one.subject == SOLUTIONS]
    assert line.text.endswith("next due: not chosen")
    assert INVITATIONS not in {one.subject for one in status(database.settings())}, "it was never chosen"
    shutil.rmtree(database.pipelines_dir)
    assert statuses(database, [SOLUTIONS])[SOLUTIONS].refreshed_at == found_elsewhere(database), "on another machine"


def found_elsewhere(database: Database) -> datetime:
    """When the newest run ended that loaded the solutions."""
    query = "SELECT max(finished_at) FROM sync_runs r JOIN sync_run_streams s ON s.run_id = r.run_id WHERE s.stream = "
    found: datetime = database.sql(f"{query}'{SOLUTIONS}'")[0][0]
    return found


@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_a_run_calls_what_the_policy_of_its_tables_allows_and_nothing_else(
    database: Database, emulator: Emulator
) -> None:
    for tables in ("bulk", "solutions"):
        emulator.calls.clear()
        database.sync(tables=(tables,), full=True)
        printed = CliRunner().invoke(app, ["policy", "--tables", tables])
        actions = [one["Action"] for one in json.loads(printed.stdout)["Statement"]]
        allowed = {one for found in actions for one in ([found] if isinstance(found, str) else found)}
        assert not allowed & IN_PLACE_OF_A_REFUSED_ONE or tables == "bulk"
        assert allowed - IN_PLACE_OF_A_REFUSED_ONE == {f"partnercentral:{name}" for name in operations(emulator)}


@pytest.mark.long
@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("database", ["duckdb"], indirect=True)
def test_two_tables_that_get_a_member_of_one_name_do_not_meet(database: Database, emulator: Emulator) -> None:
    database.sync(tables=TWO)
    one, other = (emulator.truth(stream=table)[0]["Id"] for table in TWO)
    emulator.overlay(one, {"Mood": "fine", "Extras": "a text"}, stream=INVITATIONS)
    emulator.overlay(other, {"Mood": 7, "Extras": [{"Name": "a list"}]}, stream=SOLUTIONS)
    names = {*database.sync(tables=TWO).new_columns}
    assert {f"{INVITATIONS}.mood", f"{INVITATIONS}.extras", f"{SOLUTIONS}.mood", f"{SOLUTIONS}__extras.name"} <= names
    assert database.sql(f"SELECT mood, extras FROM {INVITATIONS} WHERE id = '{one}'") == [("fine", "a text")]
    assert database.sql(f"SELECT mood FROM {SOLUTIONS} WHERE id = '{other}'") == [(7,)]
    assert database.sql(f"SELECT name FROM {SOLUTIONS}__extras") == [("a list",)]
    emulator.overlay(one, {"Mood": 8, "Extras": [{"Name": "a list"}]}, stream=INVITATIONS)
    emulator.overlay(other, {"Mood": "good", "Extras": "a text"}, stream=SOLUTIONS)
    names = {*database.sync(tables=TWO).new_columns}
    assert {f"{INVITATIONS}.mood_bigint", f"{SOLUTIONS}.mood_text"} <= names
    assert database.sql(f"SELECT mood, mood_bigint FROM {INVITATIONS} WHERE id = '{one}'") == [(None, 8)]
    assert database.sql(f"SELECT mood, mood_text FROM {SOLUTIONS} WHERE id = '{other}'") == [(None, "good")]
    assert database.sql(f"SELECT name FROM {INVITATIONS}__extras") == [("a list",)]
    assert database.sql(f"SELECT count(*) FROM {INVITATIONS}_rejected") == [(0,)]
    assert database.sql(f"SELECT count(*) FROM {SOLUTIONS}_rejected") == [(0,)]
