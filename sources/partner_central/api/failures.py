"""Classifies failed calls: temporary, or an error that says what the user can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ProxyConnectionError,
    ResponseStreamingError,
    SSOError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from ..errors import (
    ActionDenied,
    ConfigurationError,
    PaginationError,
    PartnerCentralError,
    RecordNotFound,
    RequestInvalid,
    RequestRejected,
    ServiceUnavailable,
)
from ..permissions import REASONS, policy_to_attach
from .connection import HOME_REGION, NO_CREDENTIALS
from .misconfiguration import credentials_misconfiguration, is_outage_of_credentials, misconfiguration
from .quoted_values import hide_quoted

if TYPE_CHECKING:
    from botocore.client import BaseClient

TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500
THROTTLES = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})
TRANSIENT_CODES = frozenset(
    {"InternalServerException", "InternalFailure", "ServiceUnavailableException", "RequestTimeout"}
)
TRANSIENT_ERRORS = (
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
    ResponseStreamingError,
)
BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
NO_POLICY = "no identity-based policy allows"
REFUSALS = {"ValidationException": RequestInvalid, "ResourceNotFoundException": RecordNotFound}


def is_throttle(error: Exception) -> bool:
    """Returns whether the service said the call came too fast."""
    return isinstance(error, ClientError) and (_code(error) in THROTTLES or _status(error) == TOO_MANY_REQUESTS)


def is_transient(error: Exception, client: BaseClient | None) -> bool:
    """Returns whether the same call may succeed later: after server errors and broken connections, not refusals."""
    if misconfiguration(error, endpoint_of(client)):
        return False
    if isinstance(error, ClientError):
        return _code(error) in TRANSIENT_CODES or _status(error) >= SERVER_ERROR
    if isinstance(error, EndpointConnectionError):
        return not _in_foreign_region(error, client)
    return isinstance(error, TRANSIENT_ERRORS)


def is_of_credentials(error: ClientError) -> bool:
    """Returns whether AWS refused the credentials themselves, or the role to assume with them."""
    return error.operation_name == "AssumeRole" or _code(error) in BAD_CREDENTIALS


def endpoint_of(client: BaseClient | None) -> str:
    """Returns the URL of a client's endpoint."""
    return client.meta.endpoint_url if client is not None else "of AWS"


def to_source_error(error: Exception, request: Mapping[str, Any], client: BaseClient | None) -> PartnerCentralError:
    """Returns the error to raise for a failure that retrying does not cure, or of the source of credentials."""
    if isinstance(error, ClientError):
        hide_quoted(error, request)
    if sentence := misconfiguration(error, endpoint_of(client)):
        return ConfigurationError(sentence)
    if is_throttle(error) or is_transient(error, client) or is_outage_of_credentials(error):
        return ServiceUnavailable(
            f"The source of the AWS credentials does not answer now ({error}). Run again later; nothing is lost."
        )
    if isinstance(error, ClientError):
        return _from_answer(error, request)
    if isinstance(error, EndpointConnectionError) and client is not None:
        return ConfigurationError(
            f"There is no Partner Central in region {client.meta.region_name}: it is served from {HOME_REGION}. "
            f"Set AWS_DEFAULT_REGION={HOME_REGION} (or region_name under sources.partner_central.credentials)."
        )
    return to_credentials_error(error)


def to_credentials_error(error: Exception) -> ConfigurationError:
    """The error to raise when AWS credentials cannot be found or used."""
    if isinstance(error, NoCredentialsError):
        return ConfigurationError(NO_CREDENTIALS)
    if isinstance(error, SSOError | SSOTokenLoadError | TokenRetrievalError | UnauthorizedSSOTokenError):
        return ConfigurationError(
            f"The AWS SSO login has expired or is missing ({error}). Log in again: aws sso login, with --profile if "
            "you use one."
        )
    if sentence := credentials_misconfiguration(error):
        return ConfigurationError(sentence)
    kind = "AWS credentials or settings cannot be used" if isinstance(error, BotoCoreError) else type(error).__name__
    return ConfigurationError(f"{kind}: {error}")


def _from_answer(error: ClientError, request: Mapping[str, Any]) -> PartnerCentralError:
    code, catalog = _code(error), str(request.get("Catalog"))
    message = error.response.get("Error", {}).get("Message") or "no reason given"
    if error.operation_name == "AssumeRole":
        return ConfigurationError(
            f"The role could not be assumed ({code}: {message}). Check role_arn, external_id and its trust policy."
        )
    if code in BAD_CREDENTIALS:
        return ConfigurationError(
            f"AWS does not accept these credentials ({code}: {message}). They may be expired, mistyped, or of another "
            "partition, or this machine's clock may be wrong. Renew them, then try again."
        )
    if code == "AccessDeniedException":
        return _from_denial(error, message, catalog)
    if code == "ValidationException" and request.get("NextToken"):
        return PaginationError(
            f"Partner Central no longer accepts the token of the next page ({message}). Nothing of this run was "
            "stored; run it again."
        )
    details = cast("list[dict[str, str]]", error.response.get("ErrorList") or [])
    fields = "; ".join(f"{entry.get('FieldName')}: {entry.get('Message')} ({entry.get('Code')})" for entry in details)
    detail = f" [{fields}]" if fields else ""
    refused = REFUSALS.get(code, RequestRejected)
    return refused(f"Partner Central refused {error.operation_name} on catalog {catalog}: {code}: {message}{detail}")


def _from_denial(error: ClientError, message: str, catalog: str) -> RequestRejected:
    operation, given = error.operation_name, cast("dict[str, Any]", error.response).get("Reason")
    reason = given or next((one for one in REASONS if one in message), None)
    if reason is None:
        return ActionDenied(
            f"AWS denied partnercentral:{operation} on catalog {catalog} ({message}).",
            policy_to_attach([operation], catalog),
            of_all=NO_POLICY in message,
        )
    said = message if reason in message else f"{reason}: {message}"
    what_to_do = REASONS.get(reason, "No policy changes that: ask AWS Partner support what is to be enabled.")
    return RequestRejected(f"AWS refuses {operation} on catalog {catalog} ({said}). {what_to_do}", reason, of_all=True)


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _in_foreign_region(error: EndpointConnectionError, client: BaseClient | None) -> bool:
    """Returns whether the host is AWS's own, in a region other than the one that serves Partner Central."""
    region = client.meta.region_name if client is not None else HOME_REGION
    return region != HOME_REGION and f".{region}.api.aws" in str(error.kwargs.get("endpoint_url"))


def reason_of(error: Exception, client: BaseClient | None) -> str:
    """Returns in a few words why a call failed, for a line that says when it is tried again."""
    host = urlsplit(client.meta.endpoint_url).netloc if client is not None else "AWS"
    match error:
        case _ if is_throttle(error):
            return f"throttled by {host}"
        case ClientError():
            return f"{host} answered {_status(error)} {_code(error)}".rstrip()
        case EndpointConnectionError() | ConnectTimeoutError() | ProxyConnectionError():
            return f"no connection to {host}"
        case HTTPClientError():
            return f"no answer from {host}"
        case _:
            return f"{host} sent an answer that cannot be read"
