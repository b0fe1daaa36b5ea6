"""A first load that takes long has its views behind its first rows, and the same ones in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from databases import MOSTLY_DUCKDB, Database
from partner_central_emulator import Emulator
from partner_central_sync.destinations.views.duckdb import DuckDbViews
from partner_central_sync.destinations.views.libpq import PostgresViews
from partner_central_sync.sync import job
from partner_central_sync.views import sync_step
from partner_central_sync.views.files import view_texts
from sandbox import Sandbox
from views.test_views_sync import asked, views

RECORDS, CHUNK = 1_100, 500


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The views that are made, in order."""
    names: list[str] = []
    for store in (DuckDbViews, PostgresViews):
        put = store.put

        def noted(self: Any, view: Any, *rest: Any, put: Any = put) -> Any:
            names.append(view.name)
            return put(self, view, *rest)

        monkeypatch.setattr(store, "put", noted)
    return names


@MOSTLY_DUCKDB
def test_views_answer_from_the_first_rows_of_a_long_load(
    database: Database, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[int] = []
    begin_views = job.begin_views

    def begun(pipeline: Any) -> None:
        begin_views(pipeline)
        assert set(made) == set(view_texts())
        answers.append(database.sql("SELECT count(*) FROM opportunity_current")[0][0])

    monkeypatch.setattr(job, "begin_views", begun)
    with Emulator(opportunities=RECORDS, rps=None) as emulator:
        database.endpoint = emulator.endpoint
        database.sync(rows_per_chunk=CHUNK)
    assert len(answers) == 1, "once in a run"
    assert 0 < answers[0] < RECORDS
    assert sorted(made) == sorted(view_texts()), "each once: the end of the run finds nothing to do"
    assert database.sql("SELECT count(*) FROM opportunity_current") == [(RECORDS,)]


def test_a_load_that_is_read_at_once_makes_views_at_its_end(
    sandbox: Sandbox, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "begin_views", lambda _: pytest.fail("nothing more is to be read"))
    sandbox.sync()
    assert sorted(made) == sorted(view_texts())


@pytest.mark.parametrize("fault", ["a view that is taken", "a destination that fails"])
def test_of_what_cannot_be_made_only_the_end_of_the_run_warns(
    sandbox_for: Callable[[str], Sandbox],
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with Emulator(opportunities=RECORDS, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        if fault == "a view that is taken":
            with duckdb.connect(str(sandbox.database)) as connection:
                connection.execute("CREATE SCHEMA partner_central.partner_central")
                connection.execute("CREATE VIEW partner_central.partner_central.stalled AS SELECT 'theirs' AS mine")
            expected = "stalled (a view)"
        else:
            compare, calls = sync_step.are_as_in_the_files, []

            def failing(*arguments: Any, **options: Any) -> bool:
                calls.append(1)
                if len(calls) == 1:
                    raise duckdb.CatalogException("gone")
                return compare(*arguments, **options)

            monkeypatch.setattr(sync_step, "are_as_in_the_files", failing)
            expected = ""
        sandbox.sync(rows_per_chunk=CHUNK)
        sandbox.assert_equals(emulator.truth())
    printed = capfd.readouterr().err
    assert printed.count("WARNING") == (1 if expected else 0)
    assert expected in printed
    assert views(sandbox) == set(view_texts())


def test_an_interruption_ends_the_run_while_views_are_made(
    sandbox_for: Callable[[str], Sandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> bool:
        raise KeyboardInterrupt

    with Emulator(opportunities=RECORDS, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        with monkeypatch.context() as patched:
            patched.setattr(sync_step, "are_as_in_the_files", interrupted)
            with pytest.raises(KeyboardInterrupt):
                sandbox.sync(rows_per_chunk=CHUNK)
        assert 0 < asked(sandbox, "SELECT count(*) FROM opportunities")[0][0] < RECORDS
        sandbox.sync(rows_per_chunk=CHUNK)
        sandbox.assert_equals(emulator.truth())
    assert views(sandbox) == set(view_texts())
