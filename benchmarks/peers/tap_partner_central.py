"""A Singer tap on Meltano's SDK over boto3's paginator; for `target-duckdb`, the Singer target for DuckDB.

    python tap_partner_central.py --config tap.json | target-duckdb --config target.json

tap.json: {}
target.json: {"path": "partner_central.duckdb", "default_target_schema": "partner_central",
              "data_flattening_max_level": 10}

It needs an environment of its own with what `singer.lock` holds. target-duckdb 0.8.0, the newest, loses the first row
of each batch with DuckDB 1.3 and later (https://github.com/jwills/target-duckdb/pull/58, not released), so the lock has
the newest DuckDB with which it loads every row. RESTStream cannot sign requests for AWS; for such sources the SDK has
Stream, whose get_records gives the records. Lists stay JSON: the target makes no child tables.

https://sdk.meltano.com/en/latest/dev_guide.html
https://sdk.meltano.com/en/latest/classes/singer_sdk.Stream.html
https://sdk.meltano.com/en/latest/incremental_replication.html
https://pypi.org/project/target-duckdb/
https://docs.aws.amazon.com/boto3/latest/guide/paginators.html
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import boto3
from botocore.config import Config
from singer_sdk import Stream, Tap
from singer_sdk import typing as th
from singer_sdk.helpers.types import Context, Record


def _texts(*names: str) -> list[th.Property[str]]:
    return [th.Property(name, th.StringType) for name in names]


class OpportunitiesStream(Stream):
    """Every opportunity modified since the last run, newest first."""

    name = "opportunities"
    primary_keys = ("Id",)
    replication_key = "LastModifiedDate"
    schema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("Id", th.StringType, required=True),
        *_texts("Arn", "Catalog", "OpportunityType", "PartnerOpportunityIdentifier"),
        th.Property("CreatedDate", th.DateTimeType),
        th.Property("LastModifiedDate", th.DateTimeType),
        th.Property(
            "Customer",
            th.ObjectType(
                th.Property(
                    "Account",
                    th.ObjectType(
                        *_texts("CompanyName", "Industry", "OtherIndustry", "WebsiteUrl"),
                        th.Property(
                            "Address", th.ObjectType(*_texts("City", "CountryCode", "PostalCode", "StateOrRegion"))
                        ),
                    ),
                )
            ),
        ),
        th.Property(
            "LifeCycle",
            th.ObjectType(
                *_texts("Stage", "ReviewStatus", "ReviewStatusReason", "ReviewComments"),
                *_texts("ClosedLostReason", "NextSteps"),
                th.Property("TargetCloseDate", th.DateType),
            ),
        ),
        th.Property(
            "Project",
            th.ObjectType(
                th.Property("DeliveryModels", th.ArrayType(th.StringType)),
                th.Property("ExpectedContractDuration", th.ObjectType(*_texts("Term", "Value"))),
                th.Property(
                    "ExpectedCustomerSpend",
                    th.ArrayType(
                        th.ObjectType(*_texts("Amount", "CurrencyCode", "Frequency", "TargetCompany", "EstimationUrl"))
                    ),
                ),
            ),
        ),
    ).to_dict()

    def get_records(self, context: Context | None) -> Iterable[Record]:
        """Records of every page."""
        config = Config(retries={"mode": "standard", "total_max_attempts": 10})
        client = boto3.client("partnercentral-selling", region_name="us-east-1", config=config)
        since = self.get_starting_timestamp(context)
        pages = client.get_paginator("list_opportunities").paginate(
            Catalog="AWS",
            **({"LastModifiedDate": {"AfterLastModifiedDate": since}} if since else {}),
            PaginationConfig={"PageSize": 100},
        )
        for page in pages:
            yield from page["OpportunitySummaries"]


class TapPartnerCentral(Tap):
    """Opportunities of AWS Partner Central."""

    name = "tap-partner-central"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("start_date", th.DateTimeType, description="The first LastModifiedDate to read.")
    ).to_dict()

    def discover_streams(self) -> list[Stream]:
        """The one stream there is."""
        return [OpportunitiesStream(self)]


if __name__ == "__main__":
    TapPartnerCentral.cli()
