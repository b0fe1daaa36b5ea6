"""The connection: an AWS session from dlt's credentials, an optional role to assume, and the boto3 client."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.loaders import Loader, create_loader
from dlt.sources.credentials import AwsCredentials

if TYPE_CHECKING:
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

SERVICE = "partnercentral-selling"
HOME_REGION = "us-east-1"
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 30
MAX_CONCURRENT_CALLS = 16
PLACEHOLDER = "<configure me>"  # what `dlt init` leaves in secrets.toml


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
    """
    session: botocore.session.Session
    if credentials.has_default_credentials():
        session = credentials.default_credentials()
    elif credentials.aws_access_key_id in {None, PLACEHOLDER}:
        session = botocore.session.Session(profile=credentials.profile_name)
    else:
        session = botocore.session.get_session()
        session.set_credentials(
            credentials.aws_access_key_id, credentials.aws_secret_access_key, credentials.aws_session_token
        )
    _share_loader(session)
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


def connect(
    session: botocore.session.Session, *, endpoint_url: str | None = None, read_timeout: float = READ_TIMEOUT
) -> PartnerCentralSellingAPIClient:
    """The boto3 client. It does not retry: `client.py` does, where calls are counted and paced."""
    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=min(CONNECT_TIMEOUT, read_timeout),
        read_timeout=read_timeout,
        max_pool_connections=MAX_CONCURRENT_CALLS,
        user_agent_extra="partner-central-sync",
    )
    return boto3.Session(botocore_session=session).client(
        "partnercentral-selling", endpoint_url=endpoint_url, config=config
    )


def _share_loader(session: botocore.session.Session) -> None:
    """Lets a session read the models of services as the process has them."""
    loader = _loader(session.get_config_variable("data_path"))
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)  # boto3 adds its own for each session
    session.register_component("data_loader", loader)


@cache
def _loader(data_path: str | None) -> Loader:
    """Returns the loader of the process: each reads the endpoints of all services, which takes longer than a call."""
    return create_loader(data_path)
