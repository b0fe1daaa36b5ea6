"""S3 as moto emulates it, in a process of its own on loopback."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import boto3

from servers import PATIENCE, free_port, running

REGION = "us-east-1"


@contextmanager
def moto_server() -> Iterator[str]:
    """A running server; its address."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, lambda: urlopen(f"{endpoint}/moto-api/", timeout=PATIENCE).close()):
        yield endpoint


def bucket(endpoint: str, name: str) -> dict[str, str]:
    """Settings of `destination.filesystem` for a new bucket."""
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
    name = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    boto3.client("s3", endpoint_url=endpoint, region_name=REGION, **keys).create_bucket(Bucket=name)
    options = {**keys, "endpoint_url": endpoint, "region_name": REGION}
    return {"BUCKET_URL": f"s3://{name}"} | {f"CREDENTIALS__{key.upper()}": value for key, value in options.items()}
