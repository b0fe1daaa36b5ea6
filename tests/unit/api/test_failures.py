"""What an error that retrying does not mend becomes: its class, and a message that says what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOTokenLoadError,
    UnauthorizedSSOTokenError,
)

from opportunity import OPERATION
from partner_central.api.client import PartnerCentral
from partner_central.api.connection import connect
from partner_central.api.failures import (
    BAD_CREDENTIALS,
    THROTTLES,
    TRANSIENT_CODES,
    is_throttle,
    is_transient,
    to_source_error,
)
from partner_central.api.model_extras import service_model
from partner_central.api.quota import Quota
from partner_central.api.rate_limit import RateLimiter
from partner_central.errors import (
    ActionDenied,
    ConfigurationError,
    PaginationError,
    PartnerCentralError,
    RecordNotFound,
    RequestInvalid,
    RequestRejected,
    ServiceUnavailable,
)
from partner_central.permissions import REASONS, least_policy
from partner_central.public import page_call

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

REQUEST = {"Catalog": "AWS"}


def answer(
    code: str, message: str = "why", status: int = 400, operation: str = "ListOpportunities", **more: str
) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response | more, operation)


@pytest.mark.parametrize("code", sorted(THROTTLES))
def test_a_throttle_is_known_by_its_code(code: str) -> None:
    assert is_throttle(answer(code))


@pytest.mark.parametrize("code", sorted(BAD_CREDENTIALS | {"AccessDeniedException", "ValidationException"}))
def test_a_refusal_neither_passes_by_itself_nor_is_a_throttle(code: str) -> None:
    assert not is_throttle(answer(code))
    assert not is_transient(answer(code), None)
    assert is_transient(answer(code, status=503), None), "whatever its code says, a server error passes"


@pytest.mark.parametrize(
    "error",
    [
        *(answer(code) for code in sorted(TRANSIENT_CODES)),
        answer("502", status=502),
        ConnectTimeoutError(endpoint_url="https://x"),
        ConnectionClosedError(endpoint_url="https://x"),
        ReadTimeoutError(endpoint_url="https://x"),
        EndpointConnectionError(endpoint_url="https://partnercentral-selling.us-east-1.api.aws/"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
    ids=lambda error: str(error)[:40],
)
def test_server_errors_and_broken_connections_pass(error: Exception) -> None:
    assert is_transient(error, None)


@pytest.mark.parametrize("code", sorted(BAD_CREDENTIALS))
def test_credentials_aws_does_not_accept_are_a_matter_of_configuration(code: str) -> None:
    found = to_source_error(answer(code), REQUEST, None)
    assert isinstance(found, ConfigurationError)
    assert f"({code}: why)" in str(found)
    assert "Renew them" in str(found)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (answer("AccessDenied", operation="AssumeRole"), ConfigurationError, "Check role_arn, external_id"),
        (answer("ResourceNotFoundException"), RecordNotFound, "catalog AWS: ResourceNotFoundException: why"),
        (answer("SomethingNew", ""), RequestRejected, "SomethingNew: no reason given"),
        (answer("AccessDeniedException"), ActionDenied, '"partnercentral:Catalog": "AWS"'),
        (NoCredentialsError(), ConfigurationError, "AWS_PROFILE"),
        (PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), ConfigurationError, "AWS_SECRET"),
        (ProfileNotFound(profile="nobody"), ConfigurationError, "nobody"),
        (UnauthorizedSSOTokenError(), ConfigurationError, "aws sso login"),
        (SSOTokenLoadError(error_msg="gone"), ConfigurationError, "aws sso login"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_each_failure_has_its_class_and_says_what_to_do(
    error: ClientError | BotoCoreError, kind: type[PartnerCentralError], said: str
) -> None:
    found = to_source_error(error, REQUEST, None)
    assert type(found) is kind
    assert said in str(found)


def test_a_refused_request_breaks_the_listing_only_when_it_carried_a_token() -> None:
    error = answer("ValidationException")
    assert type(to_source_error(error, REQUEST, None)) is RequestInvalid
    assert type(to_source_error(error, {**REQUEST, "NextToken": "t"}, None)) is PaginationError


def far_from_home(endpoint_url: str | None = None) -> PartnerCentral:
    """A client in another region, on a network that cannot connect to anything."""
    session = botocore.session.get_session()
    session.set_credentials("AKIAEXAMPLE", "example")
    session.set_config_variable("region", "eu-west-1")

    def unreachable(request: AWSPreparedRequest, **_: object) -> None:
        raise EndpointConnectionError(endpoint_url=request.url)

    def connecting() -> PartnerCentralSellingAPIClient:
        client = connect(session, endpoint_url=endpoint_url)
        client.meta.events.register_last("before-send.partnercentral-selling.*", unreachable)
        return client

    return PartnerCentral(connecting, lambda _: Quota(RateLimiter(1000)), attempts=2)


def test_a_region_that_does_not_serve_partner_central_is_said_and_not_retried() -> None:
    asking = far_from_home()
    with pytest.raises(ConfigurationError, match=r"region eu-west-1.*AWS_DEFAULT_REGION=us-east-1"):
        page_call(asking, OPERATION)(REQUEST)
    assert asking.metrics.calls == 1


def test_an_endpoint_of_one_s_own_that_is_down_is_retried_in_any_region() -> None:
    asking = far_from_home("http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailable, match=r"127\.0\.0\.1:9"):
        page_call(asking, OPERATION)(REQUEST)
    assert asking.metrics.calls == 2


@pytest.mark.parametrize("reason", [*REASONS, "SOMETHING_NEW"])
@pytest.mark.parametrize("place", ["member", "message"])
def test_each_reason_of_a_refusal_is_named_with_a_sentence_and_without_a_policy(reason: str, place: str) -> None:
    if (reason, place) == ("SOMETHING_NEW", "message"):
        return
    more = {"Reason": reason} if place == "member" else {}
    message = "why" if place == "member" else f"{reason}: why"
    found = to_source_error(answer("AccessDeniedException", message, **more), REQUEST, None)
    assert isinstance(found, RequestRejected)
    assert found.reason == reason
    assert f"({reason}: why)" in str(found)
    assert REASONS.get(reason, "ask AWS Partner support what is to be enabled.") in str(found)
    assert "Statement" not in str(found)


def test_every_reason_that_a_stream_can_be_refused_for_has_a_sentence() -> None:
    refused: Any = service_model().shape_for("AccessDeniedException")
    assert {*refused.members["Reason"].enum} - REASONS.keys() == {"OPPORTUNITY_BULK_JOB_NOT_ENABLED"}, (
        "no stream is a bulk job"
    )


def test_a_policy_has_the_condition_only_where_it_is_evaluated() -> None:
    def statements(*operations: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(least_policy(operations, "Sandbox"))["Statement"]
        return found

    first, second = statements("ListSolutions", "ListEngagements", "ListOpportunities", "GetResourceSnapshot")
    assert first["Action"] == ["partnercentral:ListOpportunities", "partnercentral:ListSolutions"]
    assert first["Condition"] == {"StringEquals": {"partnercentral:Catalog": "Sandbox"}}
    assert second["Action"] == ["partnercentral:GetResourceSnapshot", "partnercentral:ListEngagements"]
    assert "Condition" not in second
    (only,) = statements("GetEngagement")
    assert (only["Action"], "Condition" in only) == ("partnercentral:GetEngagement", False)
