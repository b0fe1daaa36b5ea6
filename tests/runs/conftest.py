"""What the tests of streams besides the opportunities share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from partner_central_emulator import Emulator
from partner_central_sync.sync import lists
from sandbox import Sandbox


@pytest.fixture
def small() -> Iterator[Emulator]:
    """Twenty opportunities, and what hangs together with them."""
    with Emulator(opportunities=20, seed=1, rps=None) as running:
        yield running


@pytest.fixture
def first_sync(request: pytest.FixtureRequest, tmp_path: Path, small: Emulator) -> Sandbox:
    """A first sync of the opportunities and the `STREAM` of the module; no call is noted yet."""
    sandbox = Sandbox(tmp_path, small.endpoint)
    sandbox.sync(tables=(request.module.STREAM,))
    small.calls.clear()
    return sandbox


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> None:
    """No list is fresh in the next run, nor is a refusal remembered."""
    monkeypatch.setattr(lists.Lists, "_is_due", lambda *_: True)
