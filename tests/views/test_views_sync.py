"""When a sync creates the views, and that it never fails for them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
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
from partner_central_sync.destinations.views import store_of
from partner_central_sync.destinations.views.duckdb import DuckDbViews
from partner_central_sync.destinations.views.store import MARK, ViewStore
from partner_central_sync.sync import working_folder
from partner_central_sync.views import files, keeping, sync_step, translation
from partner_central_sync.views.absent_tables import empty_queries, mentioned
from partner_central_sync.views.files import tables_read, view_texts
from partner_central_sync.views.translation import translate
from sandbox import Sandbox


def asked(sandbox: Sandbox, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        connection.execute("USE partner_central.partner_central")
        return connection.execute(query).fetchall()


_put = DuckDbViews.put


def views(sandbox: Sandbox) -> set[str]:
    return {str(row[0]) for row in asked(sandbox, "SELECT view_name FROM duckdb_views() WHERE NOT internal")}


def change(sandbox: Sandbox, statement: str) -> None:
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        connection.execute(statement)


def comments(sandbox: Sandbox) -> dict[str, str]:
    found = asked(sandbox, "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
    return {str(name): str(comment) for name, comment in found}


@pytest.fixture
def no_comparison(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Fails a sync that looks at the views of the destination."""
    with monkeypatch.context() as patch:
        for name in ("are_as_in_the_files", "create_views"):
            patch.setattr(sync_step, name, lambda *_: pytest.fail("the views are looked at"))
        yield patch


@pytest.mark.long
def test_a_run_that_loads_nothing_does_not_look_at_views(
    synced: Sandbox, no_comparison: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    synced.sync()
    assert len(emulator.calls) == 1
    no_comparison.undo()
    assert views(synced) == set(view_texts())


@pytest.mark.long
@pytest.mark.parametrize("full", [False, True])
def test_a_dropped_view_returns_with_the_next_load(synced: Sandbox, emulator: Emulator, *, full: bool) -> None:
    change(synced, "DROP VIEW stalled")
    if not full:
        emulator.put({"Id": "O1"})
    synced.sync(full=full)
    assert views(synced) == set(view_texts())


@pytest.mark.long
def test_on_a_new_disk_no_view_is_made_again(synced: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    working_folder.reset(synced.settings())
    monkeypatch.setattr(ViewStore, "verb", lambda *_: pytest.fail("a view is made"))
    synced.sync()
    assert views(synced) == set(view_texts())


def test_only_what_differs_is_replaced(synced: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    before = comments(synced)
    text = view_texts()["stalled"].replace(">= 30", ">= 60")
    monkeypatch.setattr(files, "texts", lambda: {**files.view_texts(), "stalled": text})
    for module in (keeping, sync_step):
        monkeypatch.setattr(module, "texts", files.texts)
    monkeypatch.setattr(keeping, "view_texts", files.texts)
    made: list[str] = []
    monkeypatch.setattr(DuckDbViews, "put", lambda self, view, *_: made.append(view.name) or _put(self, view, *_))
    synced.sync()
    assert made == ["stalled"]
    after = comments(synced)
    assert {name for name in before if before[name] != after[name]} == {"stalled"}


def test_views_and_columns_have_their_heads_as_comments(synced: Sandbox) -> None:
    for name, comment in comments(synced).items():
        head = files.head_of(view_texts()[name])
        assert comment.startswith(f"{head.question}\n\n{head.definition}")
        assert MARK.search(comment)
    described = asked(
        synced,
        "SELECT table_name, column_name, c.comment FROM duckdb_columns() c JOIN duckdb_views() v "
        "ON view_name = table_name AND v.schema_name = c.schema_name WHERE NOT v.internal",
    )
    assert len(described) == sum(len(files.head_of(text).columns) for text in view_texts().values())
    assert {(str(view), str(column)): comment for view, column, comment in described} == {
        (name, column): comment
        for name, text in view_texts().items()
        for column, comment in files.head_of(text).columns.items()
    }


@pytest.mark.long
@pytest.mark.parametrize(
    ("theirs", "kind"), [("TABLE stalled (theirs TEXT)", "table"), ("VIEW stalled AS SELECT 'theirs' AS x", "view")]
)
def test_what_a_user_made_is_left_alone_and_named_in_every_run(
    synced: Sandbox, emulator: Emulator, capfd: pytest.CaptureFixture[str], theirs: str, kind: str
) -> None:
    change(synced, "DROP VIEW stalled")
    change(synced, f"CREATE {theirs}")
    emulator.put({"Id": "O1"})
    for _ in range(2):  # the second one loads nothing
        synced.sync()
        printed = capfd.readouterr().err
        assert printed.count("WARNING") == 1
        assert f"stalled (a {kind})" in printed
        assert "Rename it" in printed
        assert "drop the" not in printed.lower()
    assert asked(synced, "SELECT column_name FROM duckdb_columns() WHERE table_name = 'stalled'") in (
        [("theirs",)],
        [("x",)],
    )
    assert asked(synced, "SELECT id FROM opportunities WHERE id = 'O1'") == [("O1",)]
    change(synced, f"ALTER {kind} stalled RENAME TO mine")
    synced.sync()
    assert views(synced) == set(view_texts()) | ({"mine"} if kind == "view" else set())
    assert capfd.readouterr().err == ""


@pytest.mark.long
def test_a_destination_that_fails_meanwhile_is_a_warning_and_the_next_run_tries_again(
    synced: Sandbox, emulator: Emulator, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(synced, "DROP VIEW stalled")
    emulator.put({"Id": "O1"})
    with monkeypatch.context() as patch:
        patch.setattr(DuckDbViews, "select_stored", lambda *_: "SELECT 1 FROM gone")
        synced.sync()
    printed = capfd.readouterr().err
    assert "the views could not be compared with the files: Catalog Error: Table with name gone does not" in printed
    assert "makes it again" not in printed
    synced.sync()
    assert views(synced) == set(view_texts())


@pytest.mark.long
def test_views_that_read_a_taken_name_are_left_out_and_named(
    synced: Sandbox, emulator: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    for view in ("changes_last_7_days", "changes"):
        change(synced, f"DROP VIEW {view}")
    change(synced, "CREATE TABLE changes (mine TEXT)")
    emulator.put({"Id": "O1"})
    synced.sync()
    assert "Views that read them were not made: changes_last_7_days." in capfd.readouterr().err
    assert views(synced) == set(view_texts()) - {"changes", "changes_last_7_days"}


@pytest.mark.long
def test_views_of_an_earlier_release_are_taken_over(
    sandbox: Sandbox, emulator: Emulator, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It made them without comments, of the same texts, in a file of the newest storage version."""
    monkeypatch.setenv("PARTNER_CENTRAL__DUCKDB_STORAGE_VERSION", "latest")
    synced = sandbox
    synced.sync()
    client: Any = working_folder.attach(synced.settings()).destination_client()
    with client:
        there = client.get_storage_tables(sorted(tables_read()))
        empty = empty_queries(table for table, columns in there if not columns)
        for name, text in view_texts().items():
            view = client.sql_client.make_qualified_table_name(name)
            query = translate(text, client, mentioned(text, empty))
            client.sql_client.execute_sql(f"CREATE OR REPLACE VIEW {view} AS {query}")
    change(synced, "CREATE OR REPLACE VIEW stalled AS SELECT id FROM opportunity_current")
    assert not any(MARK.search(comment) for comment in comments(synced).values())
    emulator.put({"Id": "O1"})
    synced.sync()
    unmarked = {name for name, comment in comments(synced).items() if not MARK.search(comment)}
    assert unmarked == {"stalled"}, "a view that is not what a release made is the user's"
    assert "stalled (a view)" in capfd.readouterr().err


@pytest.mark.long
def test_a_database_without_comments_on_views_has_the_mark_in_the_query(
    synced: Sandbox, emulator: Emulator, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(destinations.get("duckdb"), view_store="store.ViewStore")
    monkeypatch.setitem(destinations._registered, "duckdb", other)
    change(synced, "DROP VIEW stalled")
    change(synced, "CREATE VIEW stalled AS SELECT 1 AS mine")
    for view in set(view_texts()) - {"stalled"}:
        change(synced, f"DROP VIEW {view}")
    emulator.put({"Id": "O1"})
    synced.sync()
    assert "stalled (a view)" in capfd.readouterr().err
    change(synced, "DROP VIEW stalled")
    synced.sync()
    assert capfd.readouterr().err == ""
    definitions = asked(synced, "SELECT sql FROM duckdb_views() WHERE NOT internal")
    assert len(definitions) == len(view_texts())
    assert all(MARK.search(str(sql)) for (sql,) in definitions)
    working_folder.reset(synced.settings())
    monkeypatch.setattr(ViewStore, "verb", lambda *_: pytest.fail("a view is made"))
    synced.sync()


def test_every_adapter_names_a_store_of_views() -> None:
    for adapter in destinations.all_adapters():
        client: Any = SimpleNamespace(
            adapter=adapter, capabilities=SimpleNamespace(sqlglot_dialect="duckdb"), sql_client=None
        )
        assert isinstance(store_of(client), ViewStore)


@pytest.fixture
def opt_in_views(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of two more views: one on a table that not every sync loads, and one on that view."""
    folder = tmp_path_factory.mktemp("views")
    shutil.copytree(files.folder(), folder, dirs_exist_ok=True)
    (folder / "agreements_signed.sql").write_text("SELECT id FROM agreements")
    (folder / "agreements_of_open.sql").write_text(
        "SELECT s.id FROM agreements_signed AS s JOIN opportunity_current AS o ON o.id = s.id"
    )
    monkeypatch.setattr(files, "folder", lambda: folder)
    _clear_caches()
    yield {"agreements_signed", "agreements_of_open"}
    monkeypatch.undo()
    _clear_caches()


def _clear_caches() -> None:
    for cached in (files.view_texts, files.texts, files.tables_read):
        cached.cache_clear()


@pytest.mark.long
def test_views_on_a_table_that_is_not_loaded_are_left_out_until_it_is(
    synced: Sandbox, emulator: Emulator, opt_in_views: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced.sync()
    assert views(synced) == set(view_texts()) - opt_in_views
    with monkeypatch.context() as patch:
        patch.setattr(sync_step, "create_views", lambda *_: pytest.fail("the same views are looked at again"))
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
    before = comments(synced)
    for module in (keeping, sync_step, translation):
        monkeypatch.setattr(module, "TRANSLATION_VERSION", translation.TRANSLATION_VERSION + 1)
    synced.sync()
    assert not set(before.values()) & set(comments(synced).values())


DIALECTS = ("duckdb", "postgres", "snowflake", "clickhouse")


def test_the_version_of_the_translation_stands_for_these_statements() -> None:
    """Where this fails, raise TRANSLATION_VERSION: destinations keep the views that the earlier translation made."""
    query = "SELECT o.id, STRING_AGG(o.name, ',') AS names FROM opportunities AS o GROUP BY o.id"
    columns = {"id": "text", "score": "bigint", "score_double": "double"}
    assert translation.TRANSLATION_VERSION == 5
    assert {dialect: translate(query, client_of(dialect)) for dialect in DIALECTS} == {
        "duckdb": query,
        "postgres": query.replace("FROM o", "FROM data.o"),
        "snowflake": query.replace("FROM o", "FROM data.o").replace("STRING_AGG", "LISTAGG"),
        "clickhouse": "SELECT o.id AS id, nullIf(arrayStringConcat(arrayMap(pair -> pair.2, "
        "arraySort(arrayFilter(pair -> isNotNull(pair.2), groupArray(tuple(o.name, o.name))))), ','), '') AS names "
        "FROM data.opportunities AS o GROUP BY o.id",
    }
    assert join_columns("opportunities", columns) == (
        'SELECT "id", COALESCE("score_double", CAST("score" AS DOUBLE)) AS "score" FROM opportunities'
    )


def test_the_same_query_of_another_account_is_not_written_anew() -> None:
    query, joins = "SELECT id FROM opportunities", {"opportunities": "SELECT 1 AS id"}
    first = translate(query, client_of("duckdb"), joins)
    assert first == "SELECT id FROM (SELECT 1 AS id) AS opportunities"
    assert translate(query, client_of("duckdb"), dict(joins)) is first
    assert translate(query, client_of("duckdb"), {"opportunities": "SELECT 2 AS id"}) != first


def client_of(dialect: str) -> Any:
    return SimpleNamespace(
        adapter=destinations.get(dialect),
        capabilities=SimpleNamespace(sqlglot_dialect=dialect),
        sql_client=SimpleNamespace(make_qualified_table_name=lambda name: f"data.{name}"),
    )


@pytest.mark.parametrize("view", sorted(view_texts()))
def test_a_view_says_its_question_its_definition_its_pitfalls_and_its_columns(view: str) -> None:
    text = view_texts()[view]
    head = files.head_of(text)
    assert head.question.endswith("?")
    assert head.definition
    assert head.pitfalls
    assert tuple(head.columns) == translation.columns_of(text)
    for description in head.columns.values():
        assert description.endswith(".")
        assert "%" not in description, "a driver may read it as a parameter"
    assert all(len(line) <= 120 for line in text.splitlines() if line.startswith("--"))


def test_a_view_has_first_what_a_reader_wants_first() -> None:
    constants, for_others = {"life_cycle_stages", "review_statuses"}, {"data_as_of", "data_freshness"}
    unordered = {name for name, text in view_texts().items() if "\nORDER BY" not in text}
    assert unordered == constants | for_others | {"opportunity_standing"}


def test_the_page_on_views_is_what_the_files_say() -> None:
    assert PAGE.read_text() == page(), f"run: python {Path(generate.__file__).name}"
