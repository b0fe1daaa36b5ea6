"""A pipeline of dlt's own, as after `dlt init`, with the views, `sync_runs` and `gone_since` of the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from oracle import actual, assert_equal, expected
from partner_central import partner_central
from partner_central_emulator import Emulator, Fault
from partner_central_sync.sync.plain_dlt import load
from partner_central_sync.views.files import view_texts
from sandbox import Sandbox


@pytest.fixture
def pipeline(tmp_path: Path) -> dlt.Pipeline:
    return dlt.pipeline(
        "example",
        pipelines_dir=str(tmp_path / "pipelines"),
        destination=dlt.destinations.duckdb(str(tmp_path / "example.duckdb")),
        dataset_name="crm",
    )


def rows(tmp_path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(tmp_path / "example.duckdb"), read_only=True) as connection:
        connection.execute("USE example.crm")
        return connection.execute(query).fetchall()


@pytest.mark.long
def test_a_plain_pipeline_has_views_runs_and_marks(
    pipeline: dlt.Pipeline, sandbox: Sandbox, emulator: Emulator, tmp_path: Path
) -> None:
    arguments = sandbox.settings().source or {}
    assert load(pipeline, partner_central, **arguments) == []
    gone = emulator.truth()[30]["Id"]
    emulator.remove(gone)
    emulator.change(emulator.truth()[3]["Id"], {"LifeCycle": {"NextSteps": "Call."}})
    assert load(pipeline, partner_central, **arguments) == []
    assert load(pipeline, partner_central, **arguments, full=True) == []
    runs = "SELECT mode, outcome, rows_changed, complete FROM sync_runs ORDER BY started_at"
    assert rows(tmp_path, runs) == [
        ("first", "done", 250, True),
        ("incremental", "done", 1, True),
        ("full", "done", 0, True),
    ]
    assert rows(tmp_path, "SELECT id FROM opportunity_presence WHERE gone_since IS NOT NULL") == [(gone,)]
    assert rows(tmp_path, "SELECT opportunities, gone FROM data_freshness WHERE stream = 'opportunities'") == [(250, 1)]
    views = {name for (name,) in rows(tmp_path, "SELECT view_name FROM duckdb_views() WHERE schema_name = 'crm'")}
    assert views == {*view_texts()}
    kept = {name for (name,) in rows(tmp_path, "SELECT id FROM opportunities")} - {gone}
    assert kept == {record["Id"] for record in emulator.truth()}


def test_a_run_that_fails_has_its_row(
    pipeline: dlt.Pipeline, sandbox: Sandbox, emulator: Emulator, tmp_path: Path
) -> None:
    arguments = sandbox.settings().source or {}
    load(pipeline, partner_central, **arguments)
    assert_equal(expected(emulator.truth()), actual(tmp_path / "example.duckdb", "crm"))
    emulator.faults.append(Fault("access_denied", calls=1))
    with pytest.raises(PipelineStepFailed):
        load(pipeline, partner_central, **arguments)
    assert rows(tmp_path, "SELECT outcome, exit_code FROM sync_runs ORDER BY started_at") == [
        ("done", 0),
        ("refused", 3),
    ]


def test_what_this_function_decides_is_no_argument(pipeline: dlt.Pipeline) -> None:
    with pytest.raises(TypeError, match="account"):
        load(pipeline, partner_central, account="acme")


def test_a_plain_pipeline_tells_what_pii_leaves_out(pipeline: dlt.Pipeline, sandbox: Sandbox, tmp_path: Path) -> None:
    with Emulator(opportunities=2, seed=1, rps=None) as account:
        account.overlay(account.truth()[0]["Id"], {"LifeCycle": {"Remark": "Unmistakable"}})
        arguments = {**(sandbox.settings().source or {}), "endpoint_url": account.endpoint, "pii": "drop"}
        (told,) = load(pipeline, partner_central, **arguments)
    assert told.endswith("pii leaves them out, since they may be personal: opportunities.LifeCycle.Remark.")
    assert rows(tmp_path, "SELECT left_out FROM sync_runs") == [("opportunities.LifeCycle.Remark",)]
