"""Structures, lists and maps inside the entries of lists: tables and columns, and the rows that dlt makes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import botocore.session
import dlt
import duckdb
import pytest
from botocore.model import ServiceModel

from partner_central.api.model_extras import SERVICE
from partner_central.tables.hints import HintRules, child_hints, list_columns, root_columns
from partner_central.tables.record import Members
from partner_central.tables.rows import RowMaker, TableNames
from partner_central.tables.service_model import ModelRules, record_model
from partner_central.tables.table import MAX_NAME, ChildTable, RecordModel, shorten
from partner_central.tables.values import InvalidValue

NAMES = TableNames("deals", None, "deal_id")
WHEN = "2026-05-01T12:00:00Z"
SHAPES: dict[str, dict[str, Any]] = {
    "Answer": {"type": "structure", "members": {"Deals": {"shape": "Deals"}}},
    "Deals": {"type": "list", "member": {"shape": "Deal"}},
    "Deal": {
        "type": "structure",
        "members": {
            "Contexts": {"shape": "Contexts"},
            "Totals": {"shape": "Totals"},
            "Matrix": {"shape": "Matrix"},
            "LastModifiedDate": {"shape": "Time"},
            "Id": {"shape": "Text"},
        },
    },
    "Contexts": {"type": "list", "member": {"shape": "Context"}},
    "Context": {
        "type": "structure",
        "members": {
            "Type": {"shape": "Text"},
            "Payload": {"shape": "Payload"},
            "Notes": {"shape": "Texts"},
            "Prices": {"shape": "Prices"},
        },
    },
    "Payload": {"type": "structure", "members": {"Customer": {"shape": "Customer"}, "Amount": {"shape": "Amount"}}},
    "Customer": {"type": "structure", "members": {"Name": {"shape": "Text"}, "Sites": {"shape": "Texts"}}},
    "Prices": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Price"}},
    "Price": {"type": "structure", "members": {"Amount": {"shape": "Amount"}, "Key": {"shape": "Text"}}},
    "Totals": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Amount"}},
    "Matrix": {"type": "list", "member": {"shape": "Texts"}},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "Text": {"type": "string"},
    "Amount": {"type": "string"},
    "Time": {"type": "timestamp"},
}
RECORD = {
    "Id": "D1",
    "LastModifiedDate": WHEN,
    "Totals": {"Compute": "10.50", "Storage": "1"},
    "Matrix": [["a", "b"], [], ["c"]],
    "Contexts": [
        {
            "Type": "Project",
            "Payload": {"Customer": {"Name": "Kiel & Sons", "Sites": ["Kiel", "Ulm"]}, "Amount": "7"},
            "Notes": ["first"],
            "Prices": {"list": {"Amount": "3.00", "Key": "k"}},
        },
        {"Type": "Lead", "Payload": {"Customer": {"New": {"Deep": [{"er": 1}]}}}},
    ],
}


@pytest.fixture(scope="module")
def model() -> RecordModel:
    service = ServiceModel(
        {
            "metadata": {"protocol": "json"},
            "operations": {"ListDeals": {"name": "ListDeals", "output": {"shape": "Answer"}}},
            "shapes": SHAPES,
        }
    )
    return record_model(service, "ListDeals", "Deals", ModelRules("deals"))


def tables(children: tuple[ChildTable, ...], above: str = "deals") -> dict[str, dict[str, str]]:
    """Columns with their types, by table."""
    found = {}
    for child in children:
        name = f"{above}__{child.name}"
        found[name] = {column.name: column.type for column in child.columns}
        found |= tables(child.children, name)
    return found


def test_what_is_inside_the_entries_of_a_list_is_columns_and_tables(model: RecordModel) -> None:
    assert [column.name for column in model.columns] == ["id", "last_modified_date"]
    assert tables(model.children) == {
        "deals__contexts": {
            "type": "text",
            "payload_customer_name": "text",
            "payload_amount": "decimal",
        },
        "deals__contexts__payload_customer_sites": {"value": "text"},
        "deals__contexts__notes": {"value": "text"},
        "deals__contexts__prices": {"key": "text", "value_amount": "decimal", "value_key": "text"},
        "deals__totals": {"key": "text", "value": "decimal"},
        "deals__matrix": {},
        "deals__matrix__value": {"value": "text"},
    }


def test_every_entry_has_the_key_of_its_record(model: RecordModel) -> None:
    maker = RowMaker(model, NAMES, Members())
    row = maker.row(RECORD)
    assert row["totals"] == [
        {"deal_id": "D1", "key": "Compute", "value": Decimal("10.50")},
        {"deal_id": "D1", "key": "Storage", "value": Decimal("1.00")},
    ]
    first, second = row["contexts"]
    assert first == {
        "deal_id": "D1",
        "type": "Project",
        "payload_customer_name": "Kiel & Sons",
        "payload_customer_sites": [{"deal_id": "D1", "value": "Kiel"}, {"deal_id": "D1", "value": "Ulm"}],
        "payload_amount": Decimal("7.00"),
        "notes": [{"deal_id": "D1", "value": "first"}],
        "prices": [{"deal_id": "D1", "key": "list", "value_amount": Decimal("3.00"), "value_key": "k"}],
    }
    assert second["payload_customer_new_deep"] == [{"deal_id": "D1", "er": 1}], "members nobody knew, too"
    assert [[entry["value"] for entry in line["value"]] for line in row["matrix"]] == [["a", "b"], [], ["c"]]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"Totals": ["10"]}, "Totals is not a map"),
        ({"Totals": {"Compute": "ten"}}, "Totals is not a number"),
        ({"Contexts": [{"Payload": "x"}]}, "Contexts.Payload is not a structure"),
        ({"Contexts": [{"Notes": {"a": 1}}]}, "Contexts.Notes is not a list"),
        (
            {"Contexts": [{"Payload": {"Customer": {"Sites": [1.5, True]}}}]},
            "Contexts.Payload.Customer.Sites is not text",
        ),
    ],
)
def test_what_does_not_fit_deep_inside_is_named_by_its_path(
    model: RecordModel, members: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidValue, match=f"^{reason}$"):
        RowMaker(model, NAMES, Members()).row({"Id": "D1", "LastModifiedDate": WHEN, **members})


@pytest.mark.parametrize("rows", [[], [RECORD]], ids=["empty", "filled"])
def test_dlt_knows_every_table_before_its_first_row_and_loads_it(
    model: RecordModel, rows: list[Any], tmp_path: Path
) -> None:
    rules, maker = HintRules(NAMES, "deal"), RowMaker(model, NAMES, Members())

    @dlt.resource(name="deals", primary_key="id", write_disposition="merge")
    def deals() -> Any:
        hints = dlt.mark.make_hints(columns=root_columns(model, rules), nested_hints=child_hints(model, rules))
        yield dlt.mark.with_hints(dlt.mark.materialize_table_schema(), hints)
        yield [maker.row(row) | {"_dlt_id": "1"} for row in rows]

    path = tmp_path / "deals.duckdb"
    pipeline = dlt.pipeline(
        "deals", pipelines_dir=str(tmp_path), destination=dlt.destinations.duckdb(str(path)), dataset_name="d"
    )
    pipeline.run(deals())
    with duckdb.connect(str(path)) as connection:
        found = connection.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE schema_name = 'd' GROUP BY ALL"
        ).fetchall()
        stored = {table: set(names) for table, names in found}
        declared = pipeline.default_schema.tables
        expected = list_columns(model, rules)
        assert len(expected) == 7
        for path_of_table, hints in expected.items():
            columns, name = {str(hint["name"]) for hint in hints}, "__".join(("deals", *path_of_table))
            assert columns <= declared[name]["columns"].keys()
            assert not rows or columns <= stored[name]
        if rows:
            sites = "SELECT deal_id, value FROM d.deals__contexts__payload_customer_sites ORDER BY value"
            assert connection.execute(sites).fetchall() == [("D1", "Kiel"), ("D1", "Ulm")]
            prices = connection.execute("SELECT key, value_amount FROM d.deals__contexts__prices").fetchall()
            assert prices == [("list", Decimal("3.00"))]


def test_the_details_of_an_engagement_become_tables() -> None:
    """The operation by which this was missed first: each of its contexts holds a structure."""
    service = botocore.session.get_session().get_service_model(SERVICE)
    model = record_model(service, "GetEngagement", None, ModelRules("engagements"))
    record = {
        "Id": "eng-1",
        "LastModifiedDate": WHEN,
        "Contexts": [{"Type": "CustomerProject", "Payload": {"CustomerProject": {"Project": {"Title": "Move"}}}}],
    }
    names = TableNames("engagements", None, "engagement_id")
    row = RowMaker(model, names, Members(modified="CreatedAt")).row(record | {"CreatedAt": WHEN})
    (context,) = row["contexts"]
    assert context["engagement_id"] == "eng-1"
    assert context["payload_customer_project_project_title"] == "Move"


def test_names_are_cut_to_what_postgresql_takes_and_stay_different() -> None:
    long = "insights_aws_products_spend_insights_by_source_partner_aws_products"
    assert shorten("short") == "short"
    assert shorten("x" * MAX_NAME) == "x" * MAX_NAME
    assert len(shorten(long)) <= MAX_NAME
    assert shorten(long) == shorten(long) != shorten(long + "_2")
    assert shorten(long).startswith("insights_aws_products_spend_insights_by_source_partner")


@pytest.mark.parametrize("operation", ["GetAwsOpportunitySummary", "GetOpportunity", "GetEngagement"])
def test_all_names_of_the_widest_operations_fit(operation: str) -> None:
    service = botocore.session.get_session().get_service_model(SERVICE)
    model = record_model(service, operation, None, ModelRules("aws_opportunity_summaries"))
    found = tables(model.children, "aws_opportunity_summaries")
    names = [*found, *(name for columns in found.values() for name in columns), *(c.name for c in model.columns)]
    assert max(map(len, names)) <= MAX_NAME
    assert len(found) == len({*found})


def test_names_of_members_nobody_knew_are_cut_as_well() -> None:
    empty = RecordModel((), ())
    maker = RowMaker(empty, NAMES, Members())
    deep = {"A" * 40: {"B" * 40: 1, "C" * 40: [1]}}
    with pytest.raises(InvalidValue):
        maker.row({"Id": "D1", **deep})
    names = [name for owners in json.loads(json.dumps(maker.assigned_names)).values() for name in owners.values()]
    assert len(names) == len({*names}) > 2
    assert all(len(name) <= MAX_NAME for name in names)
    assert all(len(f"deals__{name}") <= MAX_NAME for owner, name in maker.assigned_names[""].items() if "list" in owner)


def test_a_date_is_an_instant_in_utc() -> None:
    assert Members().modified_date(RECORD) == datetime(2026, 5, 1, 12, tzinfo=UTC)
