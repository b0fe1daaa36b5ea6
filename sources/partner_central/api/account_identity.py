"""The identity of the AWS account that credentials are of."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from .failures import to_source_error

if TYPE_CHECKING:
    import botocore.session
    from mypy_boto3_partnercentral_selling import PartnerCentralSellingAPIClient

ACCESS_KEY = re.compile(r"A[KS]IA([A-HK-Z2-7][A-Z2-7]{15})")  # older ones, with I or J, do not hold the account
AWS_HOSTS = (".amazonaws.com", ".api.aws", ".amazonaws.eu")


def identity_of(session: botocore.session.Session, client: PartnerCentralSellingAPIClient, catalog: str) -> str | None:
    """A digest that stands for the account that credentials are of; None where there are none.

    It is the same for every user, role and key of an account, whose number is part of an access key. A key made before
    2019 has no number: its digest is of the key. An endpoint that is not AWS's own counts as well.

    Raises:
        PartnerCentralError: the credentials cannot be fetched.
    """
    try:
        credentials = session.get_credentials()
        frozen = credentials and credentials.get_frozen_credentials()
    except (BotoCoreError, ClientError, EOFError, OSError) as error:
        raise to_source_error(error, {"Catalog": catalog}, client) from error
    if not frozen:
        return None
    account = frozen.account_id or _account_in(frozen.access_key or "") or frozen.access_key
    host = urlsplit(client.meta.endpoint_url).netloc
    place = "" if host.endswith(AWS_HOSTS) else host
    return hashlib.blake2b(f"{account} {place}".encode(), digest_size=8).hexdigest()


def _account_in(access_key: str) -> str | None:
    """The number of the account that an access key holds, in its first bytes."""
    match = ACCESS_KEY.fullmatch(access_key)
    if match is None:
        return None
    number = int.from_bytes(base64.b32decode(match[1])[:6], "big")
    return f"{(number & 0x7FFFFFFFFF80) >> 7:012}"
