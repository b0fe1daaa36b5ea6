"""The views of what happened over time on the emulator's data, against the same questions in pandas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from partner_central_emulator import Emulator
from sandbox import Sandbox
from views.test_views_pandas import CLOSED, STAGES, Truth, about, counts, sums, view

if TYPE_CHECKING:  # it takes as long to import as all else here: not where no test asks for it
    from pandas import DataFrame as Frame
    from pandas import Series

NOT_PIPELINE = ["Pending Submission", "Rejected", "Disqualified"]
TECHNICAL = ["id", "last_modified_date", "content_hash", "read_order", "order_is_known", "first_seen_at"]
ENTRY = re.compile(r"(-?[\d,]+(?:\.\d+)?) ([A-Z]{3}) Monthly")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database after six syncs with eleven days between them, and two opportunities gone for a month."""
    with Emulator(opportunities=250, seed=8, rps=None) as emulator:
        sandbox = Sandbox(tmp_path_factory.mktemp("lived"), emulator.endpoint)
        for _ in range(6):
            sandbox.sync()
            emulator.advance(days=11)
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central; SET TimeZone = 'UTC'")
        connection.execute(
            "UPDATE opportunity_presence SET gone_since = (SELECT as_of - INTERVAL 30 DAY FROM data_freshness "
            "WHERE stream = 'opportunities') WHERE id IN (SELECT id FROM opportunities WHERE life_cycle_stage "
            "NOT IN ('Launched', 'Closed Lost') AND life_cycle_review_status = 'Approved' ORDER BY id LIMIT 2)"
        )
        yield connection


@pytest.fixture(scope="module")
def truth(lived: duckdb.DuckDBPyConnection) -> Truth:
    found = Truth(lived)
    found.history = found.history.sort_values(["id", "last_modified_date", "read_order"])
    found.current["gone_since"] = view(lived, "opportunity_presence").set_index("id").gone_since
    return found


def day_of(moments: Any) -> Any:
    return moments.dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()


def month_of(days: Series) -> Series:
    return days.dt.to_period("M").dt.to_timestamp()


def quarter_of(days: Series) -> Series:
    return days.dt.to_period("Q").astype(str).str.replace("Q", "-Q").where(days.notna())


def first_of(rows: Frame) -> Frame:
    """The first row of each opportunity; unlike `first()`, with what is missing in it."""
    return rows.groupby("id").head(1).set_index("id")


def weeks(truth: Truth, lived: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, Frame]]:
    """Each week's Monday, and the versions that were the newest and not gone when it ended."""
    history = truth.history.join(truth.current.gone_since, on="id")
    changed, gone = day_of(history.last_modified_date), day_of(history.gone_since)
    now = truth.now.tz_localize(None)
    monday = view(lived, "sync_runs").watermark.min().tz_localize(None).normalize()
    monday -= timedelta(days=monday.weekday())
    while monday <= now:
        end = min(monday + timedelta(days=6), now)
        yield monday, history[(changed <= end) & ~(gone <= end)].groupby("id").tail(1)
        monday += timedelta(days=7)


@pytest.mark.long
def test_the_pipeline_by_week_is_what_each_week_had(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    found = view(lived, "pipeline_by_week")
    expected: dict[str, dict[Any, float]] = {"size": {}, "validated": {}, "amount": {}}
    for monday, newest in weeks(truth, lived):
        pipeline = newest[
            ~newest.life_cycle_stage.isin(CLOSED) & ~newest.life_cycle_review_status.isin(NOT_PIPELINE)
        ].assign(week=monday)
        expected["size"] |= sums(pipeline, ["week", "life_cycle_stage"])
        approved = pipeline[pipeline.life_cycle_review_status == "Approved"]
        expected["validated"] |= sums(approved, ["week", "life_cycle_stage"])
        for row in pipeline.itertuples():
            for amount, currency in ENTRY.findall(str(row.project_expected_customer_spend)):
                key = str(monday.date()), row.life_cycle_stage, currency
                expected["amount"][key] = expected["amount"].get(key, 0) + float(amount.replace(",", ""))
    sizes = found.drop_duplicates(["week_start", "life_cycle_stage"])
    assert len(set(found.week_start)) >= 8
    assert counts(sizes, ["week_start", "life_cycle_stage"], "opportunities_in_stage") == expected["size"]
    validated = counts(sizes, ["week_start", "life_cycle_stage"], "validated_in_stage")
    assert {key: number for key, number in validated.items() if number} == expected["validated"]
    amounts = found.dropna(subset="currency_code")
    keys = ["week_start", "life_cycle_stage", "currency_code"]
    assert counts(amounts, keys, "monthly_amount") == about(expected["amount"])
    assert set(found.account_is_seen) == {True}
    assert found[~found.is_past].week_start.nunique() == 1


def reviews(truth: Truth) -> Frame:
    """Stays in a review status, with the days between which each began."""
    history = truth.history[truth.history.life_cycle_review_status.notna()]
    before = history.groupby("id").life_cycle_review_status.shift()
    stays = history[history.life_cycle_review_status != before].copy()
    stays["first"] = stays.groupby("id").cumcount() == 0
    stays["from_day"] = day_of(stays.last_modified_date).where(~stays["first"], day_of(stays.created_date))
    stays["to_day"] = day_of(stays.last_modified_date).where(~stays["first"], day_of(stays.first_seen_at))
    stays["month"] = month_of(stays.to_day).where(month_of(stays.from_day) == month_of(stays.to_day))
    standings = {"Submitted": "in review", "In review": "in review", "Disqualified": "Rejected"}
    stays["standing"] = stays.life_cycle_review_status.replace(standings)
    return stays


@pytest.mark.long
def test_reviews_and_approvals_are_counted_as_they_began(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    stays = reviews(truth)
    found = view(lived, "review_periods")
    assert sums(found, ["life_cycle_review_status"]) == sums(stays, ["life_cycle_review_status"])
    assert int((~found.left_at.isna()).sum()) == len(stays) - stays.id.nunique()
    entries = stays[stays.standing != stays.groupby("id").standing.shift()]
    rates = view(lived, "approval_rate_by_month")
    columns = {"submitted": "in review"} | {
        standing.lower().replace(" ", "_"): standing for standing in ("Approved", "Rejected", "Action Required")
    }
    for column, standing in columns.items():
        expected = sums(entries[entries.standing == standing].drop_duplicates(["id", "month"]), ["month"])
        assert {key: number for key, number in counts(rates, ["month_start"], column).items() if number} == expected
    submitted = first_of(entries[entries.standing == "in review"])
    approved = entries[(entries.standing == "Approved") & (entries.from_day == entries.to_day)].join(
        submitted[["from_day", "to_day"]].add_suffix("_submitted"), on="id"
    )
    known = approved[approved.from_day_submitted == approved.to_day_submitted]
    medians = (known.to_day - known.to_day_submitted).dt.days.groupby(known.month).median()
    rated = rates.dropna(subset="median_days_to_approval")
    assert counts(rated, ["month_start"], "median_days_to_approval") == about(
        {(str(month.date()),): days for month, days in medians.items()}
    )


@pytest.mark.long
def test_months_count_what_was_created_and_closed(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    current = truth.current
    created = month_of(day_of(current.created_date))
    closed = month_of(current.closed_on.dt.tz_localize(None))
    found, amounts = (
        view(lived, name)
        for name in ("created_submitted_launched_by_month", "created_submitted_launched_by_month_and_currency")
    )
    stays = reviews(truth)
    reviewed = first_of(stays[stays.standing != "Pending Submission"])
    approved = first_of(stays[stays.standing == "Approved"])
    cases = {
        "created": current.assign(month=created),
        "submitted": current.assign(month=reviewed.month)[current.index.isin(reviewed.index)],
        "approved": current.assign(month=approved.month)[current.index.isin(approved.index)],
        "launched": current.assign(month=closed)[current.life_cycle_stage == "Launched"],
        "lost": current.assign(month=closed)[current.life_cycle_stage == "Closed Lost"],
    }
    for column, frame in cases.items():
        numbers = {key: number for key, number in counts(found, ["month_start"], column).items() if number}
        assert numbers == sums(frame, ["month"]), column
        spent = sums(frame.join(truth.spend, how="inner"), ["month", "currency_code"], "amount")
        given = amounts.dropna(subset=f"{column}_amount")
        assert counts(given, ["month_start", "currency_code"], f"{column}_amount") == about(spent), column


@pytest.mark.long
def test_conversions_launches_and_wins_are_as_counted(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    stays = truth.history[truth.history.life_cycle_stage != truth.history.groupby("id").life_cycle_stage.shift()].copy()
    first = stays.groupby("id").cumcount() == 0
    entered = day_of(stays.last_modified_date)
    earliest = entered.where(~first, day_of(stays.created_date))
    stays["quarter"] = quarter_of(entered).where(quarter_of(entered) == quarter_of(earliest))
    stays["next"] = stays.groupby("id").life_cycle_stage.shift(-1)
    stays = stays[~stays.life_cycle_stage.isin(CLOSED)]
    rank = {stage: number for number, stage in enumerate(STAGES)}
    later = stays.next.map(rank) > stays.life_cycle_stage.map(rank)
    gone = stays.id.map(truth.current.gone_since).notna()
    cases = {
        "entered": stays,
        "lost": stays[stays.next == "Closed Lost"],
        "moved_on": stays[later & (stays.next != "Closed Lost")],
        "moved_back": stays[stays.next.notna() & ~later],
        "still_there": stays[stays.next.isna() & ~gone],
        "gone": stays[stays.next.isna() & gone],
    }
    found = view(lived, "stage_conversion")
    for column, frame in cases.items():
        numbers = counts(found, ["quarter", "life_cycle_stage"], column)
        assert {key: number for key, number in numbers.items() if number} == sums(
            frame, ["quarter", "life_cycle_stage"]
        ), column
    current = truth.current.assign(closed=truth.current.closed_on.dt.tz_localize(None))
    launched = current[current.life_cycle_stage == "Launched"]
    days = (launched.closed - day_of(launched.created_date)).dt.days
    assert counts(view(lived, "days_to_launch"), ["id"], "days_to_launch") == {(key,): n for key, n in days.items()}
    exact = launched[launched.exact]
    medians = days[launched.exact].groupby(quarter_of(exact.closed)).median()
    by_quarter = view(lived, "days_to_launch_by_quarter")
    assert counts(by_quarter.dropna(subset="median_days"), ["quarter"], "median_days") == about(
        {(quarter,): median for quarter, median in medians.items()}
    )
    check_the_amounts_of_quarters(lived, truth, current)


def check_the_amounts_of_quarters(lived: duckdb.DuckDBPyConnection, truth: Truth, current: Frame) -> None:
    from pandas import Period

    spent = current.assign(quarter=quarter_of(current.closed)).join(truth.spend, how="inner")
    wins = view(lived, "win_rate_by_quarter_and_currency")
    for column, stage in (("won_amount", "Launched"), ("lost_amount", "Closed Lost")):
        expected = sums(spent[spent.life_cycle_stage == stage], ["quarter", "currency_code"], "amount")
        assert counts(wins.dropna(subset=column), ["quarter", "currency_code"], column) == about(expected)
    found = view(lived, "launched_by_quarter")
    launched = spent[(spent.life_cycle_stage == "Launched") & ~spent.gone]
    for quarter in set(found.quarter):
        end = min(Period(quarter, "Q").end_time.normalize(), truth.now.tz_localize(None))
        within = launched[(launched.closed <= end) & (launched.closed > end - timedelta(days=365))]
        rows = found[(found.quarter == quarter) & found.currency_code.notna()]
        assert counts(rows, ["currency_code"], "monthly_amount_within_a_year") == about(
            sums(within, ["currency_code"], "amount")
        )
        ids = current[(current.life_cycle_stage == "Launched") & ~current.gone & (current.closed <= end)]
        ids = ids[ids.closed > end - timedelta(days=365)]
        assert set(found[found.quarter == quarter].launched_within_a_year) == {len(ids)}


@pytest.mark.long
def test_changes_name_every_member_that_changed(lived: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    history = truth.history
    before = history.groupby("id").shift()
    later = history.groupby("id").cumcount() > 0
    changed = {}
    for column in (name for name in history.columns if name not in TECHNICAL and not name.startswith("_dlt")):
        old, new = before[column].astype(object), history[column].astype(object)
        number = int((later & (old != new) & ~(old.isna() & new.isna())).sum())
        if number and column != "target":
            changed[column.removeprefix("life_cycle_").removeprefix("project_").replace("_", " ")] = number
    changed["expected spend"] = changed.pop("expected customer spend")
    found = view(lived, "changes").groupby("what").size().to_dict()
    assert {what: n for what, n in found.items() if what not in {"new", "first seen", "gone", "other"}} == changed
