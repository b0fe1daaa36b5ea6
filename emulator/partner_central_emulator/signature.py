"""Checks signatures: Signature Version 4 in the `Authorization` header."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .errors import ServiceError
from .service_model import SERVICE

REGION = "us-east-1"

_ALGORITHM = "AWS4-HMAC-SHA256"
_PARAMETERS = ("Credential", "SignedHeaders", "Signature")
_SCOPE_PARTS = 5
_DATE = re.compile(r"\d{8}T\d{6}Z")


class Headers(Protocol):
    """Headers, looked up without regard to case."""

    def get(self, name: str, /) -> str | None:
        """Returns the value of a header; `None` if the request does not have it."""


@dataclass(frozen=True, slots=True)
class _Authorization:
    access_key_id: str
    date: str
    region: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str


def check(method: str, url: str, headers: Headers, body: bytes, secret: str | None) -> None:
    """Checks the signature of a request.

    Args:
        method: The HTTP method.
        url: The full address that the client called.
        headers: The request's headers; looked up without regard to case.
        body: The request's body.
        secret: The secret access key the signature has to come from; `None` accepts any signature.

    Raises:
        ServiceError: The request is unsigned, or its signature is malformed, of another scope or wrong.
    """
    header = headers.get("Authorization")
    if not header:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")
    authorization = _parse(header)
    moment = headers.get("X-Amz-Date") or ""
    if not _DATE.fullmatch(moment):
        raise _incomplete("The request needs an 'X-Amz-Date' header such as 20260105T090000Z.")
    _check_scope(authorization, moment)
    if secret is not None:
        expected = _signature(authorization, moment, AWSRequest(method, url, data=body), headers, secret)
        if not hmac.compare_digest(expected, authorization.signature):
            raise _wrong(
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method.",
            )


def _parse(header: str) -> _Authorization:
    algorithm, _, rest = header.partition(" ")
    if algorithm != _ALGORITHM:
        raise _incomplete(f"The 'Authorization' header must use {_ALGORITHM}.")
    pairs = (part.strip().partition("=") for part in rest.split(","))
    parameters = {name: value for name, _, value in pairs}
    for name in _PARAMETERS:
        if not parameters.get(name):
            raise _incomplete(f"The 'Authorization' header requires the '{name}' parameter.")
    scope = parameters["Credential"].split("/")
    if len(scope) != _SCOPE_PARTS:
        raise _incomplete(
            "The 'Credential' parameter must be access-key-id/date/region/service/aws4_request.",
        )
    signed = tuple(parameters["SignedHeaders"].lower().split(";"))
    access_key_id, date, region, service, terminator = scope
    return _Authorization(access_key_id, date, region, service, terminator, signed, signature=parameters["Signature"])


def _check_scope(authorization: _Authorization, moment: str) -> None:
    if authorization.region != REGION:
        raise _wrong(f"Credential should be scoped to a valid region, not {authorization.region}.")
    if authorization.service != SERVICE:
        raise _wrong(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if authorization.terminator != "aws4_request":
        raise _wrong("Credential should be scoped with a valid terminator: 'aws4_request'.")
    if authorization.date != moment[:8]:
        raise _wrong("Date in Credential scope does not match YYYYMMDD from 'X-Amz-Date'.")
    if "host" not in authorization.signed_headers:
        raise _wrong("'Host' must be a 'SignedHeader' in the Authorization.")


def _signature(authorization: _Authorization, moment: str, request: AWSRequest, headers: Headers, secret: str) -> str:
    for name in authorization.signed_headers:
        request.headers[name] = headers.get(name) or ""
    request.context["timestamp"] = moment
    signer = SigV4Auth(Credentials(authorization.access_key_id, secret), SERVICE, REGION)
    return signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)


def _incomplete(message: str) -> ServiceError:
    return ServiceError("IncompleteSignatureException", message)


def _wrong(message: str) -> ServiceError:
    return ServiceError("InvalidSignatureException", message)
