"""The test equipment itself: the hostile server pages as it says, and the oracle sees what is wrong."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
import duckdb
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from adversarial_server import DEFECTS, FAULTS, TARGET, TEXTS, AdversarialServer, Record, bad_records, nasty_records
from oracle import COLUMNS, UnloadableError, actual, assert_equal, expected

RECORDS: list[Record] = [
    {
        "Id": "O1",
        "Catalog": "AWS",
        "CreatedDate": "2026-01-01T00:00:00Z",
        "LastModifiedDate": "2026-01-02T00:00:00.123456789Z",
        "Customer": {"Account": {"CompanyName": "Fjord\u2028AS", "Address": {"City": "Bergen", "Street": "Kaien"}}},
        "LifeCycle": {"TargetCloseDate": "0001-01-01", "Stage": None},
        "Project": {
            "DeliveryModels": ["Managed", None, "Managed"],
            "ExpectedCustomerSpend": [
                {"Amount": "1000.", "CurrencyCode": "NOK"},
                {"Amount": "", "Discount": "D"},
            ],
            "ExpectedContractDuration": {"Value": "007", "Term": "Months"},
            "Workloads": [{"Home": {"RegionCode": "eu-north-1"}}],
        },
        "AWSPriorityScore": 7,
    },
    {"Id": "O2", "Catalog": "AWS", "LastModifiedDate": "2026-01-02T00:00:00Z", "Customer": None},
]
SPEND = "opportunities__project_expected_customer_spend"


@contextlib.contextmanager
def client_of(server: AdversarialServer) -> Iterator[Any]:
    client = boto3.client(
        "partnercentral-selling",
        "us-east-1",
        endpoint_url=server.endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    try:
        yield client
    finally:
        client.close()


def ids(client: Any, **asked: Any) -> list[str]:
    pages = client.get_paginator("list_opportunities").paginate(Catalog="AWS", **asked)
    return [summary["Id"] for page in pages for summary in page["OpportunitySummaries"]]


@pytest.mark.long
@pytest.mark.parametrize("short_pages", [False, True])
@pytest.mark.parametrize(
    ("token_kind", "tie_order"),
    [
        ("offset", "stable"),
        ("position", "stable"),
        ("position", "shuffled"),
        ("snapshot", "stable"),
        ("snapshot", "shuffled"),
    ],
)
def test_every_chain_of_pages_shows_every_record_once(
    token_kind: Literal["offset", "position", "snapshot"],
    tie_order: Literal["stable", "shuffled"],
    *,
    short_pages: bool,
) -> None:
    records = nasty_records(3, 120)
    server = AdversarialServer(records, token_kind=token_kind, tie_order=tie_order, short_pages=short_pages)
    with server, client_of(server) as client:
        for sort_by in ("LastModifiedDate", "CreatedDate"):
            for order in ("ASCENDING", "DESCENDING"):
                found = ids(client, MaxResults=17, Sort={"SortBy": sort_by, "SortOrder": order})
                assert sorted(found) == sorted(record["Id"] for record in records)
                dates = {
                    record["Id"]: record[sort_by].rstrip("Z").replace(".", "").ljust(28, "0") for record in records
                }
                shown = [dates[key] for key in found]
                assert shown == sorted(shown, reverse=order == "DESCENDING")


def test_a_record_that_changes_while_listed_moves_ahead_and_hides_no_other() -> None:
    records = [{"Id": f"O{n}", "Catalog": "AWS", "LastModifiedDate": f"2026-01-01T00:00:{n:02}Z"} for n in range(30)]

    def touch_the_oldest(call: int, _: Record) -> None:
        if call == 2:
            server.put({**records[0], "LastModifiedDate": "2026-01-02T00:00:00Z"})

    server = AdversarialServer(records, on_call=touch_the_oldest)
    with server, client_of(server) as client:
        assert set(ids(client, MaxResults=10)) == {f"O{n}" for n in range(1, 30)}
        assert ids(client, MaxResults=10)[0] == "O0"


def test_the_filters_bounds_are_inclusive_after_and_exclusive_before() -> None:
    records = [
        {
            "Id": f"O{n}",
            "Catalog": "AWS",
            "LastModifiedDate": f"2026-01-01T00:00:00.{n}Z",
            "CreatedDate": None,
        }
        for n in range(5)
    ]
    server = AdversarialServer(records, refuse_created=True)
    with server, client_of(server) as client:
        window = {
            "AfterLastModifiedDate": "2026-01-01T01:00:00.1+01:00",
            "BeforeLastModifiedDate": "2026-01-01T00:00:00.3Z",
        }
        assert ids(client, LastModifiedDate=window) == ["O2", "O1"]
        assert ids(client, Identifier=["O4", "O9"]) == ["O4"]
        with pytest.raises(ClientError, match="CreatedDate is refused"):
            ids(client, CreatedDate={"AfterCreatedDate": "2026-01-01T00:00:00Z"})
        with pytest.raises(ClientError, match="NextToken"):
            client.list_opportunities(Catalog="AWS", NextToken="made up")
        assert server.outcomes == ["page", "page", "ValidationException", "ValidationException"]


def test_every_fault_occurs_and_a_patient_client_still_sees_all() -> None:
    records = [*nasty_records(5, 40), *bad_records(5, len(DEFECTS))]
    shown: list[Record] = []
    server = AdversarialServer(records, seed=1, fault_rate=0.6, token_kind="position")
    with server:
        request: dict[str, Any] = {"Catalog": "AWS", "MaxResults": 2}
        while True:
            connection = HTTPConnection(urlsplit(server.endpoint).netloc)
            try:
                connection.request("POST", "/", json.dumps(request), {"X-Amz-Target": TARGET})
                answer = connection.getresponse()
                body = answer.read()
            except (HTTPException, ConnectionError):
                continue
            finally:
                connection.close()
            if answer.status == 200:
                page = json.loads(body)
                shown += page["OpportunitySummaries"]
                if not page.get("NextToken"):
                    break
                request["NextToken"] = page["NextToken"]
    assert sorted(shown, key=repr) == sorted(server.truth(), key=repr)
    assert set(server.outcomes) == {"page", *FAULTS}
    assert len(server.calls) == len(server.outcomes)


def test_what_on_call_raises_comes_out_of_the_block() -> None:
    def fail(call: int, _: Record) -> None:
        raise LookupError(f"call {call}")

    server = AdversarialServer(on_call=fail)
    with (
        pytest.raises(LookupError, match="call 1"),
        server,
        client_of(server) as client,
        contextlib.suppress(ClientError),
    ):
        ids(client)


def test_the_oracle_reads_every_nasty_record() -> None:
    records = nasty_records(1, 400)
    tables = expected(records)
    texts = {value for row in tables.opportunities.values() for value in row.values()}
    assert len(tables.opportunities) == 400
    assert texts.issuperset(TEXTS)
    assert set(tables.others) == {
        f"opportunities__{name}" for name in ("project_phases", "project_workloads", "ratings", "milestones")
    }
    assert expected(nasty_records(1, 400, unknown=False)).others == {}


@pytest.mark.parametrize(("defect", "record"), list(zip(DEFECTS, bad_records(1, len(DEFECTS)), strict=True)))
def test_the_oracle_rejects(defect: str, record: Record) -> None:  # noqa: ARG001 - names the case
    with pytest.raises(UnloadableError):
        expected([record])


def loaded(path: Path) -> Path:
    """RECORDS as a faithful load leaves them, written by hand."""
    database = path / "loaded.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA partner_central")
        connection.execute("USE partner_central")
        for table, columns in COLUMNS.items():
            kinds = {name: "DECIMAL(38,2)" if kind == "DECIMAL" else kind for name, kind in columns.items()}
            kinds["_dlt_id" if table == "opportunities" else "_dlt_root_id"] = "VARCHAR"
            connection.execute(f"CREATE TABLE {table} ({', '.join(f'{n} {k}' for n, k in kinds.items())})")
        connection.execute(f"""
            ALTER TABLE opportunities ADD COLUMN aws_priority_score BIGINT;
            ALTER TABLE opportunities ADD COLUMN customer_street VARCHAR;
            ALTER TABLE {SPEND} ADD COLUMN discount VARCHAR;
            INSERT INTO opportunities BY NAME SELECT 'O1' AS id, 'AWS' AS catalog, 'root 1' AS _dlt_id,
                '2026-01-01 00:00:00Z'::TIMESTAMPTZ AS created_date, 7 AS aws_priority_score,
                '2026-01-02 00:00:00.123456Z'::TIMESTAMPTZ AS last_modified_date, 'Kaien' AS customer_street,
                'Fjord\u2028AS' AS customer_company_name, 'Bergen' AS customer_city,
                '0001-01-01'::DATE AS life_cycle_target_close_date,
                7 AS project_expected_contract_duration_value,
                'Months' AS project_expected_contract_duration_term;
            INSERT INTO opportunities BY NAME SELECT 'O2' AS id, 'AWS' AS catalog, 'root 2' AS _dlt_id,
                '2026-01-02 00:00:00Z'::TIMESTAMPTZ AS last_modified_date;
            INSERT INTO opportunities__project_delivery_models
                VALUES ('O1', 'Managed', 'root 1'), ('O1', 'Managed', 'root 1');
            INSERT INTO {SPEND} BY NAME SELECT 'O1' AS opportunity_id, 1000 AS amount, 'NOK' AS currency_code,
                'root 1' AS _dlt_root_id;
            INSERT INTO {SPEND} BY NAME SELECT 'O1' AS opportunity_id, 'D' AS discount,
                'root 1' AS _dlt_root_id;
            CREATE TABLE opportunities__project_workloads AS
                SELECT 'O1' AS opportunity_id, 'eu-north-1' AS home_region_code, 'root 1' AS _dlt_parent_id;
        """)
    return database


def test_the_oracle_accepts_a_faithful_load(tmp_path: Path) -> None:
    tables = actual(loaded(tmp_path))
    assert_equal(expected(RECORDS), tables)
    assert expected(RECORDS).customer_spend == tables.customer_spend
    older = {**RECORDS[1], "LastModifiedDate": "2025-01-01T00:00:00Z", "OpportunityType": "Barter"}
    assert_equal(expected([*RECORDS, older]), tables)


@pytest.mark.long
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("DELETE FROM opportunities WHERE id = 'O2'", "opportunities lacks 1 ids: O2"),
        (
            "UPDATE opportunities SET customer_city = 'Oslo' WHERE id = 'O1'",
            "O1.customer_city: expected 'Bergen'",
        ),
        ("UPDATE opportunities SET arn = '' WHERE id = 'O2'", "O2.arn: expected None, found ''"),
        (
            "UPDATE opportunities SET aws_priority_score = NULL",
            "O1.aws_priority_score: expected 7, found None",
        ),
        (f"UPDATE {SPEND} SET amount = amount + 0.01", "has too many 1 rows"),
        (f"UPDATE {SPEND} SET opportunity_id = 'O3'", "has an orphan of 'O3'"),
        (f"UPDATE {SPEND} SET _dlt_root_id = 'root 2'", "whose _dlt_ link leads elsewhere"),
        (f"INSERT INTO {SPEND} SELECT * FROM {SPEND}", "has too many 2 rows"),
        ("DELETE FROM opportunities__project_workloads", "opportunities__project_workloads lacks 1 rows"),
        ("INSERT INTO opportunities SELECT * FROM opportunities WHERE id = 'O1'", "the id 'O1' 2 times"),
        ("ALTER TABLE opportunities DROP COLUMN arn", "opportunities.arn is missing, not VARCHAR"),
        (f"ALTER TABLE {SPEND} ALTER amount TYPE DOUBLE", "amount is DOUBLE, not DECIMAL"),
        ("DROP TABLE opportunities__project_delivery_models", "delivery_models.value is missing"),
    ],
)
def test_the_oracle_detects(damage: str, message: str, tmp_path: Path) -> None:
    database = loaded(tmp_path)
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"USE partner_central; {damage}")
    with pytest.raises(AssertionError) as failure:
        assert_equal(expected(RECORDS), actual(database))
    assert message in str(failure.value)
