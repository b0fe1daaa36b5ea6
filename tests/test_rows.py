"""From a record to a row: known members by the model, unknown ones by the same naming rule, none mixed with another."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import botocore.session
import duckdb
import pytest

from partner_central.model import RecordModel, opportunity_model
from partner_central.rows import Row, RowMaker, identity
from partner_central.values import Unfit
from partner_central_emulator import Emulator
from place import Place

MODIFIED = "2026-05-01T12:00:00Z"
SPEND = "project_expected_customer_spend"


@pytest.fixture(scope="module")
def model() -> RecordModel:
    return opportunity_model(botocore.session.get_session().get_service_model("partnercentral-selling"))


@pytest.fixture
def maker(model: RecordModel) -> RowMaker:
    return RowMaker(model)


def record(**members: Any) -> dict[str, Any]:
    return {"Id": "O1", "LastModifiedDate": MODIFIED, **members}


def rest(row: Row) -> Row:
    """A row without what every row here has."""
    return {name: value for name, value in row.items() if name not in {"id", "last_modified_date"}}


def spend(maker: RowMaker, *entries: object) -> list[Row]:
    """The child rows of these entries, without their key."""
    rows: list[Row] = maker.row(record(Project={"ExpectedCustomerSpend": list(entries)}))[SPEND]
    assert [row.pop("opportunity_id") for row in rows] == ["O1"] * len(rows)
    return rows


def test_known_members_become_typed_columns_without_wrapper_names(maker: RowMaker) -> None:
    assert maker.row(
        record(
            LifeCycle={"Stage": "In review", "TargetCloseDate": "2026-06-30"},
            Customer={"Account": {"CompanyName": "Kiel & Sons", "Address": {"City": "Kiel"}}},
            Project={"ExpectedContractDuration": {"Value": "12", "Term": "Months"}},
        )
    ) == {
        "id": "O1",
        "last_modified_date": datetime(2026, 5, 1, 12, tzinfo=UTC),
        "life_cycle_stage": "In review",
        "life_cycle_target_close_date": date(2026, 6, 30),
        "customer_company_name": "Kiel & Sons",
        "customer_city": "Kiel",
        "project_expected_contract_duration_value": 12,
        "project_expected_contract_duration_term": "Months",
    }


def test_lists_become_child_rows_that_carry_the_opportunity_s_id(maker: RowMaker) -> None:
    project = {
        "DeliveryModels": ["SaaS or PaaS", None, "Other"],
        "ExpectedCustomerSpend": [{"Amount": "1000.", "CurrencyCode": "USD", "Frequency": None}, None, {"Amount": ""}],
    }
    assert rest(maker.row(record(Project=project))) == {
        "project_delivery_models": [
            {"value": "SaaS or PaaS", "opportunity_id": "O1"},
            {"value": "Other", "opportunity_id": "O1"},
        ],
        SPEND: [
            {"amount": Decimal(1000), "currency_code": "USD", "opportunity_id": "O1"},
            {"amount": None, "opportunity_id": "O1"},
        ],
    }


@pytest.mark.parametrize(
    "members",
    [
        {"LifeCycle": None, "Customer": None, "Project": None, "CreatedDate": None, "NewMember": None},
        {"LifeCycle": {}, "Customer": {"Account": None}, "Project": {"ExpectedContractDuration": {}}},
        {"Customer": {"Account": {"Address": None, "CompanyName": None}}, "New": {"Below": {"Deep": None}}},
        {"Project": {"DeliveryModels": None, "ExpectedCustomerSpend": None}},
    ],
)
def test_nulls_and_empty_structures_leave_no_column_at_all(maker: RowMaker, members: dict[str, Any]) -> None:
    assert rest(maker.row(record(**members))) == {}


def test_an_emptied_list_is_an_empty_list_of_child_rows(maker: RowMaker) -> None:
    found = maker.row(record(Project={"DeliveryModels": [], "ExpectedCustomerSpend": [None]}, NewList=[]))
    assert rest(found) == {"project_delivery_models": [], SPEND: [], "new_list": []}


def test_unknown_members_of_any_depth_become_columns_by_the_same_rule(maker: RowMaker) -> None:
    found = maker.row(
        record(
            DealScore=7,
            LifeCycle={"AWSStage": "Qualified"},
            Customer={"Account": {"Address": {"Geo": {"Lat": 54.3, "Exact": True}}, "DunsNumber": "1"}},
        )
    )
    assert rest(found) == {
        "deal_score": 7,
        "life_cycle_aws_stage": "Qualified",
        "customer_geo_lat": 54.3,
        "customer_geo_exact": True,
        "customer_duns_number": "1",
    }


def child(value: object) -> dict[str, object]:
    """A child row with a bare value."""
    return {"value": value, "opportunity_id": "O1"}


def test_unknown_lists_become_child_rows_also_inside_one_another(maker: RowMaker) -> None:
    found = maker.row(record(Team=[{"Name": {"First": "A"}, "Roles": ["x", None]}, None, "bare", ["in", ["deep"]]]))
    assert rest(found) == {
        "team": [
            {"name_first": "A", "roles": [child("x")], "opportunity_id": "O1"},
            child("bare"),
            child([child("in"), child([child("deep")])]),
        ]
    }


def test_an_unknown_member_never_takes_the_name_of_a_known_one_even_when_that_is_absent(maker: RowMaker) -> None:
    beside = {"CompanyName": "unknown", "Account": {"CompanyName": "known"}}
    assert rest(maker.row(record(Customer=beside))) == {
        "customer_company_name": "known",
        "customer_company_name_2": "unknown",
    }
    alone = record(Customer={"CompanyName": "unknown"}, Account={"Id": "another"}, Project={"Delivery": {"Models": 1}})
    assert rest(maker.row(alone)) == {
        "customer_company_name_2": "unknown",
        "id_2": "another",
        "project_delivery_models_2": 1,
    }


def test_two_unknown_members_with_one_name_keep_apart_in_every_record(maker: RowMaker) -> None:
    both = maker.row(record(FooBar=1, Foo={"Bar": 2}))
    assert (both["foo_bar"], both["foo_bar_2"]) == (1, 2)
    assert rest(maker.row(record(Foo={"Bar": 3}))) == {"foo_bar_2": 3}


def test_an_unknown_member_of_an_entry_never_takes_a_known_column_even_when_that_is_absent(maker: RowMaker) -> None:
    assert spend(maker, {"Amount": "5", "Account": {"Amount": "many"}}) == [{"amount": Decimal(5), "amount_2": "many"}]
    assert spend(maker, {"Account": {"Amount": "many"}}) == [{"amount_2": "many"}]


def test_two_unknown_members_of_entries_with_one_name_keep_apart_in_every_entry(maker: RowMaker) -> None:
    assert spend(maker, {"FooBar": 1, "Foo": {"Bar": 2}}, {"Foo": {"Bar": 3}}) == [
        {"foo_bar": 1, "foo_bar_2": 2},
        {"foo_bar_2": 3},
    ]


def test_an_opportunity_id_inside_an_entry_does_not_replace_the_key(maker: RowMaker) -> None:
    assert spend(maker, {"OpportunityId": "foreign"}) == [{"opportunity_id_2": "foreign"}]
    found = maker.row(record(Team=[{"OpportunityId": "foreign"}]))
    assert found["team"] == [{"opportunity_id": "O1", "opportunity_id_2": "foreign"}]


def test_members_named_like_dlt_s_own_columns_do_not_touch_them(maker: RowMaker) -> None:
    found = maker.row(record(_dlt_id="mine", _dlt_load_id="mine", **{"": 1, "日本": 2}))
    assert rest(found) == {"dlt_id": "mine", "dlt_load_id": "mine", "unnamed": 1, "unnamed_2": 2}


@pytest.mark.parametrize(
    ("value", "kept"),
    [(2**63 - 1, 2**63 - 1), (2**63, str(2**63)), (-(2**63) - 1, str(-(2**63) - 1)), (1e308, 1e308), (False, False)],
)
def test_unknown_numbers_no_column_can_hold_become_text(maker: RowMaker, value: object, kept: object) -> None:
    found = maker.row(record(New=value))["new"]
    assert (type(found), found) == (type(kept), kept)


@pytest.mark.parametrize(("value", "kept"), [(float("nan"), "nan"), (float("inf"), "inf"), (float("-inf"), "-inf")])
def test_unknown_numbers_that_are_none_become_text(maker: RowMaker, value: float, kept: str) -> None:
    assert maker.row(record(New=value, Team=[value]))["new"] == kept


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"Id": None}, "Id is missing"),
        ({"Id": ""}, "Id is missing"),
        ({"Id": {"a": 1}}, "Id is no text"),
        ({"LastModifiedDate": None}, "LastModifiedDate is missing"),
        ({"LastModifiedDate": "soon"}, "LastModifiedDate is no timestamp"),
        ({"LifeCycle": "Launched"}, "LifeCycle is no structure"),
        ({"Customer": {"Account": [1]}}, "Customer.Account is no structure"),
        ({"Customer": {"Account": {"Address": 7}}}, "Customer.Account.Address is no structure"),
        ({"LifeCycle": {"Stage": {"Name": "Launched"}}}, "LifeCycle.Stage is no text"),
        ({"LifeCycle": {"Stage": ["Launched"]}}, "LifeCycle.Stage is no text"),
        ({"LifeCycle": {"Stage": True}}, "LifeCycle.Stage is no text"),
        ({"LifeCycle": {"TargetCloseDate": "2026-02-30"}}, "LifeCycle.TargetCloseDate is no date"),
        ({"CreatedDate": "0001-01-01T00:00:00+01:00"}, "CreatedDate is no timestamp"),
        ({"Project": {"ExpectedContractDuration": {"Value": "twelve"}}}, "Duration.Value is no number"),
        ({"Project": {"DeliveryModels": {"a": 1}}}, "Project.DeliveryModels is no list"),
        ({"Project": {"DeliveryModels": "SaaS"}}, "Project.DeliveryModels is no list"),
        ({"Project": {"DeliveryModels": [{"Name": "SaaS"}]}}, "Project.DeliveryModels is no text"),
        ({"Project": {"DeliveryModels": [["SaaS"]]}}, "Project.DeliveryModels is no text"),
        ({"Project": {"ExpectedCustomerSpend": {"Amount": "1"}}}, "Project.ExpectedCustomerSpend is no list"),
        ({"Project": {"ExpectedCustomerSpend": ["1"]}}, "an entry of Project.ExpectedCustomerSpend is no structure"),
        ({"Project": {"ExpectedCustomerSpend": [[]]}}, "an entry of Project.ExpectedCustomerSpend is no structure"),
        ({"Project": {"ExpectedCustomerSpend": [{"Amount": "many"}]}}, "ExpectedCustomerSpend.Amount is no number"),
        ({"Project": {"ExpectedCustomerSpend": [{"Amount": {"Value": "1"}}]}}, "ExpectedCustomerSpend.Amount"),
        ({"New": {"Deep": "\0"}}, "New.Deep holds a NUL"),
        ({"Team": [{"Name": ["\ud800"]}]}, "Team.Name holds half a surrogate"),
    ],
)
def test_a_member_that_does_not_fit_makes_the_record_unfit_and_is_named(
    maker: RowMaker, members: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unfit, match=reason.replace(".", r"\.")):
        maker.row(record(**members))


@pytest.mark.parametrize("value", [None, [], "O1", 1, True])
def test_what_is_no_structure_is_no_record(maker: RowMaker, value: object) -> None:
    with pytest.raises(Unfit, match="the record is no structure"):
        maker.row(value)
    assert identity(value) == (None, None)


def test_a_record_is_left_as_it_was_and_gives_the_same_row_again(maker: RowMaker) -> None:
    sent = record(Team=[{"A": [1]}], Project={"ExpectedCustomerSpend": [{"Amount": "1", "New": {"X": 1}}]})
    before = repr(sent)
    assert maker.row(sent) == maker.row(sent)
    assert repr(sent) == before


def test_identity_says_what_can_be_said_of_an_unfit_record() -> None:
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert identity(record(LifeCycle="broken")) == ("O1", moment)
    assert identity({"Id": ["O7"], "LastModifiedDate": "soon"}) == (None, None)
    assert identity({"Id": "O1"}) == ("O1", None)


def ids_of(place: Place, table: str) -> list[str | None]:
    with duckdb.connect(str(place.database), read_only=True) as connection:
        found = connection.execute(f"SELECT id FROM partner_central.partner_central.{table} ORDER BY id").fetchall()
    return [key for (key,) in found]


def test_records_whose_id_no_database_can_hold_are_rejected_and_stop_no_other(place: Place, emulator: Emulator) -> None:
    records = sorted(emulator.truth(), key=lambda record: record["Id"])
    for record, bad in zip(records, ("O\0x", "O\ud800", "\uf026x"), strict=False):
        emulator.overlay(record["Id"], {"Id": bad})
    summary = place.sync()
    assert (summary.changed, summary.rejected) == (len(records) - 3, 3)
    place.assert_equals(records[3:])
    assert len(ids_of(place, "opportunities_rejected")) == 3


def test_unknown_members_that_look_like_impossible_timestamps_stop_nothing(place: Place, emulator: Emulator) -> None:
    ids = sorted(record["Id"] for record in emulator.truth())
    dates = ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-02-30T00:00:00Z", "2026-05-01T12:00:00Z")
    for key, text in zip(ids, dates, strict=False):
        emulator.overlay(key, {"RenewalDate": text, "Team": [{"JoinedAt": text}]})
    assert place.sync().changed == len(ids)
    assert ids_of(place, "opportunities") == ids


def test_each_kind_of_value_of_an_unknown_member_has_a_column_so_that_none_is_converted(maker: RowMaker) -> None:
    sent = [3, "007", 0.5, True, 2**70, [1], "back"]
    assert [rest(maker.row(record(Score=value))) for value in sent] == [
        {"score": 3},
        {"score_text": "007"},
        {"score_double": 0.5},
        {"score_bool": True},
        {"score_text": str(2**70)},
        {"score": [{"value": 1, "opportunity_id": "O1"}]},
        {"score_text": "back"},
    ]


def test_unknown_members_keep_their_names_in_later_runs(model: RecordModel) -> None:
    first = RowMaker(model)
    both = {"Account": {"Segment": "inner"}, "Segment": "outer"}
    assert rest(first.row(record(Customer=both, Score=1))) == {
        "customer_segment": "inner",
        "customer_segment_2": "outer",
        "score": 1,
    }
    later = RowMaker(model, json.loads(json.dumps(first.claims)))
    assert rest(later.row(record(Customer={"Segment": "outer"}, Score="one"))) == {
        "customer_segment_2": "outer",
        "score_text": "one",
    }
