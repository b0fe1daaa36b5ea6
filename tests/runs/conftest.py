"""What the tests of streams besides the opportunities share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partner_central_emulator import Emulator
from partner_central_sync.sync import lists


@pytest.fixture
def small() -> Iterator[Emulator]:
    """Twenty opportunities, and what hangs together with them."""
    with Emulator(opportunities=20, seed=1, rps=None) as running:
        yield running


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> None:
    """No list is fresh in the next run, nor is a refusal remembered."""
    monkeypatch.setattr(lists.Lists, "_is_due", lambda *_: True)
