"""What runs leave behind: a few packages, no staged rows, and a lake that is tidied up once a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from databases import Database
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.lease import LeaseLost
from partner_central_sync.sync import housekeeping
from partner_central_sync.sync.job import sync
from runs.test_tables import query
from sandbox import Sandbox


def packages(sandbox: Sandbox) -> list[str]:
    loaded = sandbox.working_folder / "load" / "loaded"
    return sorted((folder.name for folder in loaded.iterdir()), key=float)


@pytest.mark.long
def test_of_loaded_packages_the_newest_stay_and_of_staged_rows_none(synced: Sandbox, emulator: Emulator) -> None:
    newest = packages(synced)
    for number in range(9):
        old = synced.working_folder / "load" / "loaded" / f"17000000{number}.1"
        old.mkdir()
        (old / "schema.json").write_text("{}")
    emulator.change(emulator.truth()[0]["Id"], {"LifeCycle": {"NextSteps": "call"}})
    synced.sync()
    assert len(packages(synced)) == housekeeping.PACKAGES_KEPT
    assert newest[-1] in packages(synced)
    schemas = "SELECT schema_name FROM duckdb_schemas() WHERE contains(schema_name, 'staging')"
    assert query(synced, schemas) == []


@dataclass
class Tidied:
    """A pipeline whose destination counts how often it is tidied up, and may fail to."""

    failure: Exception | None = None
    count: int = 0
    state: dict[str, Any] = field(default_factory=lambda: {"_local": {}})

    def tidy(self, _: object) -> None:
        self.count += 1
        if self.failure:
            raise self.failure

    def set_local_state_val(self, name: str, value: str) -> None:
        self.state["_local"][name] = value

    def destination_client(self) -> Tidied:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def tidied_by(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tidied]:
    def run(*failures: Exception | None, holds: bool = True) -> Tidied:
        pipeline: Any = Tidied()
        monkeypatch.setattr(housekeeping, "of", lambda _: pipeline)
        monkeypatch.setattr(housekeeping.run_lease, "is_held", lambda _: holds)
        for failure in failures:
            pipeline.failure = failure
            housekeeping.tidy(pipeline, Console(quiet=True))
        return pipeline  # type: ignore[no-any-return]

    return run


def test_a_destination_is_tidied_up_once_a_day_by_a_run_that_loads(tidied_by: Callable[..., Tidied]) -> None:
    assert tidied_by(None, None).count == 1
    assert tidied_by(None, holds=False).count == 0


def test_one_that_cannot_be_tidied_up_is_tried_again_and_no_failure(tidied_by: Callable[..., Tidied]) -> None:
    assert tidied_by(OSError("no room"), None, None).count == 2
    with pytest.raises(LeaseLost):
        tidied_by(LeaseLost())


@pytest.mark.long
@pytest.mark.parametrize("database", ["filesystem"], indirect=True)
def test_a_sync_joins_the_files_of_a_lake_and_removes_earlier_ones(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DESTINATION__FILESYSTEM__RETENTION_DAYS", "0")
    sync(database.settings(rows_per_chunk=100), Console())
    assert "could not be removed" not in capsys.readouterr().err
    assert len([*(database.folder / "lake" / "partner_central" / "opportunities").glob("*.parquet")]) == 1
