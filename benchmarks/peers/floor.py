"""What the work costs at least with boto3 and DuckDB: raw JSON to a file, and one statement a table to read it.

No state, no merge, no check of anything. Argument: the database file; the pages go to a file beside it.

https://docs.aws.amazon.com/boto3/latest/guide/events.html (before-parse gives the body before botocore parses it)
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
https://duckdb.org/docs/stable/data/json/loading_json
https://duckdb.org/docs/stable/sql/query_syntax/unnest
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import duckdb
from botocore.config import Config

SUMMARY = """STRUCT(
    "Id" VARCHAR, "Arn" VARCHAR, "Catalog" VARCHAR, "OpportunityType" VARCHAR,
    "PartnerOpportunityIdentifier" VARCHAR, "CreatedDate" TIMESTAMPTZ, "LastModifiedDate" TIMESTAMPTZ,
    "Customer" STRUCT("Account" STRUCT(
        "CompanyName" VARCHAR, "Industry" VARCHAR, "OtherIndustry" VARCHAR, "WebsiteUrl" VARCHAR,
        "Address" STRUCT("City" VARCHAR, "CountryCode" VARCHAR, "PostalCode" VARCHAR, "StateOrRegion" VARCHAR))),
    "LifeCycle" STRUCT(
        "Stage" VARCHAR, "ReviewStatus" VARCHAR, "ReviewStatusReason" VARCHAR, "ReviewComments" VARCHAR,
        "ClosedLostReason" VARCHAR, "NextSteps" VARCHAR, "TargetCloseDate" DATE),
    "Project" STRUCT(
        "DeliveryModels" VARCHAR[],
        "ExpectedContractDuration" STRUCT("Term" VARCHAR, "Value" BIGINT),
        "ExpectedCustomerSpend" STRUCT(
            "Amount" DECIMAL(38, 2), "CurrencyCode" VARCHAR, "Frequency" VARCHAR, "TargetCompany" VARCHAR,
            "EstimationUrl" VARCHAR)[])
)[]"""

TABLES = {
    "opportunities": """
        SELECT
            o.* EXCLUDE (account, address, life, duration), account.* EXCLUDE ("Address"), address.*, life.*,
            duration."Term" AS "ContractTerm", duration."Value" AS "ContractDuration"
        FROM (
            SELECT
                s."Id", s."Arn", s."Catalog", s."OpportunityType", s."PartnerOpportunityIdentifier", s."CreatedDate",
                s."LastModifiedDate", s."Customer"."Account" AS account, s."Customer"."Account"."Address" AS address,
                s."LifeCycle" AS life, s."Project"."ExpectedContractDuration" AS duration
            FROM summaries
        ) AS o""",
    "expected_customer_spend": """
        SELECT id, spend.* FROM (SELECT s."Id" AS id, unnest(s."Project"."ExpectedCustomerSpend") AS spend
        FROM summaries)""",
    "delivery_models": """
        SELECT s."Id" AS id, unnest(s."Project"."DeliveryModels") AS delivery_model FROM summaries""",
}


def take_raw(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Keep the body of a success and leave botocore an empty one to parse."""
    if response_dict["status_code"] == 200:
        customized_response_dict["Raw"] = response_dict["body"]
        response_dict["body"] = b"{}"


def bodies() -> Iterator[bytes]:
    """The JSON of each page."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 10})
    client: Any = boto3.client("partnercentral-selling", region_name="us-east-1", config=config)
    client.meta.events.register("before-parse.partnercentral-selling.ListOpportunities", take_raw)
    request: dict[str, Any] = {"Catalog": "AWS", "MaxResults": 100}
    while True:
        body = client.list_opportunities(**request)["Raw"]
        yield body
        token = json.loads(body).get("NextToken")
        if not token:
            return
        request["NextToken"] = token


def main(database: Path) -> None:
    pages = database.with_suffix(".jsonl")
    with pages.open("wb") as file:
        for body in bodies():
            file.write(body + b"\n")
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            f"""CREATE TEMP VIEW summaries AS SELECT unnest("OpportunitySummaries") AS s FROM read_json(
            '{pages}', format = 'newline_delimited', columns = {{'OpportunitySummaries': '{SUMMARY}'}})"""
        )
        for table, select in TABLES.items():
            connection.execute(f'CREATE OR REPLACE TABLE "{table}" AS {select}')


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
