"""What a complete listing of everything no longer shows is marked as gone, and nothing else ever is."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from partner_central.errors import BudgetSpent, ConfigurationError
from partner_central.presence import TICK, moment
from partner_central_emulator import Emulator, Fault
from partner_central_sync import workdir
from partner_central_sync.removals import CONCLUDED, FEWEST_GONE
from place import PATIENCE, Place, held_at
from test_kills import ended, struck
from test_tables import query

PlaceFor = Callable[[str], Place]
LONG = 1_500


def gone(place: Place) -> set[str]:
    """The ids that are marked as gone."""
    return {key for (key,) in query(place, "SELECT id FROM opportunity_presence WHERE gone_since IS NOT NULL")}


def listed_at(place: Place) -> list[tuple[Any, ...]]:
    """How many ids were last listed when, oldest first."""
    return query(place, "SELECT epoch_ms(last_listed_at), count(*) FROM opportunity_presence GROUP BY ALL ORDER BY ALL")


def since(place: Place) -> list[int]:
    """Since when ids are gone."""
    found = query(place, "SELECT DISTINCT epoch_ms(gone_since) FROM opportunity_presence ORDER BY ALL")
    return [moment for (moment,) in found if moment is not None]


def vanish(emulator: Emulator, number: int) -> set[str]:
    """Make so many opportunities invisible."""
    keys = [record["Id"] for record in emulator.truth()[:number]]
    for key in keys:
        emulator.remove(key)
    return set(keys)


def test_only_a_complete_full_sync_marks_what_is_gone_and_a_row_is_never_deleted(
    synced: Place, emulator: Emulator
) -> None:
    ((first, number),) = listed_at(synced)
    assert number == 250
    missing = vanish(emulator, 3)
    stage = emulator.truth()[0]["LifeCycle"]["Stage"]
    synced.sync()
    synced.sync(full=True, filters={"life_cycle_stage": [stage]})
    synced.sync(full=True, since="2020-01-01")
    with pytest.raises(PipelineStepFailed):
        synced.sync(full=True, max_calls=1)
    assert gone(synced) == set()
    assert synced.sync(full=True).gone == 3
    assert gone(synced) == missing
    ((_, early), (second, rest)) = listed_at(synced)
    assert (early, rest) == (3, 247)
    assert since(synced) == [second]
    assert second > first
    assert query(synced, "SELECT count(*) FROM opportunities") == [(250,)]
    assert synced.sync(full=True).gone == 0, "what is gone was marked again"
    assert since(synced) == [second]


def test_what_is_listed_again_or_changes_is_present_again(synced: Place, emulator: Emulator) -> None:
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


def test_a_first_load_lists_everything_and_a_filtered_one_says_nothing_of_the_rest(
    place: Place, emulator: Emulator
) -> None:
    stage = emulator.truth()[0]["LifeCycle"]["Stage"]
    place.sync(filters={"life_cycle_stage": [stage]})
    some = query(place, "SELECT count(*) FROM opportunity_presence")
    missing = vanish(emulator, 1)
    place.sync()
    assert gone(place) == missing
    assert query(place, "SELECT count(*) FROM opportunity_presence") == [(250,)] != some


def test_a_sweep_over_several_runs_is_one_listing(place_for: PlaceFor) -> None:
    with Emulator(opportunities=LONG, rps=None, latency_ms=20) as emulator:
        place = place_for(emulator.endpoint)
        place.sync()
        missing = vanish(emulator, 5)
        with pytest.raises(BudgetSpent):
            place.sync(full=True, max_calls=12)
        assert gone(place) == set()
        new = emulator.put({"Customer": {"Account": {"CompanyName": "Late"}}})
        summary = place.sync()
        assert (summary.gone, gone(place)) == (5, missing)
        (_, before), (_, swept), *_ = listed_at(place)
        assert before == 5
        assert swept in {LONG - 5, LONG - 4}, "one moment for all that the sweep listed, and perhaps the new one"
        assert query(place, f"SELECT gone_since FROM opportunity_presence WHERE id = '{new}'") == [(None,)]


@pytest.mark.parametrize("lost", [False, True], ids=["folder kept", "folder lost"])
def test_a_run_killed_before_it_concludes_is_made_up_by_the_next(
    lost: bool,  # noqa: FBT001
    synced: Place,
    emulator: Emulator,
) -> None:
    missing = vanish(emulator, 4)
    synced.sync(full=True)
    with duckdb.connect(str(synced.database)) as connection:
        connection.execute("UPDATE partner_central.partner_central.opportunity_presence SET gone_since = NULL")
    if lost:
        shutil.rmtree(synced.working_folder)
    else:
        workdir.attach(synced.settings()).set_local_state_val(CONCLUDED, None)
    assert gone(synced) == set()
    assert synced.sync().gone == 4
    assert gone(synced) == missing
    assert synced.sync().gone == 0


def test_a_full_run_killed_while_loading_is_concluded_by_the_next(synced: Place, emulator: Emulator) -> None:
    missing = vanish(emulator, 4)
    moment_of_it = "load/normalized/*/started_jobs/opportunity_presence.*"
    assert struck(synced, signal.SIGKILL, moment_of_it, command=("sync", "--full"))[0] == -signal.SIGKILL
    assert gone(synced) == set()
    assert synced.sync().gone == 4
    assert gone(synced) == missing


def test_a_full_run_killed_while_reading_marks_nothing(synced: Place, emulator: Emulator) -> None:
    vanish(emulator, 4)
    with held_at(emulator, 3) as arrived:
        process = synced.start("sync", "--full")
        assert arrived.wait(PATIENCE)
        process.kill()
        ended(process)
    assert synced.sync().gone == 0
    assert gone(synced) == set()


def test_too_many_at_once_wait_for_a_decision_and_the_command_ends_with_6(
    synced: Place, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = vanish(emulator, 60)
    run = synced.command("sync", "--full", "--quiet")
    assert run.returncode == 6, run.stderr
    assert "60 of 250 opportunities" in run.stderr
    assert "--accept-removals" in run.stderr
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
    assert synced.sync(accept_removals=True).gone == 60
    assert gone(synced) == missing


def test_another_account_s_credentials_mark_nothing_however_large_that_account_is(place_for: PlaceFor) -> None:
    with Emulator(opportunities=20, rps=None, seed=1) as mine, Emulator(opportunities=450, rps=None, seed=2) as other:
        for record in mine.truth():
            mine.remove(record["Id"])
            mine.put({**record, "Id": record["Id"].replace("O", "O99")})
        place = place_for(mine.endpoint)
        place.sync()
        place.endpoint = other.endpoint
        assert place.sync(full=True).held == 20
    assert gone(place) == set()


def test_a_small_account_may_lose_what_it_has(place_for: PlaceFor) -> None:
    with Emulator(opportunities=FEWEST_GONE - 1, rps=None) as emulator:
        place = place_for(emulator.endpoint)
        place.sync()
        missing = vanish(emulator, FEWEST_GONE - 1)
        assert place.sync(full=True).gone == FEWEST_GONE - 1
        assert gone(place) == missing
        before = query(place, "SELECT * FROM _dlt_pipeline_state ORDER BY ALL")
        place.sync()
        assert query(place, "SELECT * FROM _dlt_pipeline_state ORDER BY ALL") == before, "a quiet run stored something"


def test_a_faulty_page_marks_nothing(synced: Place, emulator: Emulator) -> None:
    vanish(emulator, 3)
    emulator.faults.append(Fault("drop", calls=1_000, after=2))
    with pytest.raises(PipelineStepFailed):
        synced.sync({"attempts": 1}, full=True)
    emulator.faults.clear()
    assert synced.sync().gone == 0
    assert gone(synced) == set()


def test_moments_go_forward_though_a_clock_goes_back() -> None:
    ahead = moment() + timedelta(days=400)
    assert moment(ahead, None) == ahead + TICK
    assert isinstance(moment(), datetime)
    assert moment().microsecond % 1000 == 0
