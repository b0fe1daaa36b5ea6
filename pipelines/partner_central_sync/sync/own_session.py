"""The AWS session of a run, its queue of events and its `pii`, configured in the same place as the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.session
import dlt
from dlt.sources.credentials import AwsCredentials

from partner_central.public import PiiPolicy, Stream, from_own_section, open_session

from .settings import Settings

if TYPE_CHECKING:
    from ..events.queue import EventQueue

WHO = ("credentials", "role_arn", "external_id")
PII = ("pii", "pii_key")


def session_of(settings: Settings) -> botocore.session.Session:
    """Returns the session that a sync uses.

    Raises:
        ConfigurationError: there are no credentials, or none that can be used.
    """
    return _session(**arguments(settings, *WHO))


def open_queue(settings: Settings, session: botocore.session.Session | None = None) -> EventQueue | None:
    """Returns the queue of events, with the credentials of the source; None if none is configured.

    Raises:
        ConfigurationError: its URL is wrong, or there are no credentials.
    """
    if settings.events_queue is None:
        return None
    from ..events.queue import EventQueue  # a run without a queue need not import it

    return EventQueue(settings.events_queue, session or session_of(settings), settings.catalog)


def pii_policy(settings: Settings, stream: Stream) -> PiiPolicy:
    """Returns what a sync does with the personal data of a stream.

    Raises:
        ConfigurationError: the mode does not exist, or the key to mask with is missing or short.
    """
    return _policy(stream, **arguments(settings, *PII))


def arguments(settings: Settings, *names: str) -> dict[str, Any]:
    """Returns the arguments of the source with these names, as far as the settings have them."""
    return {key: value for key, value in settings.source_arguments().items() if key in names}


@from_own_section
def _policy(stream: Stream, pii: str = "keep", pii_key: dlt.TSecretStrValue | None = None) -> PiiPolicy:
    return stream.pii_policy(pii, pii_key)


@from_own_section
def _session(
    credentials: AwsCredentials = dlt.secrets.value, role_arn: str | None = None, external_id: str | None = None
) -> botocore.session.Session:
    return open_session(credentials, role_arn, external_id)
