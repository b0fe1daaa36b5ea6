"""What the tests of streams besides the opportunities share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from weakref import WeakValueDictionary

import pytest

from databases import Prepared
from partner_central.api.quota import Quota
from partner_central_emulator import Emulator
from partner_central_sync.sync import lists
from sandbox import Sandbox


@pytest.fixture(autouse=True)
def own_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calls of a test are its own, though an account at the same port was read before."""
    monkeypatch.setattr(Quota, "_in_use", WeakValueDictionary())


@pytest.fixture
def small(port: int) -> Iterator[Emulator]:
    """Twenty opportunities, and what hangs together with them."""
    with Emulator(opportunities=20, seed=1, port=port, rps=None) as running:
        yield running


@pytest.fixture
def first_sync(request: pytest.FixtureRequest, tmp_path: Path, small: Emulator, prepared: Prepared) -> Sandbox:
    """After a first sync of the opportunities and the `STREAM` of the module; no call is noted yet."""
    sandbox = Sandbox(tmp_path, small.endpoint)
    prepared.begin(sandbox, small, request.module.STREAM)
    return sandbox


@pytest.fixture
def small_synced(tmp_path: Path, small: Emulator, prepared: Prepared) -> Sandbox:
    """After a first sync of the opportunities from `small`; no call is noted yet."""
    sandbox = Sandbox(tmp_path, small.endpoint)
    prepared.begin(sandbox, small, "opportunities")
    return sandbox


@pytest.fixture
def begin(tmp_path: Path, small: Emulator, prepared: Prepared) -> Callable[..., Sandbox]:
    """A first sync of some tables, which calls nothing: what it loads was loaded before."""

    def begun(*tables: str) -> Sandbox:
        sandbox = Sandbox(tmp_path, small.endpoint)
        prepared.begin(sandbox, small, *tables)
        return sandbox

    return begun


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> None:
    """No list is fresh in the next run, nor is a refusal remembered."""
    monkeypatch.setattr(lists.Lists, "_is_due", lambda *_: True)
