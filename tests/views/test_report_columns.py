"""The queries of the report, in DuckDB and in PostgreSQL: both give the same rows."""

from __future__ import annotations

from decimal import localcontext
from pathlib import Path

import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central_sync.query.currency import EXACT
from partner_central_sync.report.snapshot import Snapshot, load_snapshot
from partner_central_sync.views.files import view_texts
from partner_central_sync.views.keeping import create_views
from partner_central_sync.views.user_tables import USER_TABLES
from postgres import Postgres
from views.test_views import opened
from worked_example import SMALL_CASE, TABLES

SENT_BY = "engagement_from_opportunity_tasks"
SENT = (
    "CREATE TABLE {} (_dlt_id TEXT, engagement_invitation_id TEXT, opportunity_id TEXT, last_listed_at TIMESTAMPTZ)",
    "INSERT INTO {} VALUES ('row', 'i6', 'B2', NULL)",
)

INVITED = ("id", "side", "status", "standing", "expires", "left")


def taken(client: SqlJobClientBase, dataset: str) -> Snapshot:
    with localcontext(EXACT), client.sql_client.begin_transaction():
        return load_snapshot(client, dataset, None, None)


pytestmark = pytest.mark.long  # a whole account, with views, in two databases


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def snapshots(
    request: pytest.FixtureRequest, postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Snapshot, Snapshot, Snapshot]:
    """The small case without and with the tasks that made invitations, and with the key of a shared dataset."""
    database = f"report_{request.param}"
    postgres_server.database(database)
    folder: Path = tmp_path_factory.mktemp("report")
    with opened(request.param, postgres_server.url(database), folder, "report", SMALL_CASE) as client:
        without = taken(client, str(client.sql_client.dataset_name))
        name = client.sql_client.make_qualified_table_name(SENT_BY)
        for statement in SENT:
            client.sql_client.execute_sql(statement.format(name))
        whole = taken(client, str(client.sql_client.dataset_name))
        for view in view_texts():  # a dataset is shared from its beginning on
            name = client.sql_client.make_qualified_table_name(view)
            client.sql_client.execute_sql(f"DROP VIEW IF EXISTS {name} CASCADE")
        for table in (TABLES.keys() - USER_TABLES.keys()) | {SENT_BY}:
            name = client.sql_client.make_qualified_table_name(table)
            client.sql_client.execute_sql(f"ALTER TABLE {name} ADD COLUMN account TEXT")
            client.sql_client.execute_sql(f"UPDATE {name} SET account = 'it''s north'")
        assert create_views(client).is_complete
        return without, whole, taken(client, str(client.sql_client.dataset_name))


def test_opportunities_have_their_days_and_amounts(snapshots: tuple[Snapshot, Snapshot, Snapshot]) -> None:
    without, *_ = snapshots
    assert without.absent == ("engagement_from_opportunity_tasks",)
    columns = without.tables["opportunities"].columns
    rows = {key: {name: values[n] for name, values in columns.items()} for n, key in enumerate(columns["id"])}
    assert list(rows)[:4] == ["H8", "B2", "A1", "J10"]
    acme = rows["A1"]
    assert (acme["created"], acme["target"], acme["slips"], acme["slipped_days"]) == (-8, 66, 2, 45)
    assert (acme["amount"], acme["owner"], acme["solutions"]) == (None, "Ada; Zoe Zhu", "Backups; S-0000002")
    assert without.spends[list(rows).index("A1")] == [("EUR", 5000), ("USD", 120050)]
    assert (rows["J10"]["amount"], rows["J10"]["currency"]) == (4025, "USD")
    assert (rows["F6"]["gone"], rows["F6"]["gone_since"]) == (1, -3)
    assert (rows["C3"]["open"], rows["C3"]["closed"], rows["C3"]["rejected_since"]) == (0, -5, -1)


def test_invitations_know_their_opportunity(snapshots: tuple[Snapshot, Snapshot, Snapshot]) -> None:
    _, whole, _ = snapshots
    assert whole.absent == ()
    rows = [list(zip(*(one.tables["invitations"].columns[name] for name in INVITED), strict=True)) for one in snapshots]
    assert rows[1][:4] == [
        ("B2", "SENDER", "PENDING", None, 14, None),
        (None, "RECEIVER", "PENDING", "unclear", 14, None),
        (None, "RECEIVER", "PENDING", "waiting", 3, 3),
        (None, "RECEIVER", "REJECTED", "rejected", 6, None),
    ]
    assert {row[0] for row in rows[0]} == {None, "A1", "C3"}
    for one in snapshots[:2]:
        (waiting,) = one.tallies["referrals"].entries(one.stages)
        assert waiting.group.counts == [1]


def test_an_account_of_a_shared_dataset_has_the_figures_of_its_views(
    snapshots: tuple[Snapshot, Snapshot, Snapshot],
) -> None:
    _, whole, shared = snapshots
    assert set(shared.tables["opportunities"].columns["account"]) == {"it's north"}
    for name, tally in whole.tallies.items():
        found = shared.tallies[name].entries(shared.stages)
        assert found == tally.entries(whole.stages) or name == "referrals", name
