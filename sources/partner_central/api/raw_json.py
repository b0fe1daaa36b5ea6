"""The raw JSON of answers, taken before botocore parses it.

botocore drops members that its model does not know, and spends most of its time on timestamps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

BODY, SERVED_AT = "RawBody", "ServedAt"
SUCCESS = 300  # status codes below it


class Answer(NamedTuple):
    """The body of a successful answer, and the service's own clock when it sent it."""

    body: bytes
    served_at: datetime | None


class BadBody(Exception):
    """An answer that says success and is not what was requested: cut off, or not JSON."""


def keep_raw_body(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """Keep the body of a success, and leave botocore an empty one to parse; so with errors that are not JSON."""
    succeeded = response_dict["status_code"] < SUCCESS
    if succeeded:
        customized_response_dict[BODY] = response_dict["body"]
        customized_response_dict[SERVED_AT] = response_dict["headers"].get("date")
    if succeeded or not _is_json_object(response_dict["body"]):
        response_dict["body"] = b"{}"


def answer_of(parsed: Mapping[str, Any]) -> Answer:
    """Returns what `keep_raw_body` kept of an answer."""
    return Answer(parsed[BODY], _http_date(parsed[SERVED_AT]))


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _http_date(value: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(value).astimezone(UTC) if value else None
    except ValueError:
        return None
