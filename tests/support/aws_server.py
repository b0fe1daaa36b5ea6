"""AWS as moto emulates it, in a process of its own on loopback: S3, SQS, EventBridge, CloudFormation."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3

from servers import PATIENCE, free_port, running

REGION = "us-east-1"
KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
EVENTS_TEMPLATE = Path(__file__).parents[2] / "deploy" / "events.yaml"
SOURCE = "aws.partnercentral-selling"


@contextmanager
def moto_server() -> Iterator[str]:
    """A running server; its address."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, lambda: urlopen(f"{endpoint}/moto-api/", timeout=PATIENCE).close()):
        yield endpoint


def client(endpoint: str, service: str) -> Any:
    """A client of a service of the server."""
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, **KEYS)


def bucket(endpoint: str, name: str) -> dict[str, str]:
    """Settings of `destination.filesystem` for a new bucket."""
    name = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    client(endpoint, "s3").create_bucket(Bucket=name)
    options = {**KEYS, "endpoint_url": endpoint, "region_name": REGION}
    return {"BUCKET_URL": f"s3://{name}"} | {f"CREDENTIALS__{key.upper()}": value for key, value in options.items()}


def deploy_events(endpoint: str, stack: str, **parameters: str) -> dict[str, str]:
    """The outputs of a new stack of `deploy/events.yaml`."""
    cloud = client(endpoint, "cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    cloud.create_stack(StackName=stack, TemplateBody=EVENTS_TEMPLATE.read_text(encoding="utf-8"), Parameters=given)
    (made,) = cloud.describe_stacks(StackName=stack)["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE"
    return {one["OutputKey"]: one["OutputValue"] for one in made["Outputs"]}


def put_event(endpoint: str, detail: Mapping[str, Any], detail_type: str, source: str = SOURCE) -> None:
    """Puts an event on the default bus."""
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}
    assert client(endpoint, "events").put_events(Entries=[entry])["FailedEntryCount"] == 0
