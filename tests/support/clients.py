"""AWS clients of an emulator, with every operation that the source knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from partner_central.public import with_extras

Connect = Callable[..., Any]


def client_session() -> boto3.Session:
    """A session with keys, and with the operations that the installed botocore may lack."""
    session = botocore.session.get_session()
    with_extras(session.get_component("data_loader"))
    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}
    return boto3.Session(botocore_session=session, region_name="us-east-1", **keys)


def everything(call: Callable[..., Any], records: str, **request: Any) -> list[dict[str, Any]]:
    """The records of all pages; an empty NextToken ends a list as a missing one does."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = call(**{"Catalog": "AWS", **request, **token})
        found += page.get(records) or []
        if not page.get("NextToken"):
            return found
        assert page["NextToken"] != token.get("NextToken")
        token = {"NextToken": page["NextToken"]}


def refusal(call: Callable[..., Any], **request: Any) -> dict[str, Any]:
    """What an error of the service says."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    return dict(caught.value.response)
