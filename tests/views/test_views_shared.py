"""The views of a dataset that several accounts share: each account by itself, and all together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.destinations import postgres
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central_sync import destinations
from partner_central_sync.views.absent_tables import empty_queries, mentioned
from partner_central_sync.views.all_accounts import PREFIX, ROLLED_UP
from partner_central_sync.views.files import tables_read, view_texts
from partner_central_sync.views.keeping import create_views
from partner_central_sync.views.shared_files import shared_texts, shared_view_texts, without_account
from partner_central_sync.views.translation import columns_of, translate
from partner_central_sync.views.user_tables import USER_TABLES
from postgres import Postgres
from views.test_views import AGGREGATES, rows_of
from worked_example import OPPORTUNITY, SMALL_CASE, Row, day, make_tables, moment, version

Rows = Mapping[str, list[Row]]
CONSTANTS = {"life_cycle_stages", "review_statuses"}
UNRECORDED = {"B2", "F6"}  # ids that the second account has not
ONLY_RUNS: Rows = {
    "sync_runs": [{**SMALL_CASE["sync_runs"][0], "run_id": "of-initech", "watermark": moment("05-20 07:00")}],
    "sync_run_streams": [{"run_id": "of-initech", "stream": "solutions", "complete": True}],
}
REFUSED: Row = {"run_id": "without", "started_at": moment("06-10 14:00"), "exit_code": 2, "outcome": "configuration"}


def reviewed(case: Rows, identifier: str, *stays: tuple[str, str]) -> Rows:
    """These rows and those of one more opportunity, with the days and names of its review statuses."""
    created = f"{stays[0][0]} 08:00"
    versions = [
        version(f"{on} 08:00", f"{on} 12:30", id=identifier, created=created, stage="Prospect", review=status)
        for on, status in stays
    ]
    newest = {name: value for name, value in versions[-1].items() if name in OPPORTUNITY}
    more = {"opportunities": [newest], "opportunity_history": versions}
    return {table: [*rows, *more.get(table, ())] for table, rows in case.items()}


ACME = reviewed(SMALL_CASE, "K11", ("06-02", "Submitted"), ("06-04", "Approved"))
ACME = reviewed(ACME, "L12", ("06-01", "Submitted"), ("06-10", "Approved"))


def another_case(*, later: timedelta = timedelta()) -> Rows:
    """Another account's rows: the same ids but two, with other contents, and everything this much later."""
    stages = {"Prospect": "Technical Validation", "Closed Lost": "Launched", "Launched": "Closed Lost"}

    def changed(name: str, value: Any) -> Any:
        if isinstance(value, date):
            return value + later
        if isinstance(value, Decimal):
            return value * 3
        other = {"life_cycle_stage": stages, "value": {"S-0000001": "S-0000009"}, "id": {"S-0000001": "S-0000008"}}
        if name == "customer_company_name":
            return f"{value} of Globex"
        return other.get(name, {}).get(value, value)

    found = {
        table: [
            {name: changed(name, value) for name, value in row.items()}
            for row in rows
            if UNRECORDED.isdisjoint((row.get("id"), row.get("opportunity_id")))
        ]
        for table, rows in SMALL_CASE.items()
        if table not in USER_TABLES
    }
    begun = {row["id"]: row for row in reversed(found["opportunity_history"])}.values()
    for row in [*begun, *found["engagement_invitations"]]:  # each takes two days longer
        for name in {"created_date", "last_modified_date", "invitation_date"} & row.keys():
            row[name] = row[name] and row[name] - timedelta(days=2)
    return reviewed(found, "K11", ("06-01", "Pending Submission"), ("06-03", "Submitted"), ("06-07", "Approved"))


def together(cases: Mapping[str, Rows], *, unique: bool = False) -> dict[str, list[Row]]:
    """The rows of several accounts with the column `account`, or without it and with the account in every id."""
    found: dict[str, list[Row]] = {name: SMALL_CASE[name] for name in USER_TABLES}
    for account, case in cases.items():
        for table, rows in case.items():
            if table in USER_TABLES:
                continue
            for row in rows:
                if not unique:
                    found.setdefault(table, []).append({"account": account, **row})
                elif table == "solutions":
                    found.setdefault(table, []).append(row)
                else:
                    ids = {name: f"{account} {row[name]}" for name in row if _is_id(name) and row[name] is not None}
                    found.setdefault(table, []).append({**row, **ids})
    return found


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith("_id")


class Databases:
    """Makes datasets with the views; in DuckDB as tables, since it plans each view with all views below it."""

    def __init__(self, kind: str, url: str, folder: Path) -> None:
        self.kind, self.url, self.folder = kind, url, folder

    @contextmanager
    def opened(self, dataset: str, rows: Rows, *, shared: bool) -> Iterator[SqlJobClientBase]:
        """An open dataset that holds these rows, and the views."""
        destination: Any = (
            destinations.get("duckdb").destination(self.folder / f"{dataset}.duckdb")
            if self.kind == "duckdb"
            else postgres(self.url)
        )
        pipeline = dlt.pipeline("views", pipelines_dir=str(self.folder), destination=destination, dataset_name=dataset)
        client = pipeline.destination_client()
        assert isinstance(client, SqlJobClientBase)
        with client:
            client.initialize_storage()
        with client:
            make_tables(client.sql_client, rows, shared=shared)
            if self.kind == "duckdb":
                fill_views(client, shared=shared)
            else:
                assert create_views(client).is_complete
            yield client


def fill_views(client: SqlJobClientBase, *, shared: bool) -> None:
    """Make in DuckDB a table of the rows of each view, which the next ones read."""
    sql = client.sql_client
    absent = {name for name, columns in client.get_storage_tables(sorted(tables_read())) if not columns}
    empty = empty_queries(absent, shared=shared)
    sql.execute_sql(f"USE {sql.fully_qualified_dataset_name()}")
    sql.execute_sql("SET TimeZone = 'America/Los_Angeles'")
    for view, text in (shared_view_texts() if shared else view_texts()).items():
        sql.execute_sql(f"CREATE TABLE {view} AS {translate(text, client, mentioned(text, empty))}")


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgres", marks=pytest.mark.long)])
def databases(
    request: pytest.FixtureRequest, postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """Where datasets are made; the sessions live in another time zone."""
    url = f"{postgres_server.url(postgres_server.database('shared'))}?options=-ctimezone%3DAmerica/Los_Angeles"
    return Databases(request.param, url, tmp_path_factory.mktemp("shared"))


def assert_apart(client: SqlJobClientBase, account: str, alone: SqlJobClientBase) -> None:
    """Every view has for the account the rows that it has in a dataset of that account alone."""
    for view, text in view_texts().items():
        if view in CONSTANTS:
            continue
        names = [name.lower() for name in columns_of(text)]
        found = [row[1:] for row in rows_of(client, view, ["account", *names]) if row[0] == account]
        assert found == rows_of(alone, view, names), view


def test_each_account_has_its_rows_of_every_view(databases: Databases) -> None:
    cases = {"acme": ACME, "globex": another_case(later=timedelta(days=9)), "initech": ONLY_RUNS}
    rows = together(cases)
    rows["sync_runs"] = [*rows["sync_runs"], REFUSED]  # it was given no account
    with databases.opened("shared", rows, shared=True) as client:
        for account, case in cases.items():
            of_users = {name: SMALL_CASE[name] for name in USER_TABLES}
            with databases.opened(account, {**case, **of_users}, shared=False) as alone:
                assert_apart(client, account, alone)
        for view in CONSTANTS:
            assert len(rows_of(client, view)) == AGGREGATES[view]
        for view in view_texts().keys() - CONSTANTS:
            assert {row[0] for row in rows_of(client, view, ["account"])} <= cases.keys(), view


def test_a_roll_up_is_the_view_of_one_account_with_everything(databases: Databases) -> None:
    cases = {"acme": ACME, "globex": another_case()}
    with (
        databases.opened("apart", together(cases), shared=True) as client,
        databases.opened("as_one", together(cases, unique=True), shared=False) as as_one,
    ):
        for view in sorted(ROLLED_UP):
            expected = rows_of(as_one, view)
            assert rows_of(client, f"{PREFIX}{view}") == expected, view
            assert expected, view


def test_every_view_of_groups_has_a_roll_up() -> None:
    views = view_texts()
    rows_of_ids = {
        name for name, text in views.items() if {"id", "apncrmuniqueidentifier"} & {*map(str.lower, columns_of(text))}
    }
    by_hand = {"data_as_of", "data_freshness", "first_seen_as_of", "reporting_rates"}
    assert views.keys() - rows_of_ids - CONSTANTS - by_hand == ROLLED_UP
    assert shared_view_texts().keys() == shared_texts().keys()


def test_a_roll_up_sees_the_account_when_every_account_is_seen(tmp_path: Path) -> None:
    """The second account was first read in its whole in the week of 06-08; a third was never read at all."""
    late = another_case()
    late["sync_runs"][0]["scope"] = "a filter"
    never: Rows = {"sync_runs": [{"run_id": "failed", "started_at": moment("06-01 07:00"), "outcome": "unavailable"}]}
    seen = "SELECT DISTINCT week_start, account_is_seen FROM {} ORDER BY 1"
    with Databases("duckdb", "", tmp_path).opened(
        "late", together({"acme": ACME, "globex": late, "initech": never}), shared=True
    ) as client:
        answers = {
            view: client.sql_client.execute_sql(seen.format(view))
            for view in ("pipeline_by_week WHERE account = 'acme'", "all_accounts_pipeline_by_week")
        }
    apart, rolled_up = (list(map(tuple, rows or ())) for rows in answers.values())
    assert apart == [(day("06-01"), True), (day("06-08"), True)]
    assert rolled_up == [(day("06-01"), False), (day("06-08"), True)]


def test_which_views_are_of_no_account_is_known_without_rewriting_them() -> None:
    unchanged = {name for name, text in view_texts().items() if shared_view_texts()[name] == text}
    assert without_account() == {*USER_TABLES, *unchanged}
