"""The connection: an AWS session from dlt's credentials, an optional role to assume, and the boto3 client."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
    RefreshableCredentials,
)
from botocore.loaders import Loader, create_loader
from dlt.sources.credentials import AwsCredentials

from ..errors import ConfigurationError
from .misconfiguration import NO_TERMINAL_FOR_MFA, check_endpoint
from .model_extras import with_extras

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

HOME_REGION = "us-east-1"
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 30
MAX_CONCURRENT_CALLS = 16
TERMINAL = "/dev/tty"
PLACEHOLDER = "<configure me>"  # what `dlt init` leaves in secrets.toml
NO_CREDENTIALS = (
    "No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put them under "
    "[sources.partner_central.credentials] in .dlt/secrets.toml."
)
VISIBLE = re.compile(r"[\x21-\x7e]+")


class _AssumedRole(CredentialProvider):
    """Credentials of a role, fetched at the first call and renewed before they end."""

    METHOD = "assume-role"

    def __init__(self, session: botocore.session.Session, role_arn: str, external_id: str | None) -> None:
        super().__init__(session)
        extra = {"RoleSessionName": "partner-central-sync"} | ({"ExternalId": external_id} if external_id else {})
        self._fetcher = AssumeRoleCredentialFetcher(
            client_creator=session.create_client,
            source_credentials=session.get_credentials(),
            role_arn=role_arn,
            extra_args=extra,
        )

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(method=self.METHOD, refresh_using=self._fetcher.fetch_credentials)


def open_session(
    credentials: AwsCredentials, role_arn: str | None = None, external_id: str | None = None
) -> botocore.session.Session:
    """A botocore session with these credentials, or with those of `role_arn` assumed from them.

    Found credentials (environment, profile, SSO, instance role) stay in the session that found them, which renews
    them while a long run lasts.

    Raises:
        ConfigurationError: there are none, or they contain what no key contains, such as the end of a line.
    """
    session: botocore.session.Session
    if credentials.has_default_credentials():
        session = credentials.default_credentials()
    elif not credentials.aws_access_key_id:
        session = botocore.session.Session(profile=credentials.profile_name)
    else:
        session = botocore.session.get_session()
        session.set_credentials(
            credentials.aws_access_key_id, credentials.aws_secret_access_key, credentials.aws_session_token
        )
    _share_loader(session)
    _check(session.get_credentials())
    _check_terminal(session)
    region = credentials.region_name or session.get_config_variable("region") or HOME_REGION
    session.set_config_variable("region", region)
    if not role_arn:
        return session
    assumed = botocore.session.get_session()
    _share_loader(assumed)
    assumed.set_config_variable("region", region)
    if profile := session.get_config_variable("profile"):
        assumed.set_config_variable("profile", profile)
    assumed.register_component(
        "credential_provider", CredentialResolver([_AssumedRole(session, role_arn, external_id)])
    )
    return assumed


def _check_terminal(session: botocore.session.Session) -> None:
    """Refuses a profile that asks for an MFA code where nobody can type it, rather than wait for it."""
    found = session.get_credentials()
    if found is None or found.method != _AssumedRole.METHOD or not session.get_scoped_config().get("mfa_serial"):
        return
    try:
        os.close(os.open(TERMINAL, os.O_RDWR))
    except OSError:
        raise ConfigurationError(NO_TERMINAL_FOR_MFA) from None


def _check(found: Any) -> None:  # noqa: ANN401 - credentials of botocore, or None
    """Refuses credentials that no request could be sent with: the client's own error would quote them.

    Credentials that botocore renews come from AWS, and are not fetched for this.
    """
    if found is None:
        raise ConfigurationError(NO_CREDENTIALS)
    if isinstance(found, RefreshableCredentials):
        return
    keys: dict[str, str | None] = {
        "aws_access_key_id": found.access_key,
        "aws_secret_access_key": found.secret_key,
        "aws_session_token": found.token,
    }
    for name, value in keys.items():
        if value is None and name == "aws_session_token":
            continue
        if not value:
            raise ConfigurationError(f"The AWS credentials are incomplete: {name} is missing.")
        if not VISIBLE.fullmatch(value):
            raise ConfigurationError(
                f"The AWS credentials cannot be used: {name} contains a space, the end of a line, or a character that "
                "is not ASCII. Copy it again, without what stands around it."
            )


def connect(
    session: botocore.session.Session, *, endpoint_url: str | None = None, read_timeout: float = READ_TIMEOUT
) -> PartnerCentralSellingAPIClient:
    """The boto3 client. It does not retry: `client.py` does, where calls are counted and paced.

    Raises:
        ConfigurationError: the endpoint is not a URL of HTTP.
    """
    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=min(CONNECT_TIMEOUT, read_timeout),
        read_timeout=read_timeout,
        max_pool_connections=MAX_CONCURRENT_CALLS,
        user_agent_extra="partner-central-sync",
    )
    try:
        client = boto3.Session(botocore_session=session).client(
            "partnercentral-selling", endpoint_url=endpoint_url, config=config
        )
    except ValueError as error:
        raise ConfigurationError(check_endpoint(str(error).removeprefix("Invalid endpoint: ")) or str(error)) from error
    if sentence := check_endpoint(client.meta.endpoint_url):
        raise ConfigurationError(sentence)
    return client


def _share_loader(session: botocore.session.Session) -> None:
    """Lets a session read the models of services as the process has them."""
    loader = _loader(session.get_config_variable("data_path"))
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # boto3 adds its own for each session
    session.register_component("data_loader", loader)


@cache
def _loader(data_path: str | None) -> Loader:
    """Returns the loader of the process: each reads the endpoints of all services, which takes longer than a call."""
    return with_extras(create_loader(data_path))
