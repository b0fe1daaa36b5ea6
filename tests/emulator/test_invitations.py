"""`ListEngagementInvitations` of the emulator, called by a real AWS client."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from clients import Connect, everything, refusal
from partner_central_emulator import Emulator, TokenKind
from variants import at_length

Json = dict[str, Any]
STREAM = "engagement_invitations"
SENT, RECEIVED = {"ParticipantType": "SENDER"}, {"ParticipantType": "RECEIVER"}


@pytest.fixture(scope="module")
def busy() -> Iterator[Emulator]:
    """An emulator that tests only read from."""
    with Emulator(opportunities=300, rps=None) as emulator:
        yield emulator


def found(client: Any, **request: Any) -> list[Json]:
    return everything(client.list_engagement_invitations, "EngagementInvitationSummaries", **request)


def ids(records: list[Json]) -> list[str]:
    return [record["Id"] for record in records]


@pytest.mark.parametrize("token", ["offset", *(at_length(kind) for kind in get_args(TokenKind) if kind != "offset")])
@pytest.mark.parametrize("side", ["SENDER", "RECEIVER"])
def test_all_pages_of_a_side_are_the_truth_in_order(token: TokenKind, side: str, connect: Connect) -> None:
    with Emulator(opportunities=120, rps=None, token=token) as emulator:
        client = connect(emulator)
        truth = [one for one in emulator.truth(stream=STREAM) if one["ParticipantType"] == side]
        for order in ("ASCENDING", "DESCENDING"):
            sort = {"SortBy": "InvitationDate", "SortOrder": order}
            records = found(client, ParticipantType=side, MaxResults=10, Sort=sort)
            keys = {one["Id"]: (one["InvitationDate"], one["Id"]) for one in truth}
            assert ids(records) == sorted(keys, key=keys.__getitem__, reverse=order == "DESCENDING")
        assert len(truth) > 20


def test_the_side_is_required_and_a_page_has_at_most_a_hundred(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    for request, field in (({}, "ParticipantType"), ({**SENT, "MaxResults": 101}, "MaxResults")):
        response = refusal(client.list_engagement_invitations, Catalog="AWS", **request)
        assert [one["FieldName"] for one in response["ErrorList"]] == [field]
    assert len(client.list_engagement_invitations(Catalog="AWS", **SENT)["EngagementInvitationSummaries"]) == 20


def test_each_filter_finds_what_it_says(busy: Emulator, connect: Connect) -> None:
    client, truth = connect(busy), busy.truth(stream=STREAM)
    engagement = next(one["EngagementId"] for one in truth if one["ParticipantType"] == "RECEIVER")
    cases: list[tuple[Json, str, set[str]]] = [
        ({"Status": ["PENDING", "EXPIRED"]}, "Status", {"PENDING", "EXPIRED"}),
        ({"PayloadType": ["LeadInvitation"]}, "PayloadType", {"LeadInvitation"}),
        ({"EngagementIdentifier": [engagement]}, "EngagementId", {engagement}),
        ({"EngagementIdentifier": [f"arn:aws:x:::engagement/{engagement}"]}, "EngagementId", {engagement}),
        ({"SenderAwsAccountId": ["aws"]}, "SenderAwsAccountId", {"aws"}),
    ]
    for request, member, values in cases:
        wanted = {one["Id"] for one in truth if one[member] in values and one["ParticipantType"] == "RECEIVER"}
        assert set(ids(found(client, **RECEIVED, **request))) == wanted != set()


def test_invitations_of_every_kind_are_valid_and_have_a_life(busy: Emulator) -> None:
    from partner_central_emulator.service_model import field_errors, service_model

    shape = service_model().shape_for("EngagementInvitationSummary")
    truth = busy.truth(stream=STREAM)
    for one in truth:
        assert list(field_errors(shape, one)) == []
        assert one["InvitationDate"] < one["ExpirationDate"]
        assert one["InvitationDate"] <= busy.now().isoformat()
    statuses = Counter((one["ParticipantType"], one["Status"]) for one in truth)
    assert {status for side, status in statuses if side == "RECEIVER"} == {"ACCEPTED", "REJECTED", "PENDING", "EXPIRED"}
    assert {status for side, status in statuses if side == "SENDER"} >= {"ACCEPTED", "REJECTED"}
    assert {one["PayloadType"] for one in truth} == {
        "OpportunityInvitation",
        "LeadInvitation",
        "AccountPlanningInvitation",
    }


def test_invitations_of_accepted_referrals_fit_the_opportunities(busy: Emulator, connect: Connect) -> None:
    searched = everything(connect(busy).search_opportunities, "OpportunitySearchSummaries", MaxResults=100)
    titles = {
        one["Project"]["Title"][:40]
        for one in searched
        if (one.get("AwsOpportunitySummary") or {}).get("Origin") == "AWS Referral"
    }
    invited = {
        one["EngagementTitle"]
        for one in found(connect(busy), **RECEIVED, Status=["ACCEPTED"], PayloadType=["OpportunityInvitation"])
    }
    assert titles == invited


def test_an_invitation_lapses_and_no_date_moves() -> None:
    emulator = Emulator(opportunities=300)
    before = {one["Id"]: one for one in emulator.truth(stream=STREAM)}
    pending = [i for i, one in before.items() if one["Status"] == "PENDING" and one["ParticipantType"] == "RECEIVER"]
    assert pending
    emulator.advance(days=16)
    after = {one["Id"]: one for one in emulator.truth(stream=STREAM)}
    assert before.keys() < after.keys()
    assert {after[i]["Status"] for i in pending} <= {"EXPIRED", "REJECTED"}
    assert "EXPIRED" in {after[i]["Status"] for i in pending}
    assert all({**after[i], "Status": 0} == {**before[i], "Status": 0} for i in pending)


def test_put_change_overlay_and_remove_show_in_the_list(connect: Connect) -> None:
    with Emulator(opportunities=0, rps=None) as emulator:
        client = connect(emulator)
        emulator.put({"Id": "engi-0000000000001", **RECEIVED, "Status": "PENDING"}, stream=STREAM)
        emulator.change("engi-0000000000001", {"Status": "EXPIRED"}, stream=STREAM)
        emulator.overlay("engi-0000000000001", {"Mood": "sad"}, stream=STREAM)
        (record,) = found(client, **RECEIVED)
        assert record["Status"] == "EXPIRED"
        assert emulator.truth(stream=STREAM)[0]["Mood"] == "sad"
        assert found(client, **SENT) == []
        emulator.remove("engi-0000000000001", stream=STREAM)
        assert found(client, **RECEIVED) == []
        with pytest.raises(KeyError, match="engi-0000000000001"):
            emulator.change("engi-0000000000001", {}, stream=STREAM)
        with pytest.raises(KeyError, match="engagement_invitations"):
            emulator.truth(stream="invitations")


def test_a_list_that_is_not_required_is_missing_on_an_empty_page(connect: Connect) -> None:
    with Emulator(opportunities=0, rps=None) as emulator:
        page = connect(emulator).list_engagement_invitations(Catalog="AWS", **SENT)
        assert "EngagementInvitationSummaries" not in page
        page = connect(emulator).search_opportunities(Catalog="AWS")
        assert page["OpportunitySearchSummaries"] == []


def test_a_list_can_end_with_an_empty_token(connect: Connect) -> None:
    with Emulator(opportunities=60, rps=None) as emulator:
        client = connect(emulator)
        emulator.empty_tokens.add("ListEngagementInvitations")
        page = client.list_engagement_invitations(Catalog="AWS", **SENT, MaxResults=100)
        assert page["NextToken"] == ""
        assert "NextToken" not in client.list_opportunities(Catalog="AWS", MaxResults=100)
        assert len(found(client, **SENT, MaxResults=5)) == len(page["EngagementInvitationSummaries"])


def test_removing_an_opportunity_leaves_what_belongs_to_it() -> None:
    emulator = Emulator(opportunities=60)
    other = Emulator(opportunities=60)
    for one in other.truth():
        other.remove(one["Id"])
    assert other.truth() == []
    kept = {one["Id"] for one in other.truth(stream=STREAM) if one["ParticipantType"] == "RECEIVER"}
    assert kept == {one["Id"] for one in emulator.truth(stream=STREAM) if one["ParticipantType"] == "RECEIVER"}
    other.clear()
    assert other.truth(stream=STREAM) == []
