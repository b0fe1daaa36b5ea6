"""`SearchOpportunities` of the emulator, called by a real AWS client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError

from clients import Connect, everything, refusal
from partner_central_emulator import ABSENT, Emulator, Fault, SearchState, TokenKind
from variants import at_length

Json = dict[str, Any]
STREAM = "opportunity_search_summaries"


@pytest.fixture(scope="module")
def busy() -> Iterator[Emulator]:
    """An emulator that tests only read from."""
    with Emulator(opportunities=150, seed=7, rps=None) as emulator:
        yield emulator


def found(client: Any, **request: Any) -> list[Json]:
    return everything(client.search_opportunities, "OpportunitySearchSummaries", **request)


def leaf(sort: str, key: str, **value: Any) -> Json:
    return {sort: {"Key": key, "Value": value}}


def ids(records: list[Json]) -> list[str]:
    return [record["Id"] for record in records]


@pytest.mark.parametrize("token", ["offset", *(at_length(kind) for kind in get_args(TokenKind) if kind != "offset")])
def test_all_pages_together_are_the_truth_in_order(token: TokenKind, connect: Connect) -> None:
    with Emulator(opportunities=70, rps=None, token=token) as emulator:
        client = connect(emulator)
        for order in ("ASCENDING", "DESCENDING"):
            records = found(client, MaxResults=30, Sort={"SortBy": "CreatedDate", "SortOrder": order})
            key = {record["Id"]: (record["CreatedDate"], record["Id"]) for record in emulator.truth(stream=STREAM)}
            assert ids(records) == sorted(key, key=key.__getitem__, reverse=order == "DESCENDING")
        assert {one["Id"] for one in emulator.truth()} == set(key)
        assert {call.operation for call in emulator.calls} == {"SearchOpportunities"}


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (leaf("EqualsTo", "Stage", StringValue="Launched"), lambda r: r["LifeCycle"]["Stage"] == "Launched"),
        (
            {"NotFilter": leaf("EqualsTo", "Stage", StringValue="Launched")},
            lambda r: r["LifeCycle"]["Stage"] != "Launched",
        ),
        (
            {
                "AndAllFilters": [
                    leaf("GreaterThanOrEquals", "LastModifiedDate", DateValue="2026-01-01T00:00:00Z"),
                    leaf("LessThan", "LastModifiedDate", DateValue="2026-04-01T00:00:00Z"),
                ]
            },
            lambda r: "2026-01-01" <= r["LastModifiedDate"] < "2026-04-01",
        ),
        (
            {
                "OrAllFilters": [
                    leaf("EqualsTo", "Origin", StringValue="AWS Referral"),
                    leaf("ContainsAny", "CustomerCompanyName", StringListValue=["GMBH", "inc"]),
                ]
            },
            lambda r: (
                (r["AwsOpportunitySummary"] or {}).get("Origin") == "AWS Referral"
                or any(part in r["Customer"]["Account"]["CompanyName"].lower() for part in ("gmbh", "inc"))
            ),
        ),
        (
            leaf("GreaterThan", "EstimatedMrr", DoubleValue=5000.0),
            lambda r: sum(float(one["Amount"]) for one in r["Project"]["ExpectedCustomerSpend"] or ()) > 5000,
        ),
        (
            leaf("ContainsAll", "Tags", StringValue="team=west"),
            lambda r: {"Key": "team", "Value": "west"} in (r["Tags"] or ()),
        ),
        (
            leaf("LessThan", "TargetCloseDate", DateValue="2026-02-01T00:00:00Z"),
            lambda r: r["LifeCycle"]["TargetCloseDate"] < "2026-02-01",
        ),
    ],
    ids=["equals", "not", "range", "or", "number", "tags", "day"],
)
def test_a_filter_finds_what_it_says(
    tree: Json, expected: Callable[[Json], bool], busy: Emulator, connect: Connect
) -> None:
    wanted = {record["Id"] for record in busy.truth(stream=STREAM) if expected(record)}
    assert 0 < len(wanted) < 150
    assert set(ids(found(connect(busy), Filter=tree))) == wanted


def test_a_keyword_and_a_filter_narrow_together(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    tree = leaf("EqualsTo", "Stage", StringValue="Launched")
    keyword = set(ids(found(client, Keyword="gmbh")))
    both = set(ids(found(client, Keyword="gmbh", Filter=tree)))
    assert both == keyword & set(ids(found(client, Filter=tree)))
    assert 0 < len(both) < len(keyword)


DEEP = {"NotFilter": {"NotFilter": {"NotFilter": leaf("EqualsTo", "Stage", StringValue="Launched")}}}
TEN = {"OrAllFilters": [leaf("EqualsTo", "Stage", StringValue="Launched")] * 10}


@pytest.mark.parametrize(
    "tree",
    [
        DEEP,
        {"AndAllFilters": [TEN, TEN, TEN]},
        {**leaf("EqualsTo", "Stage", StringValue="Launched"), **TEN},
        leaf("EqualsTo", "Stage", StringValue="Launched", DoubleValue=1.0),
        leaf("GreaterThan", "Stage", StringValue="Launched"),
        leaf("EqualsTo", "CreatedDate", StringValue="2026-01-01"),
        leaf("ContainsAny", "EstimatedMrr", DoubleValue=1.0),
        leaf("EqualsTo", "Color", StringValue="red"),
        {"AndAllFilters": [leaf("EqualsTo", "Stage", StringValue="Launched")] * 11},
    ],
    ids=["deep", "leaves", "two members", "two values", "range of text", "text of date", "any", "key", "list"],
)
def test_a_filter_that_the_service_refuses(tree: Json, busy: Emulator, connect: Connect) -> None:
    assert refusal(connect(busy).search_opportunities, Catalog="AWS", Filter=tree)["Error"]["Code"] == (
        "ValidationException"
    )


def test_every_sort_key_sorts(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    shape = client.meta.service_model.shape_for("OpportunitySearchSortName")
    for key in shape.enum:
        up, down = (
            ids(found(client, MaxResults=100, Sort={"SortBy": key, "SortOrder": order}))
            for order in ("ASCENDING", "DESCENDING")
        )
        assert up == down[::-1], key
        assert len(set(up)) == 150


def test_what_it_invents_is_valid_and_hangs_together(busy: Emulator) -> None:
    from partner_central_emulator.service_model import field_errors, service_model

    shape = service_model().shape_for("OpportunitySearchSummary")
    records = busy.truth(stream=STREAM)
    listed = {record["Id"]: record for record in busy.truth()}
    for record in records:
        assert list(field_errors(shape, record)) == []
        same = listed[record["Id"]]
        assert record["LastModifiedDate"] == same["LastModifiedDate"]
        assert record["LifeCycle"]["Stage"] == same["LifeCycle"]["Stage"]
        draft = same["LifeCycle"]["ReviewStatus"] == "Pending Submission"
        summary = record["AwsOpportunitySummary"]
        assert summary is not None or draft
        assert not draft or summary is None or summary["Origin"] == "AWS Referral"
    origins = [(record["AwsOpportunitySummary"] or {}).get("Origin") for record in records]
    assert 0.2 < origins.count("AWS Referral") / 150 < 0.45
    assert None in origins


def test_title_team_and_solutions_are_those_of_the_opportunity(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    record = found(client, MaxResults=100)[3]
    full = client.get_opportunity(Catalog="AWS", Identifier=record["Id"])
    assert record["Project"]["Title"] == full["Project"]["Title"]
    assert record["OpportunityTeam"][0].items() <= full["OpportunityTeam"][0].items()
    assert record["RelatedEntityIdentifiers"]["Solutions"] == full["RelatedEntityIdentifiers"]["Solutions"]


def test_scores_move_with_the_days_and_no_date_does() -> None:
    with Emulator(opportunities=40, rps=None) as emulator:
        before = {one["Id"]: one for one in emulator.truth(stream=STREAM)}
        emulator.advance(days=28)
        after = {one["Id"]: one for one in emulator.truth(stream=STREAM)}
        same = [i for i in before if before[i]["LastModifiedDate"] == after[i]["LastModifiedDate"]]
        assert any(before[i]["AwsOpportunitySummary"] != after[i]["AwsOpportunitySummary"] for i in same)


def test_a_change_on_the_side_of_aws_moves_no_date_and_no_other_list(connect: Connect) -> None:
    with Emulator(opportunities=2, rps=None) as emulator:
        client = connect(emulator)
        listed = emulator.truth()
        one, other = ids(listed)
        emulator.change(one, {"AwsOpportunitySummary": {"CosellMotion": "Partner-led"}}, stream=STREAM)
        emulator.overlay(one, {"New": 1}, stream=STREAM)
        emulator.remove(other, stream=STREAM)
        emulator.put({"Id": "O9", "CreatedDate": "2026-01-01T00:00:00Z"}, stream=STREAM)
        records = {record["Id"]: record for record in found(client)}
        assert records.keys() == {one, "O9"}
        assert records[one]["AwsOpportunitySummary"]["CosellMotion"] == "Partner-led"
        assert emulator.truth() == listed
        assert [record["New"] for record in emulator.truth(stream=STREAM) if record["Id"] == one] == [1]
        emulator.overlay(one, {"LastModifiedDate": ABSENT}, stream=STREAM)
        assert "LastModifiedDate" not in next(r for r in emulator.truth(stream=STREAM) if r["Id"] == one)


def test_a_record_of_a_test_shows_what_it_has(connect: Connect) -> None:
    with Emulator(opportunities=0, rps=None) as emulator:
        emulator.put({"Id": "O1", "Project": {"Title": "Lift"}, "AwsOpportunitySummary": {"Origin": "AWS Referral"}})
        (record,) = found(connect(emulator))
        assert record["Project"] == {"Title": "Lift"}
        assert record["AwsOpportunitySummary"] == {"Origin": "AWS Referral"}
        assert "Tags" not in record


def test_an_index_that_lags_shows_changes_later(connect: Connect) -> None:
    with Emulator(opportunities=0, rps=None) as emulator:
        client = connect(emulator)
        for identifier in ("O1", "O2"):
            emulator.put({"Id": identifier, "LifeCycle": {"Stage": "Prospect"}})
        emulator.search.lag_seconds = 3_600
        emulator.change("O1", {"LifeCycle": {"Stage": "Launched"}})
        emulator.remove("O2")
        emulator.put({"Id": "O3"})
        assert {r["Id"]: r["LifeCycle"]["Stage"] for r in found(client)} == {"O1": "Prospect", "O2": "Prospect"}
        assert ids(found(client, Filter=leaf("EqualsTo", "Stage", StringValue="Launched"))) == []
        emulator.advance(days=2 / 24)
        assert {"O1", "O3"} <= set(ids(found(client)))
        assert "O2" not in ids(found(client))
        assert "O1" in ids(found(client, Filter=leaf("EqualsTo", "Stage", StringValue="Launched")))


def test_a_cap_ends_the_results_without_a_sign(connect: Connect) -> None:
    with Emulator(opportunities=30, rps=None) as emulator:
        client = connect(emulator)
        everyone = ids(found(client, MaxResults=10))
        emulator.search.cap = 12
        assert ids(found(client, MaxResults=10)) == everyone[:12]
        up = {"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"}
        assert ids(found(client, MaxResults=10, Sort=up)) == everyone[::-1][:12]


def test_the_sandbox_may_have_no_search(connect: Connect) -> None:
    with Emulator(rps=None) as emulator:
        client = connect(emulator)
        assert len(found(client, Catalog="Sandbox")) == 20
        emulator.search.in_sandbox = False
        response = refusal(client.search_opportunities, Catalog="Sandbox")
        assert response["ErrorList"][0]["FieldName"] == "Catalog"
        assert found(client)


@pytest.mark.parametrize(
    "reason", ["SEARCH_OPPORTUNITIES_NOT_ENABLED", "SEARCH_OPPORTUNITIES_DATA_NOT_ROUTED_TO_DDB", None]
)
def test_a_refused_operation_says_why_and_the_others_answer(reason: str | None, connect: Connect) -> None:
    with Emulator(opportunities=1, rps=None) as emulator:
        client = connect(emulator)
        emulator.denied["SearchOpportunities"] = reason
        response = refusal(client.search_opportunities, Catalog="AWS")
        assert response["Error"]["Code"] == "AccessDeniedException"
        assert response.get("Reason") == reason
        assert (reason or "partnercentral:SearchOpportunities") in response["Error"]["Message"]
        assert client.list_opportunities(Catalog="AWS")["OpportunitySummaries"]
        del emulator.denied["SearchOpportunities"]
        assert found(client)


def test_a_fault_can_be_for_one_operation_at_a_page(connect: Connect) -> None:
    with Emulator(opportunities=30, rps=None) as emulator:
        client = connect(emulator)
        emulator.faults.append(Fault("throttle", operation="SearchOpportunities", after=2))
        client.list_opportunities(Catalog="AWS")
        with pytest.raises(ClientError, match="Throttling"):
            found(client, MaxResults=10)
        assert [(call.operation, call.outcome) for call in emulator.calls] == [
            ("ListOpportunities", "ok"),
            ("SearchOpportunities", "ok"),
            ("SearchOpportunities", "ok"),
            ("SearchOpportunities", "ThrottlingException"),
        ]


def test_a_listener_knows_the_operation(connect: Connect) -> None:
    seen = []
    with Emulator(opportunities=1, rps=None) as emulator:
        client = connect(emulator)
        emulator.on_call = lambda _, request: seen.append(request.operation)
        found(client)
        client.list_opportunities(Catalog="AWS")
    assert seen == ["SearchOpportunities", "ListOpportunities"]


def test_a_prepared_search_shows_the_same(connect: Connect) -> None:
    with Emulator(opportunities=60, rps=None) as plain, Emulator(opportunities=60, rps=None) as prepared:
        prepared.prepare(search=True)
        for emulator in (plain, prepared):
            emulator.advance(days=3)
        assert found(connect(plain)) == found(connect(prepared))


@pytest.mark.parametrize("prepared", [True, False])
def test_results_from_a_date_follow_changes(prepared: bool, connect: Connect) -> None:  # noqa: FBT001 - a case
    with Emulator(opportunities=60, rps=None) as emulator:
        if prepared:
            emulator.prepare(search=True)
        client = connect(emulator)

        def since(date: Any, key: str) -> list[str]:
            bound = leaf("GreaterThanOrEquals", key, DateValue=date)
            return ids(found(client, Filter=bound, Sort={"SortBy": key, "SortOrder": "ASCENDING"}))

        for key in ("CreatedDate", "LastModifiedDate"):
            records = sorted(emulator.truth(stream=STREAM), key=lambda record: (record[key], record["Id"]))
            assert since(records[20][key], key) == [r["Id"] for r in records if r[key] >= records[20][key]]
        assert since(records[20]["LastModifiedDate"], "LastModifiedDate") != ids(records)
        emulator.change(records[0]["Id"], {"LifeCycle": {"Stage": "Launched"}})
        assert since(records[-1]["LastModifiedDate"], "LastModifiedDate")[-1] == records[0]["Id"]


def test_the_state_of_the_search_is_on_at_first() -> None:
    assert Emulator(opportunities=0).search == SearchState(lag_seconds=0, cap=None, in_sandbox=True)
