"""The emulator, driven by a real AWS client."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from clients import Connect, refusal
from partner_central_emulator import ABSENT, Emulator, Fault, TokenKind
from sandbox import TIMEOUT_S

Json = dict[str, Any]

TOKEN_KINDS = get_args(TokenKind)
SORTS = ["LastModifiedDate", "Identifier", "CustomerCompanyName", "CreatedDate", "TargetCloseDate"]
SORT_PATHS = {
    "LastModifiedDate": ("LastModifiedDate",),
    "CreatedDate": ("CreatedDate",),
    "Identifier": ("Id",),
    "CustomerCompanyName": ("Customer", "Account", "CompanyName"),
    "TargetCloseDate": ("LifeCycle", "TargetCloseDate"),
}


@pytest.fixture(scope="module")
def busy() -> Iterator[Emulator]:
    """An emulator that tests only read from."""
    with Emulator(opportunities=300, seed=7, rps=None, skew="skewed") as emulator:
        yield emulator


def pages(client: Any, **request: Any) -> list[Json]:
    found = client.get_paginator("list_opportunities").paginate(Catalog="AWS", **request)
    return [summary for page in found for summary in page["OpportunitySummaries"]]


def ids(records: list[Json]) -> list[str]:
    return [record["Id"] for record in records]


def at(record: Json, path: tuple[str, ...]) -> str:
    value: Any = record
    for name in path:
        value = value[name]
    return str(value)


def raw(emulator: Emulator, path: str = "/", body: str = "", **headers: str) -> tuple[int, Any, bytes]:
    host, port = emulator.endpoint.removeprefix("http://").split(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=TIMEOUT_S)) as connection:
        connection.request("POST" if body else "GET", path, body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


@pytest.mark.long
@pytest.mark.parametrize("kind", TOKEN_KINDS)
@pytest.mark.parametrize("order", ["ASCENDING", "DESCENDING"])
def test_all_pages_together_are_the_truth_in_order(kind: TokenKind, order: str, connect: Connect) -> None:
    with Emulator(opportunities=230, seed=3, rps=None, skew="skewed", token=kind) as emulator:
        client = connect(emulator)
        truth = emulator.truth("AWS")
        for sort in SORTS:
            path = SORT_PATHS[sort]
            found = pages(client, MaxResults=37, Sort={"SortBy": sort, "SortOrder": order})
            key = {record["Id"]: (at(record, path), record["Id"]) for record in truth}
            assert ids(found) == sorted(key, key=key.__getitem__, reverse=order == "DESCENDING")


def test_a_page_has_twenty_records_by_default_latest_change_first(busy: Emulator, connect: Connect) -> None:
    page = connect(busy).list_opportunities(Catalog="AWS")
    expected = sorted(busy.truth(), key=lambda r: (r["LastModifiedDate"], r["Id"]), reverse=True)
    assert ids(page["OpportunitySummaries"]) == ids(expected[:20])
    assert page["NextToken"]


def test_the_last_page_carries_no_token_even_if_it_is_full(connect: Connect) -> None:
    with Emulator(opportunities=40) as emulator:
        client = connect(emulator)
        first = client.list_opportunities(Catalog="AWS")
        last = client.list_opportunities(Catalog="AWS", NextToken=first["NextToken"])
        assert len(last["OpportunitySummaries"]) == 20
        assert "NextToken" not in last


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("offset", ["O2", "O3", "O5", "O6"]),
        ("position", ["O2", "O3", "O4", "O5", "O6"]),
        ("snapshot", ["O2", "O3", "O4", "O5"]),
    ],
)
def test_what_a_change_between_pages_hides_depends_on_the_token(
    kind: TokenKind, expected: list[str], connect: Connect
) -> None:
    sort = {"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"}
    with Emulator(opportunities=0, token=kind) as emulator:
        client = connect(emulator)
        for day in range(1, 6):
            emulator.put({"Id": f"O{day}", "LastModifiedDate": f"2026-01-0{day}T00:00:00Z"})
        first = client.list_opportunities(Catalog="AWS", MaxResults=3, Sort=sort)
        emulator.remove("O1")
        emulator.put({"Id": "O6", "LastModifiedDate": "2026-01-06T00:00:00Z"})
        rest = client.list_opportunities(Catalog="AWS", MaxResults=3, Sort=sort, NextToken=first["NextToken"])
        seen = ids(first["OpportunitySummaries"]) + ids(rest["OpportunitySummaries"])
        assert seen == ["O1", *expected]


def test_a_snapshot_shows_records_as_they_were_at_its_first_page(connect: Connect) -> None:
    with Emulator(opportunities=0, token="snapshot") as emulator:
        client = connect(emulator)
        for number in (1, 2):
            emulator.put({"Id": f"O{number}", "LifeCycle": {"Stage": "Prospect"}})
        first = client.list_opportunities(Catalog="AWS", MaxResults=1)
        emulator.change("O1", {"LifeCycle": {"Stage": "Launched"}})
        second = client.list_opportunities(Catalog="AWS", MaxResults=1, NextToken=first["NextToken"])
        stages = {r["Id"]: r["LifeCycle"]["Stage"] for p in (first, second) for r in p["OpportunitySummaries"]}
        assert stages == {"O1": "Prospect", "O2": "Prospect"}


@pytest.mark.parametrize("kind", TOKEN_KINDS)
def test_a_token_is_bound_to_its_request(kind: TokenKind, connect: Connect) -> None:
    with Emulator(opportunities=50, token=kind) as emulator:
        client = connect(emulator)
        token = client.list_opportunities(Catalog="AWS")["NextToken"]
        for request in ({"MaxResults": 5}, {"LifeCycleStage": ["Launched"]}, {"Catalog": "Sandbox"}):
            response = refusal(client.list_opportunities, **{"Catalog": "AWS", "NextToken": token, **request})
            assert response["ErrorList"][0]["FieldName"] == "NextToken"
        for garbage in ("garbage", token[:-4], "A" + token[1:], "ü"):
            response = refusal(client.list_opportunities, Catalog="AWS", NextToken=garbage)
            assert response["Error"]["Code"] == "ValidationException"


def test_each_choice_filters(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    truth = busy.truth()
    company = truth[0]["Customer"]["Account"]["CompanyName"]
    cases: list[tuple[Json, Callable[[Json], bool]]] = [
        ({"Identifier": [truth[1]["Id"], truth[2]["Id"], "O1"]}, lambda r: r["Id"] in ids(truth[1:3])),
        ({"CustomerCompanyName": [company]}, lambda r: r["Customer"]["Account"]["CompanyName"] == company),
        (
            {"LifeCycleStage": ["Launched", "Closed Lost"]},
            lambda r: r["LifeCycle"]["Stage"] in ("Launched", "Closed Lost"),
        ),
        ({"LifeCycleReviewStatus": ["In review"]}, lambda r: r["LifeCycle"]["ReviewStatus"] == "In review"),
        (
            {"LifeCycleStage": ["Qualified"], "CreatedDate": {"AfterCreatedDate": "2025-10-01T00:00:00Z"}},
            lambda r: r["LifeCycle"]["Stage"] == "Qualified" and r["CreatedDate"] >= "2025-10-01",
        ),
        ({"LifeCycleStage": []}, lambda _: True),
    ]
    for request, expected in cases:
        wanted = {r["Id"] for r in truth if expected(r)}
        assert wanted
        assert set(ids(pages(client, **request))) == wanted


@pytest.mark.parametrize("field", ["LastModifiedDate", "CreatedDate", "TargetCloseDate"])
@pytest.mark.parametrize("sort", ["LastModifiedDate", "CreatedDate", "TargetCloseDate"])
def test_a_range_includes_its_start_and_excludes_its_end(
    field: str, sort: str, busy: Emulator, connect: Connect
) -> None:
    values = sorted(at(record, SORT_PATHS[field]) for record in busy.truth())
    after, before = values[60], values[200]
    found = pages(
        connect(busy),
        **{field: {f"After{field}": after, f"Before{field}": before}},
        Sort={"SortBy": sort, "SortOrder": "ASCENDING"},
    )
    wanted = {r["Id"] for r in busy.truth() if after <= at(r, SORT_PATHS[field]) < before}
    assert set(ids(found)) == wanted
    assert after < before


def test_a_filtered_list_stays_right_while_records_change(connect: Connect) -> None:
    request = {
        "LifeCycleStage": ["Prospect", "Qualified"],
        "CreatedDate": {"AfterCreatedDate": "2025-06-01T00:00:00Z"},
        "Sort": {"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"},
    }
    with Emulator(opportunities=200, seed=4, rps=None) as emulator:
        client = connect(emulator)

        def found_is_right() -> bool:
            wanted = [
                (r["LastModifiedDate"], r["Id"])
                for r in emulator.truth()
                if r["LifeCycle"]["Stage"] in request["LifeCycleStage"] and r["CreatedDate"] >= "2025-06-01"
            ]
            return ids(pages(client, **request)) == [identifier for _, identifier in sorted(wanted)]

        assert found_is_right()
        emulator.advance(days=30)
        assert found_is_right()
        first, second, third = ids(pages(client, **request))[:3]
        emulator.remove(first)
        emulator.change(second, {"LifeCycle": {"Stage": "Launched"}})
        emulator.put({"Id": third, "CreatedDate": "2025-07-01T00:00:00Z", "LifeCycle": {"Stage": "Qualified"}})
        emulator.overlay(third, {"PartnerOpportunityIdentifier": "CRM-1"})
        assert found_is_right()
        emulator.clear()
        assert pages(client, **request) == []


def test_a_prepared_emulator_shows_the_same_also_after_changes(connect: Connect) -> None:
    with Emulator(opportunities=120) as plain, Emulator(opportunities=120).prepare() as prepared:
        for emulator in (plain, prepared):
            emulator.advance(days=10)
        assert pages(connect(prepared)) == pages(connect(plain))
        assert prepared.truth() == plain.truth()


def test_a_null_matches_no_range_and_sorts_lowest(connect: Connect) -> None:
    with Emulator(opportunities=0) as emulator:
        emulator.put({"Id": "O1", "LastModifiedDate": None})
        emulator.put({"Id": "O2", "LastModifiedDate": "2026-01-01T00:00:00Z"})
        client = connect(emulator)
        assert ids(pages(client)) == ["O2", "O1"]
        assert ids(pages(client, LastModifiedDate={"BeforeLastModifiedDate": "2027-01-01T00:00:00Z"})) == ["O2"]
        assert pages(client, TargetCloseDate={"BeforeTargetCloseDate": "2027-01-01"}) == []


@pytest.mark.parametrize(
    ("request_", "field", "code"),
    [
        ({}, "Catalog", "REQUIRED_FIELD_MISSING"),
        ({"Catalog": "Moon"}, "Catalog", "INVALID_ENUM_VALUE"),
        ({"Catalog": "A W S"}, "Catalog", "INVALID_STRING_FORMAT"),
        ({"Catalog": "AWS", "MaxResults": 0}, "MaxResults", "VALUE_OUT_OF_RANGE"),
        ({"Catalog": "AWS", "MaxResults": 101}, "MaxResults", "VALUE_OUT_OF_RANGE"),
        ({"Catalog": "AWS", "Sort": {"SortBy": "CreatedDate"}}, "Sort.SortOrder", "REQUIRED_FIELD_MISSING"),
        (
            {"Catalog": "AWS", "Sort": {"SortBy": "Id", "SortOrder": "ASCENDING"}},
            "Sort.SortBy",
            "INVALID_ENUM_VALUE",
        ),
        ({"Catalog": "AWS", "Identifier": ["O1"] * 21}, "Identifier", "TOO_MANY_VALUES"),
        ({"Catalog": "AWS", "Identifier": ["O1", "P1"]}, "Identifier[1]", "INVALID_STRING_FORMAT"),
        ({"Catalog": "AWS", "LifeCycleStage": ["In Review"]}, "LifeCycleStage[0]", "INVALID_ENUM_VALUE"),
        (
            {"Catalog": "AWS", "TargetCloseDate": {"AfterTargetCloseDate": "1.2.2026"}},
            "TargetCloseDate.AfterTargetCloseDate",
            "INVALID_STRING_FORMAT",
        ),
    ],
)
def test_a_bad_request_is_told_field_and_code(
    request_: Json, field: str, code: str, busy: Emulator, connect: Connect
) -> None:
    response = refusal(connect(busy).list_opportunities, **request_)
    assert response["Error"]["Code"] == "ValidationException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["Reason"] == "REQUEST_VALIDATION_FAILED"
    assert [(error["FieldName"], error["Code"]) for error in response["ErrorList"]] == [(field, code)]


SIGNED = {
    "X-Amz-Target": "AWSPartnerCentralSelling.ListOpportunities",
    "X-Amz-Date": "20260601T090000Z",
    "Authorization": "AWS4-HMAC-SHA256 "
    "Credential=AKID/20260601/us-east-1/partnercentral-selling/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0123abcd",
}


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        ('{"Catalog": "AWS", "Pages": 1}', "ValidationException"),
        ('{"Catalog": 1}', "ValidationException"),
        ('{"Catalog": "AWS", "MaxResults": true}', "ValidationException"),
        ('{"Catalog": "AWS", "LastModifiedDate": {"AfterLastModifiedDate": "soon"}}', "ValidationException"),
        ("{", "SerializationException"),
        ("[]", "SerializationException"),
    ],
)
def test_what_no_client_library_sends_is_refused_too(body: str, type_: str, busy: Emulator) -> None:
    status, headers, content = raw(busy, body=body, **SIGNED)
    assert (status, headers["x-amzn-ErrorType"]) == (400, type_)
    assert json.loads(content)["__type"].endswith(f"#{type_}")


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("Authorization", "", 403, "MissingAuthenticationTokenException"),
        ("Authorization", "Bearer abc", 403, "IncompleteSignatureException"),
        (
            "Authorization",
            SIGNED["Authorization"].partition(", Signature")[0],
            403,
            "IncompleteSignatureException",
        ),
        ("X-Amz-Date", "", 403, "IncompleteSignatureException"),
        ("X-Amz-Date", "20260602T090000Z", 403, "InvalidSignatureException"),
        (
            "Authorization",
            SIGNED["Authorization"].replace("us-east-1", "eu-west-1"),
            403,
            "InvalidSignatureException",
        ),
        ("Authorization", SIGNED["Authorization"].replace("-selling", ""), 403, "InvalidSignatureException"),
        ("X-Amz-Target", "AWSPartnerCentralSelling.Nonsense", 400, "UnknownOperationException"),
        ("X-Amz-Target", "Other.ListOpportunities", 400, "UnknownOperationException"),
    ],
)
def test_a_request_without_proper_headers_is_refused(
    header: str, value: str, status: int, code: str, busy: Emulator
) -> None:
    found, headers, _ = raw(busy, body='{"Catalog": "AWS"}', **{**SIGNED, header: value})
    assert (found, headers["x-amzn-ErrorType"]) == (status, code)
    assert busy.calls[-1].outcome == code


def test_with_a_secret_only_its_signatures_are_accepted(connect: Connect) -> None:
    with Emulator(opportunities=5, secret_access_key="secret") as emulator:
        assert connect(emulator).list_opportunities(Catalog="AWS")["OpportunitySummaries"]
        wrong = connect(emulator, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="guess")
        response = refusal(wrong.list_opportunities, Catalog="AWS")
        assert response["Error"]["Code"] == "InvalidSignatureException"


def test_an_operation_it_does_not_offer_is_an_error_that_says_so(busy: Emulator, connect: Connect) -> None:
    response = refusal(connect(busy).list_resource_snapshot_jobs, Catalog="AWS")
    assert response["Error"]["Code"] == "UnknownOperationException"
    assert "GetOpportunity" in response["Error"]["Message"]


@pytest.mark.long
def test_calls_beyond_the_quota_are_throttled_until_it_refills(connect: Connect) -> None:
    with Emulator(opportunities=1, rps=0.5, burst=4) as emulator:  # the last of 24 would have its turn after 40 s
        client = connect(emulator)
        threads = [threading.Thread(target=lambda: _try(client.list_opportunities)) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outcomes = [call.outcome for call in emulator.calls]
        assert 4 <= outcomes.count("ok") < 24
        assert outcomes.count("ThrottlingException") == 24 - outcomes.count("ok")
        deadline = time.monotonic() + TIMEOUT_S
        while emulator.calls[-1].outcome != "ok":
            assert time.monotonic() < deadline
            time.sleep(0.1)
            _try(client.list_opportunities)


def _try(call: Callable[..., Any]) -> None:
    with suppress(ClientError):
        call(Catalog="AWS")


def test_absent_members_lists_and_structures_arrive_as_null() -> None:
    with Emulator(opportunities=0) as emulator:
        emulator.put({"Id": "O1", "LifeCycle": {"Stage": "Prospect"}, "Project": {"Unknown": 1}})
        _, headers, content = raw(emulator, body='{"Catalog": "AWS"}', **SIGNED)
        page = json.loads(content)
        (record,) = page["OpportunitySummaries"]
        assert page["NextToken"] is None
        assert record["Customer"] is None
        assert record["Project"] == {
            "DeliveryModels": None,
            "ExpectedContractDuration": None,
            "ExpectedCustomerSpend": None,
        }
        assert record["LifeCycle"]["TargetCloseDate"] is None
        assert record["LastModifiedDate"] == record["CreatedDate"]
        assert record["CreatedDate"].startswith("2026-06-01T09:"), "the emulated clock runs on from nine"
        assert headers["Content-Type"] == "application/x-amz-json-1.0"
        assert headers["x-amzn-RequestId"]
        assert [record] == emulator.truth()


def test_the_date_header_shows_the_emulated_clock() -> None:
    with Emulator(opportunities=0, now=datetime(2030, 1, 1, tzinfo=UTC)) as emulator:
        emulator.advance(days=2)
        _, headers, _ = raw(emulator, body='{"Catalog": "AWS"}', **SIGNED)
        shown = parsedate_to_datetime(headers["Date"])
        assert timedelta() <= shown - datetime(2030, 1, 3, tzinfo=UTC) < timedelta(hours=1)
        assert abs(emulator.now() - shown) < timedelta(hours=1)


@pytest.mark.parametrize(("milliseconds", "length"), [(False, 20), (True, 24)])
def test_timestamps_have_whole_seconds_or_milliseconds(*, milliseconds: bool, length: int) -> None:
    emulator = Emulator(opportunities=20, milliseconds=milliseconds)
    emulator.advance(days=2)
    emulator.change(emulator.put({}), {"OpportunityType": "Expansion"})
    assert {len(record["LastModifiedDate"]) for record in emulator.truth()} == {length}


def test_get_opportunity_shows_what_the_list_shows_and_more(busy: Emulator, connect: Connect) -> None:
    client = connect(busy)
    listed = pages(client)[0]
    full = client.get_opportunity(Catalog="AWS", Identifier=listed["Id"])
    assert listed["LifeCycle"].items() <= full["LifeCycle"].items()
    assert (
        listed["Customer"]["Account"].items()
        <= {
            **full["Customer"]["Account"],
            "Address": listed["Customer"]["Account"]["Address"],
        }.items()
    )
    assert full["Project"]["Title"]
    assert full["OpportunityTeam"][0]["Email"].endswith("@partner.example")
    response = refusal(client.get_opportunity, Catalog="AWS", Identifier="O1")
    assert response["Error"]["Code"] == "ResourceNotFoundException"


def test_what_it_invents_is_valid_by_the_service_model() -> None:
    from partner_central_emulator.service_model import field_errors, service_model

    shape = service_model().shape_for("OpportunitySummary")
    emulator = Emulator(opportunities=400, milliseconds=True)
    emulator.advance(days=30)
    for record in emulator.truth():
        assert list(field_errors(shape, record)) == []
        assert record["CreatedDate"] <= record["LastModifiedDate"] <= emulator.now().isoformat()
        lost = record["LifeCycle"]["Stage"] == "Closed Lost"
        assert lost == (record["LifeCycle"]["ClosedLostReason"] is not None)


def test_the_same_seed_and_calls_give_the_same_data() -> None:
    def lived(seed: int) -> list[Json]:
        emulator = Emulator(opportunities=120, seed=seed)
        emulator.advance(days=5)
        emulator.truth()
        emulator.advance(days=2.5)
        return emulator.truth("AWS") + emulator.truth("Sandbox")

    assert lived(4) == lived(4)
    assert lived(4) != lived(5)


def test_the_catalogs_have_separate_data(connect: Connect) -> None:
    with Emulator(opportunities=3, sandbox_opportunities=2) as emulator:
        listed = connect(emulator).list_opportunities(Catalog="Sandbox")["OpportunitySummaries"]
        assert [record["Catalog"] for record in listed] == ["Sandbox", "Sandbox"]
        emulator.clear("Sandbox")
        assert (len(emulator.truth("Sandbox")), len(emulator.truth("AWS"))) == (0, 3)


def test_days_change_records_and_date_the_changes_within_those_days() -> None:
    emulator = Emulator(opportunities=500)
    before = {record["Id"]: record for record in emulator.truth()}
    start = emulator.now()
    assert emulator.advance(days=40) > 300
    after = {record["Id"]: record for record in emulator.truth()}
    changed = [identifier for identifier in before if after[identifier] != before[identifier]]
    for identifier in [*changed, *(after.keys() - before.keys())]:
        touched = datetime.fromisoformat(after[identifier]["LastModifiedDate"])
        assert start < touched <= emulator.now()
    pairs = [(before[i], after[i]) for i in changed]
    assert after.keys() > before.keys()
    assert any(a["LifeCycle"]["Stage"] == "Launched" != b["LifeCycle"]["Stage"] for b, a in pairs)
    assert any(a["LifeCycle"]["Stage"] == "Closed Lost" != b["LifeCycle"]["Stage"] for b, a in pairs)
    assert any(a["LifeCycle"]["ReviewStatus"] != b["LifeCycle"]["ReviewStatus"] for b, a in pairs)
    assert any(a["LifeCycle"]["TargetCloseDate"] > b["LifeCycle"]["TargetCloseDate"] for b, a in pairs)
    assert any(b["Project"]["ExpectedCustomerSpend"] and not a["Project"]["ExpectedCustomerSpend"] for b, a in pairs)


@pytest.mark.parametrize(("skew", "width"), [("hour", timedelta(hours=1)), ("instant", timedelta())])
def test_an_import_lies_within_an_hour_or_a_second(skew: Any, width: timedelta) -> None:
    created = [datetime.fromisoformat(r["CreatedDate"]) for r in Emulator(opportunities=200, skew=skew).truth()]
    assert max(created) - min(created) <= width


def test_skewed_data_has_two_crowded_hours_and_a_crowded_instant() -> None:
    created = [r["CreatedDate"] for r in Emulator(opportunities=2_000, skew="skewed").truth()]
    days = {day: sum(c.startswith(day) for c in created) for day in {c[:10] for c in created}}
    assert 0.35 < max(days.values()) / 2_000 < 0.46
    assert 0.03 < max(created.count(c) for c in set(created)) / 2_000 < 0.07


def test_a_third_lies_within_a_minute_and_the_rest_leans_to_the_recent_end() -> None:
    created = sorted(
        datetime.fromisoformat(r["CreatedDate"]) for r in Emulator(opportunities=3_000, skew="minute").truth()
    )
    within = [
        sum(one <= other < one + timedelta(minutes=1) for other in created[at:]) for at, one in enumerate(created)
    ]
    assert 0.3 < max(within) / 3_000 < 0.37
    middle = created[0] + (created[-1] - created[0]) / 2
    crowded = created[within.index(max(within))]
    others = [one for one in created if not crowded <= one < crowded + timedelta(minutes=1)]
    assert sum(one > middle for one in others) > 0.65 * len(others)


def test_put_change_and_remove_show_in_lists(connect: Connect) -> None:
    with Emulator(opportunities=2) as emulator:
        client = connect(emulator)
        identifier = emulator.put(
            {"Customer": {"Account": {"CompanyName": "Zebra"}}, "LifeCycle": {"Stage": "Prospect"}}
        )
        by_name = {"SortBy": "CustomerCompanyName", "SortOrder": "DESCENDING"}
        assert ids(pages(client, Sort=by_name))[0] == identifier
        emulator.change(identifier, {"Customer": {"Account": {"CompanyName": "Aa"}}}, at="2026-02-03T04:05:06Z")
        assert ids(pages(client, Sort=by_name))[-1] == identifier
        (found,) = pages(client, Identifier=[identifier])
        assert found["LastModifiedDate"] == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
        assert found["LifeCycle"] == {"Stage": "Prospect"}
        emulator.remove(identifier)
        assert identifier not in ids(pages(client))
        with pytest.raises(KeyError, match=identifier):
            emulator.change(identifier, {})


def test_an_overlay_shows_anything_and_leaves_the_date_alone() -> None:
    with Emulator(opportunities=1) as emulator:
        (before,) = emulator.truth()
        emulator.overlay(before["Id"], {"New": {"A": 1}, "LifeCycle": {"Stage": 5, "NextSteps": ABSENT}})
        emulator.overlay(before["Id"], {"New": {"B": 2}})
        _, _, content = raw(emulator, body='{"Catalog": "AWS"}', **SIGNED)
        (record,) = json.loads(content)["OpportunitySummaries"]
        assert record["New"] == {"A": 1, "B": 2}
        assert record["LifeCycle"]["Stage"] == 5
        assert "NextSteps" not in record["LifeCycle"]
        assert record["LastModifiedDate"] == before["LastModifiedDate"]
        assert [record] == emulator.truth()


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("throttle", "ThrottlingException", 400),
        ("server_error", "InternalServerException", 500),
        ("unavailable", "503", 503),
        ("access_denied", "AccessDeniedException", 400),
        ("not_a_partner", "AccessDeniedException", 400),
        ("validation", "ValidationException", 400),
        ("expired_credentials", "ExpiredTokenException", 403),
        ("unrecognized_client", "UnrecognizedClientException", 403),
        ("wrong_clock", "InvalidSignatureException", 403),
    ],
)
def test_a_fault_that_is_an_error(kind: Any, code: str, status: int, busy: Emulator, connect: Connect) -> None:
    busy.faults.append(Fault(kind))
    client = connect(busy)
    response = refusal(client.list_opportunities, Catalog="AWS")
    assert response["Error"]["Code"] == code
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert ("INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE" in response["Error"]["Message"]) == (kind == "not_a_partner")
    assert client.list_opportunities(Catalog="AWS")["OpportunitySummaries"]


def test_a_dropped_connection_is_a_closed_one_to_the_client(busy: Emulator, connect: Connect) -> None:
    busy.faults.append(Fault("drop"))
    with pytest.raises(ConnectionClosedError):
        connect(busy).list_opportunities(Catalog="AWS")


@pytest.mark.parametrize("kind", ["truncate", "short_json"])
def test_half_an_answer_is_to_botocore_one_without_members(kind: Any, busy: Emulator, connect: Connect) -> None:
    busy.faults.append(Fault(kind))
    page = connect(busy).list_opportunities(Catalog="AWS")
    assert "OpportunitySummaries" not in page
    assert busy.calls[-1].outcome == kind


def test_a_hanging_call_outlasts_the_client_and_ends_with_the_emulator(connect: Connect) -> None:
    with Emulator(opportunities=1) as emulator:
        emulator.faults.append(Fault("hang", seconds=600))
        with pytest.raises(ReadTimeoutError):
            connect(emulator, read_timeout=0.2).list_opportunities(Catalog="AWS")


def test_token_faults_wait_for_a_call_that_carries_one(connect: Connect) -> None:
    with Emulator(opportunities=50, rps=None) as emulator:
        client = connect(emulator)
        emulator.faults += [Fault("repeat_token"), Fault("expired_token")]
        token = client.list_opportunities(Catalog="AWS")["NextToken"]
        assert client.list_opportunities(Catalog="AWS", NextToken=token)["NextToken"] == token
        response = refusal(client.list_opportunities, Catalog="AWS", NextToken=token)
        assert response["ErrorList"][0]["FieldName"] == "NextToken"
        assert emulator.faults == []
        assert [call.outcome for call in emulator.calls] == ["ok", "repeat_token", "ValidationException"]


def test_a_fault_waits_and_repeats_as_told(connect: Connect) -> None:
    with Emulator(opportunities=1, rps=None) as emulator:
        client = connect(emulator)
        emulator.faults.append(Fault("throttle", calls=2, after=1))
        for _ in range(4):
            _try(client.list_opportunities)
        outcomes = [call.outcome for call in emulator.calls]
        assert outcomes == ["ok", "ThrottlingException", "ThrottlingException", "ok"]


def test_a_listener_sees_each_call_first_and_may_change_data_or_spoil_it(connect: Connect) -> None:
    seen: list[tuple[int, Json]] = []
    with Emulator(opportunities=0) as emulator:

        def listen(number: int, request: Json) -> Fault | None:
            seen.append((number, request))
            emulator.put({"Id": f"O{number}"})
            return Fault("access_denied") if number == 2 else None

        emulator.on_call = listen
        client = connect(emulator)
        assert ids(client.list_opportunities(Catalog="AWS")["OpportunitySummaries"]) == ["O1"]
        assert refusal(client.list_opportunities, Catalog="AWS")["Error"]["Code"] == "AccessDeniedException"
        assert seen == [(1, {"Catalog": "AWS"}), (2, {"Catalog": "AWS"})]


def test_a_fault_rate_spoils_a_share_of_calls() -> None:
    with Emulator(opportunities=1, rps=None, fault_rate=1) as emulator:
        for _ in range(12):
            try:
                raw(emulator, body='{"Catalog": "AWS"}', **SIGNED)
            except (http.client.HTTPException, ConnectionError):
                continue
        outcomes = {call.outcome for call in emulator.calls}
        assert "ok" not in outcomes
        assert len(outcomes) >= 2


def test_live_changes_happen_by_themselves() -> None:
    with Emulator(opportunities=30, change_rate=3_000) as emulator:
        deadline = time.monotonic() + TIMEOUT_S
        while not any(r["LastModifiedDate"] >= "2026-06-01T09" for r in emulator.truth()):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_latency_delays_each_answer(connect: Connect) -> None:
    with Emulator(opportunities=1, latency_ms=120) as emulator:
        client = connect(emulator)
        began = time.monotonic()
        client.list_opportunities(Catalog="AWS")
        assert time.monotonic() - began >= 0.12


def test_control_advances_injects_and_tells_without_a_signature(connect: Connect) -> None:
    with Emulator(opportunities=10) as emulator:
        assert json.loads(raw(emulator, "/_control/")[2])["opportunities"] == {"AWS": 10, "Sandbox": 20}
        status, _, content = raw(emulator, "/_control/advance", '{"days": 3}')
        assert (status, json.loads(content)["events"] > 0) == (200, True)
        assert emulator.now().date() == date(2026, 6, 4)
        assert json.loads(raw(emulator, "/_control/truth?catalog=Sandbox")[2]) == emulator.truth("Sandbox")
        raw(emulator, "/_control/fault", '{"kind": "throttle", "calls": 2}')
        refusal(connect(emulator).list_opportunities, Catalog="AWS")
        assert json.loads(raw(emulator, "/_control/calls")[2]) == {"ThrottlingException": 1}
        assert raw(emulator, "/_control/fault", '{"kind": "flood"}')[0] == 400
        assert raw(emulator, "/_control/nothing")[0] == 404
        assert raw(emulator, "/_control/advance", '{"days": 1}', Origin="http://evil.example")[0] == 403


def test_stopping_ends_idle_connections_and_every_thread(connect: Connect) -> None:
    before = set(threading.enumerate())
    emulator = Emulator(opportunities=1, change_rate=60).start()
    connect(emulator).list_opportunities(Catalog="AWS")
    assert len(set(threading.enumerate()) - before) >= 3
    emulator.stop()
    assert set(threading.enumerate()) <= before
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.endpoint


def test_a_stopped_emulator_starts_again_with_its_data(connect: Connect) -> None:
    emulator = Emulator(opportunities=1)
    with emulator:
        first = pages(connect(emulator))
    with emulator:
        assert pages(connect(emulator)) == first


def test_serving_in_the_foreground_ends_with_sigterm() -> None:
    program = (
        "from partner_central_emulator import serve\n"
        "serve(lambda emulator: print(emulator.endpoint, flush=True), opportunities=2)\n"
        "print('ended')"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=TIMEOUT_S) == ("ended\n", "")
        assert process.returncode == 0
