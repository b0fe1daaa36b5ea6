"""The views, row by row: a small case worked out by hand, in DuckDB and in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dlt
import pytest
import sqlglot
from dlt.destinations import postgres
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central.per_id_stream import PerIdStream
from partner_central.public import STREAMS
from partner_central_sync import destinations
from partner_central_sync.views.files import tables_read, view_texts
from partner_central_sync.views.keeping import create_views
from partner_central_sync.views.translation import translate
from postgres import Postgres
from worked_example import FIRST, SEARCH, SMALL_CASE, TABLES, Row, day, make_tables, moment, version

STAGES = (
    "Prospect",
    "Qualified",
    "Technical Validation",
    "Business Validation",
    "Committed",
    "Launched",
    "Closed Lost",
)
SEEN = {
    at: moment(f"{at} 12:30")
    for at in ("06-01", "06-02", "06-03", "06-04", "06-05", "06-06", "06-07", "06-08", "06-09", "06-10")
}
A1_SPEND, J10_SPEND = "EUR 50.00, USD 1200.50", "USD 40.25"

# What each view must hold, by hand: its columns (all, or those named) and its rows, in any order.
ANSWERS: dict[str, tuple[tuple[str, ...] | None, list[tuple[Any, ...]]]] = {
    "life_cycle_stages": (None, [(stage, sandbox, sandbox > 5) for sandbox, stage in enumerate(STAGES, 1)]),
    "data_freshness": (
        None,
        [
            (
                *("opportunities", moment("06-10 12:00"), day("06-10"), moment("06-10 12:30"), moment("06-10 13:00")),
                *("unavailable", moment("06-10 12:30"), moment("06-01 12:30"), 10, 1, 2, 1, 10, 1, False, None),
            ),
            (
                *("opportunity_search_summaries", moment("06-10 11:00"), day("06-10"), moment("06-10 12:30")),
                *(moment("06-10 12:29"), *(None,) * 5, 0, None, 2, 1, False, None),
            ),
            ("solutions", None, None, moment(FIRST), moment("06-10 12:29"), *(None,) * 5, 0, None, 1, 0, True, None),
            ("engagement_by_accepting_invitation_tasks", *(None,) * 9, 0, None, 4, 0, None, None),
            *(
                (stream.table, *(None,) * 9, 0, None, 0, None if isinstance(stream, PerIdStream) else 0, None, None)
                for stream in STREAMS
                if stream.table not in {"opportunities", SEARCH, *TABLES}
            ),
        ],
    ),
    "opportunity_spend": (
        None,
        [
            ("A1", "USD", Decimal("1200.50")),
            ("A1", "EUR", Decimal(50)),
            ("C3", "JPY", Decimal(300000)),
            ("E5", "USD", Decimal(10)),
            ("F6", "USD", Decimal(7)),
            ("H8", None, Decimal(1)),
            ("I9", "XXX", Decimal(5)),
            ("J10", "USD", Decimal("40.25")),
        ],
    ),
    "stage_periods": (
        None,
        [
            ("A1", 1, "Prospect", moment("06-02 08:00"), True, moment("06-06 08:00"), "Qualified"),
            ("A1", 2, "Qualified", moment("06-06 08:00"), True, None, None),
            ("B2", 1, "Committed", moment("04-01 23:30"), False, None, None),
            ("C3", 1, "Committed", moment("05-01 23:59"), False, moment("06-05 00:01"), "Launched"),
            ("C3", 2, "Launched", moment("06-05 00:01"), True, None, None),
            ("D4", 1, "Closed Lost", moment("05-20 12:00"), False, None, None),
            ("E5", 1, "Prospect", moment("06-01 06:00"), True, moment("06-08 06:00"), "Closed Lost"),
            ("E5", 2, "Closed Lost", moment("06-08 06:00"), True, None, None),
            ("F6", 1, "Qualified", moment("05-15 12:00"), False, None, None),
            ("G7", 1, None, moment("06-10 12:00"), False, None, None),
            ("H8", 1, "Technical Validation", moment("05-01 10:00"), True, None, None),
            ("J10", 1, "Prospect", moment("06-01 00:00"), True, moment("06-03 00:00"), "Qualified"),
            ("J10", 2, "Qualified", moment("06-03 00:00"), True, moment("06-04 00:00"), "Prospect"),
            ("J10", 3, "Prospect", moment("06-04 00:00"), True, moment("06-05 00:00"), "Closed Lost"),
            ("J10", 4, "Closed Lost", moment("06-05 00:00"), True, moment("06-07 00:00"), "Qualified"),
            ("J10", 5, "Qualified", moment("06-07 00:00"), True, None, None),
        ],
    ),
    "opportunity_current": (
        (
            *(
                "id",
                "life_cycle_stage",
                "stage_order",
                "is_open",
                "is_gone",
                "gone_since",
                "age_days",
                "days_unchanged",
            ),
            *("days_in_stage", "stage_since_is_seen", "days_in_review_status", "review_since_is_seen"),
            *("days_to_target_close", "closed_on", "monthly_spend", "monthly_amount", "currency_code"),
        ),
        [
            ("A1", "Qualified", 2, True, False, None, 8, 1, 4, True, 4, True, 66, None, A1_SPEND, None, None),
            ("B2", "Committed", 5, True, False, None, 151, 70, 70, False, 70, False, -9, None, None, None, None),
            (
                *("C3", "Launched", 6, False, False, None, 129, 5, 5, True, 40, False, -5, day("06-05")),
                *("JPY 300000.00", Decimal(300000), "JPY"),
            ),
            (
                *("D4", "Closed Lost", 7, False, False, None, 160, 21, 21, False, None, None, -87, day("03-15")),
                *(None, None, None),
            ),
            (
                *("E5", "Closed Lost", 7, False, False, None, 9, 2, 2, True, None, None, 174, day("06-08")),
                *("USD 10.00", Decimal(10), "USD"),
            ),
            (
                *("F6", "Qualified", 2, True, True, moment("06-07 12:00"), 40, 26, 26, False, 26, False, None, None),
                *("USD 7.00", Decimal(7), "USD"),
            ),
            ("G7", None, None, True, False, None, None, 0, 0, False, None, None, None, None, None, None, None),
            (
                *("H8", "Technical Validation", 3, True, False, None, 40, 7, 40, True, 7, True, None, None),
                *("1.00", Decimal(1), None),
            ),
            (
                *("I9", "Negotiation", None, True, False, None, 40, 30, 30, False, 30, False, None, None),
                *("XXX 5.00", Decimal(5), "XXX"),
            ),
            (
                *("J10", "Qualified", 2, True, False, None, 9, 3, 3, True, 9, True, 0, None),
                *(J10_SPEND, Decimal("40.25"), "USD"),
            ),
        ],
    ),
    "opportunity_standing": (
        None,
        [
            ("A1", "Qualified", 2, True, False, None, None),
            ("B2", "Committed", 5, True, False, None, None),
            ("C3", "Launched", 6, False, False, None, moment("06-09 12:00")),
            ("D4", "Closed Lost", 7, False, False, None, None),
            ("E5", "Closed Lost", 7, False, False, None, None),
            ("F6", "Qualified", 2, True, True, moment("06-07 12:00"), None),
            ("G7", None, None, True, False, None, None),
            ("H8", "Technical Validation", 3, True, False, None, None),
            ("I9", "Negotiation", None, True, False, None, None),
            ("J10", "Qualified", 2, True, False, None, None),
        ],
    ),
    "pipeline_by_stage": (
        None,
        [
            ("Qualified", 2, 2, "EUR", 1, Decimal(50)),
            ("Qualified", 2, 2, "USD", 2, Decimal("1240.75")),
            ("Technical Validation", 3, 1, None, 1, Decimal(1)),
            ("Committed", 5, 1, None, 1, None),
            ("Negotiation", None, 1, "XXX", 1, Decimal(5)),
            (None, None, 1, None, 1, None),
        ],
    ),
    "stage_transitions": (
        None,
        [
            ("A1", "Acme", "Prospect", "Qualified", "forward", moment("06-06 08:00"), 4, True),
            ("C3", "Cargo", "Committed", "Launched", "won", moment("06-05 00:01"), 35, False),
            ("E5", "Epic", "Prospect", "Closed Lost", "lost", moment("06-08 06:00"), 7, True),
            ("J10", "Juno", "Prospect", "Qualified", "forward", moment("06-03 00:00"), 2, True),
            ("J10", "Juno", "Qualified", "Prospect", "back", moment("06-04 00:00"), 1, True),
            ("J10", "Juno", "Prospect", "Closed Lost", "lost", moment("06-05 00:00"), 1, True),
            ("J10", "Juno", "Closed Lost", "Qualified", "reopened", moment("06-07 00:00"), 2, True),
        ],
    ),
    "stage_velocity": (
        None,
        [
            ("Prospect", 1, 4, 2, 2, Decimal("3.5"), Decimal(3), 7),
            ("Qualified", 2, 1, 0, 1, Decimal(1), Decimal(1), 1),
            ("Closed Lost", 7, 1, 0, 1, Decimal(2), Decimal(2), 2),
        ],
    ),
    "review_ageing": (
        None,
        [
            (
                *("A1", "Acme", "Qualified", "In review", "AWS", moment("06-06 08:00"), True, 4),
                *("up to 7 days", A1_SPEND),
            ),
            (
                *("H8", "Hotel", "Technical Validation", "Action Required", "partner", moment("06-03 10:00"), True, 7),
                *("up to 7 days", "1.00"),
            ),
            (
                *("I9", "India", "Negotiation", "Escalated", "AWS", moment("05-11 09:00"), False, 30),
                *("15 to 30 days", "XXX 5.00"),
            ),
        ],
    ),
    "action_required": (
        None,
        [
            (
                *("H8", "Hotel", "Technical Validation", "Incomplete information", "Which <b>problem</b>?"),
                *(None, None, 7, True, "1.00"),
            )
        ],
    ),
    "past_target_close": (
        None,
        [("B2", "Bolt", "Committed", "Approved", day("06-01"), 9, 70, "Call again", None, None, None)],
    ),
    "slipped_close_dates": (
        None,
        [
            (
                *("A1", "Acme", "Qualified", day("07-01"), day("08-15"), 2, 45, 45, moment("06-09 08:00")),
                *(A1_SPEND, None, None),
            ),
            (
                *("J10", "Juno", "Qualified", day("06-20"), day("06-10"), 1, 15, -10, moment("06-03 00:00")),
                *(J10_SPEND, Decimal("40.25"), "USD"),
            ),
        ],
    ),
    "stalled": (
        None,
        [
            (
                *("B2", "Bolt", "Committed", "Approved", moment("04-01 23:30"), 70, 70, day("06-01"), "Call again"),
                *(None, None, None),
            ),
            (
                *("I9", "India", "Negotiation", "Escalated", moment("05-11 09:00"), 30, 30, None, None),
                *("XXX 5.00", Decimal(5), "XXX"),
            ),
        ],
    ),
    "win_rate_by_quarter": (
        None,
        [
            (day("01-01"), "2026-Q1", 0, 1, Decimal(0), 1),
            (day("04-01"), "2026-Q2", 1, 1, Decimal(50), 0),
        ],
    ),
    "closed_lost_reasons": (None, [("Price", 1, 1, day("03-15")), (None, 1, 1, day("06-08"))]),
    "launched_monthly_recurring": (None, [("JPY", 1, Decimal(300000), Decimal(300000))]),
    "expected_spend_by_month": (
        None,
        [
            (day("06-01"), "USD", 1, Decimal("40.25"), False),
            (day("08-01"), "USD", 1, Decimal("1200.50"), False),
            (day("08-01"), "EUR", 1, Decimal(50), False),
            (None, "XXX", 1, Decimal(5), None),
            (None, None, 1, Decimal(1), None),
        ],
    ),
    "changes": (
        None,
        [
            ("A1", "Acme", "new", None, "Prospect", moment("06-02 08:00"), SEEN["06-02"]),
            ("A1", "Acme", "stage", "Prospect", "Qualified", moment("06-06 08:00"), SEEN["06-06"]),
            ("A1", "Acme", "review status", "Submitted", "In review", moment("06-06 08:00"), SEEN["06-06"]),
            ("A1", "Acme", "target close date", "2026-07-01", "2026-07-31", moment("06-06 08:00"), SEEN["06-06"]),
            ("A1", "Acme", "target close date", "2026-07-31", "2026-08-15", moment("06-09 08:00"), SEEN["06-09"]),
            ("A1", "Acme", "expected spend", None, A1_SPEND, moment("06-09 08:00"), SEEN["06-09"]),
            ("B2", "Bolt", "first seen", None, "Committed", moment("04-01 23:30"), SEEN["06-01"]),
            ("C3", "Cargo", "first seen", None, "Committed", moment("05-01 23:59"), SEEN["06-01"]),
            ("C3", "Cargo", "stage", "Committed", "Launched", moment("06-05 00:01"), SEEN["06-05"]),
            ("C3", "Cargo", "target close date", "2026-06-30", "2026-06-05", moment("06-05 00:01"), SEEN["06-05"]),
            ("D4", "Delta", "first seen", None, "Closed Lost", moment("05-20 12:00"), SEEN["06-01"]),
            ("E5", "Epic", "first seen", None, "Prospect", moment("06-01 06:00"), SEEN["06-01"]),
            ("E5", "Epic", "stage", "Prospect", "Closed Lost", moment("06-08 06:00"), SEEN["06-08"]),
            ("F6", "Foxtrot", "first seen", None, "Qualified", moment("05-15 12:00"), SEEN["06-01"]),
            ("F6", "Foxtrot", "gone", "Qualified", None, moment("06-07 12:00"), moment("06-07 12:00")),
            ("G7", None, "first seen", None, None, moment("06-10 12:00"), SEEN["06-10"]),
            ("H8", "Hotel", "first seen", None, "Technical Validation", moment("05-01 10:00"), SEEN["06-01"]),
            ("H8", "Hotel", "review status", "Submitted", "Action Required", moment("06-03 10:00"), SEEN["06-03"]),
            ("J10", "Juno", "first seen", None, "Prospect", moment("06-01 00:00"), SEEN["06-01"]),
            ("J10", "Juno", "stage", "Prospect", "Qualified", moment("06-03 00:00"), SEEN["06-03"]),
            ("J10", "Juno", "target close date", "2026-06-20", "2026-07-05", moment("06-03 00:00"), SEEN["06-03"]),
            ("J10", "Juno", "stage", "Qualified", "Prospect", moment("06-04 00:00"), SEEN["06-04"]),
            ("J10", "Juno", "target close date", "2026-07-05", None, moment("06-04 00:00"), SEEN["06-04"]),
            ("J10", "Juno", "stage", "Prospect", "Closed Lost", moment("06-05 00:00"), SEEN["06-05"]),
            ("J10", "Juno", "target close date", None, "2026-06-25", moment("06-05 00:00"), SEEN["06-05"]),
            ("J10", "Juno", "stage", "Closed Lost", "Qualified", moment("06-07 00:00"), SEEN["06-07"]),
            ("J10", "Juno", "target close date", "2026-06-25", "2026-06-10", moment("06-07 00:00"), SEEN["06-07"]),
            ("J10", "Juno", "other", None, None, moment("06-07 00:00"), moment("06-07 12:45")),
        ],
    ),
}
WEEK = moment("06-04 00:00")
ANSWERS["changes_last_7_days"] = None, [row for row in ANSWERS["changes"][1] if row[5] >= WEEK]
AGGREGATES = {
    "data_freshness": len(STREAMS),
    "life_cycle_stages": 7,
}  # rows that are there also without any opportunity


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> str:
    """The URL of a database on PostgreSQL; its sessions live in another time zone."""
    return f"{postgres_server.url(postgres_server.database('views'))}?options=-ctimezone%3DAmerica/Los_Angeles"


@contextmanager
def opened(
    kind: str, server: str, folder: Path, dataset: str, rows: dict[str, list[Row]]
) -> Iterator[SqlJobClientBase]:
    """An open destination that holds these rows and the views on them."""
    destination: Any = (
        destinations.get("duckdb").destination(folder / f"{dataset}.duckdb") if kind == "duckdb" else postgres(server)
    )
    pipeline = dlt.pipeline("views", pipelines_dir=str(folder), destination=destination, dataset_name=dataset)
    client = pipeline.destination_client()
    assert isinstance(client, SqlJobClientBase)
    with client:
        client.initialize_storage()
    with client:
        make_tables(client.sql_client, rows)
        assert create_views(client).is_complete
        if kind == "duckdb":
            client.sql_client.execute_sql("SET TimeZone = 'America/Los_Angeles'")
        yield client


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def small_case(
    request: pytest.FixtureRequest, server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlJobClientBase]:
    """The small case; the dataset is called like the file, which DuckDB must not mind."""
    with opened(request.param, server, tmp_path_factory.mktemp("small"), "partner_central", SMALL_CASE) as client:
        yield client


def rows_of(client: SqlJobClientBase, view: str, columns: Iterable[str] | None = None) -> list[tuple[Any, ...]]:
    """The rows of a view, as a sorted list."""
    query = f"SELECT {', '.join(columns or ['*'])} FROM {client.sql_client.make_qualified_table_name(view)}"
    return sorted((tuple(row) for row in client.sql_client.execute_sql(query) or ()), key=_order)


def freshness_of(client: SqlJobClientBase, columns: list[str]) -> list[tuple[Any, ...]]:
    """The row of `data_freshness` that is of the opportunities."""
    found = rows_of(client, "data_freshness", ["stream", *columns])
    return [row[1:] for row in found if row[0] == "opportunities"]


def _order(row: tuple[Any, ...]) -> list[str]:
    return [f"{value:.4f}" if isinstance(value, Decimal) else _written(value) for value in row]


def _written(value: object) -> str:
    return str(value.timestamp()) if isinstance(value, datetime) else str(value)


@pytest.mark.long
@pytest.mark.parametrize("view", ANSWERS)
def test_a_view_answers_as_one_does_by_hand(view: str, small_case: SqlJobClientBase) -> None:
    columns, expected = ANSWERS[view]
    assert rows_of(small_case, view, columns) == sorted(expected, key=_order)


@pytest.mark.long
def test_other_streams_add_to_an_opportunity_what_its_list_lacks(small_case: SqlJobClientBase) -> None:
    columns = ("id", "origin", "cosell_motion", "engagement_score", "quality_score", "project_title", "owner")
    more = ("solutions", "private_offers", "customer_aws_account_id")
    found = {row[0]: row[1:] for row in rows_of(small_case, "opportunity_current", (*columns, *more))}
    assert {key: row for key, row in found.items() if any(row)} == {
        "A1": (
            *("Partner Referral", "Partner-led", "High", 70, "Archive", "Ada; Zoe Zhu"),
            *("Backups; S-0000002", None, "111122223333"),
        ),
        "C3": ("AWS Referral", *(None,) * 8),
    }
    assert len(found) == 10


def test_every_view_has_an_answer_by_hand() -> None:
    assert view_texts().keys() == ANSWERS.keys()


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_views_hold_nothing_on_an_empty_account(kind: str, server: str, tmp_path: Path) -> None:
    with opened(kind, server, tmp_path, "empty", {}) as client:
        assert {name: len(rows_of(client, name)) for name in view_texts()} == {
            name: AGGREGATES.get(name, 0) for name in view_texts()
        }
        assert freshness_of(client, ["as_of", "opportunities"]) == [(None, 0)]


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_an_opportunity_of_an_id_and_a_date_alone_is_open_and_of_today(kind: str, server: str, tmp_path: Path) -> None:
    one = {"id": "O1", "last_modified_date": moment("01-31 23:59")}
    with opened(kind, server, tmp_path, "one", {"opportunities": [one]}) as client:
        columns = ["id", "is_open", "is_gone", "days_unchanged", "days_in_stage", "age_days", "monthly_spend"]
        assert rows_of(client, "opportunity_current", columns) == [("O1", True, False, 0, 0, None, None)]
        assert rows_of(client, "pipeline_by_stage") == [(None, None, 1, None, 1, None)]
        assert freshness_of(client, ["as_of", "as_of_date"]) == [(moment("01-31 23:59"), day("01-31"))]


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_versions_of_one_date_are_in_the_order_of_reading(kind: str, server: str, tmp_path: Path) -> None:
    """A, B, A without a new LastModifiedDate, all first seen at one moment, with hashes in no order."""
    one = {"id": "O1", "name": "Odd", "created": "05-01 00:00"}
    stays = [
        ("Prospect", "Submitted", "07-01"),
        ("Qualified", "In review", "07-31"),
        ("Prospect", "Submitted", "07-01"),
    ]
    first = version("06-01 08:00", "06-02 12:30", **one, stage="Committed", review="Approved", target=day("06-30"))
    same_date = [
        version("06-02 08:00", "06-02 12:30", **one, stage=stage, review=review, target=day(target))
        for stage, review, target in stays
    ]
    same_date[1]["content_hash"] = "0"
    same_date[2] |= {"first_seen_at": moment("06-01 12:30"), "content_hash": same_date[0]["content_hash"]}
    known = {name: value for name, value in same_date[2].items() if name in TABLES["opportunities"]}
    rows = {"opportunities": [known], "opportunity_history": [*reversed(same_date), first]}
    dates = [moment("06-01 08:00")] + [moment("06-02 08:00")] * 3
    with opened(kind, server, tmp_path, "aba", rows) as client:
        stages = ["Committed", "Prospect", "Qualified", "Prospect"]
        assert rows_of(client, "stage_periods", ["period_number", "life_cycle_stage", "entered_at", "left_at"]) == [
            (number, *stay) for number, stay in enumerate(zip(stages, dates, [*dates[1:], None], strict=True), 1)
        ]
        moves = rows_of(client, "stage_transitions", ["from_stage", "to_stage", "movement", "days_in_from_stage"])
        assert moves == [
            ("Committed", "Prospect", "back", 1),
            ("Prospect", "Qualified", "forward", 0),
            ("Qualified", "Prospect", "back", 0),
        ]
        reviews = [row[1:] for row in rows_of(client, "changes", ["what", "old_value", "new_value"])]
        assert reviews.count(("Submitted", "In review")) == reviews.count(("In review", "Submitted")) == 1
        assert ("other", None, None) not in rows_of(client, "changes", ["what", "old_value", "new_value"])
        columns = ["life_cycle_stage", "stage_since", "stage_since_is_seen", "review_since", "review_since_is_seen"]
        assert rows_of(client, "opportunity_current", columns) == [
            ("Prospect", moment("06-02 08:00"), True, moment("06-02 08:00"), True)
        ]
        slips = ["first_target_close_date", "times_slipped", "days_slipped", "net_days"]
        assert rows_of(client, "slipped_close_dates", slips) == [(day("06-30"), 2, 31, 1)]


def test_versions_that_an_earlier_release_stored_twice_are_no_change(tmp_path: Path) -> None:
    """It made a version where a list came in another order: after the migration, both have one hash."""
    twice = [version("06-02 08:00", "06-02 12:30", id="O1", stage="Prospect") for _ in range(2)]
    later = version("06-03 08:00", "06-03 12:30", id="O1", stage="Prospect")
    with opened("duckdb", "", tmp_path, "twice", {"opportunity_history": [*twice, later]}) as client:
        assert [what for (what,) in rows_of(client, "changes", ["what"])] == ["first seen", "other"]


def test_a_view_in_duckdb_is_found_under_any_name_of_its_file(tmp_path: Path) -> None:
    import duckdb

    with opened("duckdb", "", tmp_path, "partner_central", SMALL_CASE):
        pass
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'partner_central.duckdb'}' AS theirs (READ_ONLY)")
        rows = connection.execute("SELECT id FROM theirs.partner_central.stalled ORDER BY id").fetchall()
    assert rows == [("B2",), ("I9",)]


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
@pytest.mark.parametrize("view", ANSWERS)
def test_sql_for_a_warehouse_can_be_parsed_and_names_tables_in_full(view: str, dialect: str) -> None:
    """Generated and parsed, no more: no warehouse has run it."""

    def named(name: str) -> str:
        return f'"DB"."DATA"."{name.upper()}"' if dialect == "snowflake" else f"`pro-ject`.`data`.`{name}`"

    client: Any = SimpleNamespace(
        adapter=destinations.get(dialect),
        capabilities=SimpleNamespace(sqlglot_dialect=dialect),
        sql_client=SimpleNamespace(make_qualified_table_name=named),
    )
    text = translate(view_texts()[view], client)
    parsed = sqlglot.parse_one(text, dialect=dialect)
    own = {clause.alias for clause in parsed.find_all(sqlglot.exp.CTE)}
    read = {table for table in parsed.find_all(sqlglot.exp.Table) if table.name not in own}
    assert {table.name.lower() for table in read} <= ANSWERS.keys() | tables_read()
    assert {table.catalog for table in read} <= {"DB", "pro-ject"}
    assert not any(word in text for word in ("DATE_DIFF('", "STRING_AGG(") if dialect == "snowflake")


def test_dates_are_dates_and_moments_are_utc(small_case: SqlJobClientBase) -> None:
    ((as_of, as_of_date),) = freshness_of(small_case, ["as_of", "as_of_date"])
    assert as_of == moment("06-10 12:00")
    assert type(as_of_date) is date
