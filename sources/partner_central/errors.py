"""Errors by what the user can do about them.

- `PartnerCentralError`: any of these
  - `ConfigurationError`: arguments, configuration or credentials are wrong
  - `RequestRejected`: AWS refuses the request
    - `ActionDenied`: because no policy allows it
    - `RequestInvalid`: because of its parameters
    - `RecordNotFound`: because the record does not exist
  - `ServiceUnavailable`: a temporary failure outlasted the retries
    - `CallBudgetExhausted`: no call is left
      - `CallLimitReached`: of those that the run was allowed
  - `PaginationError`: a listing could not be read to its end
"""

from __future__ import annotations


class PartnerCentralError(Exception):
    """Base of all errors this source raises itself. The message says what happened and what to do."""


class ConfigurationError(PartnerCentralError):
    """Settings or credentials are missing or wrong: nothing was asked of Partner Central, or it did not know us."""


class RequestRejected(PartnerCentralError):
    """Partner Central understood the request and refused it: permission or validation. Retrying does not help.

    Attributes:
        reason: the name that AWS gives to its reason, such as `INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE`; None without.
        of_all: whether AWS says that the operation is refused, and not only this request.
    """

    def __init__(self, message: str, reason: str | None = None, *, of_all: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.of_all = of_all


class ActionDenied(RequestRejected):
    """The policies of the user or role do not allow the action.

    Attributes:
        denial: what AWS denied, without what to do about it.
    """

    def __init__(self, denial: str, advice: str = "", *, of_all: bool = False) -> None:
        super().__init__(f"{denial} {advice}".rstrip(), of_all=of_all)
        self.denial = denial


class RequestInvalid(RequestRejected):
    """Partner Central does not take the request as it is: a filter, an order, or a value."""


class RecordNotFound(RequestRejected):
    """The record that was requested does not exist, or not any more."""


class ServiceUnavailable(PartnerCentralError):
    """A passing failure that outlasted the retries: throttling, server errors, network. Run again later."""


class CallBudgetExhausted(ServiceUnavailable):
    """No call is left: of the day's, or of this run's. The next run continues, once there are."""


class CallLimitReached(CallBudgetExhausted):
    """The run made as many calls as it was allowed, and stopped as told. The next run continues."""


class PaginationError(PartnerCentralError):
    """The listing contradicted itself, as with a repeated token. Nothing was stored; run again."""
