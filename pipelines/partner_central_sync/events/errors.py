"""The error to raise for a failed call to SQS: what happened, to which queue, and what to do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import botocore.session
from botocore.exceptions import ClientError, EndpointConnectionError

from partner_central.public import (
    ConfigurationError,
    PartnerCentralError,
    RequestRejected,
    ServiceUnavailable,
    is_of_credentials,
    is_throttle,
    is_transient,
    reason_of,
    to_source_error,
)

from .address import SETTING, QueueAddress

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

CALLER = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):")
NO_QUEUE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
DENIED = frozenset({"AccessDenied", "AccessDeniedException"})
THROTTLED = frozenset({"RequestThrottled", "KMS.ThrottlingException", "KmsThrottled"})
IN_FLIGHT = frozenset({"OverLimit", "AWS.SimpleQueueService.OverLimit"})
KEY_DENIED = frozenset({"KMS.AccessDeniedException", "KmsAccessDenied"})
OTHER_ADDRESS = frozenset({"InvalidAddress", "AWS.SimpleQueueService.InvalidAddress"})
STAYS = "Nothing is lost: the messages stay in the queue, and the next run receives them."


def to_queue_error(error: Exception, address: QueueAddress, client: SQSClient) -> PartnerCentralError:
    """Returns the error to raise for a failure of a call; of credentials, the one that the source would raise."""
    codes = _codes(error)
    if is_throttle(error) or is_transient(error, client) or codes & THROTTLED:
        if isinstance(error, EndpointConnectionError) and address.region not in _regions():
            return ConfigurationError(
                f"There is no SQS in the region {address.region}, which the URL {address.url} names. Correct {SETTING}."
            )
        return ServiceUnavailable(f"The queue {address.url} cannot be used now: {reason_of(error, client)}. {STAYS}")
    if isinstance(error, ClientError) and not is_of_credentials(error):
        return _from_answer(error, codes, address)
    return to_source_error(error, {}, client)


def _from_answer(error: ClientError, codes: set[str], address: QueueAddress) -> PartnerCentralError:
    url, said = address.url, error.response.get("Error", {}).get("Message") or "no reason given"
    code = str(error.response.get("Error", {}).get("Code"))
    if codes & NO_QUEUE:
        return ConfigurationError(
            f"There is no queue {url}, or it is not for these credentials. Correct {SETTING}, use credentials of "
            f"account {address.account}, or deploy the queue again from deploy/events.yaml."
        )
    if codes & IN_FLIGHT:
        return ServiceUnavailable(
            f"The queue {url} has as many messages in flight as SQS allows: other readers hold them. {STAYS}"
        )
    if key := _from_key(codes, address, f"{code}: {said}"):
        return key
    if codes & DENIED:
        return _from_denial(error, address, said)
    if codes & OTHER_ADDRESS or code.isdecimal():
        return ConfigurationError(
            f"What answers at {url} does not know it as a queue ({code}: {said}). Correct {SETTING}: copy the URL from "
            "the outputs of the stack. Check HTTPS_PROXY and AWS_ENDPOINT_URL_SQS as well."
        )
    return RequestRejected(
        f"SQS refused {error.operation_name} on the queue {url}: {code}: {said}. Correct the queue or {SETTING}."
    )


def _from_key(codes: set[str], address: QueueAddress, said: str) -> PartnerCentralError | None:
    """Returns the error for a key that the queue is encrypted with; None if none is the reason."""
    if codes & KEY_DENIED or (codes & DENIED and "kms:" in said):
        return RequestRejected(
            f"The queue {address.url} is encrypted with a KMS key that these credentials may not use ({said}). Allow "
            "kms:Decrypt on that key, or let the queue use SSE-SQS, as deploy/events.yaml does."
        )
    if any(one.lower().startswith("kms") for one in codes):
        return ConfigurationError(
            f"The KMS key that encrypts the queue {address.url} cannot be used ({said}). Enable that key, or give the "
            "queue another one."
        )
    return None


def _from_denial(error: ClientError, address: QueueAddress, said: str) -> RequestRejected:
    caller = CALLER.search(said)
    if caller and caller[1] != address.account:
        return RequestRejected(
            f"AWS denied {error.operation_name} on the queue {address.url}: it is of account {address.account}, and "
            f"the credentials are of account {caller[1]}. Use credentials of {address.account}, such as role_arn has."
        )
    policy = json.dumps({"Version": "2012-10-17", "Statement": address.statements()}, indent=2)
    return RequestRejected(
        f"AWS denied {error.operation_name} on the queue {address.url} ({said}). Attach this policy to the user or "
        f"role you run as:\n{policy}"
    )


def _codes(error: Exception) -> set[str]:
    """Returns the names of an error: that of the shape, and the older one of the query protocol."""
    found = getattr(error, "response", {}).get("Error", {})
    return {str(found[name]) for name in ("Code", "QueryErrorCode") if found.get(name)}


def _regions() -> set[str]:
    """Returns the regions of SQS that botocore knows, of every partition."""
    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return {region for name in partitions for region in session.get_available_regions("sqs", name)}
