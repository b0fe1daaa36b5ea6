"""From a record to a row: known members by the model, unknown ones by the same naming rule, none mixed with another."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opportunity import MEMBERS, MODEL, row_maker
from partner_central.tables.new_members import AssignedNames
from partner_central.tables.rows import HISTORY_COLUMNS, Row, RowMaker
from partner_central.tables.stored_columns import StoredColumns
from partner_central.tables.table import Column, RecordModel
from partner_central.tables.types import OF_JSON
from partner_central.tables.values import InvalidValue, fraction, structure, whole_number

MODIFIED = "2026-05-01T12:00:00Z"
SPEND = "project_expected_customer_spend"


@pytest.fixture(scope="module")
def model() -> RecordModel:
    return MODEL


@pytest.fixture
def maker(model: RecordModel) -> RowMaker:
    return row_maker(model)


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
        ({"Id": {"a": 1}}, "Id is not text"),
        ({"LastModifiedDate": None}, "LastModifiedDate is missing"),
        ({"LastModifiedDate": "soon"}, "LastModifiedDate is not a timestamp"),
        ({"LifeCycle": "Launched"}, "LifeCycle is not a structure"),
        ({"Customer": {"Account": [1]}}, "Customer.Account is not a structure"),
        ({"Customer": {"Account": {"Address": 7}}}, "Customer.Account.Address is not a structure"),
        ({"LifeCycle": {"Stage": {"Name": "Launched"}}}, "LifeCycle.Stage is not text"),
        ({"LifeCycle": {"Stage": ["Launched"]}}, "LifeCycle.Stage is not text"),
        ({"LifeCycle": {"Stage": True}}, "LifeCycle.Stage is not text"),
        ({"LifeCycle": {"TargetCloseDate": "2026-02-30"}}, "LifeCycle.TargetCloseDate is not a date"),
        ({"CreatedDate": "0001-01-01T00:00:00+01:00"}, "CreatedDate is not a timestamp"),
        ({"Project": {"ExpectedContractDuration": {"Value": "twelve"}}}, "Duration.Value is not a number"),
        ({"Project": {"DeliveryModels": {"a": 1}}}, "Project.DeliveryModels is not a list"),
        ({"Project": {"DeliveryModels": "SaaS"}}, "Project.DeliveryModels is not a list"),
        ({"Project": {"DeliveryModels": [{"Name": "SaaS"}]}}, "Project.DeliveryModels is not text"),
        ({"Project": {"DeliveryModels": [["SaaS"]]}}, "Project.DeliveryModels is not text"),
        ({"Project": {"ExpectedCustomerSpend": {"Amount": "1"}}}, "Project.ExpectedCustomerSpend is not a list"),
        ({"Project": {"ExpectedCustomerSpend": ["1"]}}, "an entry of Project.ExpectedCustomerSpend is not a structure"),
        ({"Project": {"ExpectedCustomerSpend": [[]]}}, "an entry of Project.ExpectedCustomerSpend is not a structure"),
        ({"Project": {"ExpectedCustomerSpend": [{"Amount": "many"}]}}, "ExpectedCustomerSpend.Amount is not a number"),
        ({"Project": {"ExpectedCustomerSpend": [{"Amount": {"Value": "1"}}]}}, "ExpectedCustomerSpend.Amount"),
        ({"New": {"Deep": "\0"}}, "New.Deep holds a NUL"),
        ({"Team": [{"Name": ["\ud800"]}]}, "Team.Name holds half a surrogate"),
    ],
)
def test_a_member_that_does_not_fit_makes_the_record_unfit_and_is_named(
    maker: RowMaker, members: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidValue, match=reason.replace(".", r"\.")):
        maker.row(record(**members))


@pytest.mark.parametrize("value", [None, [], "O1", 1, True])
def test_what_is_no_structure_is_no_record(maker: RowMaker, value: object) -> None:
    with pytest.raises(InvalidValue, match="the record is not a structure"):
        maker.row(value)
    assert MEMBERS.key_and_modified(value) == (None, None)


def test_a_record_is_left_as_it_was_and_gives_the_same_row_again(maker: RowMaker) -> None:
    sent = record(Team=[{"A": [1]}], Project={"ExpectedCustomerSpend": [{"Amount": "1", "New": {"X": 1}}]})
    before = repr(sent)
    assert maker.row(sent) == maker.row(sent)
    assert repr(sent) == before


def test_identity_says_what_can_be_said_of_an_unfit_record() -> None:
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert MEMBERS.key_and_modified(record(LifeCycle="broken")) == ("O1", moment)
    assert MEMBERS.key_and_modified({"Id": ["O7"], "LastModifiedDate": "soon"}) == (None, None)
    assert MEMBERS.key_and_modified({"Id": "O1"}) == ("O1", None)


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
    first = row_maker(model)
    both = {"Account": {"Segment": "inner"}, "Segment": "outer"}
    assert rest(first.row(record(Customer=both, Score=1))) == {
        "customer_segment": "inner",
        "customer_segment_2": "outer",
        "score": 1,
    }
    later = row_maker(model, json.loads(json.dumps(first.assigned_names)))
    assert rest(later.row(record(Customer={"Segment": "outer"}, Score="one"))) == {
        "customer_segment_2": "outer",
        "score_text": "one",
    }


ODD_NAMES = (
    *("Score", "score", "SCORE", "Sco_Re", "score_2", "Score.Text", "Score", "_", "__", "", ".", "a.b", "日本", "Ünï"),
    *("2fa", "_2fa", "a b", "a-b", "Account", "account", "Read_Order", "OrderIsKnown", "ContentHash", "FirstSeenAt"),
    *("LastListedSweep", "GoneSince", "_dlt_id", "_dlt_root_id", "_dltLoadId", "OpportunityId", "Value", "id", "arn"),
    *("customer_company_name", "LifeCycleStage", "Project_DeliveryModels", "x" * 300, "x" * 299 + "y", "score_text"),
    *("score text", "score bigint", "\\", "a\\", "\\.b", "score_v_text", "score__v_text"),
)
LEAVES = some.one_of(
    some.booleans(), some.integers(-(2**70), 2**70), some.floats(), some.sampled_from(["", "x", "2026-01-01", "7"])
)
VALUES = some.recursive(
    LEAVES,
    lambda inner: some.one_of(
        some.lists(inner, max_size=3), some.dictionaries(some.sampled_from(ODD_NAMES), inner, max_size=4)
    ),
    max_leaves=8,
)
RECORDS = some.dictionaries(some.sampled_from(ODD_NAMES), VALUES, max_size=8)


def leaves(value: object) -> list[str]:
    """Every value in a record that is not a structure and no list, as text."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [str(value)]


def of_row(row: Row, *, inner: bool = False) -> list[str]:
    """Every value of a row and its child rows, but for their keys."""
    found = []
    for name, value in row.items():
        if isinstance(value, list):
            found += [leaf for entry in value for leaf in of_row(entry, inner=True)]
        elif value != "acme" and not (inner and name == "opportunity_id"):
            found.append(str(value))
    return found


def kinds_of(row: Row, table: str = "opportunities") -> dict[str, dict[str, set[str]]]:
    """The kinds of value in each column of each table of a row."""
    found: dict[str, dict[str, set[str]]] = {table: {}}
    for name, value in row.items():
        if isinstance(value, list):
            for entry in value:
                for inner, columns in kinds_of(entry, f"{table}__{name}").items():
                    for column, kinds in columns.items():
                        found.setdefault(inner, {}).setdefault(column, set()).update(kinds)
        else:
            found[table].setdefault(name, set()).add(OF_JSON.get(type(value), "other"))
    return found


@settings(max_examples=300)
@given(members=RECORDS, account=some.sampled_from([None, "acme"]))
def test_no_value_of_a_member_is_dropped_or_replaced_whatever_its_name(members: Row, account: str | None) -> None:
    sent = members | record()
    row = row_maker(MODEL, account=account).row(sent)
    assert sorted(of_row(row)) == sorted([*leaves(members), "O1", str(row["last_modified_date"])])
    assert not {name for name in row if name.startswith("_dlt")} | (row.keys() & HISTORY_COLUMNS)
    assert account is None or row["account"] == account


class Tables:
    """A destination that keeps the type of each column it was given first, and refuses another one."""

    def __init__(self) -> None:
        self.types: dict[str, dict[str, str]] = {"opportunities": {}, "opportunity_history": {}}

    def ask(self, tables: Collection[str]) -> dict[str, dict[str, str]]:
        return {table: dict(self.types.get(table, {})) for table in tables}

    def load(self, row: Row) -> None:
        for table, columns in kinds_of(row).items():
            held = self.types.setdefault(table, {})
            for column, kinds in columns.items():
                (kind,) = kinds
                assert held.setdefault(column, kind) == kind, f"{table}.{column}"
        self.types["opportunity_history"] |= self.types["opportunities"]


@settings(max_examples=150)
@given(
    parts=some.lists(
        some.tuples(some.lists(RECORDS, min_size=1, max_size=2), some.sampled_from(["kept", "lost", "in part"])),
        min_size=5,
        max_size=5,
    ),
    account=some.sampled_from([None, "acme"]),
)
@pytest.mark.long
def test_columns_keep_their_kinds_through_parts_a_lost_state_and_a_copied_dataset(
    parts: list[tuple[list[Row], str]], account: str | None
) -> None:
    tables = Tables()
    claims: AssignedNames = {}
    for records, fate in parts:
        maker = row_maker(MODEL, json.loads(json.dumps(claims)), account, StoredColumns(tables.ask))
        for members in records:
            row = maker.row(members | record())
            assert sorted(of_row(row)) == sorted([*leaves(members), "O1", str(row["last_modified_date"])])
            tables.load(row)
        older = claims
        claims = {"kept": maker.assigned_names, "lost": {}, "in part": older}[fate]


def test_a_name_that_is_there_twice_rejects_the_record_and_quotes_nothing(maker: RowMaker) -> None:
    for text in (
        '{"Stage": "a", "Stage": "b"}',
        '{"New": 1, "New": [2]}',
        '{"Team": {}, "Team": {"Deep": 1}, "Team": 2}',
    ):
        twice = json.loads(text, object_pairs_hook=structure)
        with pytest.raises(InvalidValue, match=r"^LifeCycle\.(Stage|New|Team)\d*(\.Deep)? is there more than once$"):
            maker.row(record(LifeCycle=twice))
        assert json.dumps(twice).count("a") == text.count("a")
    once = json.loads('{"Stage": null, "Stage": "b"}', object_pairs_hook=structure)
    assert rest(maker.row(record(LifeCycle=once))) == {"life_cycle_stage": "b"}


def test_a_number_keeps_every_digit_in_any_column(maker: RowMaker) -> None:
    text = (
        '{"Exact": 12345678901234567.89, "Half": 0.5, "Long": 1e400, "Whole": 12345678901234567890,'
        ' "Customer": {"Account": {"Address": {"PostalCode": 1234567890.12345678901}}},'
        ' "Project": {"ExpectedCustomerSpend": [{"Amount": 99999999999999999.99}, {"Amount": 7.10}]}}'
    )
    found = rest(maker.row(record(**json.loads(text, parse_float=fraction, parse_int=whole_number))))
    assert [entry["amount"] for entry in found.pop(SPEND)] == [Decimal("99999999999999999.99"), Decimal("7.10")]
    assert found == {
        "exact": "12345678901234567.89",
        "half": 0.5,
        "long": "1E+400",
        "whole": "12345678901234567890",
        "customer_postal_code": "1234567890.12345678901",
    }


def test_a_known_double_that_cannot_hold_a_number_makes_the_record_unfit() -> None:
    known = RecordModel((*MODEL.columns, Column(("Score",), "score", "double", "")), MODEL.children)
    assert row_maker(known).row(record(Score=0.1))["score"] == 0.1
    for number in (Decimal("12345678901234567.89"), 2**53 + 1, "0.10000000000000000001"):
        with pytest.raises(InvalidValue, match="Score has more digits than a number of 64 bits can hold"):
            row_maker(known).row(record(Score=number))


STORED: dict[str, dict[str, str]] = {
    "opportunities": {"id": "text", "life_cycle_stage": "bigint", "customer_city": "text and bigint"},
    "opportunity_history": {"created_date": "date", "created_date_timestamp": "text"},
    f"opportunities__{SPEND}": {"amount": "double", "amount_decimal": "bigint"},
}


def test_a_known_column_that_is_stored_as_another_type_is_placed_beside_it() -> None:
    maker = row_maker(
        MODEL, stored=StoredColumns(lambda tables: {name: STORED[name] for name in tables if name in STORED})
    )
    found = maker.row(
        record(
            CreatedDate="2026-05-01T12:00:00Z",
            LifeCycle={"Stage": "Launched"},
            Customer={"Account": {"Address": {"City": "Kiel"}}},
            Project={"ExpectedCustomerSpend": [{"Amount": "1"}]},
        )
    )
    assert rest(found) == {
        "created_date_timestamp_2": datetime(2026, 5, 1, 12, tzinfo=UTC),
        "life_cycle_stage_text": "Launched",
        "customer_city_text": "Kiel",
        SPEND: [{"amount_decimal_2": Decimal(1), "opportunity_id": "O1"}],
    }
    names = {column.name for column in maker.placed.columns}
    assert found.keys() - {SPEND} <= names
    assert "life_cycle_stage" not in names


def test_a_model_s_column_never_takes_the_name_of_the_history_the_account_or_another_member() -> None:
    learnt = tuple(Column((name,), name_of, "text", "") for name, name_of in (("ReadOrder", "read_order"),))
    twins = (Column(("Fund", "Code"), "fund_code", "text", ""), Column(("FundCode",), "fund_code", "text", ""))
    account = (Column(("Account",), "account", "text", ""),)
    known = RecordModel((*MODEL.columns, *learnt, *twins, *account), MODEL.children)
    sent = record(ReadOrder="r", FundCode="outer", Fund={"Code": "inner"}, Account="x")
    assert rest(row_maker(known, account="acme").row(sent)) == {
        "read_order_2": "r",
        "fund_code": "inner",
        "fund_code_2": "outer",
        "account": "acme",
        "account_2": "x",
    }
