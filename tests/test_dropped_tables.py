"""Tables and columns that somebody dropped: what AWS still has comes back, what it cannot give again is told."""

from __future__ import annotations

import pytest

from databases import Database
from partner_central_emulator import Emulator
from partner_central_sync.job import sync
from partner_central_sync.outcome import Exit, explain
from partner_central_sync.report import Report

CHANGE = {"LifeCycle": {"NextSteps": "A call."}}


@pytest.mark.parametrize(
    ("dropped", "said"),
    [
        ("TABLE opportunities", "opportunities. Made again, and everything is read again"),
        ("TABLE opportunities__project_delivery_models", "everything is read again"),
        ("TABLE opportunity_presence", "everything is read again"),
        ("TABLE opportunity_history", "a backup of the database may have it"),
        ("TABLE sync_runs", "a backup of the database may have it"),
        ("COLUMN opportunities.customer_city", "opportunities.customer_city. Made again, and everything is read again"),
        ("TABLE sync_lease", ""),
        ("TABLE _dlt_pipeline_state", ""),
        ("TABLE _dlt_version", ""),
        ("TABLE _dlt_loads", ""),
    ],
)
def test_what_was_dropped_is_there_again_after_the_next_sync(
    dropped: str, said: str, database: Database, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    database.sync()
    name = dropped.partition(" ")[2]
    table, _, column = name.partition(".")
    database.sql(f"ALTER TABLE {table} DROP COLUMN {column} CASCADE" if column else f"DROP TABLE {name} CASCADE")
    sync(database.settings(), Report())
    assert said in capsys.readouterr().err
    database.assert_equals(emulator.truth())
    emulator.change(emulator.truth()[3]["Id"], CHANGE)
    assert database.sync().changed == 1
    database.assert_equals(emulator.truth())
    if table != "opportunity_history":
        assert database.sql("SELECT count(*) FROM opportunity_history") == [(251,)]
    if table == "_dlt_pipeline_state":
        assert database.sql("SELECT max(read_order) FROM opportunity_history") > [(500,)]


def test_a_column_that_would_change_values_is_refused(database: Database, emulator: Emulator) -> None:
    database.sync()
    database.sql("ALTER TABLE opportunity_presence DROP COLUMN last_listed_at CASCADE")
    database.sql("ALTER TABLE opportunity_presence ADD COLUMN last_listed_at DATE")
    emulator.change(emulator.truth()[3]["Id"], CHANGE)
    before = database.sql("SELECT count(*) FROM _dlt_loads")
    with pytest.raises(Exception) as error:  # noqa: PT011 - what it is explained as is asserted
        database.sync()
    code, sentence = explain(error.value)
    assert code is Exit.CONFIGURATION
    assert "opportunity_presence.last_listed_at of the destination holds date" in sentence
    assert database.sql("SELECT count(*) FROM _dlt_loads") == before
    database.sql("ALTER TABLE opportunity_presence RENAME COLUMN last_listed_at TO mine")
    database.sync()
    database.assert_equals(emulator.truth())
