"""The views of what happened over time, in cases that an account seldom has."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from partner_central.public import STREAMS, hint_rules, stream_model, table_columns
from postgres import Postgres
from views.test_views import opened, rows_of
from worked_example import TABLES, Row, day, moment, version

pytestmark = pytest.mark.long
BOTH = pytest.mark.parametrize("kind", ["duckdb", "postgres"])
TECHNICAL = {"id", "last_modified_date", "content_hash", "read_order", "order_is_known", "first_seen_at"}
RUN = {"run_id": "r1", "mode": "first", "scope": "all", "outcome": "done", "exit_code": 0, "complete": True}
ONE = {"id": "O1", "name": "One", "created": "05-04 08:00", "stage": "Qualified"}


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> str:
    return f"{postgres_server.url(postgres_server.database('flow'))}?options=-ctimezone%3DAmerica/Los_Angeles"


def account(*versions: Row, runs: tuple[tuple[str, str], ...], **more: Any) -> dict[str, list[Row]]:
    """An account with these versions, the last of each opportunity as its row, and runs with a scope and watermark."""
    newest = {row["id"]: {name: row.get(name) for name in TABLES["opportunities"]} for row in versions}
    return {
        "opportunities": list(newest.values()),
        "opportunity_history": list(versions),
        "sync_runs": [
            {**RUN, "run_id": watermark, "scope": scope, "watermark": moment(watermark)} for scope, watermark in runs
        ],
        **more,
    }


@BOTH
def test_a_status_that_moved_no_date_began_when_it_was_seen(kind: str, server: str, tmp_path: Path) -> None:
    rows = account(
        version("05-04 08:00", "05-04 09:00", **ONE, review="Submitted"),
        version("05-04 08:00", "05-21 09:00", **ONE, review="Approved"),
        version("05-20 08:00", "05-22 09:00", **ONE, review="Approved", next="Call"),
        runs=(("all", "05-04 08:30"), ("all", "06-01 12:00")),
    )
    with opened(kind, server, tmp_path, "undated", rows) as client:
        columns = ["version_number", "valid_from", "valid_until"]
        assert rows_of(client, "opportunity_versions", columns) == [
            (1, moment("05-04 08:00"), moment("05-20 08:00")),  # what came later bounds what was seen late
            (2, moment("05-20 08:00"), moment("05-20 08:00")),
            (3, moment("05-20 08:00"), None),
        ]
        columns = ["life_cycle_review_status", "entered_at", "entered_is_seen", "days_in_review_status"]
        assert rows_of(client, "review_periods", columns) == [
            ("Approved", moment("05-20 08:00"), True, 12),
            ("Submitted", moment("05-04 08:00"), True, 16),
        ]
        assert rows_of(client, "approval_rate_by_month") == [(day("05-01"), 1, 1, 0, 0, 100, 1, 16)]
        columns = ["review_since", "review_since_is_inferred", "stage_since_is_inferred", "days_in_review_status"]
        assert rows_of(client, "opportunity_current", columns) == [(moment("05-20 08:00"), False, True, 12)]


@BOTH
def test_weeks_of_filtered_runs_are_marked(kind: str, server: str, tmp_path: Path) -> None:
    approved = {**ONE, "review": "Approved"}
    rows = account(
        version("05-04 08:00", "05-04 09:00", **approved),
        version("04-01 08:00", "05-12 09:00", **{**approved, "id": "O2", "created": "04-01 08:00"}),
        version("04-01 08:00", "05-12 09:00", **{**approved, "id": "O3", "review": "Rejected"}),
        version("04-01 08:00", "05-12 09:00", **{**approved, "id": "O4", "stage": "Launched"}),
        runs=(("stage-1", "05-05 08:30"), ("all", "05-12 12:00"), ("all", "05-20 12:00")),
        opportunity_presence=[{"id": "O2", "gone_since": moment("06-30 12:00")}],  # later than the newest watermark
    )
    with opened(kind, server, tmp_path, "filtered", rows) as client:
        columns = ["week_start", "week_end", "is_past", "account_is_seen", "opportunities_in_stage"]
        assert rows_of(client, "pipeline_by_week", columns) == [
            (day("05-04"), day("05-10"), True, False, 2),
            (day("05-11"), day("05-17"), True, True, 2),
            (day("05-18"), day("05-24"), False, True, 1),
        ]


@BOTH
def test_the_amounts_of_old_versions_are_read_from_their_text(kind: str, server: str, tmp_path: Path) -> None:
    spends = (
        "1,234,567,890,123,456,789,012,345,678,901.25 USD Monthly (AWS); 0.75 USD Monthly (Self; 5 EUR Monthly)",
        "7 (AWS); 12.50 EUR (a b); USD Monthly (AWS); 3.00 Monthly",
        "; ".join(f"{number}.00 EUR Monthly (AWS)" for number in range(1, 11)),
        None,
    )
    at = ("05-04", "05-11", "05-18", "05-25")
    versions = [
        version(f"{one} 08:00", f"{one} 09:00", **ONE, spend=spend) for one, spend in zip(at, spends, strict=True)
    ]
    rows = account(*versions, runs=(("all", "05-04 08:00"), ("all", "05-25 08:00")))
    with opened(kind, server, tmp_path, "texts", rows) as client:
        columns = ["week_start", "currency_code", "monthly_amount", "opportunities_in_stage"]
        assert rows_of(client, "pipeline_by_week", columns) == [
            (day("05-04"), "USD", Decimal("1234567890123456789012345678902.00"), 1),
            (day("05-11"), "EUR", Decimal("12.50"), 1),
            (day("05-11"), None, Decimal(10), 1),
            (day("05-18"), "EUR", Decimal(55), 1),
            (day("05-25"), None, None, 1),
        ]


@BOTH
def test_a_quarter_has_the_launches_of_its_last_365_days(kind: str, server: str, tmp_path: Path) -> None:
    launched = {"stage": "Launched", "created": "01-01 00:00"}
    rows = account(
        *(
            version("06-01 00:00", "06-01 09:00", **launched, id=key, target=target)
            for key, target in (("O1", day("03-31")), ("O2", day("04-01")), ("O3", day("01-01").replace(year=2024)))
        ),
        runs=(("all", "06-01 08:00"), ("all", "07-02 12:00")),
        opportunities__project_expected_customer_spend=[
            {"opportunity_id": key, "amount": Decimal(amount), "currency_code": "USD"}
            for key, amount in (("O1", 1), ("O2", 2), ("O3", 4))
        ],
    )
    with opened(kind, server, tmp_path, "quarters", rows) as client:
        columns = ["quarter", "launched_in_quarter", "launched_within_a_year", "undated"]
        amounts = ["monthly_amount", "monthly_amount_within_a_year"]
        assert rows_of(client, "launched_by_quarter", columns + amounts) == [
            ("2024-Q1", 1, 1, 1, 4, 4),
            ("2024-Q2", 0, 1, 0, None, 4),
            ("2024-Q3", 0, 1, 0, None, 4),
            ("2026-Q1", 1, 1, 1, 1, 1),
            ("2026-Q2", 1, 2, 1, 2, 3),
            ("2026-Q3", 0, 2, 0, None, 3),
        ]


def other(column: str, kind: str) -> Any:
    values: dict[str, Any] = {"date": day("07-01"), "timestamp": moment("05-03 08:00"), "bigint": 12}
    return values.get(kind, f"other {column}")


@BOTH
def test_changes_names_every_column_of_the_history(kind: str, server: str, tmp_path: Path) -> None:
    (spine,) = (stream for stream in STREAMS if stream.table == "opportunities")
    columns = table_columns(spine, stream_model(spine), hint_rules(spine))["opportunity_history"]
    kinds = {str(one["name"]): str(one["data_type"]) for one in columns}
    members = [name for name in kinds if name not in TECHNICAL and not name.startswith("_dlt")]
    first = version("05-04 08:00", "05-04 09:00", **ONE)
    versions = [first] + [
        {
            **version(f"05-{number:02} 08:00", f"05-{number:02} 09:00", **ONE),
            "content_hash": name,
            name: other(name, kinds[name]),
        }
        for number, name in enumerate(members, 5)
    ]
    unknown = version("05-30 08:00", "05-30 09:00", **ONE)
    rows = account(*versions, unknown, runs=(("all", "05-05 08:00"),))
    with opened(kind, server, tmp_path, "members", rows) as client:
        found = {row[1:] for row in rows_of(client, "changes", ["changed_at", "what", "new_value"]) if row[2]}
        named = {what: new for what, new in found if str(new).startswith("other ")}
        assert {new.removeprefix("other ") for new in named.values()} == {
            name for name in members if kinds[name] == "text"
        }
        assert named["next steps"] == "other life_cycle_next_steps"
        assert {("target close date", "2026-07-01"), ("contract duration value", "12")} <= found
        assert any(what == "created date" and new.startswith("2026-05-03 08:00:00") for what, new in found)


@BOTH
def test_a_version_without_a_change_of_a_known_member_is_other(kind: str, server: str, tmp_path: Path) -> None:
    rows = account(
        version("05-04 08:00", "05-04 09:00", **ONE),
        version("05-05 08:00", "05-05 09:00", **ONE),
        runs=(("all", "05-04 08:00"), ("all", "05-05 08:00")),
    )
    with opened(kind, server, tmp_path, "others", rows) as client:
        assert rows_of(client, "changes", ["what", "old_value", "new_value"]) == [
            ("first seen", None, "Qualified"),
            ("other", None, None),
        ]
