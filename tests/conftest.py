"""What the tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from partner_central_emulator import Emulator
from place import Place


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A Partner Central with 250 opportunities and no quota."""
    with Emulator(opportunities=250, seed=1, rps=None) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, emulator: Emulator) -> Place:
    """A folder to sync into from `emulator`."""
    return Place(tmp_path, emulator.endpoint)


@pytest.fixture
def place_for(tmp_path: Path) -> Callable[[str], Place]:
    """A folder to sync into from any endpoint."""
    return lambda endpoint: Place(tmp_path, endpoint)
