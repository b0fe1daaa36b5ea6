"""What a complete listing of everything no longer shows is marked as gone, and nothing else ever is."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from command.test_kills import ended, kill_when
from partner_central.errors import CallBudgetExhausted, ConfigurationError
from partner_central_emulator import Emulator, Fault
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.removals import FEWEST_REMOVED, JUDGED
from runs.test_tables import query
from sandbox import TIMEOUT_S, Sandbox, held_at

SandboxFor = Callable[[str], Sandbox]
LONG = 1_500


def gone(sandbox: Sandbox) -> set[str]:
    """The ids that are marked as gone."""
    return {key for (key,) in query(sandbox, "SELECT id FROM opportunity_presence WHERE gone_since IS NOT NULL")}


def listed_in(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """How many ids were last listed in which sweep."""
    return query(sandbox, "SELECT last_listed_sweep, count(*) FROM opportunity_presence GROUP BY ALL ORDER BY ALL")


def since(sandbox: Sandbox) -> list[int]:
    """Since when ids are gone."""
    found = query(sandbox, "SELECT DISTINCT epoch_ms(gone_since) FROM opportunity_presence ORDER BY ALL")
    return [moment for (moment,) in found if moment is not None]


def verdicts(sandbox: Sandbox) -> list[tuple[Any, ...]]:
    """What was concluded of each sweep."""
    return query(sandbox, "SELECT number, verdict, gone, known FROM sync_sweeps ORDER BY number")


def vanish(emulator: Emulator, number: int) -> set[str]:
    """Make so many opportunities invisible."""
    keys = [record["Id"] for record in emulator.truth()[:number]]
    for key in keys:
        emulator.remove(key)
    return set(keys)


def test_only_a_complete_full_sync_marks_what_is_gone_and_deletes_no_row(synced: Sandbox, emulator: Emulator) -> None:
    assert listed_in(synced) == [(1, 250)]
    missing = vanish(emulator, 3)
    stage = emulator.truth()[0]["LifeCycle"]["Stage"]
    synced.sync()
    synced.sync(full=True, filters={"life_cycle_stage": [stage]})
    synced.sync(full=True, since="2020-01-01")
    with pytest.raises(CallBudgetExhausted):
        synced.sync(full=True, max_calls=1)
    assert gone(synced) == set()
    assert synced.sync(full=True).gone == 3
    assert gone(synced) == missing
    assert listed_in(synced) == [(1, 3), (2, 247)]
    ((second,),) = query(synced, "SELECT epoch_ms(begun_at) FROM sync_sweeps WHERE number = 2")
    assert since(synced) == [second]
    assert query(synced, "SELECT count(*) FROM opportunities") == [(250,)]
    assert synced.sync(full=True).gone == 0, "what is gone was marked again"
    assert since(synced) == [second]


@pytest.mark.long
def test_what_is_listed_again_or_changes_is_present_again(synced: Sandbox, emulator: Emulator) -> None:
    one, two, three = emulator.truth()[:3]
    missing = vanish(emulator, 3)
    synced.sync(full=True)
    assert gone(synced) == missing
    emulator.put(one)
    emulator.put(two)
    emulator.change(one["Id"], {"LifeCycle": {"NextSteps": "back"}})
    synced.sync()
    assert gone(synced) >= {three["Id"]}
    assert one["Id"] not in gone(synced)
    synced.sync(full=True)
    assert gone(synced) == {three["Id"]}


@pytest.mark.long
def test_a_first_load_lists_everything_and_a_filtered_one_not_the_rest(sandbox: Sandbox, emulator: Emulator) -> None:
    stage = emulator.truth()[0]["LifeCycle"]["Stage"]
    sandbox.sync(filters={"life_cycle_stage": [stage]})
    some = query(sandbox, "SELECT count(*) FROM opportunity_presence")
    missing = vanish(emulator, 1)
    sandbox.sync()
    assert gone(sandbox) == missing
    assert query(sandbox, "SELECT count(*) FROM opportunity_presence") == [(250,)] != some


@pytest.mark.long
def test_a_sweep_over_several_runs_is_one_listing(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=LONG, rps=None, latency_ms=20) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        missing = vanish(emulator, 5)
        with pytest.raises(CallBudgetExhausted):
            sandbox.sync(full=True, max_calls=12)
        assert gone(sandbox) == set()
        new = emulator.put({"Customer": {"Account": {"CompanyName": "Late"}}})
        summary = sandbox.sync()
        assert (summary.gone, gone(sandbox)) == (5, missing)
        assert listed_in(sandbox) == [(1, 5), (2, LONG - 4)], "it is one sweep, and the new one came behind it"
        assert verdicts(sandbox) == [(1, "concluded", 0, 0), (2, "concluded", 5, LONG)]
        assert query(sandbox, f"SELECT gone_since FROM opportunity_presence WHERE id = '{new}'") == [(None,)]


@pytest.mark.long
@pytest.mark.parametrize("lost", [False, True], ids=["folder kept", "folder lost"])
def test_a_run_killed_before_it_concludes_is_made_up_by_the_next(
    lost: bool,  # noqa: FBT001
    synced: Sandbox,
    emulator: Emulator,
) -> None:
    missing = vanish(emulator, 4)
    synced.sync(full=True)
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("UPDATE partner_central.partner_central.opportunity_presence SET gone_since = NULL")
        connection.execute("DELETE FROM partner_central.partner_central.sync_sweeps WHERE number = 2")
    if lost:
        shutil.rmtree(synced.working_folder)
    else:
        working_folder.attach(synced.settings()).set_local_state_val(JUDGED, None)
    assert gone(synced) == set()
    assert synced.sync().gone == 4
    assert gone(synced) == missing
    assert synced.sync().gone == 0


@pytest.mark.long
def test_a_full_run_killed_while_loading_is_concluded_by_the_next(synced: Sandbox, emulator: Emulator) -> None:
    missing = vanish(emulator, 4)
    moment_of_it = "load/normalized/*/started_jobs/opportunity_presence.*"
    assert kill_when(synced, signal.SIGKILL, moment_of_it, command=("sync", "--full"))[0] == -signal.SIGKILL
    assert gone(synced) == set()
    assert synced.sync().gone == 4
    assert gone(synced) == missing


def test_a_full_run_killed_while_reading_marks_nothing(synced: Sandbox, emulator: Emulator) -> None:
    vanish(emulator, 4)
    with held_at(emulator, 3) as arrived:
        process = synced.start("sync", "--full")
        assert arrived.wait(TIMEOUT_S)
        process.kill()
        ended(process)
    assert synced.sync().gone == 0
    assert gone(synced) == set()


@pytest.mark.long
def test_too_many_at_once_wait_for_a_decision_and_the_command_ends_with_6(
    synced: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = vanish(emulator, 60)
    run = synced.command("sync", "--full", "--quiet")
    assert run.returncode == 6, run.stderr
    assert "60 of 250 opportunities" in run.stderr
    assert "sync --full --accept-removals" in run.stderr
    assert gone(synced) == set()
    recorded = query(synced, "SELECT outcome, exit_code, complete FROM sync_runs ORDER BY started_at DESC LIMIT 1")
    assert recorded == [("held", 6, True)]
    later = synced.sync()
    assert (later.held, later.gone) == (0, 0), "it is told once, not by every run of the week"
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__MOST_GONE", "1.5")
    with pytest.raises(ConfigurationError, match="most_gone"):
        synced.sync()
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__MOST_GONE", "0.1")
    assert synced.sync(full=True).held == 60
    assert synced.sync(full=True, accept_removals=True).gone == 60
    assert gone(synced) == missing
    assert verdicts(synced) == [(2, "held", 60, 250), (3, "held", 60, 250), (4, "accepted", 60, 250)]


@pytest.mark.long
def test_another_account_s_credentials_mark_nothing_however_large_it_is(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=20, rps=None, seed=1) as mine, Emulator(opportunities=450, rps=None, seed=2) as other:
        for record in mine.truth():
            mine.remove(record["Id"])
            mine.put({**record, "Id": record["Id"].replace("O", "O99")})
        sandbox = sandbox_for(mine.endpoint)
        sandbox.sync()
        sandbox.endpoint = other.endpoint
        assert sandbox.sync({"accept_account": True}, full=True).held == 20
    assert gone(sandbox) == set()


@pytest.mark.long
def test_a_small_account_may_lose_what_it_has(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=FEWEST_REMOVED - 1, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        sandbox.sync()
        missing = vanish(emulator, FEWEST_REMOVED - 1)
        assert sandbox.sync(full=True).gone == FEWEST_REMOVED - 1
        assert gone(sandbox) == missing
        before = query(sandbox, "SELECT * FROM _dlt_pipeline_state ORDER BY ALL")
        sandbox.sync()
        assert query(sandbox, "SELECT * FROM _dlt_pipeline_state ORDER BY ALL") == before, (
            "a quiet run stored something"
        )


def test_a_faulty_page_marks_nothing(synced: Sandbox, emulator: Emulator) -> None:
    vanish(emulator, 3)
    emulator.faults.append(Fault("drop", calls=1_000, after=2))
    with pytest.raises(PipelineStepFailed):
        synced.sync({"attempts": 1}, full=True)
    emulator.faults.clear()
    assert synced.sync().gone == 0
    assert gone(synced) == set()
