"""The events of the emulator, as a function receives them and as an EventBridge endpoint does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from partner_central_emulator import Emulator

Json = dict[str, Any]
KEYS = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated", "region_name": "us-east-1"}
INVITATION = {"arn", "engagementId", "id", "participantType", "payloadType", "receiverAccountId", "senderAccountId"}
SHAPES: dict[str, tuple[str, set[str]]] = {
    "Opportunity Created": ("opportunity", {"identifier"}),
    "Opportunity Updated": ("opportunity", {"identifier"}),
    "Engagement Invitation Created": ("engagementInvitation", INVITATION | {"expirationDate", "senderCompanyName"}),
    "Engagement Invitation Accepted": ("engagementInvitation", INVITATION),
    "Engagement Invitation Rejected": ("engagementInvitation", INVITATION),
    "Engagement Invitation Expired": ("engagementInvitation", INVITATION),
    "Engagement Member Added": ("engagementMember", {"accountId", "companyName"}),
    "Engagement Resource Snapshot Created": (
        "resourceSnapshot",
        {
            *("arn", "engagementId", "resourceType", "resourceId", "createdBy", "targetMemberAccounts"),
            "resourceSnapshotTemplateName",
        },
    ),
    "Engagement Created": (
        "engagement",
        {"engagementArn", "engagementId", "CreatedAt", "CreatedBy", "ContextTypes"},
    ),
    "Engagement Updated": (
        "engagement",
        {"engagementArn", "engagementId", "LastModifiedAt", "LastModifiedBy", "ContextTypes"},
    ),
}


def told(**options: Any) -> tuple[Emulator, list[Json]]:
    entries: list[Json] = []
    return Emulator(opportunities=options.pop("opportunities", 60), events=entries.append, **options), entries


def kinds(entries: list[Json]) -> list[str]:
    return [entry["DetailType"] for entry in entries]


def opportunities(entries: list[Json], kind: str) -> list[str]:
    found = (json.loads(entry["Detail"]) for entry in entries if entry["DetailType"] == f"Opportunity {kind}")
    return [detail["opportunity"]["identifier"] for detail in found if detail["catalog"] == "AWS"]


@pytest.fixture(scope="module")
def bus() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_every_kind_of_event_has_its_documented_detail() -> None:
    emulator, entries = told(opportunities=400)
    emulator.advance(days=30)
    assert set(kinds(entries)) == SHAPES.keys()
    for entry in entries:
        detail, (member, names) = json.loads(entry["Detail"]), SHAPES[entry["DetailType"]]
        assert entry["Source"] == "aws.partnercentral-selling"
        assert detail["catalog"] in ("AWS", "Sandbox")
        assert detail[member].keys() == names
        assert bool(entry["Resources"]) == (not entry["DetailType"].startswith("Opportunity"))
        if member == "engagementInvitation":
            assert detail[member]["participantType"] in ("Sender", "Receiver")
        assert ("schemaVersion" in detail) == (member == "opportunity")
    assert {json.loads(entry["Detail"])["catalog"] for entry in entries} == {"AWS", "Sandbox"}
    assert [entry["Time"] for entry in entries if entry["DetailType"] == "Opportunity Created"]


def test_each_record_that_days_change_is_told() -> None:
    emulator, entries = told(opportunities=200)
    before = {one["Id"]: one for one in emulator.truth()}
    summaries = {one["RelatedOpportunityId"]: one for one in emulator.truth(stream="aws_opportunity_summaries")}
    emulator.advance(days=10)
    after = {one["Id"]: one for one in emulator.truth()}
    assert set(opportunities(entries, "Created")) == after.keys() - before.keys()
    updated = set(opportunities(entries, "Updated"))
    assert {i for i in before if before[i] != after[i]} <= updated
    now = {one["RelatedOpportunityId"]: one for one in emulator.truth(stream="aws_opportunity_summaries")}
    by_aws = {i for i in before if before[i] == after[i] and summaries[i] != now[i]}
    assert by_aws
    assert by_aws <= updated


def test_changes_on_demand_are_told_also_those_of_aws() -> None:
    emulator, entries = told()
    one = next(o["Id"] for o in emulator.truth(stream="opportunity_search_summaries") if o["AwsOpportunitySummary"])
    own = emulator.put({})
    emulator.change(own, {"OpportunityType": "Expansion"})
    emulator.put({"Id": own})
    emulator.remove(own)
    assert kinds(entries) == ["Opportunity Created", "Opportunity Updated", "Opportunity Updated"]
    entries.clear()
    emulator.change_aws_side(one)
    emulator.change(one, {"Visibility": "Limited"}, stream="aws_opportunity_summaries")
    emulator.change(one, {"AwsOpportunitySummary": {"CosellMotion": "x"}}, stream="opportunity_search_summaries")
    assert opportunities(entries, "Updated") == [one] * 3
    views = [json.loads(e["Detail"]) for e in entries if e["DetailType"] == "Engagement Resource Snapshot Created"]
    assert {view["resourceSnapshot"]["resourceSnapshotTemplateName"] for view in views} <= {
        "AwsOpportunitySummaryFullView"
    }
    entries.clear()
    invitation = emulator.truth(stream="engagement_invitations")[0]["Id"]
    emulator.change(invitation, {"Status": "EXPIRED"}, stream="engagement_invitations")
    engagement = emulator.truth(stream="engagements")[0]["Id"]
    emulator.put({"EngagementId": engagement, "AccountId": "1" * 12, "CompanyName": "New"}, stream="engagement_members")
    assert kinds(entries) == ["Engagement Invitation Expired", "Engagement Member Added"]
    assert json.loads(entries[1]["Detail"])["engagementMember"] == {"accountId": "1" * 12, "companyName": "New"}


def test_the_engagements_that_a_change_on_demand_brings_are_told() -> None:
    emulator, entries = told(opportunities=100)

    def engagements() -> set[str]:
        return {one["Id"] for one in emulator.truth(stream="engagements")}

    before = engagements()
    for one in emulator.truth():
        emulator.change(one["Id"], {"LifeCycle": {"Stage": "Launched", "ReviewStatus": "Approved"}})
    details = [json.loads(one["Detail"]) for one in entries if one["DetailType"] == "Engagement Created"]
    created = [detail["engagement"]["engagementId"] for detail in details]
    assert (bool(created), sorted(created)) == (True, sorted(engagements() - before))
    assert "Engagement Invitation Created" in kinds(entries)


def test_loss_duplicates_and_disorder_follow_from_the_seed() -> None:
    def seen(**settings: float) -> list[str]:
        emulator, entries = told(seed=3)
        for name, value in settings.items():
            setattr(emulator.events, name, value)
        emulator.advance(days=5)
        assert emulator.events.sent == len(entries)
        return [entry["Detail"] for entry in entries]

    whole = seen()
    assert len(seen(loss=0.5)) < len(whole)
    assert seen(loss=0.5) == seen(loss=0.5)
    assert Counter(seen(duplicates=1)) == Counter(whole * 2)
    assert seen(disorder=0.5) != whole
    assert sorted(seen(disorder=0.5)) == sorted(whole)
    assert seen(loss=1) == []


def test_a_function_that_fails_breaks_nothing() -> None:
    def fail(_entry: Json) -> None:
        raise ValueError

    emulator = Emulator(opportunities=0, events=fail)
    emulator.put({})
    assert (emulator.events.sent, emulator.events.lost) == (0, 1)
    with pytest.raises(RuntimeError, match="events="):
        _ = Emulator(opportunities=0).events


def test_an_endpoint_delivers_to_a_queue_by_catalog(bus: str) -> None:
    events, sqs = (boto3.client(name, endpoint_url=bus, **KEYS) for name in ("events", "sqs"))
    queue = sqs.create_queue(QueueName="changes")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.partnercentral-selling"], "detail": {"catalog": ["AWS"]}}
    events.put_rule(Name="changes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": arn}])
    with Emulator(opportunities=5, events=bus) as emulator:
        new = [emulator.put({}) for _ in range(12)]
        emulator.put({}, "Sandbox")
        emulator.wait_for_events()
        assert emulator.describe()["events"]["sent"] == 13
    found: list[Json] = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert sorted(event["detail"]["opportunity"]["identifier"] for event in found) == sorted(new)
    assert {event["detail-type"] for event in found} == {"Opportunity Created"}


def test_an_endpoint_that_is_down_loses_events_and_nothing_else() -> None:
    with Emulator(opportunities=5, events="http://127.0.0.1:9") as emulator:
        emulator.advance(days=3)
        emulator.put({})
        emulator.wait_for_events()
        state = emulator.describe()["events"]
        assert state["sent"] == 0
        assert state["lost"] > 0


def test_late_events_are_sent_when_the_emulator_stops() -> None:
    entries: list[Json] = []
    with Emulator(opportunities=5, events=entries.append) as emulator:
        emulator.events.delay_seconds = 600
        emulator.put({})
        assert entries == []
    assert kinds(entries) == ["Opportunity Created"]
