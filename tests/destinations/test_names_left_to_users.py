"""Whatever a user has under the name of a stream that no run loads stays his, and nothing here reads it."""

from __future__ import annotations

import pytest

from databases import MOSTLY_DUCKDB, Database
from destinations.test_own_names import load_of_another_source
from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.forget.run import forget
from partner_central_sync.query.listing import list_tables
from partner_central_sync.report.reader import readers
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.stream_status import stream_statuses
from sandbox import Sandbox

OTHER = "engagement_members"
USERS = {
    "solutions": "TABLE solutions AS SELECT 'S-1' AS id, 'mine' AS name, 'x' AS status",
    "engagements": "TABLE engagements AS SELECT 1 AS mine",
    "aws_opportunity_summaries": "VIEW aws_opportunity_summaries AS SELECT '1' AS _dlt_id, 'x' AS id",
}


def contents(database: Database) -> list[list[tuple[object, ...]]]:
    return [database.sql(f"SELECT * FROM {name}") for name in USERS]


@pytest.mark.views
@MOSTLY_DUCKDB
def test_a_sync_and_its_views_pass_them_over(database: Database, emulator: Emulator) -> None:
    home = "public" if database.server else "main"
    of_loader = ["GRANT USAGE, CREATE ON SCHEMA partner_central TO loader"] if database.server else []
    database.sql("CREATE SCHEMA partner_central", *of_loader, dataset=home)
    database.sql(*(f"CREATE {own}" for own in USERS.values()))
    before = contents(database)
    database.sync()
    emulator.change(emulator.truth()[0]["Id"], {"LifeCycle": {"NextSteps": "A call."}})
    database.sync()
    assert contents(database) == before
    assert database.sql("SELECT count(*), count(solutions) FROM opportunity_current") == [(250, 0)]
    streams = ", ".join(f"'{name}'" for name in USERS)
    assert database.sql(f"SELECT DISTINCT records FROM data_freshness WHERE stream IN ({streams})") == [(0,)]
    client = working_folder.attach(database.settings()).destination_client()
    with client:
        assert USERS.keys().isdisjoint(name for name, _, _ in list_tables(client))
        (reader,) = readers(client, None)
        rows = {status.stream.table: status.rows for status in stream_statuses(client, database.settings())}
    assert {rows[name] for name in USERS} == {None}
    assert "aws_opportunity_summaries" in reader.absent, "the report reads it as empty, and says so"


def test_one_of_a_chosen_stream_is_refused_before_anything_is_read(sandbox: Sandbox, emulator: Emulator) -> None:
    database = Database(sandbox.folder, sandbox.endpoint)
    database.sql("CREATE SCHEMA partner_central", dataset="main")
    database.sql(f"CREATE {USERS['solutions']}")
    with pytest.raises(ConfigurationError, match="already has solutions, which is not of this program"):
        sandbox.sync(tables=("opportunities", "solutions"))
    assert not emulator.calls
    assert database.sql("SELECT table_name FROM information_schema.tables") == [("solutions",)]


def test_a_table_of_another_source_is_not_cleaned_by_forget(synced: Sandbox) -> None:
    load_of_another_source(synced, OTHER, {"id": "1", "email": "mine@example.com", "company_name": "Mine"})
    lines = forget(synced.settings({"pii": "drop"}), Console(quiet=True))
    assert not any(OTHER in line for line in lines)
    database = Database(synced.folder, synced.endpoint)
    assert database.sql(f"SELECT email, company_name FROM {OTHER}") == [("mine@example.com", "Mine")]
    assert database.sql("SELECT count(customer_company_name) FROM opportunities") == [(0,)]
