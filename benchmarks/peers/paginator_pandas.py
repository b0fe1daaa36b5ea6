"""An analyst's script: boto3's paginator, pandas and DuckDB, everything in memory; argument: the database file.

As their documentation has it:
https://docs.aws.amazon.com/boto3/latest/guide/paginators.html
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
https://pandas.pydata.org/docs/reference/api/pandas.json_normalize.html
https://duckdb.org/docs/stable/guides/python/import_pandas
"""

from __future__ import annotations

import sys

import boto3
import duckdb
import pandas as pd
from botocore.config import Config


def main(database: str) -> None:
    config = Config(retries={"mode": "standard", "total_max_attempts": 10})
    client = boto3.client("partnercentral-selling", region_name="us-east-1", config=config)
    pages = client.get_paginator("list_opportunities").paginate(Catalog="AWS", PaginationConfig={"PageSize": 100})
    summaries = [summary for page in pages for summary in page["OpportunitySummaries"]]

    # A record_path has to be in every record; the API leaves empty lists out.
    with_spend = [s for s in summaries if "ExpectedCustomerSpend" in s.get("Project", {})]
    with_models = [s for s in summaries if "DeliveryModels" in s.get("Project", {})]
    spend = pd.json_normalize(with_spend, record_path=["Project", "ExpectedCustomerSpend"], meta="Id")
    spend["Amount"] = pd.to_numeric(spend["Amount"])
    models = pd.json_normalize(with_models, record_path=["Project", "DeliveryModels"], meta="Id")
    models = models.rename(columns={0: "DeliveryModel"})
    opportunities = pd.json_normalize(summaries, sep="_")
    opportunities = opportunities.drop(columns=["Project_ExpectedCustomerSpend", "Project_DeliveryModels"])
    dates = ["CreatedDate", "LastModifiedDate", "LifeCycle_TargetCloseDate"]
    opportunities[dates] = opportunities[dates].apply(pd.to_datetime, utc=True)

    frames = {"opportunities": opportunities, "expected_customer_spend": spend, "delivery_models": models}
    with duckdb.connect(database) as connection:
        for table, frame in frames.items():
            connection.register("frame", frame)
            connection.execute(f'CREATE OR REPLACE TABLE "{table}" AS SELECT * FROM frame')


if __name__ == "__main__":
    main(sys.argv[1])
