"""What is gone is decided once for each listing of everything, in the destination, and by no machine's clock."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import duckdb
import pytest

from partner_central_emulator import Emulator
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.removals import JUDGED
from runs.test_presence import SandboxFor, gone, listed_in, vanish, verdicts
from runs.test_tables import query
from sandbox import Sandbox


def execute(sandbox: Sandbox, *statements: str) -> None:
    """Change the database by hand."""
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central")
        for statement in statements:
            connection.execute(statement)


@pytest.mark.long
def test_a_sweep_held_back_is_never_carried_out_whatever_runs_next(synced: Sandbox, emulator: Emulator) -> None:
    hidden = [dict(record) for record in emulator.truth()[:60]]
    vanish(emulator, 60)
    shutil.rmtree(synced.working_folder)
    assert synced.sync(full=True).held == 60
    for day in range(5):
        for record in hidden[11 * day : 11 * (day + 1)]:
            emulator.put(record)
            emulator.change(record["Id"], {"LifeCycle": {"NextSteps": f"day {day}"}})
        shutil.rmtree(synced.working_folder)
        summary = synced.sync()
        assert (summary.gone, summary.held) == (0, 0)
    assert gone(synced) == set()
    assert verdicts(synced) == [(2, "held", 60, 250)]


@pytest.mark.long
def test_removals_are_accepted_only_by_the_run_that_listed_everything(
    synced: Sandbox, emulator: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = vanish(emulator, 60)
    assert synced.sync(full=True).held == 60
    capfd.readouterr()
    shutil.rmtree(synced.working_folder)
    assert synced.sync(accept_removals=True).gone == 0
    assert "run sync --full --accept-removals" in capfd.readouterr().err
    assert gone(synced) == set()
    assert synced.sync(full=True, accept_removals=True).gone == 60
    assert gone(synced) == missing
    assert "--accept-removals" not in capfd.readouterr().err


@pytest.mark.long
def test_a_full_run_killed_before_its_verdict_is_judged_by_the_next(synced: Sandbox, emulator: Emulator) -> None:
    vanish(emulator, 60)
    synced.sync(full=True)
    execute(synced, "DELETE FROM sync_sweeps WHERE number = 2")
    working_folder.attach(synced.settings()).set_local_state_val(JUDGED, None)
    assert synced.sync(accept_removals=True).held == 60, "another run's listing was accepted"
    assert verdicts(synced) == [(2, "held", 60, 250)]
    assert gone(synced) == set()


@pytest.mark.long
def test_clocks_that_are_wrong_mark_nothing_and_hide_nothing(synced: Sandbox, emulator: Emulator) -> None:
    """Every time that a run put into the tables lies in another century."""
    missing = vanish(emulator, 3)
    for moment in ("1999-01-01", "2199-01-01"):
        execute(
            synced,
            f"UPDATE opportunity_presence SET last_listed_at = '{moment}'",
            f"UPDATE opportunity_history SET first_seen_at = '{moment}'",
        )
        synced.sync(full=True)
        assert gone(synced) == missing


@pytest.mark.long
def test_presence_of_an_earlier_release_is_concluded_by_the_next_sweep(synced: Sandbox, emulator: Emulator) -> None:
    missing = vanish(emulator, 3)
    execute(synced, "UPDATE opportunity_presence SET last_listed_sweep = NULL")
    synced.sync()
    assert gone(synced) == set()
    assert synced.sync(full=True).gone == 3
    assert gone(synced) == missing
    assert [number for number, _ in listed_in(synced)] == [2, None]


@pytest.mark.long
def test_an_opportunity_without_presence_is_gone_if_the_sweep_misses_it(synced: Sandbox, emulator: Emulator) -> None:
    missing = vanish(emulator, 3)
    execute(synced, "DELETE FROM opportunity_presence")
    assert synced.sync(full=True).gone == 3
    assert gone(synced) == missing


@pytest.mark.long
def test_what_has_no_created_date_is_not_concluded_from_windows_of_it(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=1_500, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        one, other = sorted(vanish(emulator, 2))
        execute(sandbox, f"UPDATE opportunities SET created_date = NULL WHERE id = '{one}'")
        assert sandbox.sync(full=True).gone == 1
        assert gone(sandbox) == {other}


@pytest.mark.long
def test_a_verdict_says_when_the_sweep_began_and_when_it_was_judged(synced: Sandbox) -> None:
    synced.sync(full=True)
    ((begun, judged, account),) = query(
        synced, "SELECT epoch(begun_at), epoch(judged_at), account FROM sync_sweeps WHERE number = 2"
    )
    ((listed,),) = query(synced, "SELECT epoch(max(last_listed_at)) FROM opportunity_presence")
    assert begun <= listed
    assert abs(datetime.now(UTC).timestamp() - judged) < 86_400
    assert account is None
