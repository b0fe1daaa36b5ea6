"""Runs a probe: connects as a sync does, makes its calls, and decides what they show."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import dlt
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.sources.credentials import AwsCredentials

from partner_central.public import (
    STREAMS,
    Options,
    PartnerCentral,
    Quota,
    account_of,
    connect,
    from_own_section,
    open_session,
    service_model,
)

from .calls import Caller, Wire
from .evidence import Evidence, Seen
from .members import known_members, required_members
from .question import Question
from .questions import QUESTIONS
from .steps import Steps

if TYPE_CHECKING:
    from ..sync.settings import Settings

MOST_CALLS: Final = 60
ATTEMPTS: Final = 3
TOKEN_AGE_S: Final = 60.0
LIMITS: Final = ("calls_per_second", "calls_per_day")


@dataclass(frozen=True, slots=True)
class Finding:
    """A question and what the probe says about it."""

    question: Question
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class Result:
    """The findings of a probe.

    Attributes:
        catalog: `AWS` or `Sandbox`.
        calls: how many were sent.
        findings: one for each question.
    """

    catalog: str
    calls: int
    findings: tuple[Finding, ...]


def probe(
    settings: Settings, *, token_age: float = TOKEN_AGE_S, show: Callable[[str], None], warn: Callable[[str], None]
) -> Result:
    """Probes the account and the catalog of the settings. Nothing is stored but the count of the calls.

    Args:
        settings: whose account; the destination is not used.
        token_age: seconds after which a token is used again.
        show: called with what is asked now.
        warn: called with what the user should know.

    Raises:
        ConfigurationError: credentials or region are missing or wrong.
        ServiceUnavailable: Partner Central cannot be reached, or no call of the day is left.
    """
    evidence = Evidence(settings.catalog)
    client = _client(settings, evidence)
    model = service_model()
    caller = Caller(client, settings.catalog, MOST_CALLS)
    operations = [name for stream in STREAMS for name in stream.operations]
    try:
        Steps(caller, evidence, model, operations, wait=threading.Event().wait, show=show).run(token_age)
    finally:
        client.close()
        for sentence in client.metrics.notes:
            warn(sentence)
    evidence.known = {name: known_members(model, name) for name in evidence.operations}
    evidence.required = {name: required_members(model, name) for name in evidence.operations}
    return Result(settings.catalog, client.metrics.calls, tuple(decide(evidence)))


def decide(evidence: Evidence) -> list[Finding]:
    """Returns what was recorded says about every question."""
    return [Finding(one, one.decide(evidence) if one.decide else None) for one in QUESTIONS]


def _client(settings: Settings, evidence: Evidence) -> PartnerCentral:
    """Returns the client that a sync would use, with fewer attempts and calls, whose attempts are recorded."""
    names = ("catalog", "credentials", "role_arn", "external_id", "endpoint_url", "read_timeout", *LIMITS)
    given = {name: value for name, value in settings.source_arguments().items() if name in names}
    options = _options(**given)
    session = open_session(options.credentials, options.role_arn, options.external_id)
    boto = connect(session, endpoint_url=options.endpoint_url, read_timeout=options.read_timeout)
    wire = Wire()
    wire.watch(boto)
    evidence.attempts = wire.attempts
    account = account_of(session, boto.meta.endpoint_url)
    folder = settings.pipelines_dir or Path(get_dlt_pipelines_dir())
    return PartnerCentral(
        lambda: boto,
        lambda _: Quota.shared(account, folder, options.calls_per_second, options.calls_per_day),
        attempts=ATTEMPTS,
        max_calls=MOST_CALLS,
    )


@from_own_section
def _options(
    catalog: str,
    credentials: AwsCredentials = dlt.secrets.value,
    role_arn: str | None = None,
    external_id: str | None = None,
    endpoint_url: str | None = None,
    read_timeout: float | None = None,
    calls_per_second: float | None = None,
    calls_per_day: int | None = None,
) -> Options:
    """The options of the source that the probe needs, configured in the same place."""
    numbers = {"read_timeout": read_timeout, "calls_per_second": calls_per_second, "calls_per_day": calls_per_day}
    given: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    return Options(
        catalog=catalog,
        credentials=credentials,
        role_arn=role_arn,
        external_id=external_id,
        endpoint_url=endpoint_url,
        **given,
    )
