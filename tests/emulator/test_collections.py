"""Engagements, associations, tasks and solutions of the emulator, called by a real AWS client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from clients import Connect, everything, refusal
from partner_central_emulator import Emulator, Fault, TokenKind
from variants import at_length

Json = dict[str, Any]
LISTS = {  # the operation, its stream, the member with the records, the most of a page, and the shape of a record
    "ListEngagementByAcceptingInvitationTasks": (
        "engagement_by_accepting_invitation_tasks",
        "TaskSummaries",
        1000,
        "ListEngagementByAcceptingInvitationTaskSummary",
    ),
    "ListEngagementFromOpportunityTasks": (
        "engagement_from_opportunity_tasks",
        "TaskSummaries",
        1000,
        "ListEngagementFromOpportunityTaskSummary",
    ),
    "ListEngagementResourceAssociations": (
        "engagement_resource_associations",
        "EngagementResourceAssociationSummaries",
        1000,
        "EngagementResourceAssociationSummary",
    ),
    "ListEngagements": ("engagements", "EngagementSummaryList", 100, "EngagementSummary"),
    "ListOpportunityFromEngagementTasks": (
        "opportunity_from_engagement_tasks",
        "TaskSummaries",
        1000,
        "ListOpportunityFromEngagementTaskSummary",
    ),
    "ListSolutions": ("solutions", "SolutionSummaries", 100, "SolutionBase"),
    "SearchEngagements": ("engagements", "EngagementSearchSummaries", 100, "EngagementSearchSummary"),
}
each = pytest.mark.parametrize("operation", LISTS)


@pytest.fixture(scope="module")
def busy() -> Iterator[Emulator]:
    """An emulator that tests only read from."""
    with Emulator(opportunities=200, rps=None) as emulator:
        yield emulator


def found(client: Any, operation: str, **request: Any) -> list[Json]:
    return everything(getattr(client, xform_name(operation)), LISTS[operation][1], **request)


def key(record: Json) -> str:
    return str(record.get("Id") or record.get("TaskId") or (record["EngagementId"], record["ResourceId"]))


@each
@pytest.mark.parametrize("token", ["offset", *(at_length(kind) for kind in get_args(TokenKind) if kind != "offset")])
def test_all_pages_together_are_the_truth(operation: str, token: TokenKind, connect: Connect) -> None:
    with Emulator(opportunities=90, rps=None, token=token) as emulator:
        client = connect(emulator)
        listed = found(client, operation, MaxResults=4)
        truth = emulator.truth(stream=LISTS[operation][0])
        assert sorted(map(key, listed)) == sorted(map(key, truth))
        assert len(listed) > 4
        assert {(call.operation, call.outcome) for call in emulator.calls} == {(operation, "ok")}


@each
def test_a_page_has_a_most_that_the_service_checks(operation: str, busy: Emulator, connect: Connect) -> None:
    call, most = getattr(connect(busy), xform_name(operation)), LISTS[operation][2]
    response = refusal(call, Catalog="AWS", MaxResults=most + 1)
    assert [one["FieldName"] for one in response["ErrorList"]] == ["MaxResults"]
    whole = found(connect(busy), operation)
    assert len(call(Catalog="AWS", MaxResults=most)[LISTS[operation][1]]) == min(most, len(whole))


@each
def test_records_are_valid_by_the_service_model(operation: str, busy: Emulator, connect: Connect) -> None:
    from partner_central_emulator.service_model import field_errors, service_model

    stream, member, _, name = LISTS[operation]
    assert service_model().operation_model(operation).output_shape.members[member].member.name == name  # type: ignore[union-attr]
    shape = service_model().shape_for("GetEngagementResponse" if stream == "engagements" else name)
    assert [error for one in busy.truth(stream=stream) for error in field_errors(shape, one)] == []
    assert found(connect(busy), operation)


@each
def test_an_operation_can_be_denied_throttled_or_fail_at_a_page(operation: str, connect: Connect) -> None:
    with Emulator(opportunities=60, rps=None) as emulator:
        client = connect(emulator)
        emulator.faults.append(Fault("server_error", operation=operation, after=1))
        client.list_opportunities(Catalog="AWS")
        with pytest.raises(ClientError, match="InternalServer"):
            found(client, operation, MaxResults=2)
        emulator.denied[operation] = None
        message = refusal(getattr(client, xform_name(operation)), Catalog="AWS")["Error"]["Message"]
        assert f"partnercentral:{operation}" in message
        assert client.list_opportunities(Catalog="AWS")["OpportunitySummaries"]


@pytest.mark.parametrize(
    ("operation", "by", "member"),
    [
        ("ListEngagements", "CreatedDate", "CreatedAt"),
        ("SearchEngagements", "LastModifiedAt", "ModifiedAt"),
        ("ListEngagementFromOpportunityTasks", "StartTime", "StartTime"),
        ("ListSolutions", "Name", "Name"),
    ],
)
def test_a_sort_key_sorts(operation: str, by: str, member: str, busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    up, down = (
        found(client, operation, Sort={"SortBy": by, "SortOrder": order}) for order in ("ASCENDING", "DESCENDING")
    )
    assert [one[member] for one in up] == sorted(one[member] for one in up)
    assert up == down[::-1]


@pytest.mark.parametrize(
    ("operation", "request_", "member", "values"),
    [
        ("ListEngagements", {"CreatedBy": ["aws"]}, "CreatedBy", {"aws"}),
        ("ListEngagements", {"ExcludeCreatedBy": ["aws"]}, "CreatedBy", {"123456789012"}),
        ("ListEngagementFromOpportunityTasks", {"TaskStatus": ["FAILED"]}, "TaskStatus", {"FAILED"}),
        ("ListSolutions", {"Status": ["Inactive", "Draft"]}, "Status", {"Inactive", "Draft"}),
        ("ListEngagementResourceAssociations", {"CreatedBy": "123456789012"}, "CreatedBy", {"123456789012"}),
    ],
)
def test_a_filter_finds_what_it_says(
    operation: str, request_: Json, member: str, values: set[str], busy: Emulator, connect: Connect
) -> None:
    everyone = found(connect(busy), operation)
    wanted = [one for one in everyone if one[member] in values]
    assert wanted == found(connect(busy), operation, **request_) != []


def test_types_of_contexts_filter_and_exclude(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    leads = found(client, "ListEngagements", ContextTypes=["Lead"])
    others = found(client, "ListEngagements", ExcludeContextTypes=["Lead"])
    assert leads
    assert all("Lead" in one["ContextTypes"] for one in leads)
    assert all("Lead" not in one["ContextTypes"] for one in others)
    assert len(leads) + len(others) == len(found(client, "ListEngagements"))


def test_get_engagement_shows_every_kind_of_context(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    seen: dict[str, Json] = {}
    for one in found(client, "ListEngagements"):
        full = client.get_engagement(Catalog="AWS", Identifier=one["Arn"])
        assert one.items() <= {**full, "ContextTypes": [context["Type"] for context in full["Contexts"]]}.items()
        seen |= {context["Type"]: context["Payload"][context["Type"]] for context in full["Contexts"]}
    assert seen.keys() == {"CustomerProject", "Lead", "ProspectingResult", "CustomerAccount"}
    assert seen["Lead"]["Interactions"][0]["Contact"]["Email"]
    response = refusal(client.get_engagement, Catalog="AWS", Identifier="eng-00000000000000")
    assert response["Error"]["Code"] == "ResourceNotFoundException"


def test_searching_engagements_finds_leads_by_their_content(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    tree = {"EqualsTo": {"Key": "ContextType", "Value": {"StringValue": "Lead"}}}
    leads = found(client, "SearchEngagements", Filter=tree)
    assert {one["Id"] for one in leads} == {
        one["Id"] for one in found(client, "ListEngagements", ContextTypes=["Lead"])
    }
    company = leads[0]["Contexts"][0]["Payload"]["Lead"]["Customer"]["CompanyName"]
    by_name = {"ContainsAny": {"Key": "LeadCustomerCompanyName", "Value": {"StringListValue": [company.upper()]}}}
    assert leads[0] in found(client, "SearchEngagements", Filter=by_name)
    since = {"GreaterThanOrEquals": {"Key": "LastModifiedAt", "Value": {"DateValue": leads[0]["ModifiedAt"]}}}
    assert leads[0] in found(client, "SearchEngagements", Filter=since)
    shape = client.meta.service_model.shape_for("EngagementSearchSortName")
    for by in shape.enum:
        assert len(found(client, "SearchEngagements", MaxResults=100, Sort={"SortBy": by, "SortOrder": "ASCENDING"}))


def test_tasks_link_what_exists(busy: Emulator) -> None:
    def of(stream: str, name: str = "Id") -> set[str]:
        return {one[name] for one in busy.truth(stream=stream) if one[name] is not None}

    opportunities = {one["Id"] for one in busy.truth()}
    for stream in (
        "engagement_from_opportunity_tasks",
        "engagement_by_accepting_invitation_tasks",
        "opportunity_from_engagement_tasks",
    ):
        assert set() != of(stream, "OpportunityId") <= opportunities
    assert of("engagement_from_opportunity_tasks", "EngagementId") <= of("engagements")
    assert of("opportunity_from_engagement_tasks", "EngagementId") <= of("engagements")
    assert of("engagement_from_opportunity_tasks", "EngagementInvitationId") <= of("engagement_invitations")
    assert of("engagement_by_accepting_invitation_tasks", "EngagementInvitationId") <= of("engagement_invitations")
    assert of("engagement_invitations", "EngagementId") <= of("engagements")
    assert of("engagement_resource_associations", "EngagementId") <= of("engagements")
    assert of("engagement_resource_associations", "ResourceId") <= opportunities
    searched = busy.truth(stream="opportunity_search_summaries")
    named = {one for record in searched for one in record["RelatedEntityIdentifiers"]["Solutions"]}
    assert set() != named <= of("solutions")


def test_accepted_referrals_are_the_opportunities_that_aws_brought(busy: Emulator) -> None:
    tasks = busy.truth(stream="engagement_by_accepting_invitation_tasks")
    origins = {
        one["Id"]: (one["AwsOpportunitySummary"] or {}).get("Origin")
        for one in busy.truth(stream="opportunity_search_summaries")
    }
    accepted = {task["OpportunityId"] for task in tasks} - {None}
    assert accepted == {identifier for identifier, origin in origins.items() if origin == "AWS Referral"}
    drafts = {one["Id"] for one in busy.truth() if one["LifeCycle"]["ReviewStatus"] == "Pending Submission"}
    shared = {task["OpportunityId"] for task in busy.truth(stream="engagement_from_opportunity_tasks")}
    assert drafts
    assert not shared & (drafts | accepted)


def test_days_bring_engagements_and_more_interactions_with_leads() -> None:
    emulator = Emulator(opportunities=200)
    before = {one["Id"]: one for one in emulator.truth(stream="engagements")}
    emulator.advance(days=20)
    after = {one["Id"]: one for one in emulator.truth(stream="engagements")}
    assert before.keys() < after.keys()
    moved = [i for i in before if after[i]["ModifiedAt"] > before[i]["ModifiedAt"]]
    assert moved
    assert all(after[i]["Contexts"] != before[i]["Contexts"] for i in moved)


@each
def test_put_change_and_remove_show_in_the_list(operation: str, connect: Connect) -> None:
    stream = LISTS[operation][0]
    with Emulator(opportunities=0, rps=None) as emulator:
        client = connect(emulator)
        assert found(client, operation) == []
        record = {"Id": "X1", "TaskId": "X1", "EngagementId": "eng-1", "ResourceId": "O1"}
        identifier = emulator.put(record, stream=stream)
        emulator.change(identifier, {"CreatedBy": "me", "Message": "hello", "Name": "Lift"}, stream=stream)
        (shown,) = found(client, operation)
        assert {"me", "hello", "Lift"} & set(shown.values())
        emulator.remove(identifier, stream=stream)
        assert found(client, operation) == []


def test_the_same_seed_gives_the_same_records_in_whatever_order_they_are_listed() -> None:
    streams = sorted({stream for stream, *_ in LISTS.values()})
    one, other, third = Emulator(opportunities=80), Emulator(opportunities=80), Emulator(opportunities=80, seed=2)
    there = {stream: other.truth(stream=stream) for stream in reversed(streams)}
    assert {stream: one.truth(stream=stream) for stream in streams} == there
    assert third.truth(stream="engagements") != there["engagements"]


def test_a_snapshot_shows_what_was_there_at_its_first_page(connect: Connect) -> None:
    with Emulator(opportunities=60, rps=None, token="snapshot") as emulator:
        client = connect(emulator)
        first = client.list_engagements(Catalog="AWS", MaxResults=3)
        rest = [one["Id"] for one in found(client, "ListEngagements")][3:]
        emulator.remove(rest[0], stream="engagements")
        emulator.change(rest[1], {"Title": "Renamed"}, stream="engagements")
        page = client.list_engagements(Catalog="AWS", MaxResults=3, NextToken=first["NextToken"])
        assert [one["Id"] for one in page["EngagementSummaryList"]] == rest[:3]
        assert "Renamed" not in [one["Title"] for one in page["EngagementSummaryList"]]
