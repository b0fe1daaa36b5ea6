"""The same account, with all its horrors, in every destination that can be started: the same tables everywhere."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.job_client_impl import SqlJobClientBase

from adversarial_server import AdversarialServer, Record, bad_records, nasty_records
from partner_central.per_id_stream import PerIdStream
from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES as SEARCH
from partner_central.public import Stream, chosen_streams
from partner_central.streams import SPINE, STREAMS
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.destinations import of
from partner_central_sync.destinations.lake.table_format import FORMATS
from partner_central_sync.forget.run import forget
from partner_central_sync.sync import details, ids_due, working_folder
from partner_central_sync.sync.job import sync
from partner_central_sync.sync.lists import Lists
from partner_central_sync.sync.status import status
from source_values import named_values, names_in, rows_by_key, values_of
from startable_destinations import Rows, Warehouse
from variants import at_length, rarely

STAGING = "partner_central_staging"
VIEW_ROWS = {  # at the end of the life
    "ace_opportunity_feed": 230,
    "action_required": 0,
    "approval_rate_by_month": 1,
    "aws_and_partner_stage": 0,
    "changes": 248,
    "changes_last_7_days": 160,
    "close_date_slips": 0,
    "closed_lost_reasons": 0,
    "closing_this_quarter": 0,
    "co_sell_or_visibility": 4,
    "created_submitted_launched_by_month": 19,
    "created_submitted_launched_by_month_and_currency": 49,
    "data_as_of": 1,
    "data_freshness": len(STREAMS),
    "days_to_launch": 29,
    "days_to_launch_by_quarter": 5,
    "expected_spend_by_month": 20,
    "first_seen_as_of": 0,
    "launched_by_quarter": 12,
    "launched_monthly_recurring": 4,
    "life_cycle_stages": 7,
    "open_by_review": 12,
    "opportunity_current": 230,
    "opportunity_groups": 3032,
    "opportunity_milestones": 401,
    "opportunity_spend": 203,
    "opportunity_standing": 230,
    "opportunity_versions": 236,
    "origin_split": 4,
    "outcome_by_score": 3,
    "past_target_close": 71,
    "pipeline_by_aws_seller": 4,
    "pipeline_by_country": 8,
    "pipeline_by_customer": 62,
    "pipeline_by_delivery_model": 56,
    "pipeline_by_group": 186,
    "pipeline_by_industry": 12,
    "pipeline_by_opportunity_type": 16,
    "pipeline_by_owner": 4,
    "pipeline_by_solution": 4,
    "pipeline_by_stage": 20,
    "pipeline_by_week": 20,
    "received_invitations": 0,
    "recommendations_open": 0,
    "referral_funnel": 0,
    "referrals_waiting": 0,
    "reporting_rates": 0,
    "review_ageing": 86,
    "review_periods": 151,
    "review_statuses": 7,
    "slipped_close_dates": 0,
    "stage_conversion": 5,
    "stage_periods": 230,
    "stage_transitions": 0,
    "stage_velocity": 0,
    "stalled": 69,
    "total_contract_value": 30,
    "version_spend": 211,
    "weighted_pipeline": 20,
    "win_rate_by_quarter": 5,
    "win_rate_by_quarter_and_currency": 11,
}
PERSONAL_MEMBERS = frozenset(
    {
        *("AccountName", "Alias", "CompanyName", "CustomerBusinessProblem", "Email", "LastName", "NextSteps", "Phone"),
        *("PostalCode", "SenderCompanyName", "WebsiteUrl"),
    }
)
MakeWarehouse = Callable[[str], Warehouse]
CHOSEN = os.environ.get("WAREHOUSES", "").split()  # the Makefile has more
WAREHOUSES: list[Any] = CHOSEN or ["duckdb", at_length("postgres"), at_length("delta")]


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    from aws_server import moto_server

    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def snowflake() -> Iterator[int]:
    from fake_snowflake import fakesnow_server

    with fakesnow_server() as port:
        yield port


@pytest.fixture(scope="session")
def bigquery() -> Iterator[str]:
    from fake_bigquery import bqemulator_server

    with bqemulator_server() as address:
        yield address


@pytest.fixture(scope="session")
def clickhouse() -> Any:
    from fake_clickhouse import Engine

    return Engine()


@pytest.fixture(params=WAREHOUSES)
def warehouse_for(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeWarehouse:
    """An empty destination to sync into from any endpoint."""
    name = "filesystem" if request.param in FORMATS else request.param
    settings = {}
    if name == "postgres":
        server = request.getfixturevalue("postgres_server")
        settings = {"CREDENTIALS": server.url(server.database(tmp_path.name))}
    elif name == "snowflake":
        from fake_snowflake import account

        settings = account(request.getfixturevalue("snowflake"), tmp_path)
    elif name == "bigquery":
        from fake_bigquery import service_account

        address = request.getfixturevalue("bigquery")
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", address)
        settings = service_account(address, tmp_path.name)
    elif name == "clickhouse":
        from fake_clickhouse import account as database

        settings = database(request.getfixturevalue("clickhouse"), tmp_path.name, monkeypatch)
    elif name == "filesystem":
        from aws_server import bucket

        settings = bucket(request.getfixturevalue("s3"), tmp_path.name) | {"TABLE_FORMAT": request.param}
    for setting, value in settings.items():
        monkeypatch.setenv(f"DESTINATION__{name.upper()}__{setting}", value)
    return lambda endpoint: Warehouse(tmp_path, endpoint, name)


class InterruptedAt(Console):
    """Ends a run when a phase begins, as Ctrl-C would."""

    def __init__(self, phase: str) -> None:
        super().__init__(quiet=True)
        self._at = phase

    def begin_phase(self, what: str) -> None:
        if what == self._at:
            raise KeyboardInterrupt


def touched(record: Record, second: int, **members: Any) -> Record:
    """The record as it stands after a change in some second of noon."""
    return record | {"LastModifiedDate": f"2026-03-01T12:01:{second:02}Z"} | members


@pytest.mark.views
def test_a_life_of_an_account_is_the_same_everywhere(warehouse_for: MakeWarehouse) -> None:
    records = nasty_records(5, 230, unknown=False)
    with AdversarialServer([*records, *bad_records(5, 12)]) as server:
        sandbox = warehouse_for(server.endpoint)
        first = sandbox.sync()
        assert (first.changed, first.rejected) == (230, 12)
        server.records = {key: record for key, record in server.records.items() if record in records}
        sandbox.assert_equals(server.truth())

        some = [record for record in records if (record.get("Project") or {}).get("ExpectedCustomerSpend")][:6]
        for number, record in enumerate(some[:3]):  # lists emptied, gone, shrunk
            spend = ([], None, record["Project"]["ExpectedCustomerSpend"][:1])[number]
            project = record["Project"] | {"DeliveryModels": None, "ExpectedCustomerSpend": spend}
            server.put(touched(record, 1, Project=project))
        server.put(touched(some[3], 2, Score=7, Tags=["new", "members"]))
        server.put(touched(some[4], 3, PartnerOpportunityIdentifier="first"))

        second_call = len(server.calls) + 2

        def once_more(number: int, _: Record) -> None:
            if number == second_call:  # within the run that reads it: it is seen twice
                server.put(touched(some[4], 4, PartnerOpportunityIdentifier="second"))

        server.on_call = once_more
        changed = sandbox.sync(full=True)
        server.on_call = None
        assert {"opportunities.score", "opportunities__tags.value"} <= set(changed.new_columns)
        sandbox.sync()
        sandbox.assert_equals(server.truth())
        assert sandbox.sync(full=True).changed == 0
        assert_versions_and_presence(sandbox, {record["Id"] for record in server.truth()}, some[4]["Id"])
        assert sandbox.view_rows() == ({} if sandbox.destination == "filesystem" else VIEW_ROWS)
        told = dict(line[:2] for line in status(sandbox.settings()))
        assert (told["opportunities"], told["opportunities_rejected"]) == ("230 rows", "12 rows")


def assert_versions_and_presence(sandbox: Warehouse, listed: set[str], twice: str) -> None:
    """Every version is there once, the one that was soon replaced as well; everything listed is present."""
    rows = sandbox.rows()
    versions = [(row["id"], row["last_modified_date"], row["content_hash"]) for row in rows["opportunity_history"]]
    assert len(versions) == len(set(versions))
    assert {key for key, *_ in versions} >= listed
    replaced = {row["partner_opportunity_identifier"] for row in rows["opportunity_history"] if row["id"] == twice}
    assert replaced >= {"first", "second"}
    present = [row["id"] for row in rows["opportunity_presence"] if row["gone_since"] is None]
    assert len(present) == len(set(present))
    assert set(present) >= listed


@pytest.mark.parametrize("phase", [rarely("normalizing"), "loading"])
def test_a_run_that_was_interrupted_is_completed_by_the_next(phase: str, warehouse_for: MakeWarehouse) -> None:
    with AdversarialServer(nasty_records(6, 130, unknown=False)) as server:
        sandbox = warehouse_for(server.endpoint)
        with suppress(KeyboardInterrupt):
            sync(sandbox.settings(), InterruptedAt(phase))
        server.put(touched(server.truth()[0], 1))
        sandbox.sync()
        sandbox.assert_equals(server.truth())


@pytest.mark.long
def test_every_list_is_the_same_everywhere(
    warehouse_for: MakeWarehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Lists, "_is_due", lambda *_: True)
    with Emulator(opportunities=12, seed=3, rps=None) as emulator:
        sandbox = warehouse_for(emulator.endpoint)
        sandbox.sync(tables=("all",))
        assert_lists(sandbox, emulator)
        lead, invitation = (
            next(one for one in emulator.truth(stream=name) if test(one))
            for name, test in (
                ("engagements", lambda one: one["Contexts"][0]["Type"] == "Lead"),
                ("engagement_invitations", lambda one: one["Status"] != "EXPIRED"),
            )
        )
        payload = {"Lead": lead["Contexts"][0]["Payload"]["Lead"] | {"Interactions": []}, "Unknown": {"Name": "new"}}
        changed = {"Contexts": [lead["Contexts"][0] | {"Payload": payload}], "ModifiedAt": "2026-11-28T00:00:00Z"}
        emulator.overlay(lead["Id"], changed, stream="engagements")  # lists shrink, a payload that nobody knows
        emulator.change(invitation["Id"], {"Status": "EXPIRED"}, stream="engagement_invitations")
        emulator.overlay(invitation["Id"], {"Notes": ["a new", "list"]}, stream="engagement_invitations")
        gone = emulator.truth(stream="engagement_resource_associations")[0]
        emulator.remove(f"{gone['EngagementId']}/{gone['ResourceId']}", stream="engagement_resource_associations")
        sandbox.sync(tables=("all",))
        assert_lists(sandbox, emulator)
        rows = sandbox.rows()
        contexts = [row for row in rows["engagements__contexts"] if row["engagement_id"] == lead["Id"]]
        assert [(row["type"], row["payload_unknown_name"]) for row in contexts] == [("Lead", "new")]
        interactions = rows["engagements__contexts__payload_lead_interactions"]
        assert lead["Id"] not in {row["engagement_id"] for row in interactions}
        versions = [row for row in rows["engagement_invitation_history"] if row["id"] == invitation["Id"]]
        ordered = sorted(versions, key=lambda row: row["read_order"])
        assert [row["status"] for row in ordered] == [invitation["Status"], "EXPIRED"]
        notes = {row["value"] for row in rows["engagement_invitations__notes"]}
        assert notes == {"a new", "list"}
        emulator.remove(emulator.truth()[0]["Id"], stream=SEARCH.table)
        sync(sandbox.settings(tables=("all",), full=True), Console())
        assert "did not find 1 of 12 opportunities" in capsys.readouterr().err
        assert len(sandbox.rows()["engagement_invitation_history"]) == len(rows["engagement_invitation_history"])
        assert_lists(sandbox, emulator)


@pytest.mark.long
def test_search_and_lists_are_equal_to_the_source_after_a_day(
    warehouse_for: MakeWarehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Lists, "_is_due", lambda *_: True)
    invitations = "engagement_invitations"
    with Emulator(opportunities=30, seed=3, rps=None) as emulator:
        sandbox = warehouse_for(emulator.endpoint)
        settings = sandbox.settings(tables=("bulk",))
        for hours, status in ((0, "PENDING"), (14, "EXPIRED")):
            emulator.advance(days=hours / 24)
            emulator.put({"Customer": {"Account": {"CompanyName": f"New after {hours} hours"}}})
            emulator.change(emulator.truth()[hours]["Id"], {"LifeCycle": {"Stage": "Launched"}})
            emulator.change(emulator.truth(stream=invitations)[0]["Id"], {"Status": status}, stream=invitations)
            sync(settings, Console(quiet=True))
        lacking = emulator.truth()[3]["Id"]
        emulator.remove(lacking, stream=SEARCH.table)
        emulator.remove(emulator.truth()[4]["Id"])
        emulator.advance(days=0.5)
        capsys.readouterr()
        sync(replace(settings, full=True), Console())
        assert re.search(
            rf"SearchOpportunities did not find 1 of {len(emulator.truth())} opportunities\.", capsys.readouterr().err
        )
        truth = {one["Id"]: one for one in emulator.truth(stream=SEARCH.table)}
        rows = {row["id"]: row for row in sandbox.rows()[SEARCH.table]}
        newest = max(row["last_listed_at"] for row in rows.values())
        assert {key for key, row in rows.items() if row["last_listed_at"] == newest} == truth.keys()
        for key, one in truth.items():
            quality = ((one.get("AwsOpportunitySummary") or {}).get("Insights") or {}).get("OpportunityQuality") or {}
            found = rows[key]
            assert found["life_cycle_stage"] == (one.get("LifeCycle") or {}).get("Stage")
            assert found["aws_opportunity_summary_insights_opportunity_quality_score"] == quality.get("Score")
        listed = {one["Id"]: one["LastModifiedDate"] for one in emulator.truth()}
        stored = {row["id"]: row["last_modified_date"] for row in sandbox.rows()["opportunities"]}
        assert {key: stored[key] for key in listed} == {key: datetime.fromisoformat(at) for key, at in listed.items()}
        assert_lists(sandbox, emulator, chosen_streams(["bulk"]))


@pytest.mark.long
def test_what_is_read_one_id_at_a_time_is_the_same_everywhere(
    warehouse_for: MakeWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lists, "_is_due", lambda *_: True)
    monkeypatch.setattr(details, "allowed", lambda *_: 1000)
    names = [stream.table for stream in STREAMS if isinstance(stream, PerIdStream)]
    gets = {stream.operation.name for stream in STREAMS if isinstance(stream, PerIdStream)}
    with Emulator(opportunities=12, seed=3, rps=None) as emulator:
        sandbox = warehouse_for(emulator.endpoint)

        def asked(**options: Any) -> list[str]:
            emulator.calls.clear()
            sandbox.sync(tables=("opportunities", "engagements", *names), **options)
            return [call.operation for call in emulator.calls if call.operation in gets]

        engagements = len(emulator.truth(stream="engagements"))
        assert len(asked()) == 2 * 12 + engagements
        assert_by_ids(sandbox, emulator)
        assert len(sandbox.rows()["aws_opportunity_summary_history"]) == 12
        assert asked() == []
        key = emulator.truth()[0]["Id"]
        contact = {"FirstName": "Ada", "LastName": "Lovelace", "Email": "ada@example.com"}
        shorter = {"Customer": {"Contacts": [contact]}, "PrimaryNeedsFromAws": [], "Project": {"Title": "another"}}
        emulator.change(key, {**shorter, "LastModifiedDate": "2026-11-28T00:00:00Z"})
        assert sorted(asked()) == ["GetAwsOpportunitySummary", "GetOpportunity"]
        assert_by_ids(sandbox, emulator)
        rows = sandbox.rows()
        assert [row["project_title"] for row in rows["opportunity_details"] if row["id"] == key] == ["another"]
        contacts = [row for row in rows["opportunity_details__customer_contacts"] if row["opportunity_id"] == key]
        assert [(row["first_name"], row["email"]) for row in contacts] == [("Ada", "ada@example.com")]
        assert key not in {row["opportunity_id"] for row in rows["opportunity_details__primary_needs_from_aws"]}
        assert_queue(sandbox, emulator)
        assert len(asked(full=True)) == 2 * 14 + engagements
        assert_by_ids(sandbox, emulator)
        told = dict(line[:2] for line in status(sandbox.settings(tables=("all",))))
        assert ", no id waits" in told["opportunity_details"], (
            "this machine's clock is months ahead of the emulated one"
        )


@pytest.mark.long
def test_forget_leaves_nothing_personal_of_any_stream_anywhere(
    warehouse_for: MakeWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lists, "_is_due", lambda *_: True)
    monkeypatch.setattr(details, "allowed", lambda *_: 1000)
    masked = {"pii": "mask", "pii_key": "a secret of at least 16 characters"}
    with Emulator(opportunities=12, seed=3, rps=None) as emulator:
        sandbox = warehouse_for(emulator.endpoint)
        sandbox.sync(tables=("all",))
        personal = personal_values(emulator)
        invitation = emulator.truth(stream="engagement_invitations")[0]
        emulator.change(invitation["Id"], {"Status": "EXPIRED"}, stream="engagement_invitations")
        for one in emulator.truth(stream="aws_opportunity_summaries"):
            emulator.change_aws_side(one["RelatedOpportunityId"])
        bad = emulator.truth(stream="opportunity_details")[0]
        emulator.overlay(bad["Id"], {"Project": {"ExpectedCustomerSpend": "none"}}, stream="opportunity_details")
        sandbox.sync(tables=("all",), full=True)
        personal |= personal_values(emulator)
        before = sandbox.rows()
        kept = {table: len(rows) for table, rows in before.items()}
        versions = {one: kept[one] for one in ("engagement_invitation_history", "aws_opportunity_summary_history")}
        assert all(count > 12 for count in versions.values()), versions
        assert kept["opportunity_details_rejected"] == 1
        assert len(in_clear(before, personal)) > 20
        stage_a_table(sandbox)
        forget(sandbox.settings(masked, tables=("all",)), Console(quiet=True))
        assert not sandbox.working_folder.exists()
        assert not has_staged_table(sandbox)
        sandbox.sync(masked, tables=("opportunities",))
        after = sandbox.rows()
        assert in_clear(after, personal) == set()
        assert {one: len(after[one]) for one in kept if not one.startswith("sync_")} == {
            one: count for one, count in kept.items() if not one.startswith("sync_")
        }
        sandbox.sync(masked, tables=("all",), full=True)
        again = sandbox.rows()
        assert in_clear(again, personal) == set()
        assert {one: len(again[one]) for one in versions} == versions, "what is masked is no new version"


def stage_a_table(sandbox: Warehouse) -> None:
    """Leaves a table in the staging dataset, as a run does that was killed; a lake has none."""
    client = working_folder.attach(sandbox.settings()).destination_client()
    if isinstance(client, SqlJobClientBase):
        with client, client.sql_client.with_alternative_dataset_name(STAGING) as sql:
            if not sql.has_dataset():
                sql.create_dataset()
            sql.execute_sql(f"CREATE TABLE {sql.make_qualified_table_name('left')} {of(client).proof_columns}")


def has_staged_table(sandbox: Warehouse) -> bool:
    """Whether that table is there."""
    client = working_folder.attach(sandbox.settings()).destination_client()
    if isinstance(client, SqlJobClientBase):
        with client, client.sql_client.with_alternative_dataset_name(STAGING) as sql:
            try:
                sql.execute_sql(f"SELECT * FROM {sql.make_qualified_table_name('left')}")
            except DatabaseUndefinedRelation:
                return False
            return True
    return False


def personal_values(emulator: Emulator) -> set[str]:
    """Texts of the records that name a person or a customer, and nothing else in the account."""
    records = [one for stream in STREAMS for one in emulator.truth(stream=stream.table)]
    return {text for text in named_values(records, PERSONAL_MEMBERS) if len(text) > 5}


def in_clear(rows: Rows, personal: set[str]) -> set[str]:
    """The columns that hold one of these texts."""
    return {
        f"{table}.{column}"
        for table, some in rows.items()
        for row in some
        for column, value in row.items()
        if isinstance(value, str) and any(text in value for text in personal)
    }


def assert_by_ids(sandbox: Warehouse, emulator: Emulator) -> None:
    """What was read by ids is as the source has it, and each id that was read is in the table of reads."""
    rows = sandbox.rows()
    for stream in STREAMS:
        if isinstance(stream, PerIdStream):
            assert_holds(rows, emulator, stream)
            ids = [one["Id"] for one in emulator.truth(stream=stream.parent.stream.table)]
            assert sorted(row["id"] for row in rows[stream.reads_table]) == sorted(ids)


def assert_queue(sandbox: Warehouse, emulator: Emulator) -> None:
    """What changed is due before what was never read, and what waited longest before both, wherever the tables are."""
    changed, *_ = emulator.truth()
    is_open = {"LifeCycle": {"NextSteps": "next", "Stage": "Qualified"}}
    emulator.change(changed["Id"], {**is_open, "LastModifiedDate": "2026-11-28T01:00:00Z"})
    new = [
        emulator.put({"CreatedDate": f"20{year}-01-01T00:00:00Z", "LastModifiedDate": "2026-11-28T02:00:00Z"})
        for year in (24, 25)
    ]
    sandbox.sync(tables=("opportunities",))
    client = working_folder.attach(sandbox.settings()).destination_client()
    with client:
        for stream in STREAMS:
            if isinstance(stream, PerIdStream) and stream.parent.stream is SPINE:
                queue = ids_due.queues_of(client, [stream], None, {})[stream.table]
                assert [one.id for one in queue.find(1, 5, emulator.now())] == [new[0], changed["Id"], new[1]]
                assert queue.count(1, emulator.now()) == 3


def assert_holds(rows: Rows, emulator: Emulator, stream: Stream) -> None:
    """The rows of each record, and of its lists, have every value of it and no other."""
    made = {stream.key_column} if stream.members.key_parts else set[str]()
    found = rows_by_key(rows, stream.table, stream.key_column, stream.child_key, made)
    for record in emulator.truth(stream=stream.table):
        stored, wanted = found[stream.members.key_of(record)], Counter(values_of(record))
        assert wanted - stored == Counter(), stream.table
        assert (stored - wanted).keys() <= {*names_in(record)}, f"{stream.table}: only keys of maps are rows as well"


def assert_lists(sandbox: Warehouse, emulator: Emulator, streams: Iterable[Stream] = STREAMS) -> None:
    """What is listed is in the table of its stream once, and was listed last; every table of the stream is there."""
    rows = sandbox.rows()
    for stream in streams:
        if stream is SPINE:
            continue
        assert rows.keys() >= stream.tables.keys()
        found = [row[stream.key_column] for row in rows[stream.table]]
        assert len(found) == len(set(found))
        assert_holds(rows, emulator, stream)
        if isinstance(stream, PerIdStream):
            listed_now = {one["Id"] for one in emulator.truth(stream=stream.parent.stream.table)}
            assert {row["id"] for row in rows[stream.reads_table]} >= listed_now
            assert rows[stream.rejected_table] == []
            continue
        has_presence = stream.presence_table in stream.tables
        listed = rows[stream.presence_table if has_presence else stream.table]
        newest = max((row["last_listed_at"] for row in listed), default=None)
        key = "id" if has_presence else stream.key_column
        present = {row[key] for row in listed if row["last_listed_at"] == newest}
        assert present == {stream.members.key_of(one) for one in emulator.truth(stream=stream.table)}
        assert set(found) >= present
        assert rows[stream.rejected_table] == []
