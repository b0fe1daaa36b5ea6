"""The first sync after an upgrade goes on from what the earlier release stored, without a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dlt
import pytest

from partner_central.public import STREAMS
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.fenced_client import FencedFactory
from partner_central_sync.sync import details, working_folder
from partner_central_sync.sync.job import sync
from sandbox import Sandbox

pytestmark = pytest.mark.views

RELEASE_0_1_0 = Path(__file__).parents[1] / "support" / "release_0_1_0.sql"
EARLIER = "partner_central_sync.typed_duckdb.duckdb"  # releases stored the module of the factory


@pytest.fixture
def earlier_release(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Everything is stored as that release did, until this is undone."""
    monkeypatch.setattr(FencedFactory, "destination_type", property(lambda _: EARLIER))
    return monkeypatch


def stored_types(sandbox: Sandbox) -> list[Any]:
    """The types in the states of the destination, in the order they were loaded."""
    import duckdb
    from dlt.common.versioned_state import decompress_state

    with duckdb.connect(str(sandbox.database)) as connection:
        rows = connection.execute(
            "SELECT state FROM partner_central.partner_central._dlt_pipeline_state ORDER BY version"
        )
        return [decompress_state(state)["destination_type"] for (state,) in rows.fetchall()]  # type: ignore[typeddict-item]


def notes_of(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> str:
    """What a sync prints beside its phases."""
    capsys.readouterr()
    sync(sandbox.settings(), Console())
    phases = ("checking the destination", "reading", "normalizing", "loading")
    lines = capsys.readouterr().err.splitlines()
    return "\n".join(line for line in lines if not line.partition("INFO ")[2].startswith(phases))


@pytest.mark.long
def test_an_idle_folder_is_taken_over(
    sandbox: Sandbox, emulator: Emulator, earlier_release: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.sync()
    earlier_release.undo()
    emulator.advance(days=3)
    calls = len(emulator.calls)
    assert notes_of(sandbox, capsys) == ""
    sandbox.assert_equals(emulator.truth())
    assert len(emulator.calls) == calls + 1
    assert stored_types(sandbox) == [EARLIER, "dlt.destinations.duckdb"]


@pytest.mark.long
def test_a_run_with_nothing_new_is_quiet_and_leaves_the_type_to_a_load(
    sandbox: Sandbox, emulator: Emulator, earlier_release: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.sync()
    earlier_release.undo()
    for _ in range(2):
        assert notes_of(sandbox, capsys) == ""
        assert stored_types(sandbox) == [EARLIER]
        working_folder.reset(sandbox.settings())  # on another machine, too
    emulator.advance(days=3)
    assert notes_of(sandbox, capsys) == ""
    assert stored_types(sandbox) == [EARLIER, "dlt.destinations.duckdb"]
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
def test_what_an_interrupted_run_left_is_finished(
    sandbox: Sandbox, emulator: Emulator, earlier_release: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.sync()
    emulator.advance(days=3)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with earlier_release.context() as patch:
        patch.setattr(dlt.Pipeline, "load", interrupt)
        with pytest.raises(KeyboardInterrupt):
            sandbox.sync()
    earlier_release.undo()
    notes = notes_of(sandbox, capsys)
    assert notes.endswith("An earlier run was interrupted: finishing what it left first.")
    assert len(notes.splitlines()) == 1
    sandbox.assert_equals(emulator.truth())
    assert stored_types(sandbox) == [EARLIER, EARLIER], "nothing new was behind what was left"


@pytest.fixture
def release_0_1_0(sandbox_for: Callable[[str], Sandbox]) -> Iterator[tuple[Sandbox, Emulator]]:
    """A dataset as release 0.1.0 stored it, and the account that it is of."""
    import duckdb

    with Emulator(opportunities=6, seed=1, rps=None) as account:
        for record in json.loads(RELEASE_0_1_0.with_suffix(".json").read_text()):  # as that release found them
            account.put(record)
        account.calls.clear()
        sandbox = sandbox_for(account.endpoint)
        with duckdb.connect(str(sandbox.database)) as connection:
            connection.execute("CREATE SCHEMA partner_central.partner_central")
            connection.execute("USE partner_central.partner_central")
            connection.execute(RELEASE_0_1_0.read_text())
        yield sandbox, account


def test_a_dataset_of_the_first_release_is_taken_over_though_nothing_changed(
    release_0_1_0: tuple[Sandbox, Emulator], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox, account = release_0_1_0
    for _ in range(2):
        assert "WARNING" not in notes_of(sandbox, capsys)
    assert len(account.calls) == 2
    key = account.truth()[0]["Id"]
    account.change(key, {"LifeCycle": {"NextSteps": "A call."}})
    sandbox.sync()
    sandbox.assert_equals(account.truth())
    assert rows_of(sandbox, "SELECT id FROM opportunity_history") == [(key,)]
    account.remove(account.truth()[1]["Id"])
    sandbox.sync({"full": True})
    assert rows_of(sandbox, "SELECT count(*), count(DISTINCT id) FROM opportunity_history") == [(5, 5)]
    assert rows_of(sandbox, "SELECT count(*) FROM opportunity_current") == [(6,)]


@pytest.mark.long
def test_a_dataset_of_the_first_release_gets_every_other_table(
    release_0_1_0: tuple[Sandbox, Emulator], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(details, "allowed", lambda *_: 1000)
    sandbox, account = release_0_1_0
    every = sandbox.settings(tables=("all",))
    sync(every, Console())
    assert "WARNING" not in capsys.readouterr().err
    for stream in STREAMS:
        count = f"SELECT count(*), count(DISTINCT {stream.key_column}) FROM {stream.table}"
        known = len(account.truth(stream=stream.table))
        assert rows_of(sandbox, count) == [(known, known)], stream.table
    account.calls.clear()
    sync(every, Console(quiet=True))
    assert [call.operation for call in account.calls] == ["ListOpportunities"]
    sync(replace(every, full=True), Console(quiet=True))
    sandbox.assert_equals(account.truth())
    for table in ("opportunity_history", "aws_opportunity_summary_history"):
        assert rows_of(sandbox, f"SELECT count(*), count(DISTINCT id) FROM {table}") == [(6, 6)]


def rows_of(sandbox: Sandbox, statement: str) -> list[tuple[Any, ...]]:
    """What a statement gives in the dataset."""
    import duckdb

    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        return connection.execute(statement).fetchall()
