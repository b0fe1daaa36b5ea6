"""The search beside the list of opportunities: a cursor of its own, whole again every day, and never the truth."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from partner_central.errors import ServiceUnavailable
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.output import Console
from partner_central_sync.sync.check import check
from partner_central_sync.sync.job import sync as run
from partner_central_sync.sync.summary import Summary
from sandbox import Sandbox
from sandbox import rows as rows_by_column

STREAM = "opportunity_search_summaries"
OPERATION = "SearchOpportunities"
LAUNCHED = {"LifeCycle": {"Stage": "Launched"}}


def sync(sandbox: Sandbox, **options: Any) -> Summary:
    return sandbox.sync(tables=(STREAM,), **options)


def rows(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows_by_column(sandbox, query)]


def stored(sandbox: Sandbox) -> dict[str, tuple[Any, ...]]:
    """Of each id, what the search said: stage, score and motion."""
    found = rows(
        sandbox,
        "SELECT id, life_cycle_stage, aws_opportunity_summary_insights_opportunity_quality_score, "
        f"aws_opportunity_summary_cosell_motion FROM {STREAM}",
    )
    assert len(dict.fromkeys(row[0] for row in found)) == len(found)
    return {row[0]: row[1:] for row in found}


def truth(emulator: Emulator) -> dict[str, tuple[Any, ...]]:
    """Of each id, what the search says."""
    found = {}
    for one in emulator.truth(stream=STREAM):
        summary = one.get("AwsOpportunitySummary") or {}
        quality = (summary.get("Insights") or {}).get("OpportunityQuality") or {}
        found[one["Id"]] = (one["LifeCycle"]["Stage"], quality.get("Score"), summary.get("CosellMotion"))
    return found


def calls(emulator: Emulator) -> Counter[str]:
    return Counter(call.operation for call in emulator.calls)


def of_last_run(sandbox: Sandbox, column: str) -> Any:
    found = rows(
        sandbox,
        f"SELECT {column} FROM sync_run_streams WHERE stream = '{STREAM}' "
        "AND run_id = (SELECT max_by(run_id, started_at) FROM sync_runs)",
    )
    return found[0][0] if found else None


def test_a_first_sync_loads_what_the_search_has_and_a_quiet_run_does_not_ask_it(
    first_sync: Sandbox, small: Emulator
) -> None:
    assert stored(first_sync) == truth(small)
    assert any(score is not None for _, score, _ in truth(small).values())
    sync(first_sync)
    assert calls(small) == {"ListOpportunities": 1}


def test_the_search_is_asked_as_soon_as_an_opportunity_has_changed(first_sync: Sandbox, small: Emulator) -> None:
    small.change(small.truth()[3]["Id"], LAUNCHED)
    sync(first_sync)
    assert calls(small) == {"ListOpportunities": 1, OPERATION: 1}
    assert of_last_run(first_sync, "mode") == "incremental"
    assert stored(first_sync) == truth(small)


@pytest.mark.usefixtures("due")
def test_what_the_index_shows_late_is_read_within_the_lookback(first_sync: Sandbox, small: Emulator) -> None:
    small.search.lag_seconds = 1800
    small.change(small.truth()[3]["Id"], LAUNCHED)
    small.change(small.truth()[4]["Id"], LAUNCHED)
    sync(first_sync)
    small.advance(days=31 / 1440)
    small.change(small.truth()[5]["Id"], {"LifeCycle": {"Stage": "Committed"}})
    small.search.lag_seconds = 0
    sync(first_sync)
    assert of_last_run(first_sync, "mode") == "incremental"
    assert stored(first_sync) == truth(small)


@pytest.mark.long
@pytest.mark.usefixtures("due")
def test_everything_is_read_again_after_a_day_since_scores_move_no_date(first_sync: Sandbox, small: Emulator) -> None:
    before = truth(small)
    small.advance(days=23 / 24)
    sync(first_sync)
    assert of_last_run(first_sync, "mode") == "incremental"
    small.advance(days=2 / 24)
    sync(first_sync)
    assert of_last_run(first_sync, "mode") == "full"
    assert truth(small) != before, "the scores are to move"
    assert stored(first_sync) == truth(small)
    small.calls.clear()
    sync(first_sync)
    assert calls(small) == {"ListOpportunities": 1, OPERATION: 1}
    assert of_last_run(first_sync, "mode") == "incremental"


@pytest.mark.usefixtures("due")
def test_what_a_search_of_everything_lacks_stays_is_counted_and_told(
    first_sync: Sandbox, small: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = small.truth()[0]["Id"]
    small.remove(lost, stream=STREAM)
    small.advance(days=25 / 24)
    run(first_sync.settings(tables=(STREAM,)), Console())
    assert re.search(r"SearchOpportunities did not find 1 of \d+ opportunities", capsys.readouterr().err)
    newest = f"(SELECT max(last_listed_at) FROM {STREAM})"
    assert rows(first_sync, f"SELECT id FROM {STREAM} WHERE last_listed_at < {newest}") == [(lost,)]
    assert rows(first_sync, "SELECT count(*) FROM opportunity_presence WHERE gone_since IS NOT NULL") == [(0,)]
    small.change(small.truth()[3]["Id"], LAUNCHED)
    sync(first_sync)
    assert rows(first_sync, f"SELECT id FROM {STREAM} WHERE last_listed_at < {newest}") == [(lost,)]


@pytest.mark.usefixtures("due")
def test_a_search_of_everything_that_finds_nothing_is_told_as_well(
    first_sync: Sandbox, small: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    small.overlay(small.truth()[1]["Id"], {"LifeCycle": {"Stage": {"no": "text"}}}, stream=STREAM)
    sync(first_sync, full=True)
    assert rows(first_sync, f"SELECT count(*) FROM {STREAM}_rejected") == [(1,)]
    small.advance(days=25 / 24)
    for one in small.truth():
        small.remove(one["Id"], stream=STREAM)
    run(first_sync.settings(tables=(STREAM,)), Console())
    assert re.search(r"SearchOpportunities did not find (\d+) of \1 opportunities", capsys.readouterr().err)
    newest = f"SELECT max(listed_at) FROM sync_run_streams WHERE stream = '{STREAM}'"
    assert rows(first_sync, f"SELECT count(*) FROM {STREAM} WHERE last_listed_at < ({newest})") == [(20,)]
    assert rows(first_sync, f"SELECT count(*) FROM {STREAM}_rejected") == [(0,)]


@pytest.mark.parametrize("reason", ["SEARCH_OPPORTUNITIES_NOT_ENABLED", "OPPORTUNITY_DATA_NOT_ROUTED_TO_DDB", None])
def test_a_refusal_is_one_line_and_is_remembered(
    reason: str | None, tmp_path: Path, small: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    small.denied[OPERATION] = reason
    sandbox = Sandbox(tmp_path, small.endpoint)
    assert sync(sandbox).read == 20
    lines = [line for line in capsys.readouterr().err.splitlines() if STREAM in line]
    assert len(lines) == 1
    assert reason is None or reason in lines[0]
    small.calls.clear()
    small.change(small.truth()[3]["Id"], LAUNCHED)
    sync(sandbox)
    assert calls(small) == {"ListOpportunities": 1}
    assert rows(sandbox, "SELECT count(*) FROM opportunities") == [(20,)]


def test_check_ends_a_refusal_with_filters_as_well(tmp_path: Path, small: Emulator) -> None:
    sandbox, filters = Sandbox(tmp_path, small.endpoint), {"life_cycle_stage": ["Prospect"]}
    small.denied[OPERATION] = "SEARCH_OPPORTUNITIES_NOT_ENABLED"
    sync(sandbox, filters=filters)
    small.denied.clear()
    assert {int(one.code) for one in check(sandbox.settings(tables=(STREAM,), filters=filters))} == {0}
    sync(sandbox, filters=filters)
    assert stored(sandbox) == {key: values for key, values in truth(small).items() if values[0] == "Prospect"}


def test_the_search_is_begun_while_the_opportunities_are_not_loaded_yet(tmp_path: Path) -> None:
    phases: list[str] = []
    at_first_search: list[list[str]] = []

    class Phases(Console):
        def begin_phase(self, name: str) -> None:
            phases.append(name)
            super().begin_phase(name)

    with Emulator(opportunities=700, seed=1, rps=None) as emulator:
        emulator.on_call = lambda _, parameters: (
            at_first_search.append(list(phases)) if parameters.operation == OPERATION else None
        )
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        run(sandbox.settings(tables=(STREAM,)), Phases())
        assert at_first_search[0][-1] == "reading"
        assert phases.index("loading") < phases.index(f"reading {STREAM}")
        assert stored(sandbox) == truth(emulator)
        assert rows(sandbox, f"SELECT sum(records) FROM sync_run_streams WHERE stream = '{STREAM}'")[0][0] >= 700


def test_a_failure_while_the_search_is_begun_holds_nothing_up_and_counts_once(tmp_path: Path) -> None:
    with Emulator(opportunities=20, seed=1, rps=None) as emulator:
        emulator.faults.append(Fault("server_error", operation=OPERATION, calls=1))
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        sync(sandbox)
        assert stored(sandbox) == truth(emulator)
        assert calls(emulator)[OPERATION] == 2
        assert (of_last_run(sandbox, "records"), of_last_run(sandbox, "outcome")) == (20, "done")


@pytest.mark.long
@pytest.mark.views
@pytest.mark.parametrize("kind", ["throttle", "server_error"])
def test_a_failure_leaves_the_opportunities_loaded_and_the_next_run_reads_the_search(kind: str, tmp_path: Path) -> None:
    with Emulator(opportunities=250, seed=1, rps=None) as emulator:
        emulator.faults.append(Fault(kind, operation=OPERATION, after=2, calls=1000))
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        with pytest.raises(ServiceUnavailable, match=f"Everything is loaded but {STREAM}"):
            sync(sandbox, source={"attempts": 1})
        assert rows(sandbox, "SELECT count(*) FROM opportunities") == [(250,)]
        assert rows(sandbox, "SELECT exit_code, watermark IS NULL FROM sync_runs") == [(4, False)]
        known = "last_success_at >= last_run_at AND NOT is_stale"
        assert rows(sandbox, f"SELECT {known} FROM data_freshness WHERE stream = 'opportunities'") == [(True,)]
        emulator.faults.clear()
        sync(sandbox)
        assert stored(sandbox) == truth(emulator)
        assert of_last_run(sandbox, "complete")


@pytest.mark.usefixtures("due")
def test_a_record_that_was_rejected_leaves_the_rejected_ones_once_it_loads(
    first_sync: Sandbox, small: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, other = (one["Id"] for one in small.truth()[:2])
    for identifier in (bad, other):
        small.overlay(identifier, {"LifeCycle": {"Stage": {"no": "text"}}}, stream=STREAM)
        small.change(identifier, LAUNCHED)
    summary = run(first_sync.settings(tables=(STREAM,)), Console())
    assert f"2 records could not become rows: see partner_central.{STREAM}_rejected." in capsys.readouterr().err
    assert f"see {STREAM}_rejected" in summary.text()
    small.overlay(bad, LAUNCHED, stream=STREAM)
    small.change(bad, LAUNCHED)
    sync(first_sync)
    assert rows(first_sync, f"SELECT id FROM {STREAM}_rejected") == [(other,)]
    assert stored(first_sync)[bad][0] == "Launched"


@pytest.mark.long
@pytest.mark.usefixtures("due")
def test_a_rejected_record_that_is_found_no_more_leaves_with_the_next_search_of_everything(
    first_sync: Sandbox, small: Emulator
) -> None:
    lost, fixed, bad = (one["Id"] for one in small.truth()[:3])
    for identifier in (lost, fixed, bad):
        small.overlay(identifier, {"LifeCycle": {"Stage": {"no": "text"}}}, stream=STREAM)
        small.change(identifier, LAUNCHED)
    small.overlay(fixed, {"Id": ""}, stream=STREAM)
    sync(first_sync)
    assert len(rows(first_sync, f"SELECT id FROM {STREAM}_rejected")) == 3
    small.remove(lost, stream=STREAM)
    small.overlay(fixed, {"Id": fixed, **LAUNCHED}, stream=STREAM)
    sync(first_sync)
    assert len(rows(first_sync, f"SELECT id FROM {STREAM}_rejected")) == 3, "only a search of everything tells"
    small.advance(days=25 / 24)
    sync(first_sync)
    assert of_last_run(first_sync, "mode") == "full"
    assert rows(first_sync, f"SELECT id FROM {STREAM}_rejected") == [(bad,)]


@pytest.mark.long
@pytest.mark.views
@pytest.mark.usefixtures("due")
def test_so_many_rejected_records_that_the_search_stays_where_it_was_are_told(
    first_sync: Sandbox, small: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in small.truth()[:20]:
        small.overlay(one["Id"], {"LifeCycle": {"Stage": {"no": "text"}}}, stream=STREAM)
    small.advance(days=25 / 24)
    summary = run(first_sync.settings(tables=(STREAM,)), Console())
    assert summary.code is ExitCode.REJECTED
    assert f"{STREAM}: 20 of" in capsys.readouterr().err
    assert of_last_run(first_sync, "outcome") == "failed"
    assert rows(first_sync, "SELECT exit_code, watermark IS NULL FROM sync_runs ORDER BY started_at") == [
        (0, False),
        (7, False),
    ]
    assert rows(
        first_sync, "SELECT last_success_at > last_run_at FROM data_freshness WHERE stream = 'opportunities'"
    ) == [(True,)]


@pytest.mark.long
def test_an_index_that_ends_at_a_cap_is_asked_on_from_there(tmp_path: Path) -> None:
    with Emulator(opportunities=2500, seed=1, rps=None) as emulator:
        emulator.search.cap = 1000
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        sync(sandbox)
        assert stored(sandbox) == truth(emulator)
        assert of_last_run(sandbox, "complete")


@pytest.mark.usefixtures("due")
def test_filters_hold_for_the_search_as_well(tmp_path: Path, small: Emulator) -> None:
    sandbox = Sandbox(tmp_path, small.endpoint)
    sync(sandbox, filters={"life_cycle_stage": ["Prospect", "Qualified"]})
    wanted = {key: values for key, values in truth(small).items() if values[0] in {"Prospect", "Qualified"}}
    assert stored(sandbox) == wanted
    sync(sandbox)
    assert stored(sandbox) == truth(small)
