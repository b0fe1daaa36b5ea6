"""The operations of the emulator that read one record, called by a real AWS client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from clients import Connect, everything, refusal
from partner_central_emulator import Emulator, SingleReads, TokenKind
from partner_central_emulator.service_model import field_errors, service_model

Json = dict[str, Any]
SUMMARIES = "aws_opportunity_summaries"
MEMBERS = "engagement_members"
RELATED = "RelatedOpportunityIdentifier"


@pytest.fixture(scope="module")
def busy() -> Iterator[Emulator]:
    """An emulator that tests only read from."""
    with Emulator(opportunities=300, seed=7, rps=None) as emulator:
        emulator.advance(days=30)
        yield emulator


def full(client: Any, identifier: str) -> Json:
    answer: Json = client.get_opportunity(Catalog="AWS", Identifier=identifier)
    return answer


def summary(client: Any, identifier: str) -> Json:
    answer: Json = client.get_aws_opportunity_summary(Catalog="AWS", RelatedOpportunityIdentifier=identifier)
    return answer


def members(client: Any, engagement: str, **request: Any) -> list[Json]:
    return everything(client.list_engagement_members, "EngagementMemberList", Identifier=engagement, **request)


def filled(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """The paths of all members that have a value."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from filled(member, (value or {}).get(name), f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        for one in value or ():
            yield from filled(shape.member, one, f"{path}[]")
    elif isinstance(shape, MapShape):
        assert all(isinstance(one, str) for pair in (value or {}).items() for one in pair)
        yield from [path] if value else []
    elif value is not None:
        yield path


def paths(shape: Shape, path: str = "") -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from paths(member, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        yield from paths(shape.member, f"{path}[]")
    else:
        yield path


@pytest.mark.parametrize(
    ("operation", "stream", "never"),
    [
        ("GetOpportunity", "opportunity_details", set()),
        ("GetAwsOpportunitySummary", SUMMARIES, set()),
        ("ListEngagementMembers", MEMBERS, {"NextToken"}),
    ],
)
def test_answers_are_valid_and_every_member_has_a_value_somewhere(
    operation: str, stream: str, never: set[str], busy: Emulator
) -> None:
    shape = service_model().operation_model(operation).output_shape
    assert shape is not None
    truth = [{key: one[key] for key in one if key != "EngagementId"} for one in busy.truth(stream=stream)]
    answers = [{"EngagementMemberList": [one]} for one in truth] if stream == MEMBERS else truth
    assert [error for one in answers for error in field_errors(shape, one)] == []
    assert set(paths(shape)) - {path for one in answers for path in filled(shape, one)} == never


def test_the_client_reads_what_the_truth_says(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    for one in busy.truth(stream="opportunity_details")[:20]:
        answer = full(client, one["Id"])
        assert answer["Project"]["Title"] == one["Project"]["Title"]
        assert len(answer["Customer"]["Contacts"]) == len(one["Customer"]["Contacts"])
    for one in busy.truth(stream=SUMMARIES)[:20]:
        answer = summary(client, one["RelatedOpportunityId"])
        assert answer.get("CosellMotion") == one["CosellMotion"]
        assert answer["Catalog"] == "AWS"


def within(less: Any, more: Any) -> bool:
    """Whether all that one record has is in the other."""
    if isinstance(less, dict) and isinstance(more, dict):
        return all(name in more and within(value, more[name]) for name, value in less.items())
    if isinstance(less, list) and isinstance(more, list):
        return len(less) == len(more) and all(within(*pair) for pair in zip(less, more, strict=True))
    return bool(less == more)


def test_details_and_summaries_agree_with_the_lists_also_after_changes() -> None:
    emulator = Emulator(opportunities=200)
    emulator.advance(days=40)
    first = emulator.truth()[0]["Id"]
    emulator.change(
        first, {"Project": {"DeliveryModels": ["Resell"], "Title": "Lift"}, "LifeCycle": {"NextSteps": "x"}}
    )
    details = {one["Id"]: one for one in emulator.truth(stream="opportunity_details")}
    summaries = {one["RelatedOpportunityId"]: one for one in emulator.truth(stream=SUMMARIES)}
    assert all(within(one, details[one["Id"]]) for one in emulator.truth())
    for found in emulator.truth(stream="opportunity_search_summaries"):
        detail, summary = details[found["Id"]], summaries[found["Id"]]
        assert within(found["RelatedEntityIdentifiers"], detail["RelatedEntityIdentifiers"])
        assert within(found["Project"], detail["Project"])
        assert found["Customer"]["Account"]["AwsAccountId"] == detail["Customer"]["Account"]["AwsAccountId"]
        assert within(found["OpportunityTeam"], detail["OpportunityTeam"])
        if found["AwsOpportunitySummary"] is None:
            assert detail["LifeCycle"]["ReviewStatus"] == "Pending Submission"
            assert {name for name, value in summary.items() if value is not None} == {"Catalog", "RelatedOpportunityId"}
        else:
            assert within(found["AwsOpportunitySummary"], summary)
            assert summary["Customer"]["Contacts"] == detail["Customer"]["Contacts"]
            assert within(summary["RelatedEntityIds"], detail["RelatedEntityIdentifiers"])


def test_the_history_of_next_steps_grows_with_changes() -> None:
    emulator = Emulator(opportunities=60)
    before = {one["Id"]: one["LifeCycle"] for one in emulator.truth(stream="opportunity_details")}
    assert any(life["NextStepsHistory"] for life in before.values())
    for life in before.values():
        values = [entry["Value"] for entry in life["NextStepsHistory"]]
        assert life["NextSteps"] is None or values[-1] == life["NextSteps"]
    one = next(iter(before))
    for step in ("call", "visit"):
        emulator.change(one, {"LifeCycle": {"NextSteps": step}}, at="2026-06-01T10:00:00Z")
    emulator.change(one, {"OpportunityType": "Expansion"})
    (after,) = (each for each in emulator.truth(stream="opportunity_details") if each["Id"] == one)
    new = [{"Time": "2026-06-01T10:00:00Z", "Value": step} for step in ("call", "visit")]
    assert after["LifeCycle"]["NextStepsHistory"] == [*before[one]["NextStepsHistory"], *new]


def test_totals_of_spend_are_the_sums_of_products_and_categories(busy: Emulator) -> None:
    by_source = [
        one["Insights"]["AwsProductsSpendInsightsBySource"] for one in busy.truth(stream=SUMMARIES) if one["Insights"]
    ]
    spends = [spend for sources in by_source if sources for spend in sources.values() if spend]
    assert spends
    for spend in spends:
        total = Decimal(spend["TotalAmount"])
        assert total == sum(Decimal(product["Amount"]) for product in spend["AwsProducts"])
        assert total == sum(map(Decimal, spend["TotalAmountByCategory"].values()))
        assert total == Decimal(spend["TotalOptimizedAmount"]) + Decimal(spend["TotalPotentialSavingsAmount"])


def test_the_side_of_aws_changes_and_no_date_moves(connect: Connect) -> None:
    with Emulator(opportunities=40, rps=None) as emulator:
        listed, details = emulator.truth(), emulator.truth(stream="opportunity_details")
        found = {
            one["Id"]: one["AwsOpportunitySummary"] for one in emulator.truth(stream="opportunity_search_summaries")
        }
        scored = next(i for i, one in found.items() if one and one["CosellMotion"])
        client = connect(emulator)
        before = summary(client, scored)
        emulator.change_aws_side(scored)
        after = summary(client, scored)
        history = after["LifeCycle"]["NextStepsHistory"]
        assert history[:-1] == before["LifeCycle"]["NextStepsHistory"]
        assert after["LifeCycle"]["NextSteps"] == history[-1]["Value"]
        emulator.change(scored, {"Visibility": "Limited", "CosellMotion": "Partner-led"}, stream=SUMMARIES)
        changed = summary(client, scored)
        assert (changed["Visibility"], changed["CosellMotion"]) == ("Limited", "Partner-led")
        (searched,) = (one for one in emulator.truth(stream="opportunity_search_summaries") if one["Id"] == scored)
        assert within(searched["AwsOpportunitySummary"], emulator_summary(emulator, scored))
        assert (emulator.truth(), emulator.truth(stream="opportunity_details")) == (listed, details)


def emulator_summary(emulator: Emulator, identifier: str) -> Json:
    return next(one for one in emulator.truth(stream=SUMMARIES) if one["RelatedOpportunityId"] == identifier)


def test_the_side_of_aws_moves_with_the_days() -> None:
    emulator = Emulator(opportunities=60)
    before = {one["RelatedOpportunityId"]: one for one in emulator.truth(stream=SUMMARIES)}
    dates = {one["Id"]: one["LastModifiedDate"] for one in emulator.truth()}
    emulator.advance(days=15)
    untouched = [one["Id"] for one in emulator.truth() if dates.get(one["Id"]) == one["LastModifiedDate"]]
    after = {one["RelatedOpportunityId"]: one for one in emulator.truth(stream=SUMMARIES)}
    grown = [i for i in untouched if before[i]["LifeCycle"] != after[i]["LifeCycle"]]
    assert grown
    for i in grown:
        history = after[i]["LifeCycle"]["NextStepsHistory"]
        assert history[: len(before[i]["LifeCycle"]["NextStepsHistory"])] == before[i]["LifeCycle"]["NextStepsHistory"]


def test_a_summary_of_a_test_shows_what_it_has(connect: Connect) -> None:
    with Emulator(opportunities=1, rps=None) as emulator:
        client, (one,) = connect(emulator), (record["Id"] for record in emulator.truth())
        own = emulator.put({"AwsOpportunitySummary": {"Origin": "AWS Referral"}})
        assert summary(client, own)["Origin"] == "AWS Referral"
        emulator.change_aws_side(own)
        assert len(summary(client, own)["LifeCycle"]["NextStepsHistory"]) == 1
        emulator.put({"RelatedOpportunityId": one, "Visibility": "Full"}, stream=SUMMARIES)
        emulator.overlay(one, {"New": 1}, stream=SUMMARIES)
        shown = emulator_summary(emulator, one)
        assert (shown["Visibility"], shown["New"], shown["LifeCycle"]) == ("Full", 1, None)
        emulator.remove(one, stream=SUMMARIES)
        assert refusal(client.get_aws_opportunity_summary, Catalog="AWS", RelatedOpportunityIdentifier=one)
        with pytest.raises(KeyError, match=one):
            emulator.change_aws_side(one)
        emulator.remove(own)
        with pytest.raises(KeyError, match=own):
            emulator.change(own, {}, stream=SUMMARIES)


@pytest.mark.parametrize("drafts", ["blank", "not_found"])
def test_a_draft_has_no_summary_until_it_is_submitted(drafts: Any, connect: Connect) -> None:
    with Emulator(opportunities=1, rps=None) as emulator:
        emulator.single_reads.drafts = drafts
        client = connect(emulator)
        draft = emulator.put({"LifeCycle": {"ReviewStatus": "Pending Submission"}})
        request = {"Catalog": "AWS", "RelatedOpportunityIdentifier": draft}
        if drafts == "blank":
            assert "InvolvementType" not in client.get_aws_opportunity_summary(**request)
        else:
            code = refusal(client.get_aws_opportunity_summary, **request)["Error"]["Code"]
            assert code == "ResourceNotFoundException"
        told = {one["RelatedOpportunityId"] for one in emulator.truth(stream=SUMMARIES)}
        assert (draft in told) == (drafts == "blank")


def test_a_new_opportunity_is_found_by_id_some_seconds_later(connect: Connect) -> None:
    with Emulator(opportunities=1, rps=None) as emulator:
        client, old = connect(emulator), emulator.truth()[0]["Id"]
        new = emulator.put({"AwsOpportunitySummary": {"Origin": "AWS Referral"}})
        emulator.single_reads.delay_seconds = 3_600
        assert [one["Id"] for one in client.list_opportunities(Catalog="AWS")["OpportunitySummaries"]] == [new, old]
        for call, name in ((client.get_opportunity, "Identifier"), (client.get_aws_opportunity_summary, RELATED)):
            assert refusal(call, Catalog="AWS", **{name: new})["Error"]["Code"] == "ResourceNotFoundException"
            assert call(Catalog="AWS", **{name: old})
        emulator.advance(days=2 / 24)
        assert full(client, new)["Id"] == new
        assert summary(client, new)["Origin"] == "AWS Referral"


def test_an_id_can_be_denied_where_others_are_not(connect: Connect) -> None:
    with Emulator(opportunities=20, rps=None) as emulator:
        client, (one, other) = connect(emulator), [record["Id"] for record in emulator.truth()[:2]]
        engagement = emulator.truth(stream="engagements")[0]["Id"]
        emulator.single_reads.denied |= {one, engagement}
        calls = (
            (client.get_opportunity, "Identifier", one),
            (client.get_aws_opportunity_summary, RELATED, one),
            (client.get_engagement, "Identifier", engagement),
            (client.list_engagement_members, "Identifier", engagement),
        )
        for call, name, identifier in calls:
            error = refusal(call, Catalog="AWS", **{name: identifier})["Error"]
            assert error["Code"] == "AccessDeniedException"
            assert identifier in error["Message"]
        assert full(client, other)["Id"] == other
        assert emulator.single_reads == SingleReads(denied={one, engagement})


def test_members_are_those_of_the_invitations(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    accounts: dict[str, set[str]] = {}
    for one in busy.truth(stream=MEMBERS):
        accounts.setdefault(one["EngagementId"], set()).add(one["AccountId"])
    engagements = {one["Id"]: one for one in everything(client.search_engagements, "EngagementSearchSummaries")}
    assert accounts.keys() == engagements.keys()
    assert all(engagements[i]["MemberCount"] == len(members) for i, members in accounts.items())
    assert all(engagements[i]["CreatedBy"] in members for i, members in accounts.items())
    for one in busy.truth(stream="engagement_invitations"):
        if one["EngagementId"] is not None and one["Status"] != "EXPIRED":
            assert one["SenderAwsAccountId"] in accounts[one["EngagementId"]]
            receiver = one["Receiver"]["Account"]["AwsAccountId"]
            assert (receiver in accounts[one["EngagementId"]]) == (one["Status"] == "ACCEPTED")


@pytest.mark.parametrize("token", get_args(TokenKind))
def test_members_come_ten_a_page(token: TokenKind, connect: Connect) -> None:
    with Emulator(opportunities=300, rps=None, token=token) as emulator:
        client, by_engagement = (
            connect(emulator),
            Counter(one["EngagementId"] for one in emulator.truth(stream=MEMBERS)),
        )
        (largest, size), *_ = by_engagement.most_common()
        assert size > 10
        assert len(client.list_engagement_members(Catalog="AWS", Identifier=largest)["EngagementMemberList"]) == 10
        found = [one["AccountId"] for one in members(client, largest)]
        assert found == sorted(o["AccountId"] for o in emulator.truth(stream=MEMBERS) if o["EngagementId"] == largest)
        arn = next(one["Arn"] for one in emulator.truth(stream="engagements") if one["Id"] == largest)
        assert [one["AccountId"] for one in members(client, arn, MaxResults=3)] == found
        response = refusal(client.list_engagement_members, Catalog="AWS", Identifier=largest, MaxResults=11)
        assert [one["FieldName"] for one in response["ErrorList"]] == ["MaxResults"]


def test_others_join_and_leave_with_the_days_and_on_demand(connect: Connect) -> None:
    with Emulator(opportunities=300, seed=4, rps=None) as emulator:
        client = connect(emulator)
        before = {(one["EngagementId"], one["AccountId"]) for one in emulator.truth(stream=MEMBERS)}
        emulator.advance(days=60)
        after = {(one["EngagementId"], one["AccountId"]) for one in emulator.truth(stream=MEMBERS)}
        known = {engagement for engagement, _ in before}
        assert {engagement for engagement, _ in after - before} & known
        assert before - after
        engagement = next(iter(known))
        had = len(members(client, engagement))
        new = emulator.put({"EngagementId": engagement, "AccountId": "1" * 12, "CompanyName": "New"}, stream=MEMBERS)
        emulator.change(new, {"CompanyName": "Newer"}, stream=MEMBERS)
        assert "Newer" in [one["CompanyName"] for one in members(client, engagement)]
        shown = next(one for one in emulator.truth(stream="engagements") if one["Id"] == engagement)
        assert shown["MemberCount"] == had + 1
        emulator.remove(new, stream=MEMBERS)
        assert len(members(client, engagement)) == had
        with pytest.raises(KeyError, match="1" * 12):
            emulator.remove(new, stream=MEMBERS)
        response = refusal(client.list_engagement_members, Catalog="AWS", Identifier="eng-00000000000000")
        assert response["Error"]["Code"] == "ResourceNotFoundException"
