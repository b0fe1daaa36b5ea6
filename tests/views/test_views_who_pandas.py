"""The views of groups, forecast and AWS's side on the emulator's data, against the same questions in pandas."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from partner_central_emulator import Emulator
from partner_central_sync.sync import details
from partner_central_sync.sync.lists import Lists
from sandbox import Sandbox
from views.test_views_pandas import CLOSED, STAGES, Truth, about, sums, view

if TYPE_CHECKING:  # it takes as long to import as all else here: not where no test asks for it
    from pandas import DataFrame as Frame

SELLERS = ["AWSSalesRep", "AWSAccountOwner"]
NOT_PIPELINE = ["Pending Submission", "Rejected", "Disqualified"]
BY_GROUP = {
    "pipeline_by_owner": "owner",
    "pipeline_by_aws_seller": "aws_seller",
    "pipeline_by_customer": "customer_company_name",
    "pipeline_by_industry": "customer_industry",
    "pipeline_by_country": "customer_country_code",
    "pipeline_by_opportunity_type": "opportunity_type",
    "pipeline_by_delivery_model": "delivery_model",
    "pipeline_by_solution": "solution",
    "origin_split": "origin",
    "co_sell_or_visibility": "involvement_type",
}


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with every table, after three syncs with twenty days between them, and an opportunity gone."""
    with pytest.MonkeyPatch.context() as patch, Emulator(opportunities=60, seed=7, rps=None) as emulator:
        patch.setattr(Lists, "_is_due", lambda *_: True)
        patch.setattr(details, "allowed", lambda *_: 10_000)
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        for _ in range(3):
            sandbox.sync(tables=("all",))
            emulator.advance(days=20)
    with duckdb.connect(str(sandbox.database)) as connection:
        connection.execute("USE partner_central.partner_central; SET TimeZone = 'UTC'")
        connection.execute(
            "UPDATE opportunity_presence SET gone_since = last_listed_at WHERE id = "
            "(SELECT min(id) FROM opportunities WHERE life_cycle_review_status = 'Approved')"
        )
        yield connection


def truth_of(whole: duckdb.DuckDBPyConnection) -> Truth:
    """The tables as frames, with pipeline as its definition says."""
    found = Truth(whole)
    current = found.current
    current["is_pipeline"] = current.open & ~current.gone & ~current.life_cycle_review_status.isin(NOT_PIPELINE)
    current["is_validated"] = current.is_pipeline & (current.life_cycle_review_status == "Approved")
    found.pipeline = current[current.is_pipeline]
    return found


def plain(value: Any) -> Any:
    """None for what is missing."""
    import pandas as pd

    return None if pd.isna(value) else value


def values_of(whole: duckdb.DuckDBPyConnection, truth: Truth) -> dict[str, list[tuple[Any, str]]]:
    """The groups of each dimension: pairs of value and id, also for the opportunities without a value."""
    current = truth.current
    found = view(whole, "opportunity_search_summaries").set_index("id")
    summaries = view(whole, "aws_opportunity_summaries").set_index("id")
    team = view(whole, "opportunity_search_summaries__opportunity_team")
    aws_team = view(whole, "aws_opportunity_summaries__opportunity_team")
    for people in (team, aws_team):
        people["name"] = people.first_name + " " + people.last_name
    aws_team = aws_team[aws_team.business_title.isin(SELLERS)]
    sellers = {
        key: set(aws_team[aws_team.opportunity_id == key].name)
        or set(team[(team.opportunity_id == key) & team.business_title.isin(SELLERS)].name)
        for key in current.index
    }
    names = view(whole, "solutions").set_index("id").name.to_dict()
    related = view(whole, "opportunity_search_summaries__related_solutions")
    related["name"] = [names.get(value, value) for value in related.value]
    models = view(whole, "opportunities__project_delivery_models").rename(columns={"value": "name"})
    lists = {
        "owner": team[team.business_title == "OpportunityOwner"],
        "delivery_model": models,
        "solution": related,
    }
    prefix, insights = "aws_opportunity_summary_", "aws_opportunity_summary_insights_"
    score = found[f"{insights}opportunity_quality_score"].combine_first(summaries.insights_opportunity_quality_score)
    ranges = ("0 to 24", "25 to 49", "50 to 74", "75 to 100")
    bands = score.map(lambda one: ranges[min(int(one) // 25, 3)], na_action="ignore")
    single = {
        **{name: current[name] for name in ("customer_company_name", "customer_industry", "customer_country_code")},
        "opportunity_type": current.opportunity_type,
        "origin": found[f"{prefix}origin"].combine_first(summaries.origin),
        "involvement_type": summaries.involvement_type,
        "engagement_score": found[f"{insights}engagement_score"].combine_first(summaries.insights_engagement_score),
        "cosell_motion": found[f"{prefix}cosell_motion"].combine_first(summaries.cosell_motion),
        "quality_score": bands,
    }
    groups = {name: [(plain(column.get(key)), key) for key in current.index] for name, column in single.items()}
    for name, frame in lists.items():
        of = {key: set(part.name) for key, part in frame.groupby("opportunity_id")}
        groups[name] = [(value, key) for key in current.index for value in of.get(key, {None})]
    groups["aws_seller"] = [(value, key) for key, found in sellers.items() for value in found or {None}]
    return groups


def check_groups_are_counted_and_added_up_as_in_pandas(whole: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    import pandas as pd

    current = truth.current
    flags = pd.DataFrame({"is_pipeline": current.is_pipeline, "is_validated": current.is_validated})
    flags["won"], flags["lost"] = (current.life_cycle_stage == stage for stage in CLOSED)
    table = view(whole, "pipeline_by_group").astype(object)
    for dimension, pairs in values_of(whole, truth).items():
        frame = pd.DataFrame(pairs, columns=["value", "id"]).set_index("id").join(flags)
        found = table[table.dimension == dimension]
        wholes = found.drop_duplicates(["value", "opportunities_in_group", "validated_in_group", "won", "lost"])
        expected = {
            plain(value): tuple(part[["is_pipeline", "is_validated", "won", "lost"]].sum())
            for value, part in frame.groupby("value", dropna=False)
        }
        columns = ["value", "opportunities_in_group", "validated_in_group", "won", "lost"]
        assert {plain(value): tuple(rest) for value, *rest in wholes[columns].to_numpy()} == {
            value: counts for value, counts in expected.items() if counts[0] + counts[2] + counts[3] > 0
        }, dimension
        spent = frame[frame.is_pipeline.astype(bool)].join(truth.spend, how="inner")
        for column, part in (("monthly_amount", spent), ("validated_amount", spent[spent.is_validated])):
            shown = found[found[column].notna()]
            assert sums(shown.astype({column: float}), ["value", "currency_code"], column) == about(
                sums(part, ["value", "currency_code"], "amount")
            )
        for row in found.itertuples():
            closed = row.won + row.lost
            rate = pytest.approx(100 * row.won / closed, abs=0.051) if closed else None
            assert (None if row.win_rate_percent is None else float(row.win_rate_percent)) == rate, row
    assert set(table.dimension) == {"cosell_motion", "engagement_score", "quality_score", *BY_GROUP.values()}


def check_a_view_of_one_kind_of_group_is_that_part_of_all_groups(whole: duckdb.DuckDBPyConnection) -> None:
    columns = "opportunities_in_group, validated_in_group, won, lost, win_rate_percent, currency_code, opportunities"
    columns = f"{columns}, monthly_amount, validated_amount, reporting_amount, reporting_currency, rate_date"
    for name, dimension in BY_GROUP.items():
        shown = whole.execute(f"SELECT * FROM {name}").fetchall()
        amounts = [row[-5] for row in shown if row[-5] is not None]
        assert amounts == sorted(amounts, reverse=True)
        every = f"SELECT value, {columns} FROM pipeline_by_group WHERE dimension = '{dimension}'"
        assert sorted(shown, key=str) == sorted(whole.execute(every).fetchall(), key=str)
    scores = whole.execute("SELECT dimension, value, opportunities, won, lost FROM outcome_by_score").fetchall()
    every = "SELECT DISTINCT dimension, value, opportunities_in_group, won, lost FROM pipeline_by_group"
    kinds = "('engagement_score', 'quality_score', 'cosell_motion')"
    assert set(scores) == set(whole.execute(f"{every} WHERE dimension IN {kinds}").fetchall())
    assert len(scores) == len(set(scores)) > 9


def check_closing_this_quarter_and_contract_values_are_as_in_pandas(
    whole: duckdb.DuckDBPyConnection, truth: Truth
) -> None:
    now = truth.now.tz_localize(None)
    closing = truth.pipeline[truth.pipeline.target.dt.to_period("Q") == now.to_period("Q")]
    found = view(whole, "closing_this_quarter").set_index("id")
    assert set(found.index) == set(closing.index) != set()
    assert found.is_overdue.to_dict() == (closing.target < now).to_dict()
    assert found.days_unchanged.to_dict() == closing.days_unchanged.to_dict()
    slips = view(whole, "slipped_close_dates").set_index("id").times_slipped.reindex(found.index).fillna(0)
    assert found.times_slipped.to_dict() == slips.to_dict()
    usual = view(whole, "stage_velocity").set_index("life_cycle_stage").median_days.astype(float)
    for row in found.itertuples():
        ahead = STAGES[STAGES.index(row.life_cycle_stage) : 5]
        lengths = [usual.get(stage) for stage in ahead]
        left = None if None in lengths else max(lengths[0] - row.days_in_stage, 0) + sum(lengths[1:])
        assert plain(row.usual_days_left) == (left if left is None else pytest.approx(left)), row
        assert plain(row.usual_days_in_stage) == lengths[0], row
    months = truth.current.project_expected_contract_duration_value
    months = months[(truth.current.project_expected_contract_duration_term == "Months") & ~truth.current.gone].dropna()
    spent = truth.spend.join(months.rename("months"), how="inner").groupby(["id", "currency_code"])
    expected = {key: part.amount.sum() * part.months.iloc[0] for key, part in spent}
    values = view(whole, "total_contract_value").astype({"total_contract_value": float})
    shown = values.set_index(["id", "currency_code"]).total_contract_value
    assert shown.to_dict() == about(expected)


def check_referrals_are_counted_as_in_pandas(whole: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    as_of = view(whole, "sync_runs").watermark.max()
    received = view(whole, "engagement_invitations").set_index("id")
    received = received[received.participant_type == "RECEIVER"]
    pending = received[(received.status == "PENDING") & (received.expiration_date > as_of)]
    waiting = view(whole, "referrals_waiting")
    assert set(waiting.id) == set(pending.index) != set()
    assert waiting.expiration_date.is_monotonic_increasing
    assert (waiting.days_left >= 0).all()
    tasks = view(whole, "engagement_by_accepting_invitation_tasks").set_index("engagement_invitation_id")
    deals = received[received.payload_type == "OpportunityInvitation"].join(tasks[["start_time", "opportunity_id"]])
    deals["month"] = deals.invitation_date.dt.strftime("%Y-%m-01")
    deals["days"] = (deals.start_time.dt.normalize() - deals.invitation_date.dt.normalize()).dt.days
    deals["stage"] = truth.current.life_cycle_stage.reindex(deals.opportunity_id).to_numpy()
    funnel = view(whole, "referral_funnel")
    funnel["month"] = funnel.invitation_month.astype(str).str[:10]
    funnel = funnel.set_index("month")
    assert set(funnel.sender_company_name) == {"AWS"}
    for month, part in deals.groupby("month"):
        row = funnel.loc[month]
        accepted = part[part.status == "ACCEPTED"]
        lapsed = (part.status == "EXPIRED") | ((part.status == "PENDING") & (part.expiration_date <= as_of))
        assert (row.invited, row.accepted, row.lapsed) == (len(part), len(accepted), lapsed.sum())
        assert row.rejected == (part.status == "REJECTED").sum()
        assert row.won == (accepted.stage == "Launched").sum()
        assert row.invited == row[["accepted", "rejected", "lapsed", "waiting", "unclear"]].sum()
        if row.answers_dated == accepted.days.notna().sum() > 0:
            assert float(row.median_days_to_answer) == accepted.days.median()
    assert set(funnel.index) == set(deals.month)
    answered = view(whole, "received_invitations").days_to_answer.dropna()
    assert 0 <= answered.min() <= answered.max() <= 35, (
        "fifteen days to answer, and no more to the next sync than twenty"
    )


def check_stages_that_differ_are_found_as_by_replaying_history(whole: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    aws = view(whole, "aws_opportunity_summary_history").sort_values("read_order")
    runs = view(whole, "sync_runs")
    aws["as_of"] = [runs[runs.started_at <= seen].watermark.max() for seen in aws.first_seen_at]
    summaries = view(whole, "aws_opportunity_summaries").set_index("id").life_cycle_stage
    found = view(whole, "aws_and_partner_stage").set_index("id")
    current = truth.current[~truth.current.gone].join(summaries.rename("aws"), how="inner")
    current = current.dropna(subset=["aws", "life_cycle_stage"])
    assert set(found.index) == set(current[current.aws != current.life_cycle_stage].index) != set()
    for key, row in found.iterrows():
        since, seen = replayed(truth.history[truth.history.id == key], aws[aws.id == key])
        assert (row.differs_since, row.differs_since_is_seen) == (since, seen), key
        ranks = [STAGES.index(stage) if stage in STAGES else None for stage in (row.aws_stage, row.life_cycle_stage)]
        assert plain(row.aws_stages_ahead) == (None if None in ranks else ranks[0] - ranks[1])
    assert (found.days_different >= 0).all()
    assert set(found.differs_since_is_seen) == {True, False}


def replayed(own: Frame, aws: Frame) -> tuple[Any, bool]:
    """When two series of stages began to differ for the last time, and whether they were the same before."""
    events = [(row.last_modified_date, 0, row.life_cycle_stage) for row in own.itertuples()]
    events += [(row.as_of, 1, row.life_cycle_stage) for row in aws.itertuples()]
    stages: list[Any] = [None, None]
    since, agreed = None, False
    for at, some in groupby(sorted(events, key=lambda one: one[0]), key=lambda one: one[0]):
        for _, side, stage in some:
            stages[side] = stage
        if stages[0] == stages[1]:
            since, agreed = None, True
        elif since is None and None not in stages:
            since = at
    return since, agreed


def check_recommendations_and_the_feed_are_of_the_tables(whole: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    import pandas as pd

    told = view(whole, "aws_opportunity_summaries__insights_recommendations")
    told = told[told.opportunity_id.isin(truth.current[truth.current.open & ~truth.current.gone].index)]
    found = view(whole, "recommendations_open")
    assert len(found[found.recommendation_type != "NextBestActions"]) == len(told) > 0
    feed = view(whole, "ace_opportunity_feed").set_index("apnCrmUniqueIdentifier")
    assert set(feed.index) == set(truth.current[~truth.current.gone].index)
    details_of = view(whole, "opportunity_details").set_index("id").reindex(feed.index)
    summaries = view(whole, "aws_opportunity_summaries").set_index("id").reindex(feed.index)
    same = {
        "projectDescription": details_of.project_customer_business_problem,
        "useCase": details_of.project_customer_use_case,
        "partnerProjectTitle": details_of.project_title,
        "awsAccountId": details_of.customer_aws_account_id,
        "aWSStage": summaries.life_cycle_stage,
        "recommendedNextBestActions": summaries.insights_next_best_actions,
        "stage": truth.current.life_cycle_stage.reindex(feed.index),
    }
    for name, expected in same.items():
        pd.testing.assert_series_equal(feed[name], expected, check_names=False)
        assert expected.notna().any()
    team = view(whole, "aws_opportunity_summaries__opportunity_team")
    mails = team[team.business_title == "PDM"].groupby("opportunity_id").email.agg(lambda one: ";".join(sorted(one)))
    mails = mails[mails.index.isin(feed.index)]
    assert feed.partnerDeveloperManagerEmail.dropna().to_dict() == mails.to_dict() != {}


@pytest.mark.long
def test_groups_forecast_and_the_side_of_aws_are_as_in_pandas(whole: duckdb.DuckDBPyConnection) -> None:
    truth = truth_of(whole)
    check_groups_are_counted_and_added_up_as_in_pandas(whole, truth)
    check_a_view_of_one_kind_of_group_is_that_part_of_all_groups(whole)
    check_closing_this_quarter_and_contract_values_are_as_in_pandas(whole, truth)
    check_referrals_are_counted_as_in_pandas(whole, truth)
    check_stages_that_differ_are_found_as_by_replaying_history(whole, truth)
    check_recommendations_and_the_feed_are_of_the_tables(whole, truth)
