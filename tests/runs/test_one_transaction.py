"""What a reader sees of a load: all tables of a package at once, or none of them, also when it fails."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from databases import MOSTLY_DUCKDB, Database
from partner_central_emulator import Emulator
from partner_central_sync.destinations import merge
from sandbox import TIMEOUT_S

on_postgres = pytest.mark.parametrize("database", ["postgres"], indirect=True)
TABLES = ("opportunities", "opportunity_history", "opportunity_presence")
STAGE = {"LifeCycle": {"Stage": "Launched"}}


def seen(database: Database, key: str) -> dict[str, Any]:
    """In one statement, so in one snapshot: the stage of an opportunity, its versions, its row of presence."""
    ((stage, versions, newest, presence),) = database.sql(
        f"SELECT (SELECT life_cycle_stage FROM opportunities WHERE id = '{key}'), "
        f"(SELECT count(*) FROM opportunity_history WHERE id = '{key}'), "
        f"(SELECT life_cycle_stage FROM opportunity_history WHERE id = '{key}' "
        "ORDER BY last_modified_date DESC, read_order DESC LIMIT 1), "
        f"(SELECT p::text FROM opportunity_presence p WHERE id = '{key}')"
    )
    return {"stage": stage, "versions": versions, "newest": newest, "presence": presence}


def waiting_for(database: Database, table: str) -> bool:
    """Whether a session waits for a lock on a table."""
    return bool(
        database.sql(
            "SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
            f"WHERE NOT l.granted AND c.relname = '{table}' AND c.relnamespace = 'partner_central'::regnamespace"
        )
    )


@on_postgres
@pytest.mark.parametrize("table", TABLES)
def test_while_a_merge_is_held_a_reader_sees_nothing_of_the_load(
    table: str, loaded: Database, emulator: Emulator
) -> None:
    key = emulator.truth()[3]["Id"]
    before = seen(loaded, key)
    emulator.change(key, STAGE)
    assert loaded.server is not None
    url = loaded.server.url(loaded.folder.name, user="postgres")
    with psycopg2.connect(url) as holder, holder.cursor() as cursor:
        cursor.execute(f"LOCK TABLE partner_central.{table} IN SHARE ROW EXCLUSIVE MODE")
        run = threading.Thread(target=loaded.sync, daemon=True)
        run.start()
        while not waiting_for(loaded, table):
            assert run.is_alive()
            run.join(0.05)
        assert seen(loaded, key) == before
    run.join(TIMEOUT_S)
    after = seen(loaded, key)
    assert (after["stage"], after["versions"], after["newest"]) == ("Launched", before["versions"] + 1, "Launched")


@pytest.mark.long
@on_postgres
@pytest.mark.parametrize("table", TABLES)
def test_a_load_that_a_table_refuses_changes_no_other(table: str, loaded: Database, emulator: Emulator) -> None:
    key = emulator.truth()[3]["Id"]
    before, rows = seen(loaded, key), loaded.rows()
    loaded.sql(
        "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$ LANGUAGE plpgsql",
        f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION refuse()",
    )
    emulator.change(key, STAGE)
    with pytest.raises(PipelineStepFailed):
        loaded.sync()
    assert seen(loaded, key) == before
    kept = loaded.rows()
    assert {name: kept[name] for name in TABLES} == {name: rows[name] for name in TABLES}
    loaded.sql(f"DROP TRIGGER refuse ON {table}")
    loaded.sync()
    loaded.assert_equals(emulator.truth())


@pytest.mark.long
@MOSTLY_DUCKDB
def test_records_are_merged_before_what_depends_on_them(
    loaded: Database, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[str] = []
    run = merge.FencedJob.run

    def noted(job: merge.FencedJob) -> None:
        files.append(Path(job._file_path).read_text())
        run(job)

    monkeypatch.setattr(merge.FencedJob, "run", noted)
    emulator.change(emulator.truth()[3]["Id"], STAGE)
    loaded.sync()
    (statements,) = files
    written = re.findall(r"INSERT INTO \S*\"(opportunit\w+)\"", statements)
    assert list(dict.fromkeys(name for name in written if name in TABLES)) == [*TABLES]
