"""Engagements, their links and the versions of invitations, as whole syncs load them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from partner_central.errors import ServiceUnavailable
from partner_central.read import list_state
from partner_central.tables.pii import MASKED
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.output import Console
from partner_central_sync.forget.run import forget
from partner_central_sync.sync.summary import Summary
from sandbox import Sandbox, rows

SEARCH, LIST, GET = "SearchEngagements", "ListEngagements", "GetEngagement"
ENGAGEMENTS, LINKS, INVITATIONS = "engagements", "engagement_resource_associations", "engagement_invitations"
HISTORY = "engagement_invitation_history"
Begin = Callable[..., Sandbox]
pytestmark = pytest.mark.usefixtures("due")


@pytest.fixture
def sandbox(tmp_path: Path, small: Emulator) -> Sandbox:
    return Sandbox(tmp_path, small.endpoint)


def sync(sandbox: Sandbox, *tables: str, **options: Any) -> Summary:
    return sandbox.sync(tables=tables, **options)


def execute(sandbox: Sandbox, statement: str) -> None:
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute(statement)


def calls(emulator: Emulator) -> list[str]:
    found = [call.operation for call in emulator.calls if call.operation != "ListOpportunities"]
    emulator.calls.clear()
    return found


def contents(sandbox: Sandbox) -> dict[str, list[dict[str, Any]]]:
    """The rows of engagements and their lists, without what dlt adds."""
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        names = [row[0] for row in connection.execute("SHOW TABLES").fetchall()]
    tables = [name for name in names if name.partition("__")[0] == ENGAGEMENTS]
    found = {}
    for table in tables:
        plain = [
            {name: value for name, value in row.items() if not name.startswith("_dlt") or name == "_dlt_list_idx"}
            for row in rows(sandbox, f'SELECT * FROM "{table}"')
        ]
        found[table] = sorted(plain, key=str)
    return found


def assert_equals(sandbox: Sandbox, emulator: Emulator) -> None:
    """Every engagement that is listed is there as it is, with its contexts, and was listed last."""
    truth = {one["Id"]: one for one in emulator.truth(stream=ENGAGEMENTS)}
    found = {row["id"]: row for row in rows(sandbox, f"SELECT * FROM {ENGAGEMENTS}")}
    listed = rows(sandbox, "SELECT * FROM engagement_presence")
    newest = max(row["last_listed_at"] for row in listed)
    assert {row["id"] for row in listed if row["last_listed_at"] == newest} == truth.keys()
    contexts = rows(sandbox, "SELECT * FROM engagements__contexts")
    for key, one in truth.items():
        assert (found[key]["title"], found[key]["created_by"]) == (one["Title"], one["CreatedBy"])
        kinds = sorted(row["type"] for row in contexts if row["engagement_id"] == key)
        assert kinds == sorted(context["Type"] for context in one["Contexts"])


def test_both_ways_fill_the_same_tables_and_the_second_reads_only_what_changed(
    sandbox: Sandbox, small: Emulator, tmp_path: Path
) -> None:
    sync(sandbox, ENGAGEMENTS)
    assert_equals(sandbox, small)
    assert calls(small) == [SEARCH]
    other = Sandbox(tmp_path / "other", small.endpoint)
    other.folder.mkdir()
    small.denied[SEARCH] = None
    sync(other, ENGAGEMENTS)
    number = len(small.truth(stream=ENGAGEMENTS))
    assert calls(small) == [SEARCH, LIST, *[GET] * number]
    assert contents(other) == contents(sandbox)
    assert_equals(other, small)
    first, gone, *_ = sorted(one["Id"] for one in small.truth(stream=ENGAGEMENTS))
    small.change(first, {"Title": "another", "ModifiedAt": "2026-11-28T00:00:00Z"}, stream=ENGAGEMENTS)
    small.remove(gone, stream=ENGAGEMENTS)
    sync(other, ENGAGEMENTS)
    assert calls(small)[-1:] == [GET]
    assert_equals(other, small)


@pytest.mark.long
def test_a_refusal_is_remembered_for_a_day_and_then_asked_about(
    sandbox: Sandbox, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.denied[SEARCH] = "SEARCH_ENGAGEMENTS_NOT_ENABLED"
    sync(sandbox, ENGAGEMENTS)
    calls(small)
    sync(sandbox, ENGAGEMENTS)
    assert calls(small) == [LIST]
    small.denied.clear()
    monkeypatch.setattr(list_state, "REFUSED_FOR", list_state.timedelta())
    sync(sandbox, ENGAGEMENTS)
    assert calls(small) == [SEARCH]
    assert_equals(sandbox, small)


@pytest.mark.long
@pytest.mark.parametrize("second", [LIST, GET])
def test_where_neither_way_is_permitted_the_stream_is_refused(
    second: str, sandbox: Sandbox, small: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    small.denied[SEARCH] = small.denied[second] = None
    assert sync(sandbox, ENGAGEMENTS).code == 0
    assert "engagements was not loaded, and is asked for again in a day" in capfd.readouterr().err
    sandbox.assert_equals(small.truth())


@pytest.mark.long
def test_records_that_were_read_before_a_failure_are_loaded_and_not_read_again(
    sandbox: Sandbox, small: Emulator
) -> None:
    small.denied[SEARCH] = None
    number = len(small.truth(stream=ENGAGEMENTS))
    small.faults.append(Fault("unavailable", calls=2, after=3, operation=GET))
    with pytest.raises(ServiceUnavailable, match="Everything is loaded but engagements"):
        sync(sandbox, ENGAGEMENTS, source={"attempts": 2})
    assert len(rows(sandbox, f"SELECT * FROM {ENGAGEMENTS}")) == 3
    calls(small)
    sync(sandbox, ENGAGEMENTS)
    assert calls(small) == [LIST, *[GET] * (number - 3)]
    assert_equals(sandbox, small)


@pytest.mark.long
def test_nothing_of_a_lead_is_stored_in_clear(sandbox: Sandbox, small: Emulator) -> None:
    sync(sandbox, ENGAGEMENTS, source={"pii": "mask", "pii_key": "a secret of sixteen"})
    stored = str(contents(sandbox))
    leads = [
        context["Payload"]["Lead"]
        for one in small.truth(stream=ENGAGEMENTS)
        for context in one["Contexts"]
        if context["Type"] == "Lead"
    ]
    assert leads
    for lead in leads:
        for one in lead["Interactions"]:
            clear = [one["Contact"]["Email"], one["Contact"]["Phone"], one["BusinessProblem"], one["Usecase"]]
            assert [text for text in clear if text in stored] == []
        assert lead["Customer"]["CompanyName"] not in stored
    assert rows(sandbox, "SELECT * FROM engagements_rejected") == []


def test_what_nobody_knows_of_a_lead_is_cleaned_and_then_masked(sandbox: Sandbox, small: Emulator) -> None:
    secret = "Unmistakable Ltd"
    (engagement, at), *_ = (
        (one, number)
        for one in small.truth(stream=ENGAGEMENTS)
        for number, context in enumerate(one["Contexts"])
        if context["Type"] == "Lead"
    )
    contexts = engagement["Contexts"]
    lead = contexts[at]["Payload"]["Lead"]
    lead |= {"Nick": secret, "Notes": [{"Text": secret}, secret], "Deep": {"Er": secret}, "Age": 47}
    lead["Interactions"][0] |= {"Account": secret, "Said": [secret]}
    contexts[at]["Payload"] |= {"Kind": {"Text": secret, "Said": [secret]}}
    small.overlay(engagement["Id"], {"Contexts": contexts}, stream=ENGAGEMENTS)
    new = sync(sandbox, ENGAGEMENTS).new_columns
    below = "engagements__contexts__payload_"
    assert {f"{below}lead_notes.text", f"{below}lead_notes.value", f"{below}kind_said.value"} <= {*new}
    assert not [name for name in new if name.endswith(".engagement_id")], "the key of a new list is no new member"
    assert str(contents(sandbox)).count(secret) == 8
    masked = {"source": {"pii": "mask", "pii_key": "a secret of sixteen"}}
    told = "\n".join(forget(sandbox.settings(**masked), Console()))
    assert secret not in str(contents(sandbox))
    assert "entries of engagements__contexts__payload_lead_notes: 2 were in clear" in told
    assert 47 not in [row["payload_lead_age"] for row in rows(sandbox, "SELECT * FROM engagements__contexts")]
    sync(sandbox, ENGAGEMENTS, **masked)
    stored = contents(sandbox)
    assert secret not in str(stored)
    (row,) = [row for row in stored["engagements__contexts"] if row["payload_lead_nick"]]
    hashes = [row[f"payload_{name}"] for name in ("lead_nick", "lead_deep", "lead_age_text", "kind")]
    assert all(map(MASKED.fullmatch, hashes))


def test_a_link_has_a_key_of_three_members_and_is_merged_by_it(begin: Begin, small: Emulator) -> None:
    sandbox = begin(LINKS)
    found = {row["id"]: row for row in rows(sandbox, f"SELECT * FROM {LINKS}")}
    keys = ("engagement_id", "resource_type", "resource_id")
    assert {"/".join(row[key] for key in keys) for row in found.values()} == found.keys()
    truth = small.truth(stream=LINKS)
    assert len(found) == len(truth)
    first = truth[0]
    small.change(f"{first['EngagementId']}/{first['ResourceId']}", {"CreatedBy": "999999999999"}, stream=LINKS)
    sync(sandbox, LINKS)
    changed = {row["id"]: row["created_by"] for row in rows(sandbox, f"SELECT * FROM {LINKS}")}
    key = "/".join((first["EngagementId"], first["ResourceType"], first["ResourceId"]))
    assert (len(changed), changed[key]) == (len(found), "999999999999")


def versions(sandbox: Sandbox, key: str) -> list[str]:
    return [
        row["status"] for row in rows(sandbox, f"SELECT status FROM {HISTORY} WHERE id = '{key}' ORDER BY read_order")
    ]


def test_each_status_is_a_version_also_one_that_returns(begin: Begin, small: Emulator) -> None:
    sandbox = begin(INVITATIONS)
    truth = small.truth(stream=INVITATIONS)
    assert len(rows(sandbox, f"SELECT * FROM {HISTORY}")) == len(truth)
    key, states = truth[0]["Id"], [truth[0]["Status"]]
    for status in ("EXPIRED", "PENDING", "EXPIRED", "PENDING"):
        if status == states[-1]:
            continue
        small.change(key, {"Status": status}, stream=INVITATIONS)
        states.append(status)
        sync(sandbox, INVITATIONS)
    assert versions(sandbox, key) == states
    before = rows(sandbox, f"SELECT * FROM {HISTORY} ORDER BY read_order")
    sync(sandbox, INVITATIONS, full=True)
    assert rows(sandbox, f"SELECT * FROM {HISTORY} ORDER BY read_order") == before


@pytest.mark.long
@pytest.mark.parametrize(
    "lost", [f"DROP TABLE {INVITATIONS} CASCADE", "DROP TABLE opportunities CASCADE", "DROP TABLE _dlt_pipeline_state"]
)
def test_no_repair_rewrites_a_version(lost: str, sandbox: Sandbox, small: Emulator) -> None:
    sync(sandbox, INVITATIONS)
    key = small.truth(stream=INVITATIONS)[0]["Id"]
    small.change(key, {"Status": "EXPIRED"}, stream=INVITATIONS)
    sync(sandbox, INVITATIONS)
    before = rows(sandbox, f"SELECT * FROM {HISTORY} ORDER BY read_order")
    execute(sandbox, lost)
    sync(sandbox, INVITATIONS)
    assert rows(sandbox, f"SELECT * FROM {HISTORY} ORDER BY read_order") == before
    small.change(key, {"Status": "REJECTED"}, stream=INVITATIONS)
    sync(sandbox, INVITATIONS)
    after = rows(sandbox, f"SELECT * FROM {HISTORY} ORDER BY read_order")
    assert after[: len(before)] == before
    assert [(row["id"], row["status"]) for row in after[len(before) :]] == [(key, "REJECTED")]


@pytest.mark.long
def test_a_lost_history_is_told_and_has_the_newest_versions(
    sandbox: Sandbox, small: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    sync(sandbox, INVITATIONS)
    execute(sandbox, f"DROP TABLE {HISTORY}")
    sync(sandbox, INVITATIONS)
    told = capfd.readouterr().err
    assert f"Missing in the destination: {HISTORY}. Made again, with the newest versions only" in told
    assert len(rows(sandbox, f"SELECT * FROM {HISTORY}")) == len(small.truth(stream=INVITATIONS))


@pytest.mark.long
def test_a_rejected_record_of_a_list_leaves_with_its_list(sandbox: Sandbox, small: Emulator) -> None:
    one, other, *_ = (record["Id"] for record in small.truth(stream=INVITATIONS))
    for key in (one, other):
        small.overlay(key, {"InvitationDate": "soon"}, stream=INVITATIONS)
    sync(sandbox, INVITATIONS)
    rejected = f"SELECT id FROM {INVITATIONS}_rejected"
    assert {row["id"] for row in rows(sandbox, rejected)} == {one, other}
    small.overlay(one, {"InvitationDate": "2026-01-01T00:00:00Z"}, stream=INVITATIONS)
    sync(sandbox, INVITATIONS)
    assert [row["id"] for row in rows(sandbox, rejected)] == [other]
    small.remove(other, stream=INVITATIONS)
    sync(sandbox, INVITATIONS)
    assert rows(sandbox, rejected) == []


def test_an_older_version_of_an_engagement_replaces_no_newer_row(begin: Begin, small: Emulator) -> None:
    sandbox = begin(ENGAGEMENTS)
    key = small.truth(stream=ENGAGEMENTS)[0]["Id"]
    (before,) = rows(sandbox, f"SELECT title, modified_at FROM {ENGAGEMENTS} WHERE id = '{key}'")
    small.change(key, {"Title": "as it was", "ModifiedAt": "2001-06-01T09:00:00Z"}, stream=ENGAGEMENTS)
    sandbox.sync(tables=(ENGAGEMENTS,))
    assert rows(sandbox, f"SELECT title, modified_at FROM {ENGAGEMENTS} WHERE id = '{key}'") == [before]
    small.change(key, {"Title": "newer", "ModifiedAt": "2036-06-01T09:00:00Z"}, stream=ENGAGEMENTS)
    sandbox.sync(tables=(ENGAGEMENTS,))
    assert rows(sandbox, f"SELECT title FROM {ENGAGEMENTS} WHERE id = '{key}'") == [{"title": "newer"}]
