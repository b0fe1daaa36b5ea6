"""The boto3 client of a queue, with the credentials of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from partner_central.public import ConfigurationError

from .address import QueueAddress

if TYPE_CHECKING:
    import botocore.session
    from mypy_boto3_sqs import SQSClient

LONG_WAIT_S = 20  # the longest poll of SQS
READ_TIMEOUT_S = LONG_WAIT_S + 10
CONNECT_TIMEOUT_S = 10


def connect(session: botocore.session.Session, address: QueueAddress) -> SQSClient:
    """Returns the client, for the region of the queue. AWS_ENDPOINT_URL_SQS works as for every client of boto3.

    Raises:
        ConfigurationError: an endpoint in the environment is not a URL.
    """
    config = Config(
        retries={"total_max_attempts": 4, "mode": "standard"},
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        user_agent_extra="partner-central-sync",
    )
    try:
        client: SQSClient = boto3.Session(botocore_session=session).client(
            "sqs", region_name=address.region, endpoint_url=address.endpoint, config=config
        )
        parts = urlsplit(client.meta.endpoint_url)
    except ValueError as error:
        raise ConfigurationError(f"{error}. Correct AWS_ENDPOINT_URL_SQS or AWS_ENDPOINT_URL: it is a URL.") from error
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConfigurationError(
            f"The endpoint {client.meta.endpoint_url} of SQS is not a URL. Correct AWS_ENDPOINT_URL_SQS or "
            "AWS_ENDPOINT_URL."
        )
    return client
