"""The views on the emulator's data, after days of life, against the same questions answered in pandas."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from partner_central_emulator import Emulator
from sandbox import Sandbox

if TYPE_CHECKING:  # it takes as long to import as all else here: not where no test asks for it
    from pandas import DataFrame as Frame

STAGES = [
    "Prospect",
    "Qualified",
    "Technical Validation",
    "Business Validation",
    "Committed",
    "Launched",
    "Closed Lost",
]
CLOSED = ["Launched", "Closed Lost"]
VERSION = ["id", "last_modified_date", "first_seen_at", "content_hash"]


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database after four syncs with fifteen days between them, and two opportunities gone."""
    with Emulator(opportunities=300, seed=5, rps=None) as emulator:
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        for _ in range(4):
            sandbox.sync()
            emulator.advance(days=15)
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central; SET TimeZone = 'UTC'")
        gone = "SELECT id FROM opportunities WHERE life_cycle_stage = 'Qualified' ORDER BY id LIMIT 2"
        connection.execute(f"DELETE FROM opportunity_presence WHERE id IN ({gone})")
        connection.execute(
            f"INSERT INTO opportunity_presence BY NAME SELECT id, last_modified_date AS gone_since, "
            f"_dlt_load_id, _dlt_id "
            f"FROM opportunities WHERE id IN ({gone})"
        )
        yield connection


def view(lived: duckdb.DuckDBPyConnection, name: str) -> Frame:
    return lived.table(name).to_arrow_table().to_pandas()


class Truth:
    """The tables as frames, and what the definitions say of them."""

    def __init__(self, lived: duckdb.DuckDBPyConnection) -> None:
        import pandas as pd

        history = view(lived, "opportunity_history").sort_values(VERSION)
        self.now = view(lived, "sync_runs").watermark.max().normalize()
        history["target"] = pd.to_datetime(history.life_cycle_target_close_date)
        before = history.groupby("id").shift()
        first = history.groupby("id").cumcount() == 0
        moved = history.life_cycle_stage != before.life_cycle_stage
        self.first, self.before, self.history = first, before, history
        periods = history[first | moved].copy()
        periods["exact"] = ~first | (periods.created_date == periods.last_modified_date)
        last = periods.groupby("id").last()
        current = view(lived, "opportunities").set_index("id")
        gone = view(lived, "opportunity_presence").set_index("id").gone_since
        current["target"] = pd.to_datetime(current.life_cycle_target_close_date)
        current["gone"] = current.index.isin(gone.dropna().index)
        current["open"] = ~current.life_cycle_stage.isin(CLOSED)
        current["since"], current["exact"] = last.last_modified_date.dt.normalize(), last.exact
        current["days_unchanged"] = (self.now - current.last_modified_date.dt.normalize()).dt.days
        estimate = current.target.dt.tz_localize(current.since.dt.tz)
        current["closed_on"] = current.since.where(current.exact | ~(estimate < current.since), estimate)
        self.current, self.periods = current, periods
        no_pipeline = current.life_cycle_review_status.isin(["Rejected", "Disqualified", "Pending Submission"])
        self.pipeline = current[current.open & ~current.gone & ~no_pipeline]
        spend = view(lived, "opportunities__project_expected_customer_spend")
        spend = spend[["opportunity_id", "currency_code", "amount"]].astype({"amount": float})
        self.spend = spend.dropna(subset="amount").rename(columns={"opportunity_id": "id"}).set_index("id")


def counts(frame: Frame, keys: list[str], value: str) -> dict[Any, float]:
    """One column of a view by its keys."""
    assert not frame[keys].duplicated().any()
    assert len(frame) > 0
    return dict(zip(map(_key, frame[keys].astype(object).to_numpy()), frame[value].astype(float), strict=True))


def _key(values: Iterable[Any]) -> tuple[str, ...]:
    import pandas as pd

    return tuple("" if pd.isna(value) else str(value).removesuffix(" 00:00:00") for value in values)


def sums(frame: Frame, keys: list[Any], value: str | None = None) -> dict[Any, float]:
    grouped = frame.groupby(keys, dropna=False)
    result = grouped.size() if value is None else grouped[value].sum()
    return {_key(list(key) if isinstance(key, tuple) else [key]): number for key, number in result.items()}


def about(expected: dict[Any, float]) -> Any:
    assert expected
    assert not any(math.isnan(number) for number in expected.values())
    return pytest.approx(expected)


def check_the_pipeline_by_stage(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    found = view(lived, "pipeline_by_stage")
    sizes = found.drop_duplicates("life_cycle_stage")
    assert counts(sizes, ["life_cycle_stage"], "opportunities_in_stage") == sums(truth.pipeline, ["life_cycle_stage"])
    with_spend = truth.pipeline.join(truth.spend, how="inner")
    amounts = sums(with_spend, ["life_cycle_stage", "currency_code"], "amount")
    assert counts(
        found.dropna(subset="currency_code"), ["life_cycle_stage", "currency_code"], "monthly_amount"
    ) == about(amounts)


def check_the_expected_spend_by_month(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    found = view(lived, "expected_spend_by_month")
    with_spend = truth.pipeline.join(truth.spend, how="inner")
    month = with_spend.target.dt.to_period("M").dt.to_timestamp()
    assert counts(found, ["target_close_month", "currency_code"], "monthly_amount") == about(
        sums(with_spend.assign(month=month), ["month", "currency_code"], "amount")
    )


def check_what_is_late_stalled_or_in_review(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    pipeline, now = truth.pipeline, truth.now.tz_localize(None)
    late = pipeline[pipeline.target < now]
    assert counts(view(lived, "past_target_close"), ["id"], "days_overdue") == about(
        {(name,): days for name, days in (now - late.target).dt.days.items()}
    )
    stalled = pipeline[pipeline.days_unchanged >= 30].days_unchanged
    assert counts(view(lived, "stalled"), ["id"], "days_unchanged") == about({(n,): d for n, d in stalled.items()})
    current = truth.current[truth.current.open & ~truth.current.gone]
    waiting = current[~current.life_cycle_review_status.isin(["Approved", "Rejected", "Disqualified"])].dropna(
        subset="life_cycle_review_status"
    )
    assert set(view(lived, "review_ageing").id) == set(waiting.index)
    assert set(view(lived, "action_required").id) == set(
        waiting[waiting.life_cycle_review_status == "Action Required"].index
    )


def check_moves_between_stages_and_how_long_stages_last(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    periods = truth.periods.copy()
    previous = periods.groupby("id").shift()
    moves = periods.assign(origin=previous.life_cycle_stage, since=previous.last_modified_date, seen=previous.exact)
    moves = moves[moves.groupby("id").cumcount() > 0]
    found = view(lived, "stage_transitions")
    assert sums(found, ["from_stage", "to_stage"]) == sums(moves, ["origin", "life_cycle_stage"])
    moves["days"] = (moves.last_modified_date.dt.normalize() - moves.since.dt.normalize()).dt.days
    exact = moves[moves.seen.astype(bool)].groupby("origin").days
    velocity = view(lived, "stage_velocity")
    assert counts(velocity, ["life_cycle_stage"], "median_days") == about({(k,): v for k, v in exact.median().items()})
    assert counts(velocity, ["life_cycle_stage"], "average_days") == pytest.approx(
        {(name,): mean for name, mean in exact.mean().items()}, abs=0.051
    )
    rank = {stage: sandbox for sandbox, stage in enumerate(STAGES)}
    forward = moves[moves.life_cycle_stage.map(rank) > moves.origin.map(rank)]
    assert (found.movement.isin(["forward", "won", "lost"])).sum() == len(forward)


def check_slips(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    dated = truth.history.dropna(subset="target")
    later = dated.target - dated.groupby("id").target.shift()
    slips = dated.assign(days=later.dt.days)
    slips = slips[(slips.days > 0) & ~slips.life_cycle_stage.isin(CLOSED) & slips.id.isin(truth.pipeline.index)]
    found = view(lived, "slipped_close_dates")
    assert counts(found, ["id"], "days_slipped") == about(sums(slips, ["id"], "days"))
    assert counts(found, ["id"], "times_slipped") == sums(slips, ["id"])


def check_wins_losses_and_what_is_launched(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    closed = truth.current[~truth.current.open]
    quarter = closed.closed_on.dt.tz_localize(None).dt.to_period("Q").astype(str).str.replace("Q", "-Q")
    found = view(lived, "win_rate_by_quarter")
    for column, stage in (("won", "Launched"), ("lost", "Closed Lost")):
        expected = sums(closed[closed.life_cycle_stage == stage], [quarter])
        assert {k: v for k, v in counts(found, ["quarter"], column).items() if v} == expected
    lost = closed[closed.life_cycle_stage == "Closed Lost"]
    reasons = view(lived, "closed_lost_reasons")
    assert counts(reasons, ["life_cycle_closed_lost_reason"], "opportunities") == sums(
        lost, ["life_cycle_closed_lost_reason"]
    )
    launched = closed[(closed.life_cycle_stage == "Launched") & ~closed.gone].join(truth.spend, how="inner")
    assert counts(view(lived, "launched_monthly_recurring"), ["currency_code"], "monthly_amount") == about(
        sums(launched, ["currency_code"], "amount")
    )


def check_changes(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    history, before = truth.history[~truth.first], truth.before[~truth.first]
    recent = history.last_modified_date.dt.normalize() > truth.now - timedelta(days=7)
    found = view(lived, "changes_last_7_days").groupby("what").size()
    for what, column in (("stage", "life_cycle_stage"), ("review status", "life_cycle_review_status")):
        assert found[what] == ((history[column] != before[column]) & recent).sum() > 0
    spend, old = history.project_expected_customer_spend.fillna(""), before.project_expected_customer_spend.fillna("")
    assert found["expected spend"] == ((spend != old) & recent).sum() > 0


@pytest.mark.long
def test_the_views_answer_as_pandas_does(lived: duckdb.DuckDBPyConnection) -> None:
    truth = Truth(lived)
    check_the_pipeline_by_stage(lived, truth)
    check_the_expected_spend_by_month(lived, truth)
    check_what_is_late_stalled_or_in_review(lived, truth)
    check_moves_between_stages_and_how_long_stages_last(lived, truth)
    check_slips(lived, truth)
    check_wins_losses_and_what_is_launched(lived, truth)
    check_changes(lived, truth)
