"""The URL of a queue: its parts, and the permissions that reading it needs."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from partner_central.public import ConfigurationError

SETTING = "partner_central.events_queue"
HOME_REGION = "us-east-1"  # where the events of Partner Central are
DEAD_LETTERS = "-dead-letters"  # what deploy/events.yaml adds to the name of the queue
ACTIONS = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes")
ORDINARY_HOST = re.compile(r"sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.(?:com|com\.cn|eu)")
OLD_HOST = re.compile(r"(?:(?P<region>[a-z0-9-]+)\.)?queue\.amazonaws\.com(?:\.cn)?")
OTHER_HOST = re.compile(r"(?:.*\.)?sqs(?:-fips)?\.(?P<region>[a-z0-9-]+)\..*")  # of a VPC endpoint, FIPS, dual stack
PATH = re.compile(r"/(?P<account>[A-Za-z0-9]+)/(?P<name>[A-Za-z0-9_-]{1,80}(?:\.fifo)?)/?")
ARN = re.compile(r"arn:(?P<partition>[a-z-]+):sqs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<name>[\w.-]+)")
PARTITIONS = {".cn": "aws-cn", ".eu": "aws-eusc"}


class QueueAddress(NamedTuple):
    """A queue.

    Attributes:
        url: as it was configured.
        region: of the URL; the home region of Partner Central where it names none.
        account: number of the AWS account that has the queue.
        name: of the queue.
        endpoint: URL of a host that is not AWS's ordinary one; None leaves the choice to boto3 and its settings.
    """

    url: str
    region: str
    account: str
    name: str
    endpoint: str | None

    @property
    def arn(self) -> str:
        """The ARN of the queue."""
        host = urlsplit(self.url).hostname or ""
        partition = next((name for end, name in PARTITIONS.items() if host.endswith(end)), "aws")
        return f"arn:{partition}:sqs:{self.region}:{self.account}:{self.name}"

    def sibling(self, arn: str) -> str | None:
        """Returns the URL of another queue on the same host; None for what is not the ARN of one there."""
        found = ARN.fullmatch(arn)
        if found is None or found["region"] != self.region:
            return None
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/{found['account']}/{found['name']}"

    def statements(self) -> list[dict[str, Any]]:
        """Returns the statements of an IAM policy that allow to read the queue and to count its dead letters."""
        return [
            {"Effect": "Allow", "Action": [f"sqs:{action}" for action in ACTIONS], "Resource": self.arn},
            {"Effect": "Allow", "Action": "sqs:GetQueueAttributes", "Resource": self.arn + DEAD_LETTERS},
        ]


def parse_address(url: str) -> QueueAddress:
    """Returns the parts of the URL of a queue.

    Raises:
        ConfigurationError: it is not the URL of a queue.
    """
    text = url.strip()
    if found := ARN.fullmatch(text):
        raise ConfigurationError(
            f"{SETTING} is the ARN of a queue, and has to be its URL: "
            f"https://sqs.{found['region']}.amazonaws.com/{found['account']}/{found['name']}"
        )
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        is_url = parts.scheme in {"http", "https"} and bool(host) and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    path = PATH.fullmatch(parts.path) if is_url else None
    if path is None or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError(
            f"{SETTING} is not the URL of a queue: {text!r}. It looks like "
            "https://sqs.us-east-1.amazonaws.com/123456789012/partner-central-events."
        )
    ordinary = ORDINARY_HOST.fullmatch(host) or OLD_HOST.fullmatch(host)
    known = ordinary or OTHER_HOST.fullmatch(host)
    return QueueAddress(
        url=text,
        region=(known and known["region"]) or HOME_REGION,
        account=path["account"],
        name=path["name"],
        endpoint=None if ordinary else f"{parts.scheme}://{parts.netloc}",
    )
