"""The options of the source, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any

from dlt.sources.credentials import AwsCredentials

from .api.call_ledger import CALLS_PER_DAY
from .api.client import ATTEMPTS
from .api.connection import READ_TIMEOUT
from .api.model_extras import service_model
from .api.rate_limit import CALLS_PER_SECOND
from .errors import ConfigurationError
from .read.filters import FilterSet
from .read.read_options import ReadOptions
from .stream import IncrementalStream, Stream
from .tables.pii import FORM, PiiPolicy
from .tables.values import InvalidValue, parse_timestamp

LOOKBACK_SECONDS = 300
LONGEST_LOOKBACK_SECONDS = 10 * 366 * 86_400
FIRST_YEAR = 1970
MOST_REJECTED = 0.2


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `partner_central`, which describes them.

    Raises:
        ConfigurationError: a number is out of its range.
    """

    catalog: str
    credentials: AwsCredentials
    role_arn: str | None = None
    external_id: str | None = None
    endpoint_url: str | None = None
    filters: Mapping[str, Sequence[str]] | None = None
    since: str | None = None
    full: bool = False
    lookback: int = LOOKBACK_SECONDS
    calls_per_second: float = CALLS_PER_SECOND
    calls_per_day: int = CALLS_PER_DAY
    max_calls: int | None = None
    attempts: int = ATTEMPTS
    read_timeout: float = READ_TIMEOUT
    arrow: bool = False
    account: str | None = None
    pii: str = "keep"
    pii_key: str | None = None
    most_rejected: float = MOST_REJECTED
    accept_account: bool = False
    details_of: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check("calls_per_second", self.calls_per_second, above=0)
        _check("calls_per_day", self.calls_per_day, above=0)
        _check("max_calls", 1 if self.max_calls is None else self.max_calls, above=0)
        _check("lookback", self.lookback, above=-1, most=LONGEST_LOOKBACK_SECONDS)
        _check("attempts", self.attempts, above=0)
        _check("read_timeout", self.read_timeout, above=0)
        if not 0 <= self.most_rejected <= 1:
            raise ConfigurationError(f"most_rejected must be a share between 0 and 1, not {self.most_rejected}.")

    def pii_policy(self, stream: Stream, form: int = FORM) -> PiiPolicy:
        """Returns what happens to the personal data of a stream, in a dataset with that form of masks."""
        return stream.pii_policy(self.pii, self.pii_key, form)

    def filter_set(self, stream: IncrementalStream) -> FilterSet:
        """Returns the filters of a stream that were set."""
        chosen = FilterSet.of(stream.filters, self.filters or {})
        for one, values in chosen.values:
            _check_values(one.option, values, allowed_values(stream.operation.name, one.member))
        return chosen

    def read_options(self, stream: IncrementalStream, filters: FilterSet, privacy: PiiPolicy) -> ReadOptions:
        """Returns what is to be read of a stream."""
        return ReadOptions(
            stream,
            self.catalog,
            filters,
            _since(self.since),
            self.full,
            max(timedelta(seconds=self.lookback), stream.read.lookback),
            privacy.identity,
            self.most_rejected,
            self.max_calls,
        )


def _since(since: str | None) -> datetime | None:
    """Returns where a first load begins; None where that is before Partner Central was."""
    try:
        date = None if since is None else parse_timestamp(since)
    except InvalidValue:
        raise ConfigurationError(f"since is not an ISO 8601 date or timestamp: {since!r}") from None
    return date if date is None or date.year >= FIRST_YEAR else None


@cache
def allowed_values(operation: str, member: str) -> tuple[str, ...]:
    """Returns the values that a member of a request can have, by the service model; empty if it can have any."""
    shape: Any = service_model().operation_model(operation).input_shape
    found = shape.members.get(member)
    return tuple(getattr(getattr(found, "member", found), "enum", ()))


def _check_values(option: str, values: Sequence[str], allowed: Sequence[str]) -> None:
    for value in values:
        if allowed and value not in allowed:
            small = {one.lower(): one for one in allowed}
            close = get_close_matches(value.lower(), small, n=1)
            found = f"did you mean {small[close[0]]}?" if close else f"it is one of {', '.join(allowed)}."
            raise ConfigurationError(f"{option} has no value {value!r}: {found}")


def _check(name: str, value: float, *, above: float, most: float = math.inf) -> None:
    if not value > above:
        raise ConfigurationError(f"{name} must be more than {above}, not {value}.")
    if value > most:
        raise ConfigurationError(f"{name} must be at most {most:,}, not {value:,}.")
