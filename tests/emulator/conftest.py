"""What the tests of the emulator share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from clients import Connect, client_session
from partner_central_emulator import Emulator
from sandbox import TIMEOUT_S


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    return client_session()


@pytest.fixture
def connect(session: Any) -> Iterator[Connect]:
    clients: list[Any] = []

    def connected(emulator: Emulator, *, read_timeout: float = TIMEOUT_S, **options: Any) -> Any:
        # Validation by the client would hide the service's own.
        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=read_timeout,
            parameter_validation=False,
            max_pool_connections=20,
        )
        clients.append(
            session.client("partnercentral-selling", endpoint_url=emulator.endpoint, config=config, **options)
        )
        return clients[-1]

    yield connected
    for client in clients:
        client.close()
