"""dlt's REST API source, as its documentation has it: merged and incremental, with requests signed for AWS.

Arguments: the database file, and the format of the files that dlt loads, if not its usual one; dlt's working folder is
made beside the database. The source retries what has status 429 or 5xx. AWS throttles with 400, so a load at the quota
needs more than this.

https://dlthub.com/docs/dlt-ecosystem/verified-sources/rest_api/basic
https://dlthub.com/docs/general-usage/http/rest-client (custom authentication, cursor in the body)
https://dlthub.com/docs/dlt-ecosystem/destinations/duckdb (file formats)
https://docs.aws.amazon.com/partner-central/latest/APIReference/API_ListOpportunities.html
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import boto3
import dlt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from dlt.common.configuration import configspec
from dlt.sources.helpers.rest_client.auth import AuthConfigBase
from dlt.sources.rest_api import RESTAPIConfig, rest_api_source
from requests import PreparedRequest

REGION, SIGNED_AS = "us-east-1", "partnercentral-selling"
ENDPOINT = os.environ.get(
    "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", f"https://partnercentral-selling.{REGION}.amazonaws.com"
)


@configspec
class SignedForAws(AuthConfigBase):
    """Signature version 4."""

    def __init__(self) -> None:
        self.signer = SigV4Auth(boto3.Session().get_credentials(), SIGNED_AS, REGION)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Signs a request."""
        names = ("Content-Type", "X-Amz-Target")
        headers = {name: request.headers[name] for name in names}
        signed = AWSRequest(method=request.method, url=request.url, data=request.body, headers=headers)
        self.signer.add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


CONFIG: RESTAPIConfig = {
    "client": {
        "base_url": ENDPOINT,
        "auth": SignedForAws(),
        "headers": {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": "AWSPartnerCentralSelling.ListOpportunities",
        },
        "paginator": {"type": "cursor", "cursor_path": "NextToken", "cursor_body_path": "NextToken"},
    },
    "resources": [
        {
            "name": "opportunities",
            "primary_key": "Id",
            "write_disposition": "merge",
            "endpoint": {
                "path": "/",
                "method": "POST",
                "json": {
                    "Catalog": "AWS",
                    "MaxResults": 100,
                    "LastModifiedDate": {"AfterLastModifiedDate": "{incremental.start_value}"},
                },
                "data_selector": "OpportunitySummaries",
                "incremental": {"cursor_path": "LastModifiedDate", "initial_value": "1970-01-01T00:00:00Z"},
            },
        }
    ],
}


def main(database: Path, *file_format: Any) -> None:
    pipeline = dlt.pipeline(
        "rest_api",
        pipelines_dir=str(database.with_suffix(".pipelines")),
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="partner_central",
    )
    loader = dict(zip(("loader_file_format",), file_format, strict=False))
    pipeline.run(rest_api_source(CONFIG), **loader).raise_on_failed_jobs()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), *sys.argv[2:])
