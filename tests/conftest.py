"""What the tests share."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from databases import Database, databases
from partner_central_emulator import Emulator
from place import Place
from postgres import Postgres

# The same examples on every machine, however long they take there; test_properties chooses how many.
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def port() -> int:
    """A free port: a Partner Central elsewhere would be another account's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def two_hundred_and_fifty(port: int) -> Emulator:
    """A Partner Central with 250 opportunities, always the same, and no quota."""
    return Emulator(opportunities=250, seed=1, port=port, rps=None)


@pytest.fixture
def emulator(port: int) -> Iterator[Emulator]:
    """A Partner Central with 250 opportunities and no quota."""
    with two_hundred_and_fifty(port) as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, emulator: Emulator) -> Place:
    """A folder to sync into from `emulator`."""
    return Place(tmp_path, emulator.endpoint)


@pytest.fixture(scope="session")
def first_sync(port: int, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A folder after a first sync, to be copied."""
    with two_hundred_and_fifty(port) as running:
        place = Place(tmp_path_factory.mktemp("first-sync"), running.endpoint)
        place.sync()
    return place


@pytest.fixture
def synced(first_sync: Place, place: Place) -> Place:
    """`place` after a first sync from `emulator`, which has seen no call yet."""
    shutil.copytree(first_sync.folder, place.folder, dirs_exist_ok=True)
    state = place.working_folder / "state.json"  # it names the database it was built on
    state.write_text(state.read_text().replace(str(first_sync.folder), str(place.folder)))
    return place


@pytest.fixture
def place_for(tmp_path: Path) -> Callable[[str], Place]:
    """A folder to sync into from any endpoint."""
    return lambda endpoint: Place(tmp_path, endpoint)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    with Postgres() as server:
        yield server


@pytest.fixture(params=["duckdb", "postgres"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database of either kind, to sync into from `emulator`."""
    yield from databases(request.param, tmp_path, emulator.endpoint, request, monkeypatch)
