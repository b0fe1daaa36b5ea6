"""What the tests share."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.loaders import Loader
from hypothesis import settings

import command_server
from databases import KINDS, Database, Prepared, databases
from partner_central.public import with_extras
from partner_central_emulator import Emulator, use_loader
from postgres import Postgres, shared_server
from quick_dlt import remember
from sandbox import Sandbox, makes_views, views_are_made
from servers import free_port

LONGEST = (  # more than a hundredth of the time each, of all tests or of the unit tests
    "tests/unit/tables/test_rows.py::test_columns_keep_their_kinds",
    "tests/runs/test_properties.py::test_after_any_schedule",
    "tests/runs/test_few_calls.py::test_a_record_that_leaves_a_crowd",
    "tests/runs/test_history.py::test_arrow_tables_and_rows",
    "tests/destinations/test_conformance.py::test_a_life_of_an_account",
)
ABOUT_VIEWS = {"views", "command"}
# The same examples on every machine, however long they take there; test_properties chooses how many.
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")
use_loader(with_extras(Loader()))
remember()


def pytest_configure() -> None:
    """In the background of a shell, or behind nohup, commands would inherit that these signals are ignored."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker begins them when the others are about to end."""
    items.sort(key=lambda item: not any(item.nodeid.startswith(begin) for begin in LONGEST))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Syncs in this process make views in tests that are about them: making all takes longer than the sync."""
    is_about_views = item.path.parent.name in ABOUT_VIEWS or item.get_closest_marker("views") is not None
    makes_views(wanted=is_about_views)


def pytest_collection_finish() -> None:
    """Imported modules stay: that the collector looks through them again and again takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_sessionfinish() -> None:
    """At the end they are taken down as usual, and the command server ends."""
    command_server.stop()
    gc.unfreeze()


@pytest.fixture(scope="session")
def port() -> int:
    """A free port: a Partner Central elsewhere would be another account's."""
    return free_port()


@pytest.fixture
def emulator(port: int) -> Iterator[Emulator]:
    """A Partner Central with 250 opportunities, always the same, and no quota."""
    with Emulator(opportunities=250, seed=1, port=port, rps=None) as running:
        yield running


@pytest.fixture
def sandbox(tmp_path: Path, emulator: Emulator) -> Sandbox:
    """A folder to sync into from `emulator`."""
    return Sandbox(tmp_path, emulator.endpoint)


@pytest.fixture(scope="session")
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Databases in which something was loaded, to be copied."""
    return Prepared(tmp_path_factory.mktemp, request)


@pytest.fixture
def synced(sandbox: Sandbox, emulator: Emulator, prepared: Prepared) -> Sandbox:
    """`sandbox` after a first sync from `emulator`, which has seen no call yet."""
    _first_sync(Database(sandbox.folder, sandbox.endpoint), emulator, prepared)
    return sandbox


@pytest.fixture
def loaded(database: Database, emulator: Emulator, prepared: Prepared) -> Database:
    """`database` after the same."""
    _first_sync(database, emulator, prepared)
    return database


def _first_sync(database: Database, emulator: Emulator, prepared: Prepared) -> None:
    prepared.lay("with-views" if views_are_made() else "first-sync", database, lambda empty: empty.sync())
    emulator.calls.clear()


@pytest.fixture
def sandbox_for(tmp_path: Path) -> Callable[[str], Sandbox]:
    """A folder to sync into from any endpoint."""
    return lambda endpoint: Sandbox(tmp_path, endpoint)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A real PostgreSQL server, the same for all workers."""
    folder = tmp_path_factory.getbasetemp()
    with shared_server(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) as server:
        yield server


@pytest.fixture(params=KINDS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A database of either kind, to sync into from `emulator`."""
    yield from databases(request.param, tmp_path, emulator.endpoint, request, monkeypatch)
