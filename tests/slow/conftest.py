"""What several of the slow tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aws_server import moto_server
from partner_central_emulator import Emulator


@pytest.fixture
def aws() -> Iterator[str]:
    """The endpoint of the AWS services beside Partner Central."""
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture
def told(aws: str) -> Iterator[Emulator]:
    """A Partner Central that tells the bus of each change."""
    with Emulator(opportunities=30, seed=1, rps=None, events=aws) as emulator:
        yield emulator
