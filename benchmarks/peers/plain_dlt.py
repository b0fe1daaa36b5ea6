"""dlt as its documentation teaches it: a merged, incremental resource over boto3's paginator, with dlt's defaults.

Argument: the database file; dlt's working folder is made beside it.

https://dlthub.com/docs/general-usage/incremental/cursor
https://dlthub.com/docs/general-usage/merge-loading
https://docs.aws.amazon.com/boto3/latest/guide/paginators.html
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import dlt
from botocore.config import Config

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dlt.resource(primary_key="Id", write_disposition="merge")
def opportunities(
    modified: dlt.sources.incremental[datetime] = dlt.sources.incremental(  # noqa: B008 - dlt's way
        "LastModifiedDate", initial_value=BEGINNING
    ),
) -> Iterator[Sequence[Any]]:
    """Every opportunity modified since the last run."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 10})
    client = boto3.client("partnercentral-selling", region_name="us-east-1", config=config)
    pages = client.get_paginator("list_opportunities").paginate(
        Catalog="AWS",
        LastModifiedDate={"AfterLastModifiedDate": modified.start_value or BEGINNING},
        PaginationConfig={"PageSize": 100},
    )
    for page in pages:
        yield page["OpportunitySummaries"]


def main(database: Path) -> None:
    pipeline = dlt.pipeline(
        "plain",
        pipelines_dir=str(database.with_suffix(".pipelines")),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="partner_central",
    )
    pipeline.run(opportunities()).raise_on_failed_jobs()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
