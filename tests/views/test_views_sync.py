"""When a sync creates the views, and that it never fails for them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import generate
from generate import PAGE, page
from partner_central_emulator import Emulator
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.views import view_texts
from sandbox import Sandbox


def asked(sandbox: Sandbox, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        return connection.execute(query).fetchall()


def views(sandbox: Sandbox) -> set[str]:
    return {str(row[0]) for row in asked(sandbox, "SELECT view_name FROM duckdb_views() WHERE NOT internal")}


def change(sandbox: Sandbox, statement: str) -> None:
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute(statement)


def test_views_are_created_once_and_again_when_the_working_folder_is_new(synced: Sandbox, emulator: Emulator) -> None:
    synced.sync()
    assert views(synced) == set(view_texts())
    assert asked(synced, "SELECT count(*) FROM opportunity_current") == [(250,)]
    change(synced, "DROP VIEW stalled")
    synced.sync()
    assert "stalled" not in views(synced), "a run that finds all as it was does not pay for views"
    emulator.put({"Id": "O1"})
    emulator.overlay("O1", {"Flag": True})
    synced.sync()  # a column is added under the views
    assert asked(synced, "SELECT count(*) FROM opportunity_current WHERE id = 'O1'") == [(1,)]
    working_folder.reset(synced.settings())
    synced.sync()
    assert views(synced) == set(view_texts())


def test_a_view_that_cannot_be_created_is_said_once_and_fails_nothing(
    synced: Sandbox, emulator: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    change(synced, "DROP VIEW IF EXISTS stalled")
    change(synced, "CREATE TABLE stalled (theirs TEXT)")
    working_folder.reset(synced.settings())
    emulator.put({"Id": "O1"})
    synced.sync()
    said = capfd.readouterr().err
    assert said.count("views") == 1
    assert "the views could not be created" in said
    assert "stalled" in said
    assert asked(synced, "SELECT id FROM opportunities WHERE id = 'O1'") == [("O1",)]
    synced.sync()
    assert capfd.readouterr().err == ""
    change(synced, "DROP TABLE stalled")
    synced.sync()
    assert views(synced) == set(view_texts())
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("view", sorted(view_texts()))
def test_a_view_says_its_question_its_definition_and_its_pitfalls(view: str) -> None:
    head = view_texts()[view].splitlines()
    assert head[0].startswith("-- ")
    assert head[0].endswith("?")
    assert head[1] == "--"
    assert head[2].startswith("-- Definition: ")
    assert any(line.startswith("-- Pitfalls: ") for line in head)
    assert all(len(line) <= 120 for line in head)


def test_the_page_on_views_is_what_the_files_say() -> None:
    assert PAGE.read_text() == page(), f"run: python {Path(generate.__file__).name}"
