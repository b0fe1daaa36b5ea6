"""The tables of an opportunity, as they follow from the service model that the installed botocore ships."""

from __future__ import annotations

import pytest
from botocore.model import ServiceModel

from opportunity import MODEL
from partner_central.public import OPPORTUNITIES
from partner_central.tables.service_model import DESCRIPTION_LENGTH, record_model
from partner_central.tables.table import ChildTable, Column, RecordModel, column_name, snake_case

DOCUMENTED = {
    "id": "text",
    "arn": "text",
    "catalog": "text",
    "opportunity_type": "text",
    "partner_opportunity_identifier": "text",
    "created_date": "timestamp",
    "last_modified_date": "timestamp",
    "customer_company_name": "text",
    "customer_industry": "text",
    "customer_other_industry": "text",
    "customer_website_url": "text",
    "customer_city": "text",
    "customer_state_or_region": "text",
    "customer_postal_code": "text",
    "customer_country_code": "text",
    "life_cycle_stage": "text",
    "life_cycle_review_status": "text",
    "life_cycle_review_status_reason": "text",
    "life_cycle_review_comments": "text",
    "life_cycle_closed_lost_reason": "text",
    "life_cycle_next_steps": "text",
    "life_cycle_target_close_date": "date",
    "project_expected_contract_duration_value": "bigint",
    "project_expected_contract_duration_term": "text",
}


@pytest.fixture(scope="module")
def model() -> RecordModel:
    return MODEL


def model_of(loaded: ServiceModel) -> RecordModel:
    return record_model(loaded, "ListOpportunities", "OpportunitySummaries", OPPORTUNITIES.model_rules)


def service(summary: dict[str, object], shapes: dict[str, dict[str, object]]) -> ServiceModel:
    """A service model whose ListOpportunities lists structures with these members."""
    members = {name: {"shape": name} for name in summary}
    return ServiceModel(
        {
            "metadata": {"protocol": "json"},
            "operations": {"ListOpportunities": {"name": "ListOpportunities", "output": {"shape": "Answer"}}},
            "shapes": {
                "Answer": {"type": "structure", "members": {"OpportunitySummaries": {"shape": "Summaries"}}},
                "Summaries": {"type": "list", "member": {"shape": "Summary"}},
                "Summary": {"type": "structure", "members": members},
                **{name: {"type": kind} for name, kind in summary.items() if isinstance(kind, str)},
                **shapes,
            },
        }
    )


def test_the_root_table_has_exactly_the_documented_columns_with_their_types(model: RecordModel) -> None:
    assert {column.name: column.type for column in model.columns} == DOCUMENTED


def test_the_id_comes_first_then_the_members_of_the_record_itself_then_those_of_structures(model: RecordModel) -> None:
    depths = [len(column.path) for column in model.columns]
    assert model.columns[0].name == "id"
    assert depths.index(2) == depths.count(1)
    assert {column.name for column in model.columns if len(column.path) == 1} == {*list(DOCUMENTED)[:7]}


def test_each_structure_s_columns_stand_together_in_the_root_table(model: RecordModel) -> None:
    heads = [column.path[0] for column in model.columns if len(column.path) > 1]
    assert heads == sorted(heads, key=heads.index)


def test_the_two_child_tables_are_the_documented_ones(model: RecordModel) -> None:
    found = {child.name: (child.plain, [(c.name, c.type) for c in child.columns]) for child in model.children}
    assert found == {
        "project_delivery_models": (True, [("value", "text")]),
        "project_expected_customer_spend": (
            False,
            [
                ("amount", "decimal"),
                ("currency_code", "text"),
                ("frequency", "text"),
                ("target_company", "text"),
                ("estimation_url", "text"),
            ],
        ),
    }


def test_every_column_and_child_table_carries_the_service_s_description_as_plain_text(model: RecordModel) -> None:
    described: list[Column | ChildTable] = [*model.columns, *model.children]
    for table in model.children:
        described += table.columns
    for item in described:
        assert 10 < len(item.description) <= DESCRIPTION_LENGTH, item.name
        assert not {"<", ">", "&", "\n", "  "} & {*item.description, *item.description.split(" ")}, item.name
        assert " ." not in item.description, item.name


def test_a_description_has_no_gap_where_markup_ended_before_an_apostrophe(model: RecordModel) -> None:
    assert [column.name for column in model.columns if " 's" in column.description] == []


def test_no_two_columns_and_no_column_and_table_share_a_name(model: RecordModel) -> None:
    names = [column.name for column in model.columns] + [child.name for child in model.children]
    assert len(names) == len(set(names))


def test_what_the_service_model_gains_becomes_columns_and_tables_without_a_change_here() -> None:
    found = model_of(
        service(
            {"Id": "string", "Score": "integer", "Ratio": "double", "Open": "boolean", "Blob": "blob", "Team": None},
            {"Team": {"type": "list", "member": {"shape": "Member"}}, "Member": {"type": "string"}},
        )
    )
    assert [(column.name, column.type) for column in found.columns] == [
        ("id", "text"),
        ("score", "bigint"),
        ("ratio", "double"),
        ("open", "bool"),
        ("blob", "text"),
    ]
    assert [(child.name, child.plain) for child in found.children] == [("team", True)]


def test_a_long_description_is_cut_to_what_warehouses_take() -> None:
    shapes: dict[str, dict[str, object]] = {
        "Id": {"type": "string", "documentation": "<p>" + "word &amp; " * 500 + "</p>"}
    }
    description = model_of(service({"Id": None}, shapes)).columns[0].description
    assert len(description) <= DESCRIPTION_LENGTH
    assert description.startswith("word & word")
    assert description.endswith("…")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("Customer", "Account", "CompanyName"), "customer_company_name"),
        (("Customer", "Account", "Address", "City"), "customer_city"),
        (("Project", "ExpectedContractDuration", "Value"), "project_expected_contract_duration_value"),
        (("Account", "Address"), "account_address"),
        (("Account",), "account"),
        ((), ""),
    ],
)
def test_a_column_is_named_by_its_path_without_wrappers(path: tuple[str, ...], name: str) -> None:
    assert column_name(path) == name


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("Id", "id"),
        ("ID", "id"),
        ("TargetCloseDate", "target_close_date"),
        ("AWSStage", "aws_stage"),
        ("EC2InstanceType", "ec2_instance_type"),
        ("S3Uri", "s3_uri"),
        ("already_snake", "already_snake"),
        ("with space-and.dots", "with_space_and_dots"),
        ("_dlt_id", "dlt_id"),
        ("A__B", "a_b"),
        ("日本", "unnamed"),
        ("\0\ud800", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_a_member_s_name_becomes_snake_case_of_letters_and_digits(member: str, name: str) -> None:
    assert snake_case(member) == name
