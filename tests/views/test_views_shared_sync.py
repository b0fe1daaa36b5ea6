"""When syncs of several accounts into one dataset make its views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from partner_central_emulator import Emulator
from partner_central_sync.destinations.views.duckdb import DuckDbViews
from partner_central_sync.query.listing import list_tables
from partner_central_sync.sync import working_folder
from partner_central_sync.views import sync_step
from partner_central_sync.views.files import head_of, view_texts
from partner_central_sync.views.shared_files import ALL, EACH, shared_texts, shared_view_texts
from partner_central_sync.views.translation import columns_of
from partner_central_sync.views.user_tables import USER_TABLES
from sandbox import Sandbox
from views.test_views import rows_of
from views.test_views_shared import CONSTANTS, fill_views
from views.test_views_sync import asked, change, comments, views

ROLL_UP = "all_accounts_pipeline_by_stage"
MORE = ("opportunity_search_summaries", "engagement_invitations")
_put = DuckDbViews.put
Sync = Callable[..., Any]


@pytest.fixture
def globex() -> Iterator[Emulator]:
    """A second account, whose opportunities have the ids of the first one's; each has another stage."""
    with Emulator(opportunities=60, seed=1, rps=None) as running:
        for record in running.truth()[:30]:
            running.change(record["Id"], {"LifeCycle": {"Stage": "Committed", "ReviewStatus": "Approved"}})
        yield running


@pytest.fixture
def run(sandbox: Sandbox, emulator: Emulator, globex: Emulator) -> Sync:
    """A sync of an account into the dataset of both."""
    emulators = {"acme": emulator, "globex": globex}

    def sync(account: str, *tables: str) -> Any:
        wanted = ("opportunities", *tables)
        return sandbox.sync({"endpoint_url": emulators[account].endpoint}, account=account, tables=wanted)

    return sync


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The views that were made or replaced."""
    names: list[str] = []
    monkeypatch.setattr(DuckDbViews, "put", lambda self, view, *_: names.append(view.name) or _put(self, view, *_))
    return names


@pytest.mark.long
def test_the_first_account_makes_the_views_and_the_second_none(
    sandbox: Sandbox, run: Sync, made: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run("acme")
    assert sorted(made) == sorted(shared_texts())
    assert views(sandbox) == set(shared_texts())
    with monkeypatch.context() as patch:
        patch.setattr(sync_step, "create_views", lambda *_: pytest.fail("the views are compared one by one"))
        run("globex")
    counts = "account, COUNT(*) FROM {} GROUP BY ALL ORDER BY ALL"
    assert asked(sandbox, f"SELECT {counts.format('opportunity_current')}") == asked(
        sandbox, f"SELECT {counts.format('opportunities')}"
    )
    (total,) = asked(sandbox, f"SELECT SUM(opportunities) FROM {ROLL_UP}")
    assert asked(sandbox, "SELECT SUM(opportunities) FROM pipeline_by_stage") == [total]
    assert capfd.readouterr().err == ""


@pytest.mark.long
def test_a_stream_of_one_account_replaces_the_views_that_read_it_once(
    sandbox: Sandbox, emulator: Emulator, run: Sync, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("acme")
    made.clear()
    run("globex", *MORE)
    assert {"data_freshness", "opportunity_current", "opportunity_groups"} <= {*made} < {*shared_texts()}
    emulator.put({"Id": "O1"})
    monkeypatch.setattr(sync_step, "create_views", lambda *_: pytest.fail("the views are compared one by one"))
    run("acme")
    assert asked(sandbox, "SELECT account FROM opportunity_current WHERE id = 'O1'") == [("acme",)]


@pytest.mark.long
def test_what_a_user_called_like_a_roll_up_is_left_alone(
    sandbox: Sandbox, emulator: Emulator, run: Sync, capfd: pytest.CaptureFixture[str]
) -> None:
    run("acme")
    change(sandbox, f"DROP VIEW {ROLL_UP}")
    change(sandbox, f"CREATE VIEW {ROLL_UP} AS SELECT 'theirs' AS x")
    emulator.put({"Id": "O1"})
    capfd.readouterr()
    run("acme")
    assert f"{ROLL_UP} (a view)" in capfd.readouterr().err
    assert asked(sandbox, f"SELECT x FROM {ROLL_UP}") == [("theirs",)]


@pytest.mark.long
def test_views_of_a_shared_dataset_say_so_in_their_comments(sandbox: Sandbox, run: Sync) -> None:
    run("acme")
    for name, comment in comments(sandbox).items():
        head = head_of(shared_view_texts()[name])
        assert comment.startswith(f"{head.question}\n\n{head.definition}")
        columns = columns_of(shared_view_texts()[name])
        assert set(columns) == head.columns.keys()
        if columns[0] == "account":
            assert head.definition.startswith(EACH)
        elif name.startswith("all_accounts_"):
            assert head.definition.startswith(ALL)
    settings = sandbox.settings(account="acme")
    client: Any = working_folder.attach(settings).destination_client()
    with client:
        listed = {name: content for name, kind, content in list_tables(client) if kind == "view"}
    assert listed.keys() == shared_texts().keys()
    assert listed[ROLL_UP] == f"{listed['pipeline_by_stage']} (All accounts together.)"


@pytest.mark.long
def test_each_account_has_the_rows_that_it_would_have_alone(sandbox: Sandbox, emulator: Emulator, run: Sync) -> None:
    run("acme", *MORE)
    emulator.advance(days=9)
    run("globex")
    run("acme", *MORE)
    together = rows_of_copies(sandbox, "copied", "*", shared=True)
    for account in ("acme", "globex"):
        alone = rows_of_copies(sandbox, account, f"* EXCLUDE (account) WHERE account = '{account}'", shared=False)
        for view in alone.keys() - CONSTANTS:
            assert [row[1:] for row in together[view] if row[0] == account] == alone[view], view


def rows_of_copies(sandbox: Sandbox, dataset: str, chosen: str, *, shared: bool) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of all views on copies of what is chosen from each table."""
    columns, _, where = chosen.partition(" WHERE ")
    of_accounts = asked(
        sandbox,
        "SELECT DISTINCT table_name FROM duckdb_columns() JOIN duckdb_tables() USING (schema_name, table_name) "
        "WHERE schema_name = 'partner_central' AND column_name = 'account'",
    )
    change(sandbox, f"CREATE SCHEMA {dataset}")
    for (table,) in of_accounts:
        copied = f"SELECT {columns} FROM {table} WHERE {where or 'TRUE'}"
        change(sandbox, f"CREATE TABLE {dataset}.{table} AS {copied}")
    for table in USER_TABLES:
        change(sandbox, f"CREATE TABLE {dataset}.{table} AS SELECT * FROM {table}")
    client: Any = working_folder.attach(sandbox.settings(dataset=dataset)).destination_client()
    with client:
        fill_views(client, shared=shared)
        return {view: rows_of(client, view) for view in (shared_texts() if shared else view_texts())}
