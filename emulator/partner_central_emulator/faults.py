"""Faults on purpose, and their form on the wire."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from .errors import ServiceError, invalid_field

Kind = Literal[
    "throttle",
    "server_error",
    "unavailable",
    "drop",
    "truncate",
    "short_json",
    "hang",
    "access_denied",
    "not_a_partner",
    "expired_token",
    "repeat_token",
    "validation",
    "expired_credentials",
    "unrecognized_client",
    "wrong_clock",
]
KINDS: Final = frozenset(get_args(Kind))
RANDOM_KINDS: Final[tuple[Kind, ...]] = ("server_error", "throttle", "drop", "truncate")

_NEEDS_TOKEN: Final = frozenset({"expired_token", "repeat_token"})

_PLAIN_ERRORS: Final = {
    "throttle": ("ThrottlingException", "Rate exceeded"),
    "server_error": ("InternalServerException", "An internal error occurred. Try again."),
    "access_denied": (
        "AccessDeniedException",
        "User is not authorized to perform this partnercentral action on the catalog",
    ),
    "expired_credentials": (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    ),
    "unrecognized_client": (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    ),
    "wrong_clock": (
        "InvalidSignatureException",
        "Signature expired: 20260601T080000Z is now earlier than 20260601T085500Z (20260601T090000Z - 5 min.)",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for coming calls.

    Attributes:
        kind: What goes wrong. `expired_token` and `repeat_token` wait for a call with a NextToken.
        calls: How many calls it hits.
        after: How many calls pass before it.
        seconds: How long `hang` keeps the client waiting before it closes the connection.
        operation: The operation whose calls it hits and counts, such as `ListEngagements`; `None` for any.
    """

    kind: Kind
    calls: int = 1
    after: int = 0
    seconds: float = 60.0
    operation: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind!r}; choose one of {', '.join(sorted(KINDS))}")
        if self.calls < 1 or self.after < 0 or self.seconds < 0:
            raise ValueError(f"{self} can never happen; calls is at least 1, after and seconds at least 0")


def applies(fault: Fault, *, carries_token: bool) -> bool:
    """Returns whether a fault can hit a call with or without a NextToken."""
    return carries_token or fault.kind not in _NEEDS_TOKEN


def take(faults: list[Fault], operation: str, *, carries_token: bool) -> Fault | None:
    """The fault that hits this call, counted off the list; `None` if the call is spared."""
    hit: Fault | None = None
    position, end = 0, len(faults)
    # In place, and never behind `end`: another thread may append meanwhile.
    while position < end:
        fault = faults[position]
        left: Fault | None = fault
        if fault.operation not in (None, operation):
            pass
        elif fault.after > 0:
            left = replace(fault, after=fault.after - 1)
        elif hit is None and applies(fault, carries_token=carries_token):
            hit = fault
            left = replace(fault, calls=fault.calls - 1) if fault.calls > 1 else None
        if left is None:
            del faults[position]
            end -= 1
        else:
            faults[position] = left
            position += 1
    return hit


def denial(operation: str, reason: str | None) -> ServiceError:
    """Returns the `AccessDeniedException` of an operation.

    Args:
        operation: Such as `SearchOpportunities`.
        reason: What the service gives as `Reason`; `None` if the caller's policy lacks the operation.
    """
    if reason is not None:
        return ServiceError("AccessDeniedException", f"{reason}: {operation} is not available", Reason=reason)
    action = f"partnercentral:{operation}"
    message = (
        f"User: arn:aws:iam::123456789012:user/emulated is not authorized to perform: {action} on resource: * "
        f"because no identity-based policy allows the {action} action"
    )
    return ServiceError("AccessDeniedException", message)


def denied_record(operation: str, identifier: str) -> ServiceError:
    """Returns the `AccessDeniedException` for one record, where the policy allows the operation for others."""
    action = f"partnercentral:{operation}"
    message = (
        f"User: arn:aws:iam::123456789012:user/emulated is not authorized to perform: {action} on resource: "
        f"{identifier} with an explicit deny in an identity-based policy"
    )
    return ServiceError("AccessDeniedException", message)


def error_of(kind: str) -> ServiceError | None:
    """Returns the error that a fault answers with; `None` for faults that break the connection or the answer."""
    if kind == "expired_token":
        return invalid_field("NextToken", "the token has expired")
    if kind == "validation":
        return invalid_field("LifeCycleStage", "the service refuses this value", "ACTION_NOT_PERMITTED")
    if kind == "not_a_partner":
        reason = "INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE"
        message = f"{reason}: the account is not an eligible AWS partner"
        return ServiceError("AccessDeniedException", message, Reason=reason)
    return ServiceError(*_PLAIN_ERRORS[kind]) if kind in _PLAIN_ERRORS else None
