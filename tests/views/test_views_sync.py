"""When a sync creates the views, and that it never fails for them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dlt.common.schema.utils import new_table

import generate
from generate import PAGE, page
from partner_central_emulator import Emulator
from partner_central_sync import destinations
from partner_central_sync.destinations.split_columns import join_columns
from partner_central_sync.sync import views as views_module
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.views import translate, view_texts
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


@pytest.fixture
def opt_in_views(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of two more views: one on a table that not every sync loads, and one on that view."""
    folder = tmp_path_factory.mktemp("views")
    shutil.copytree(views_module._folder(), folder, dirs_exist_ok=True)
    (folder / "agreements_signed.sql").write_text("SELECT id FROM agreements")
    (folder / "agreements_of_open.sql").write_text(
        "SELECT s.id FROM agreements_signed AS s JOIN opportunity_current AS o ON o.id = s.id"
    )
    monkeypatch.setattr(views_module, "_folder", lambda: folder)
    _clear_caches()
    yield {"agreements_signed", "agreements_of_open"}
    monkeypatch.undo()
    _clear_caches()


def _clear_caches() -> None:
    for cached in (view_texts, views_module._texts, views_module._tables_read):
        cached.cache_clear()


def test_views_on_a_table_that_is_not_loaded_are_left_out_until_it_is(
    synced: Sandbox, emulator: Emulator, opt_in_views: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced.sync()
    assert views(synced) == set(view_texts()) - opt_in_views
    with monkeypatch.context() as patch:
        patch.setattr(views_module, "create_views", lambda *_: pytest.fail("the same views are made again"))
        synced.sync()
    pipeline = working_folder.attach(synced.settings())
    schema = pipeline.default_schema
    schema.update_table(new_table("agreements", columns=[{"name": "id", "data_type": "text", "nullable": True}]))
    pipeline.schemas.save_schema(schema)
    emulator.put({"Id": "O1"})
    synced.sync()
    assert "agreements" in {str(row[0]) for row in asked(synced, "SELECT table_name FROM duckdb_tables()")}
    assert asked(synced, "SELECT * FROM agreements_of_open") == []
    assert opt_in_views < views(synced)


def test_views_are_made_again_when_their_translation_changes(synced: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    synced.sync()
    change(synced, "DROP VIEW stalled")
    monkeypatch.setattr(views_module, "TRANSLATION_VERSION", views_module.TRANSLATION_VERSION + 1)
    synced.sync()
    assert views(synced) == set(view_texts())


def test_the_version_of_the_translation_stands_for_these_statements() -> None:
    """Where this fails, raise TRANSLATION_VERSION: destinations keep the views that the earlier translation made."""
    query = "SELECT o.id, STRING_AGG(o.name, ',') AS names FROM opportunities AS o GROUP BY o.id"
    columns = {"id": "text", "score": "bigint", "score_double": "double"}
    assert views_module.TRANSLATION_VERSION == 1
    assert {dialect: translate(query, _client(dialect)) for dialect in ("duckdb", "postgres", "snowflake")} == {
        "duckdb": query,
        "postgres": query.replace("FROM o", "FROM data.o"),
        "snowflake": query.replace("FROM o", "FROM data.o").replace("STRING_AGG", "LISTAGG"),
    }
    assert join_columns("opportunities", columns) == (
        "SELECT id, COALESCE(score_double, CAST(score AS DOUBLE)) AS score FROM opportunities"
    )


def _client(dialect: str) -> Any:
    return SimpleNamespace(
        adapter=destinations.get(dialect),
        capabilities=SimpleNamespace(sqlglot_dialect=dialect),
        sql_client=SimpleNamespace(make_qualified_table_name=lambda name: f"data.{name}"),
    )


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
