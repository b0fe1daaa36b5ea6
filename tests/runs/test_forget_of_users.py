"""`forget` cleans what syncs stored, whatever its name, and leaves what is the user's own."""

from __future__ import annotations

from typing import Any

import pytest

from databases import KINDS, Database
from partner_central.tables.pii import MASKED
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.forget.run import forget
from partner_central_sync.sync import run_lease
from runs.test_forget import MODES

ON_BOTH = pytest.mark.parametrize("database", KINDS, indirect=True)
WORDS = ("Order", "Group", "User", "Limit", "Offset", "Select", "CurrentDate")
STAGED, OF_A_RUN = "partner_central_staging", "partner_central_deadbeef_staging"


def forgotten(database: Database) -> list[str]:
    return forget(database.settings(MODES[0]), Console(quiet=True))


@ON_BOTH
def test_schemas_of_the_user_with_the_names_of_staging_datasets_are_left(loaded: Database) -> None:
    for schema in (STAGED, OF_A_RUN):
        loaded.sql(
            f"CREATE SCHEMA {schema}",
            f"CREATE TABLE {schema}.opportunities AS SELECT 1 AS id",
            f"CREATE VIEW {schema}.seen AS SELECT * FROM {schema}.opportunities",
        )
    assert "staging: there is none" in forgotten(loaded)
    for schema in (STAGED, OF_A_RUN):
        assert loaded.sql(f"SELECT count(*) FROM {schema}.seen") == [(1,)]


@ON_BOTH
def test_what_dlt_staged_is_dropped_and_what_somebody_put_beside_it_is_left(
    loaded: Database, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.change(emulator.truth()[3]["Id"], {"LifeCycle": {"NextSteps": "A call."}})
    with monkeypatch.context() as patch:
        patch.setattr(run_lease, "give_back", lambda _: None)  # a killed run leaves its staging dataset
        loaded.sync()
    (staging,) = loaded.staging()
    loaded.sql(
        f"CREATE TABLE {staging}.mine AS SELECT 1 AS id",
        f"CREATE VIEW {staging}.seen AS SELECT * FROM {staging}.opportunities",
    )
    loaded.sql("UPDATE sync_lease SET run_id = NULL, owner = NULL, host = NULL, expires_at = NULL, staging = NULL")
    assert f"staging: emptied {staging}" in forgotten(loaded)
    tables = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{staging}'"
    left = {name for (name,) in loaded.sql(tables)}
    assert {"mine", "seen"} <= left <= {"mine", "seen", "opportunities"}
    assert loaded.sql(f"SELECT count(*) FROM {staging}.mine") == [(1,)]
    if "opportunities" in left:  # PostgreSQL drops no table that a view reads
        assert loaded.sql(f"SELECT count(*) FROM {staging}.seen") == [(0,)]


@ON_BOTH
def test_a_member_of_any_name_is_cleaned(loaded: Database, emulator: Emulator) -> None:
    key = emulator.truth()[3]["Id"]
    emulator.overlay(key, dict.fromkeys(WORDS, "Unmistakable"))
    emulator.change(key, {})
    loaded.sync()
    made = "SELECT column_name FROM information_schema.columns WHERE table_name = 'opportunities'"
    columns = {name for (name,) in loaded.sql(made)} & {"order", "group", "user", "limit", "select", "current_date"}
    assert len(columns) == 6
    forgotten(loaded)
    values: set[Any] = set()
    for table in ("opportunities", "opportunity_history"):
        for column in columns:
            values |= {value for (value,) in loaded.sql(f'SELECT "{column}" FROM {table} WHERE "{column}" IS NOT NULL')}
    assert values
    assert all(MASKED.fullmatch(value) for value in values)


@ON_BOTH
def test_columns_that_somebody_added_are_left_and_named(loaded: Database) -> None:
    text = "VARCHAR" if loaded.server is None else "TEXT"
    loaded.sql(
        f"ALTER TABLE opportunities ADD COLUMN my_owner {text}",
        f'ALTER TABLE opportunities ADD COLUMN "my note %s" {text}',
        "ALTER TABLE opportunities ADD COLUMN my_score INTEGER",
        f'ALTER TABLE opportunity_history ADD COLUMN "order" {text}',
        """UPDATE opportunities SET my_owner = 'sales', "my note %s" = 'call', my_score = 7""",
        """UPDATE opportunity_history SET "order" = 'first'""",
    )
    added = "opportunities.my note %s, opportunities.my_owner, opportunities.my_score, opportunity_history.order"
    assert f"Left as they are, since no sync made them: the columns {added}" in forgotten(loaded)
    query = 'SELECT DISTINCT my_owner, "my note %s", my_score FROM opportunities'
    assert loaded.sql(query) == [("sales", "call", 7)]
    assert loaded.sql('SELECT DISTINCT "order" FROM opportunity_history') == [("first",)]
    names = {name for (name,) in loaded.sql("SELECT customer_company_name FROM opportunities")}
    assert all(MASKED.fullmatch(name) for name in names)
