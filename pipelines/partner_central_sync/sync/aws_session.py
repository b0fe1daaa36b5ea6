"""The AWS session of a run, with the credentials that the source uses."""

from __future__ import annotations

import botocore.session
import dlt
from dlt.sources.credentials import AwsCredentials

from partner_central.public import from_own_section, open_session

from .settings import Settings

WHO = ("credentials", "role_arn", "external_id")


def session_of(settings: Settings) -> botocore.session.Session:
    """Returns the session, configured in the same place as the source.

    Raises:
        ConfigurationError: there are no credentials.
    """
    return _session(**{name: value for name, value in settings.source_arguments().items() if name in WHO})


@from_own_section
def _session(
    credentials: AwsCredentials = dlt.secrets.value, role_arn: str | None = None, external_id: str | None = None
) -> botocore.session.Session:
    return open_session(credentials, role_arn, external_id)
