"""The search is begun while the opportunities are not loaded yet, and these then fail to load: nothing of it stays."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from partner_central.errors import ServiceUnavailable
from partner_central.public import OPPORTUNITY_SEARCH_SUMMARIES as SEARCH
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.duckdb_client import TypedJob
from partner_central_sync.destinations.pipeline_state import state_of_source
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.job import sync
from runs.test_search import LAUNCHED, OPERATION, STREAM, calls, of_last_run, rows, stored, truth
from sandbox import TIMEOUT_S, Sandbox
from variants import at_length

SERVES = "process_request_thread"  # a thread of the emulator
Hindrance = Callable[[pytest.MonkeyPatch], Console]


def refuses_rows(monkeypatch: pytest.MonkeyPatch) -> Console:
    """No row of opportunities can be loaded."""
    insert = TypedJob.run

    def failing(self: TypedJob) -> None:
        assert self.load_table_name != "opportunities", "it does not load"
        insert(self)

    monkeypatch.setattr(TypedJob, "run", failing)
    return Console(quiet=True)


class Interrupted(Console):
    """Ctrl-C arrives when a phase begins."""

    def __init__(self, at: str) -> None:
        super().__init__(quiet=True)
        self._at = at

    def begin_phase(self, name: str) -> None:
        if name == self._at:
            raise KeyboardInterrupt
        super().begin_phase(name)


def is_interrupted(_: pytest.MonkeyPatch) -> Console:
    """Ctrl-C arrives when loading begins."""
    return Interrupted("loading")


@pytest.fixture
def account() -> Iterator[Emulator]:
    """So many opportunities that they are read side by side, by several threads."""
    with Emulator(opportunities=700, seed=1, rps=None) as running:
        yield running


def run(sandbox: Sandbox, console: Console | None = None) -> None:
    sync(sandbox.settings(tables=(STREAM,)), console or Console(quiet=True))


def state_of_search(sandbox: Sandbox) -> Any:
    """What dlt's working folder knows of the search."""
    return state_of_source(working_folder.attach(sandbox.settings()).state, SEARCH)


@contextmanager
def no_thread_is_left() -> Iterator[None]:
    """What threads begin meanwhile come to an end, but those that answer as the service."""
    before = {*threading.enumerate()}
    yield
    for thread in {*threading.enumerate()} - before:
        if SERVES not in thread.name:
            thread.join(TIMEOUT_S)
            assert not thread.is_alive(), thread.name


@pytest.mark.parametrize("runs_before", [0, at_length(1)])
@pytest.mark.parametrize(
    ("hinder", "code"), [(refuses_rows, ExitCode.CONFIGURATION), at_length(is_interrupted, ExitCode.INTERRUPTED)]
)
def test_when_the_opportunities_do_not_load_the_search_is_where_it_was(
    hinder: Hindrance,
    code: ExitCode,
    runs_before: int,
    sandbox: Sandbox,
    account: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox.endpoint = account.endpoint
    if runs_before:
        run(sandbox)
        account.advance(days=30)
        account.calls.clear()
    before = state_of_search(sandbox), stored(sandbox) if runs_before else None
    with monkeypatch.context() as patch, no_thread_is_left(), pytest.raises(BaseException) as failed:  # noqa: PT011 - its exit code is asserted
        run(sandbox, hinder(patch))
    assert exit_code_and_message(failed.value)[0] is code
    assert calls(account)[OPERATION] > 0, "it was begun"
    assert state_of_search(sandbox) == before[0]
    assert rows(sandbox, "SELECT max_by(exit_code, started_at) FROM sync_runs") == [(int(code),)]
    assert of_last_run(sandbox, "outcome") == "failed"
    assert not of_last_run(sandbox, "complete")
    assert not runs_before or stored(sandbox) == before[1]
    assert of_last_run(sandbox, "calls") == calls(account)[OPERATION]
    assert rows(sandbox, "SELECT max_by(calls, started_at) FROM sync_runs") == [(len(account.calls),)]
    run(sandbox)
    assert stored(sandbox) == truth(account)
    sandbox.assert_equals(account.truth())
    assert (of_last_run(sandbox, "outcome"), of_last_run(sandbox, "complete")) == ("done", True)
    account.calls.clear()
    run(sandbox)
    assert calls(account) == Counter(["ListOpportunities"])


def test_a_run_that_ends_between_both_leaves_the_search_due(first_sync: Sandbox, small: Emulator) -> None:
    small.change(small.truth()[3]["Id"], LAUNCHED)
    with pytest.raises(KeyboardInterrupt):
        run(first_sync, Interrupted(f"reading {STREAM}"))
    assert stored(first_sync) != truth(small)
    run(first_sync)
    assert stored(first_sync) == truth(small)
    small.calls.clear()
    run(first_sync)
    assert calls(small) == Counter(["ListOpportunities"])


def test_a_search_that_failed_though_it_was_due_is_due_in_the_next_run(first_sync: Sandbox, small: Emulator) -> None:
    small.change(small.truth()[3]["Id"], LAUNCHED)
    small.faults.append(Fault("unavailable", operation=OPERATION, calls=3))
    with pytest.raises(ServiceUnavailable):
        first_sync.sync(tables=(STREAM,), source={"attempts": 2})
    run(first_sync)
    assert stored(first_sync) == truth(small)
