"""What an interrupted run left is loaded only by a run that reads as that one did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.sync import pending
from partner_central_sync.sync.job import sync
from runs.test_dropped_tables import interrupted
from runs.test_tables import query
from sandbox import Sandbox
from variants import rarely

MASK = {"pii": "mask", "pii_key": "a key that is long enough"}
OTHER_KEY = {"pii": "mask", "pii_key": "another key, long enough"}
FINISHED = "An earlier run was interrupted: finishing what it left first."


@pytest.fixture
def other() -> Iterator[Emulator]:
    """Another account."""
    with Emulator(opportunities=10, seed=2, rps=None) as running:
        yield running


@pytest.fixture
def sandbox(tmp_path: Any, small: Emulator) -> Sandbox:
    return Sandbox(tmp_path, small.endpoint)


def leave(sandbox: Sandbox, source: dict[str, Any] | None = None) -> None:
    """A run that ends before what it read is loaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pending, "complete_tables", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sandbox.sync(source)


def leave_a_change(sandbox: Sandbox, emulator: Emulator, source: dict[str, Any] | None = None) -> None:
    """The same, after one opportunity has changed."""
    emulator.change(emulator.truth()[3]["Id"], {"LifeCycle": {"NextSteps": "Call."}})
    leave(sandbox, source)


def companies(sandbox: Sandbox) -> set[str | None]:
    return {name for (name,) in query(sandbox, "SELECT DISTINCT customer_company_name FROM opportunities")}


def truth(emulator: Emulator) -> set[str | None]:
    return {record["Customer"]["Account"]["CompanyName"] for record in emulator.truth()}


@pytest.mark.parametrize(
    ("run", "before", "now"),
    [
        ("first", None, MASK),
        ("later", None, MASK),
        rarely("first", MASK, OTHER_KEY),
        rarely("first", None, {"pii": "drop"}),
        rarely("first", MASK, None),
    ],
)
def test_rows_of_another_pii_are_read_again(
    run: str,
    before: dict[str, Any] | None,
    now: dict[str, Any] | None,
    sandbox: Sandbox,
    small: Emulator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if run == "later":
        sandbox.sync(now)
        leave_a_change(sandbox, small, before)
    else:
        leave(sandbox, before)
    sync(sandbox.settings(now), Console())
    assert "An earlier run was interrupted, and had another pii." in capsys.readouterr().err
    assert query(sandbox, "SELECT count(*) FROM opportunities") == [(20,)]
    expected = truth(small) if now is None else {None} if now["pii"] == "drop" else set()
    assert companies(sandbox) & (truth(small) | {None}) == expected


@pytest.mark.parametrize("source", [rarely(None), MASK], ids=str)
def test_rows_of_the_same_pii_are_loaded(
    source: dict[str, Any] | None, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(sandbox, source)
    sync(sandbox.settings(source), Console())
    assert FINISHED in capsys.readouterr().err
    assert query(sandbox, "SELECT count(*) FROM opportunities") == [(20,)]


def test_rows_that_an_earlier_release_left_are_in_clear(sandbox: Sandbox, small: Emulator) -> None:
    leave(sandbox)
    state = sandbox.working_folder / "state.json"
    text = state.read_text()
    state.write_text(text.replace("partner_central_read_with", "of_another_release"))
    assert state.read_text() != text
    sandbox.sync(MASK)
    assert not companies(sandbox) & truth(small)


def test_rows_of_a_wrong_account_are_not_loaded_into_a_new_dataset(
    sandbox: Sandbox, small: Emulator, other: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(sandbox, {"endpoint_url": other.endpoint})
    sync(sandbox.settings(), Console())
    assert "had another account" in capsys.readouterr().err
    sandbox.assert_equals(small.truth())


def test_a_run_without_credentials_loses_nothing(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    leave(sandbox)
    with pytest.raises(Exception) as error:  # noqa: PT011 - its message is asserted
        sandbox.sync({"credentials": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": ""}})
    assert "credentials are incomplete" in exit_code_and_message(error.value)[1]
    sync(sandbox.settings(), Console())
    assert FINISHED in capsys.readouterr().err


def test_a_wrong_account_neither_loads_nor_loses_what_the_right_one_left(
    small_synced: Sandbox, small: Emulator, other: Emulator
) -> None:
    sandbox = small_synced
    leave_a_change(sandbox, small)
    loads = query(sandbox, "SELECT count(*) FROM _dlt_loads")
    with pytest.raises(Exception) as error:  # noqa: PT011 - its message is asserted
        sandbox.sync({"endpoint_url": other.endpoint})
    code, sentence = exit_code_and_message(error.value)
    assert code is ExitCode.CONFIGURATION
    assert "another AWS account" in sentence
    assert query(sandbox, "SELECT count(*) FROM _dlt_loads") == loads
    assert sandbox.sync().changed == 1
    sandbox.assert_equals(small.truth())


def test_an_account_that_is_accepted_finishes_what_the_other_left(
    small_synced: Sandbox, small: Emulator, other: Emulator
) -> None:
    sandbox = small_synced
    leave_a_change(sandbox, small)
    sandbox.sync({"endpoint_url": other.endpoint, "accept_account": True})
    assert query(sandbox, "SELECT count(*) FROM opportunities WHERE life_cycle_next_steps = 'Call.'") == [(1,)]
