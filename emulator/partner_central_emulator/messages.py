"""Requests and responses of the service over HTTP, and the record of each call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .signature import Headers

JSON_TYPE = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the emulator.

    Attributes:
        operation: Such as `ListOpportunities`; as the client named it if the operation does not exist.
        request: The parameters, as sent; empty if they could not be read.
        outcome: `ok`, the code of the error answered, or the kind of a fault that is not an error.
        at: Arrival, in seconds of `time.monotonic()`.
    """

    operation: str
    request: dict[str, Any]
    outcome: str
    at: float


class Parameters(dict[str, Any]):
    """The parameters of a call, and the name of its `operation`."""

    def __init__(self, operation: str, request: dict[str, Any]) -> None:
        super().__init__(request)
        self.operation = operation


@dataclass(frozen=True, slots=True)
class Incoming:
    """An HTTP request to the service."""

    method: str
    url: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response, and what is done to it on the wire.

    `drop` sends nothing and closes. `truncate` sends half of what Content-Length promises and closes.
    """

    status: int
    body: bytes
    error: str | None = None
    content_type: str = JSON_TYPE
    wire: Literal["whole", "drop", "truncate"] = "whole"
