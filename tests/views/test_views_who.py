"""Small cases of the views of groups, forecast and AWS's side, by hand, in DuckDB and in a real PostgreSQL."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from postgres import Postgres
from views.test_views import opened, rows_of
from worked_example import TABLES, Row, day, moment, version

pytestmark = pytest.mark.long
KINDS = pytest.mark.parametrize("kind", ["duckdb", "postgres"])


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> str:
    return f"{postgres_server.url(postgres_server.database('who'))}?options=-ctimezone%3DAmerica/Los_Angeles"


def history(*versions: Row) -> dict[str, list[Row]]:
    """These versions, and the newest of each opportunity as what is there."""
    newest = {row["id"]: {name: row[name] for name in TABLES["opportunities"] if name in row} for row in versions}
    return {"opportunities": list(newest.values()), "opportunity_history": list(versions)}


def spend(key: str, amount: str, currency: str) -> Row:
    return {"opportunity_id": key, "amount": Decimal(amount), "currency_code": currency, "frequency": "Monthly"}


@KINDS
def test_an_opportunity_of_an_id_and_a_date_alone_is_in_no_named_group(kind: str, server: str, tmp_path: Path) -> None:
    one = {"id": "O1", "last_modified_date": moment("01-31 23:59")}
    no_rate = (None, None, None)
    alone = [(None, 1, 0, 0, 0, None, None, 1, None, None, *no_rate)]
    with opened(kind, server, tmp_path, "one", {"opportunities": [one]}) as client:
        assert rows_of(client, "pipeline_by_group") == [
            (dimension, *alone[0]) for (dimension,) in sorted(set(rows_of(client, "opportunity_groups", ["dimension"])))
        ]
        for view in ("pipeline_by_owner", "pipeline_by_solution", "origin_split", "co_sell_or_visibility"):
            assert rows_of(client, view) == alone
        assert rows_of(client, "ace_opportunity_feed", ["apnCrmUniqueIdentifier"]) == [("O1",)]
        for view in ("closing_this_quarter", "total_contract_value", "referral_funnel", "aws_and_partner_stage"):
            assert rows_of(client, view) == []


@KINDS
def test_rejected_and_unsubmitted_are_in_no_group_of_the_pipeline(kind: str, server: str, tmp_path: Path) -> None:
    reviews = ("Approved", "Pending Submission", "Rejected", "Disqualified")
    rows = history(
        *(
            version("06-01 08:00", "06-01 12:30", id=f"O{number}", name=review, stage="Prospect", review=review)
            for number, review in enumerate(reviews)
        )
    ) | {"opportunities__project_expected_customer_spend": [spend(f"O{number}", "5", "USD") for number in range(4)]}
    with opened(kind, server, tmp_path, "rejected", rows) as client:
        group = (1, 1, 0, 0, None, "USD", 1, Decimal(5), Decimal(5), None, None, None)
        assert rows_of(client, "pipeline_by_customer") == [("Approved", *group)]
        assert rows_of(client, "origin_split") == [(None, *group)]


@KINDS
def test_usual_days_left_are_of_this_stage_and_the_ones_to_come(kind: str, server: str, tmp_path: Path) -> None:
    """Business Validation usually takes 4 days and Committed 20; of Qualified, nobody knows."""
    business, target = "Business Validation", day("06-30")
    rows = history(
        version("05-01 08:00", "05-01 12:30", id="O1", created="05-01 08:00", stage="Committed"),
        version("05-21 08:00", "05-21 12:30", id="O1", created="05-01 08:00", stage="Launched"),
        version("06-01 08:00", "06-01 12:30", id="O2", created="06-01 08:00", stage=business, target=day("06-20")),
        version("06-05 08:00", "06-05 12:30", id="O2", created="06-01 08:00", stage="Committed", target=target),
        version("06-09 08:00", "06-09 12:30", id="O3", created="06-09 08:00", stage=business, target=target),
        version("05-01 08:00", "05-01 12:30", id="O4", created="05-01 08:00", stage="Qualified", target=day("07-01")),
        version("06-10 12:00", "06-10 12:30", id="O5", created="05-01 08:00", stage="Qualified", target=day("04-01")),
        version("03-01 08:00", "03-01 12:30", id="O6", created="03-01 08:00", stage="Committed", target=day("06-01")),
    )
    columns = ["id", "is_overdue", "times_slipped", "days_in_stage", "usual_days_in_stage", "usual_days_left"]
    with opened(kind, server, tmp_path, "usual", rows) as client:
        assert rows_of(client, "closing_this_quarter", columns) == [
            ("O2", False, 1, 5, Decimal(20), Decimal(15)),
            ("O3", False, 0, 1, Decimal(4), Decimal(23)),
            ("O5", True, 0, 0, None, None),
            ("O6", True, 0, 101, Decimal(20), Decimal(0)),
        ]


@KINDS
def test_stages_that_were_never_seen_alike_differ_since_a_bound(kind: str, server: str, tmp_path: Path) -> None:
    stages = {"O1": ["Prospect"], "O2": ["Engaged", "Committed"], "O3": ["Qualified", "Prospect", "Launched"]}
    seen = ("06-03 12:30", "06-04 12:30", "06-05 12:30")
    own = [version("06-01 08:00", "06-01 12:30", id=key, created="06-01 08:00", stage="Qualified") for key in stages]
    rows = history(*own) | {
        "aws_opportunity_summaries": [{"id": key, "life_cycle_stage": found[-1]} for key, found in stages.items()],
        "aws_opportunity_summary_history": [
            {"id": key, "life_cycle_stage": stage, "read_order": order, "first_seen_at": moment(seen[order])}
            for key, found in stages.items()
            for order, stage in enumerate(found)
        ],
    }
    columns = ["id", "aws_stages_ahead", "differs_since", "differs_since_is_seen"]
    with opened(kind, server, tmp_path, "stages", rows) as client:
        assert rows_of(client, "aws_and_partner_stage", columns) == [
            ("O1", -1, moment("06-03 12:30"), False),
            ("O2", 3, moment("06-03 12:30"), False),
            ("O3", 4, moment("06-04 12:30"), True),
        ]
        rows = {"aws_opportunity_summaries": [{"id": "O4", "life_cycle_stage": "On-hold"}]}
    with opened(kind, server, tmp_path, "unlisted", history(own[0] | {"id": "O4"}) | rows) as client:
        assert rows_of(client, "aws_and_partner_stage", columns) == [("O4", None, None, False)]


@KINDS
def test_a_contract_value_that_is_too_large_or_of_no_length_is_null(kind: str, server: str, tmp_path: Path) -> None:
    months = {"O1": 0, "O2": 12, "O3": 12, "O4": 1201}
    contract = {"project_expected_contract_duration_term": "Months"}
    rows = history(
        *(
            version("06-01 08:00", "06-01 12:30", id=key, project_expected_contract_duration_value=length, **contract)
            for key, length in months.items()
        )
    ) | {
        "opportunities__project_expected_customer_spend": [
            *(spend(key, "1.50", "USD") for key in ("O1", "O4")),
            spend("O2", f"{'9' * 36}.99", "USD"),
            spend("O3", f"{'1' * 31}.00", "USD"),
        ]
    }
    with opened(kind, server, tmp_path, "contracts", rows) as client:
        assert rows_of(client, "total_contract_value", ["id", "total_contract_value"]) == [
            *(("O1", None), ("O2", None), ("O3", Decimal(f"1{'3' * 30}2.00")), ("O4", None)),
        ]
