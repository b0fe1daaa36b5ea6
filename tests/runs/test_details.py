"""Opportunities and engagements that are read one at a time, as whole syncs load them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from databases import Prepared
from partner_central import partner_central
from partner_central.errors import ConfigurationError, ServiceUnavailable
from partner_central.read.id_answers import Found, IdAnswers
from partner_central.tables.id_reads import DueId
from partner_central_emulator import Emulator, Fault
from partner_central_sync.sync import details
from partner_central_sync.sync.summary import Summary
from sandbox import Sandbox, rows

GET, SUMMARY, LIST_MEMBERS = "GetOpportunity", "GetAwsOpportunitySummary", "ListEngagementMembers"
DETAILS, SUMMARIES, MEMBERS = "opportunity_details", "aws_opportunity_summaries", "engagement_members"
DETAIL_READS, SUMMARY_READS = "opportunity_detail_reads", "aws_opportunity_summary_reads"
HISTORY = "aws_opportunity_summary_history"
Begin = Callable[..., None]
OPERATIONS = {DETAILS: GET, SUMMARIES: SUMMARY, MEMBERS: LIST_MEMBERS}


@pytest.fixture(autouse=True)
def every_id_may_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator's clock stands still between runs, so each run gets what a day gives."""
    monkeypatch.setattr(details, "HOUR", timedelta(days=1))
    monkeypatch.setattr(details, "allowed", lambda settings, *_: int(details.calls_of_a_day(settings)))


@pytest.fixture
def account(port: int) -> Iterator[Emulator]:
    with Emulator(opportunities=30, seed=4, port=port, rps=None) as emulator:
        yield emulator


@pytest.fixture
def sandbox(tmp_path: Path, account: Emulator) -> Sandbox:
    return Sandbox(tmp_path, account.endpoint)


@pytest.fixture
def begin(sandbox: Sandbox, account: Emulator, prepared: Prepared) -> Begin:
    """A first sync of some tables, which calls nothing: what it loads was loaded before."""
    return lambda *tables: prepared.begin(sandbox, account, "opportunities", *tables)


def sync(sandbox: Sandbox, *tables: str, **options: Any) -> Summary:
    return sandbox.sync(tables=("opportunities", *tables), **options)


def asked(account: Emulator) -> Counter[str]:
    """The calls since this was asked before, without those of lists."""
    found = Counter(call.operation for call in account.calls if call.operation in OPERATIONS.values())
    account.calls.clear()
    return found


def ids_asked(account: Emulator) -> list[str]:
    member = {GET: "Identifier", SUMMARY: "RelatedOpportunityIdentifier", LIST_MEMBERS: "Identifier"}
    return [call.request[member[call.operation]] for call in account.calls if call.operation in member]


def of(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows(sandbox, query)]


def outcomes(sandbox: Sandbox, table: str) -> dict[str, str]:
    return dict(of(sandbox, f"SELECT id, outcome FROM {table}"))


def execute(sandbox: Sandbox, *statements: str) -> None:
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        for statement in statements:
            connection.execute(statement)


def keys(account: Emulator) -> list[str]:
    return sorted(one["Id"] for one in account.truth())


def assert_equals(sandbox: Sandbox, account: Emulator) -> None:
    """What is stored is what the service would answer now."""
    stored = dict(of(sandbox, f"SELECT id, project_title FROM {DETAILS}"))
    assert stored == {one["Id"]: one["Project"]["Title"] for one in account.truth(stream=DETAILS)}
    scores = dict(of(sandbox, f"SELECT id, insights_engagement_score FROM {SUMMARIES}"))
    truth = {one["RelatedOpportunityId"]: one for one in account.truth(stream=SUMMARIES)}
    assert {key: score for key, score in scores.items() if score} == {
        key: score for key, one in truth.items() if (score := (one.get("Insights") or {}).get("EngagementScore"))
    }


def test_a_first_sync_reads_each_id_once_and_a_quiet_one_none(sandbox: Sandbox, account: Emulator) -> None:
    summary = sync(sandbox, DETAILS, SUMMARIES)
    assert summary.code == 0
    assert asked(account) == {GET: 30, SUMMARY: 30}
    assert of(sandbox, "SELECT count(*) FROM _dlt_loads") == [(2,)], "the opportunities, and what is read by ids"
    assert_equals(sandbox, account)
    assert {*outcomes(sandbox, DETAIL_READS).values()} == {"read"}
    sync(sandbox, DETAILS, SUMMARIES)
    assert len(account.calls) == 1, "a quiet run is one call"
    loads = of(sandbox, "SELECT count(*) FROM _dlt_loads")
    sync(sandbox, DETAILS, SUMMARIES)
    assert of(sandbox, "SELECT count(*) FROM _dlt_loads") == loads


@pytest.mark.long
def test_a_change_is_read_once_and_one_of_aws_alone_when_the_id_is_stale(
    sandbox: Sandbox, account: Emulator, begin: Begin
) -> None:
    begin(DETAILS, SUMMARIES)
    asked(account)
    key = keys(account)[3]
    moved = max(one["LastModifiedDate"] for one in account.truth())
    account.change(key, {"Project": {"Title": "another"}, "LastModifiedDate": moved.replace("Z", "1Z")})
    sync(sandbox, DETAILS, SUMMARIES)
    assert sorted(ids_asked(account)) == [key, key]
    assert_equals(sandbox, account)
    versions = of(sandbox, f"SELECT count(*) FROM {HISTORY}")
    account.calls.clear()
    (one,) = of(sandbox, "SELECT min(id) FROM opportunities WHERE life_cycle_stage = 'Qualified'")[0]
    account.change_aws_side(one)
    sync(sandbox, DETAILS, SUMMARIES)
    assert asked(account) == {}, "no date moved"
    make_stale(sandbox, SUMMARY_READS)
    sync(sandbox, DETAILS, SUMMARIES)
    assert_equals(sandbox, account)
    assert of(sandbox, f"SELECT count(*) FROM {HISTORY} WHERE id = '{one}'") == [(2,)]
    assert of(sandbox, f"SELECT count(*) FROM {HISTORY}") == [(versions[0][0] + 1,)]


def make_stale(sandbox: Sandbox, reads: str) -> None:
    """Two days pass, as far as the queue knows."""
    execute(sandbox, f"UPDATE {reads} SET read_at = read_at - INTERVAL 2 DAY")


def test_a_draft_without_a_summary_is_told_and_not_asked_about_again(
    sandbox: Sandbox, account: Emulator, begin: Begin
) -> None:
    begin()
    account.single_reads.drafts = "not_found"
    draft = account.truth()[0]
    status = {"LifeCycle": {"ReviewStatus": "Pending Submission"}}
    account.change(draft["Id"], status, at=draft["LastModifiedDate"])
    assert sync(sandbox, SUMMARIES).code == 0
    found = outcomes(sandbox, SUMMARY_READS)
    drafts = [key for key, outcome in found.items() if outcome == "not found"]
    assert drafts
    assert {*found.values()} == {"read", "not found"}
    assert of(sandbox, f"SELECT count(*) FROM {SUMMARIES}") == [(30 - len(drafts),)]
    make_stale(sandbox, SUMMARY_READS)
    account.calls.clear()
    sync(sandbox, SUMMARIES)
    assert not {*drafts} & {*ids_asked(account)}


def test_an_id_that_becomes_invisible_keeps_its_row_and_is_told(
    sandbox: Sandbox, account: Emulator, begin: Begin
) -> None:
    begin(DETAILS)
    key = keys(account)[0]
    account.single_reads.denied.add(key)
    account.calls.clear()
    sync(sandbox, DETAILS, full=True)
    assert sorted(ids_asked(account)) == keys(account)
    told = of(sandbox, f"SELECT outcome, reason IS NOT NULL FROM {DETAIL_READS} WHERE id = '{key}'")
    assert told == [("refused", True)]
    assert of(sandbox, f"SELECT count(*) FROM {DETAILS}") == [(30,)]
    account.calls.clear()
    sync(sandbox, DETAILS)
    assert ids_asked(account) == []


def test_what_is_gone_from_the_list_is_not_asked_about(sandbox: Sandbox, account: Emulator, begin: Begin) -> None:
    begin(DETAILS)
    key = keys(account)[0]
    account.remove(key)
    account.calls.clear()
    sync(sandbox, DETAILS, full=True)
    assert of(sandbox, f"SELECT gone_since IS NOT NULL FROM opportunity_presence WHERE id = '{key}'") == [(True,)]
    execute(sandbox, f"DELETE FROM {DETAIL_READS}")
    account.calls.clear()
    sync(sandbox, DETAILS)
    assert key not in ids_asked(account)


def test_a_denied_operation_is_one_refusal_for_a_day_and_stores_nothing(
    sandbox: Sandbox, account: Emulator, begin: Begin, capfd: pytest.CaptureFixture[str]
) -> None:
    begin()
    account.denied[GET] = None
    assert sync(sandbox, DETAILS, SUMMARIES).code == 0
    assert "opportunity_details was not loaded, and is asked for again in a day" in capfd.readouterr().err
    assert asked(account)[GET] <= 10
    assert of(sandbox, f"SELECT count(*) FROM {SUMMARIES}") == [(30,)]
    account.denied.clear()
    sync(sandbox, DETAILS, SUMMARIES)
    assert asked(account) == {}
    sync(sandbox, DETAILS, full=True)
    assert asked(account) == {GET: 30}
    assert_equals(sandbox, account)


def test_throttling_is_waited_for_and_nothing_is_missing(sandbox: Sandbox, account: Emulator, begin: Begin) -> None:
    begin()
    account.faults.extend(Fault("throttle", calls=2, after=after, operation=GET) for after in (3, 9))
    sync(sandbox, DETAILS)
    assert {*outcomes(sandbox, DETAIL_READS).values()} == {"read"}
    assert asked(account) == {GET: 34}


def test_what_was_read_before_a_failure_is_loaded_and_not_asked_again(
    sandbox: Sandbox, account: Emulator, begin: Begin
) -> None:
    begin()
    account.faults.append(Fault("unavailable", calls=99, after=12, operation=SUMMARY))
    with pytest.raises(ServiceUnavailable, match="Everything is loaded but aws_opportunity_summaries:"):
        sync(sandbox, DETAILS, SUMMARIES, source={"attempts": 1})
    found = [call for call in account.calls if (call.operation, call.outcome) == (SUMMARY, "ok")]
    answered = {call.request["RelatedOpportunityIdentifier"] for call in found}
    assert outcomes(sandbox, SUMMARY_READS).keys() == answered
    assert len(answered) == 12
    assert {*outcomes(sandbox, DETAIL_READS).values()} == {"read"}
    account.faults.clear()
    account.calls.clear()
    sync(sandbox, DETAILS, SUMMARIES)
    assert sorted(ids_asked(account)) == sorted({*keys(account)} - answered)
    assert_equals(sandbox, account)


def assert_equals_details(sandbox: Sandbox, account: Emulator) -> None:
    stored = dict(of(sandbox, f"SELECT id, project_title FROM {DETAILS}"))
    assert stored == {one["Id"]: one["Project"]["Title"] for one in account.truth(stream=DETAILS)}


@pytest.mark.long
def test_a_run_that_is_killed_loses_at_most_its_last_part(
    sandbox: Sandbox, account: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("partner_central.read.per_id.READS_PER_BATCH", 5)
    monkeypatch.setattr("partner_central_sync.sync.loads.IDS_PER_CHUNK", 10)
    monkeypatch.setattr(details, "IDS_PER_CHUNK", 10)

    numbers, ask = count(), IdAnswers._ask

    def killed(reader: IdAnswers, due: DueId) -> Found:
        if next(numbers) == 25:
            raise KeyboardInterrupt
        return ask(reader, due)

    monkeypatch.setattr(IdAnswers, "_ask", killed)
    with pytest.raises(PipelineStepFailed, match="KeyboardInterrupt"):
        sync(sandbox, DETAILS)
    monkeypatch.setattr(IdAnswers, "_ask", ask)
    kept = outcomes(sandbox, DETAIL_READS).keys()
    assert len(kept) in {10, 20}
    account.calls.clear()
    sync(sandbox, DETAILS)
    assert sorted(ids_asked(account)) == sorted({*keys(account)} - kept)
    assert_equals_details(sandbox, account)


@pytest.mark.long
@pytest.mark.parametrize(
    "limit", [{"source": {"max_calls": 11}}, {"source": {"calls_per_day": 100}, "details_share": 0.1}]
)
def test_spent_calls_end_the_reading_and_later_runs_come_to_its_end(
    sandbox: Sandbox, account: Emulator, limit: dict[str, Any]
) -> None:
    assert sync(sandbox, DETAILS, **limit).code == 0
    assert asked(account) == {GET: 10}
    assert len(outcomes(sandbox, DETAIL_READS)) == 10
    for _ in range(2):
        assert sync(sandbox, DETAILS, **limit).code == 0
    assert asked(account) == {GET: 20}
    assert_equals_details(sandbox, account)


@pytest.mark.parametrize("mode", ["mask", "drop"])
def test_nothing_personal_is_stored_in_clear(sandbox: Sandbox, account: Emulator, mode: str) -> None:
    sync(sandbox, DETAILS, SUMMARIES, source={"pii": mode, "pii_key": "a secret of sixteen"})
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        names = [name for (name,) in connection.execute("SHOW TABLES").fetchall()]
        names = [name for name in names if name.startswith(("opportunity_detail", "aws_opportunity_summar"))]
        stored = str([connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names])
    people = [
        person
        for one in account.truth(stream=DETAILS)
        for person in (*one.get("OpportunityTeam", ()), *one["Customer"].get("Contacts", ()))
    ]
    assert people
    assert [one["Email"] for one in people if one["Email"] in stored] == []
    assert [one["Project"]["Title"] for one in account.truth(stream=DETAILS) if one["Project"]["Title"] in stored] == []


def test_a_rejected_record_is_kept_aside_until_it_becomes_a_row(
    sandbox: Sandbox, account: Emulator, begin: Begin
) -> None:
    begin()
    key = keys(account)[0]
    account.overlay(key, {"Project": {"Title": ["none"]}}, stream=DETAILS)
    sync(sandbox, DETAILS)
    assert outcomes(sandbox, DETAIL_READS)[key] == "rejected"
    assert of(sandbox, f"SELECT id FROM {DETAILS}_rejected") == [(key,)]
    account.overlay(key, {"Project": {"Title": "good"}}, stream=DETAILS)
    execute(sandbox, f"UPDATE {DETAIL_READS} SET read_at = read_at - INTERVAL 31 DAY WHERE id = '{key}'")
    sync(sandbox, DETAILS)
    assert of(sandbox, f"SELECT id FROM {DETAILS}_rejected") == []
    assert of(sandbox, f"SELECT project_title FROM {DETAILS} WHERE id = '{key}'") == [("good",)]


def test_a_new_member_becomes_a_column_and_no_version(sandbox: Sandbox, account: Emulator, begin: Begin) -> None:
    begin(SUMMARIES)
    key = of(sandbox, "SELECT min(id) FROM opportunities WHERE life_cycle_stage = 'Qualified'")[0][0]
    before = of(sandbox, f"SELECT count(*) FROM {HISTORY}")
    account.overlay(key, {"Insights": {"Mood": "sunny"}}, stream=SUMMARIES)
    make_stale(sandbox, SUMMARY_READS)
    sync(sandbox, SUMMARIES)
    assert of(sandbox, f"SELECT insights_mood FROM {SUMMARIES} WHERE id = '{key}'") == [("sunny",)]
    assert of(sandbox, f"SELECT count(*) FROM {HISTORY}") == before


@pytest.mark.long
@pytest.mark.parametrize("lost", [SUMMARIES, SUMMARY_READS, f"{SUMMARIES}__opportunity_team"])
def test_a_table_that_was_dropped_is_read_again_and_no_version_twice(
    sandbox: Sandbox, account: Emulator, lost: str, begin: Begin
) -> None:
    begin(SUMMARIES)
    before = of(sandbox, f"SELECT id, content_hash, read_order FROM {HISTORY} ORDER BY read_order")
    stored = sorted(of(sandbox, f"SELECT count(*), min(opportunity_id) FROM {SUMMARIES}__opportunity_team"))
    execute(sandbox, f"DROP TABLE {lost} CASCADE")
    account.calls.clear()
    sync(sandbox, SUMMARIES)
    assert asked(account) == {SUMMARY: 30}
    assert_equals_summaries(sandbox, account)
    assert of(sandbox, f"SELECT id, content_hash, read_order FROM {HISTORY} ORDER BY read_order") == before
    assert sorted(of(sandbox, f"SELECT count(*), min(opportunity_id) FROM {SUMMARIES}__opportunity_team")) == stored


def assert_equals_summaries(sandbox: Sandbox, account: Emulator) -> None:
    found = {key for (key,) in of(sandbox, f"SELECT id FROM {SUMMARIES}")}
    assert found == {*keys(account)}


@pytest.mark.long
def test_a_full_sync_reads_everything_again_even_if_it_takes_several_runs(
    sandbox: Sandbox, account: Emulator, begin: Begin
) -> None:
    begin(DETAILS)
    account.calls.clear()
    sync(sandbox, DETAILS, full=True, source={"max_calls": 12})
    first = {*ids_asked(account)}
    account.calls.clear()
    sync(sandbox, DETAILS)
    assert {*ids_asked(account)} == {*keys(account)} - first
    account.calls.clear()
    sync(sandbox, DETAILS)
    assert ids_asked(account) == []


def test_a_stream_that_was_off_for_a_while_reads_what_changed_meanwhile(
    sandbox: Sandbox, account: Emulator, begin: Begin
) -> None:
    begin(DETAILS)
    moved = max(one["LastModifiedDate"] for one in account.truth())
    for key in keys(account)[:4]:
        account.change(key, {"Project": {"Title": "later"}, "LastModifiedDate": moved.replace("Z", "1Z")})
    sync(sandbox)
    account.calls.clear()
    sync(sandbox, DETAILS)
    assert sorted(ids_asked(account)) == keys(account)[:4]
    assert_equals_details(sandbox, account)


@pytest.mark.usefixtures("due")
def test_members_are_those_of_each_engagement_over_all_pages(sandbox: Sandbox, account: Emulator, begin: Begin) -> None:
    begin("engagements", MEMBERS)
    truth = {(one["EngagementId"], one["AccountId"]) for one in account.truth(stream=MEMBERS)}
    assert {*of(sandbox, f"SELECT engagement_id, account_id FROM {MEMBERS}")} == truth
    gone = account.truth(stream="engagements")[0]["Id"]
    account.remove(gone, stream="engagements")
    sync(sandbox, "engagements", MEMBERS)
    execute(sandbox, "DELETE FROM engagement_member_reads")
    account.calls.clear()
    sync(sandbox, "engagements", MEMBERS)
    assert gone not in ids_asked(account)


@pytest.mark.usefixtures("due")
def test_members_that_have_left_go_also_when_none_is_left(sandbox: Sandbox, account: Emulator, begin: Begin) -> None:
    begin("engagements", MEMBERS)
    members = [(one["EngagementId"], one["AccountId"]) for one in account.truth(stream=MEMBERS)]
    empty, fewer = sorted({engagement for engagement, _ in members})[:2]
    gone = [one for one in members if one[0] == empty] + [one for one in members if one[0] == fewer][:1]
    for engagement, member in gone:
        account.remove(f"{engagement}/{member}", stream=MEMBERS)
    execute(sandbox, f"UPDATE engagement_member_reads SET outcome = 'refused' WHERE id NOT IN ('{empty}', '{fewer}')")
    make_stale(sandbox, "engagement_member_reads")
    sync(sandbox, "engagements", MEMBERS)
    assert {*of(sandbox, f"SELECT engagement_id, account_id FROM {MEMBERS}")} == {*members} - {*gone}
    assert of(sandbox, f"SELECT outcome FROM engagement_member_reads WHERE id = '{empty}'") == [("read",)]


@pytest.mark.long
def test_lists_that_have_become_empty_have_no_rows(sandbox: Sandbox, account: Emulator, begin: Begin) -> None:
    begin(DETAILS, SUMMARIES)
    (key,) = of(
        sandbox,
        f"SELECT min(c.opportunity_id) FROM {DETAILS}__customer_contacts c "
        f"JOIN {SUMMARIES}__opportunity_team t ON t.opportunity_id = c.opportunity_id",
    )[0]
    lists = {
        DETAILS: ("customer_contacts", "opportunity_team", "related_aws_products"),
        SUMMARIES: ("opportunity_team",),
    }
    found = [f"{table}__{name}" for table, names in lists.items() for name in names]
    counts = f"SELECT count(*) FROM {{}} WHERE opportunity_id = '{key}'"
    assert all(of(sandbox, counts.format(name)) > [(0,)] for name in found)
    empty = {"Customer": {"Contacts": []}, "OpportunityTeam": [], "RelatedEntityIdentifiers": {"AwsProducts": []}}
    account.overlay(key, empty, stream=DETAILS)
    account.overlay(key, {"OpportunityTeam": []}, stream=SUMMARIES)
    for reads in (DETAIL_READS, SUMMARY_READS):
        execute(sandbox, f"UPDATE {reads} SET read_for = NULL WHERE id = '{key}'")
    sync(sandbox, DETAILS, SUMMARIES)
    assert [of(sandbox, counts.format(name)) for name in found] == [[(0,)]] * len(found)


@pytest.mark.long
def test_arrow_gives_the_same_rows(sandbox: Sandbox, account: Emulator) -> None:
    sync(sandbox, DETAILS, SUMMARIES, source={"arrow": True})
    assert_equals(sandbox, account)


def test_several_streams_share_the_ids_of_a_run(sandbox: Sandbox, account: Emulator) -> None:
    sync(sandbox, DETAILS, SUMMARIES, source={"calls_per_day": 100}, details_share=0.2)
    assert asked(account) == {GET: 10, SUMMARY: 10}


def plain(sandbox: Sandbox, **options: Any) -> dlt.Pipeline:
    """A pipeline of dlt's own that has loaded."""
    pipeline = dlt.pipeline(
        "plain", destination=dlt.destinations.duckdb(str(sandbox.folder / "plain.duckdb")), dataset_name="partners"
    )
    source = {**sandbox.settings().source, **options} if sandbox.settings().source else options
    pipeline.run(partner_central(**source))
    return pipeline


def test_a_dlt_user_gets_what_changed_in_the_run_or_the_ids_that_are_given(sandbox: Sandbox, account: Emulator) -> None:
    with plain(sandbox, tables=["opportunities", DETAILS]).sql_client() as client:
        assert client.execute_sql(f"SELECT count(*) FROM {DETAILS}") == [(30,)]
    assert asked(account) == {GET: 30}
    key = keys(account)[7]
    plain(sandbox, tables=[DETAILS], details_of=[key, key])
    assert ids_asked(account) == [key]
    account.calls.clear()
    plain(sandbox, tables=["opportunities", DETAILS])
    assert asked(account) == {}
    with pytest.raises(Exception, match="is read by the ids of opportunities") as raised:
        plain(sandbox, tables=[DETAILS])
    assert isinstance(raised.value, ConfigurationError) or "ConfigurationError" in repr(raised.value)


@pytest.mark.long
def test_a_dlt_user_gets_a_version_only_where_something_changed(sandbox: Sandbox, account: Emulator) -> None:
    found = [one["RelatedOpportunityId"] for one in account.truth(stream=SUMMARIES)][:3]
    for score, versions in (("High", 3), ("High", 3), ("Low", 4), ("High", 5)):
        account.overlay(found[0], {"Insights": {"EngagementScore": score}}, stream=SUMMARIES)
        with plain(sandbox, tables=[SUMMARIES], details_of=found).sql_client() as client:
            assert client.execute_sql(f"SELECT count(*) FROM {HISTORY}") == [(versions,)]
            orders = f"SELECT count(DISTINCT read_order) FROM {HISTORY}"
            assert client.execute_sql(orders) == [(versions,)]


@pytest.mark.long
def test_two_accounts_of_a_dataset_have_queues_of_their_own(sandbox: Sandbox, account: Emulator) -> None:
    with Emulator(opportunities=12, seed=9, rps=None) as other:
        first: dict[str, Any] = {"account": "one"}
        second: dict[str, Any] = {"account": "two", "source": {"endpoint_url": other.endpoint}}
        sync(sandbox, DETAILS, **first)
        sync(sandbox, DETAILS, **second)
        assert (asked(account), asked(other)) == ({GET: 30}, {GET: 12})
        sync(sandbox, DETAILS, **first)
        sync(sandbox, DETAILS, **second)
        assert (asked(account), asked(other)) == ({}, {})
    counts = of(sandbox, f"SELECT account, count(*) FROM {DETAILS} GROUP BY 1 ORDER BY 1")
    assert counts == [("one", 30), ("two", 12)]
