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

from partner_central.public import STREAMS
from partner_central_sync import destinations
from partner_central_sync.views.all_accounts import PREFIX
from partner_central_sync.views.files import tables_read, view_texts
from partner_central_sync.views.keeping import create_views
from partner_central_sync.views.shared_files import shared_view_texts
from partner_central_sync.views.translation import translate
from postgres import Postgres
from worked_answers import ANSWERS
from worked_example import SMALL_CASE, TABLES, Row, day, file_with_views, make_tables, moment, version

AGGREGATES = {
    "data_as_of": 1,
    "data_freshness": len(STREAMS),
    "life_cycle_stages": 7,
    "review_statuses": 7,
}  # rows that are there also without any opportunity


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> str:
    """The URL of a database on PostgreSQL; its sessions live in another time zone."""
    return f"{postgres_server.url(postgres_server.database('views'))}?options=-ctimezone%3DAmerica/Los_Angeles"


@contextmanager
def opened(
    kind: str, server: str, folder: Path, dataset: str, rows: dict[str, list[Row]]
) -> Iterator[SqlJobClientBase]:
    """An open destination that holds these rows and the views on them; in DuckDB, `dataset` is the folder of a file."""
    if kind == "duckdb":
        folder, dataset = folder / dataset, "partner_central"
        folder.mkdir()
        (folder / "partner_central.duckdb").write_bytes(file_with_views())
    destination: Any = (
        destinations.get("duckdb").destination(folder / "partner_central.duckdb")
        if kind == "duckdb"
        else postgres(server)
    )
    pipeline = dlt.pipeline("views", pipelines_dir=str(folder), destination=destination, dataset_name=dataset)
    client = pipeline.destination_client()
    assert isinstance(client, SqlJobClientBase)
    with client:
        if kind != "duckdb":
            client.initialize_storage()
        make_tables(client.sql_client, rows)
        assert kind == "duckdb" or create_views(client).is_complete
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


@pytest.mark.long
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
        assert rows_of(client, "pipeline_by_stage") == [(None, None, 1, None, 1, None, 0, *(None,) * 4)]
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


def test_versions_without_an_order_of_reading_are_changes_as_well(tmp_path: Path) -> None:
    """An earlier release stored none. In a shared dataset, each account puts its own in order with its next sync."""
    stages = ("Prospect", "Qualified", "Launched")
    stored = [version(f"06-0{day} 08:00", "06-05 12:30", id="O1", stage=stage) for day, stage in enumerate(stages, 1)]
    history = [{**row, "read_order": None} for row in stored]
    with opened("duckdb", "", tmp_path, "unordered", {"opportunity_history": history}) as client:
        found = rows_of(client, "changes", ["what", "new_value"])
    assert sorted(found) == [("first seen", "Prospect"), ("stage", "Launched"), ("stage", "Qualified")]


def test_a_view_in_duckdb_is_found_under_any_name_of_its_file(tmp_path: Path) -> None:
    import duckdb

    with opened("duckdb", "", tmp_path, "made", SMALL_CASE):
        pass
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{tmp_path / 'made' / 'partner_central.duckdb'}' AS theirs (READ_ONLY)")
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
    of_shared = [text for name, text in shared_view_texts().items() if name.removeprefix(PREFIX) == view]
    for text in [translate(one, client) for one in (view_texts()[view], *of_shared)]:
        parsed = sqlglot.parse_one(text, dialect=dialect)
        own = {clause.alias for clause in parsed.find_all(sqlglot.exp.CTE)}
        read = {table for table in parsed.find_all(sqlglot.exp.Table) if table.name not in own}
        assert {table.name.lower() for table in read} <= shared_view_texts().keys() | tables_read()
        assert {table.catalog for table in read} <= {"DB", "pro-ject"}
        assert not any(word in text for word in ("DATE_DIFF('", "STRING_AGG(") if dialect == "snowflake")


def test_dates_are_dates_and_moments_are_utc(small_case: SqlJobClientBase) -> None:
    ((as_of, as_of_date),) = freshness_of(small_case, ["as_of", "as_of_date"])
    assert as_of == moment("06-10 12:00")
    assert type(as_of_date) is date


def test_what_was_rejected_or_never_submitted_is_in_no_list_of_the_pipeline(tmp_path: Path) -> None:
    late = {"life_cycle_stage": "Qualified", "life_cycle_target_close_date": day("03-01")}
    late |= {"last_modified_date": moment("03-02 00:00"), "created_date": moment("02-01 00:00")}
    reviews = ("Approved", "Action Required", "Pending Submission", "Rejected", "Disqualified", "Escalated", None)
    rows = [late | {"id": f"{place}", "life_cycle_review_status": name} for place, name in enumerate(reviews)]
    now = {"id": "now", "last_modified_date": moment("06-10 00:00")}
    with opened("duckdb", "", tmp_path, "reviews", {"opportunities": [*rows, now]}) as client:
        for view in ("past_target_close", "stalled"):
            assert sorted(rows_of(client, view, ["id", "is_validated"])) == [
                ("0", True),
                ("1", False),
                ("5", False),
                ("6", False),
            ]
        waiting = sorted(rows_of(client, "review_ageing", ["id", "is_pipeline", "waiting_on"]))
        assert waiting == [("1", True, "partner"), ("2", False, "partner"), ("5", True, "AWS")]
        assert rows_of(client, "action_required", ["id"]) == [("1",)]
