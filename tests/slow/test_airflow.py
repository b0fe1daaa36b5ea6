"""The DAG in a real Airflow, in a virtual environment of its own (`make .venv-test-airflow/.set-up`)."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from partner_central_emulator import Emulator, Fault
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.accounts import Account
from sandbox import TIMEOUT_S, Sandbox

ROOT = Path(__file__).parents[2]
AIRFLOW = ROOT / ".venv-test-airflow" / "bin"
DAGS = ROOT / "pipelines" / "airflow"
SECRET = "secret-that-is-nowhere-else"
pytestmark = pytest.mark.slow


@pytest.fixture
def globex() -> Iterator[Emulator]:
    """A second account."""
    with Emulator(opportunities=40, seed=2, rps=None) as running:
        yield running


def environment_of_airflow(sandbox: Sandbox) -> dict[str, str]:
    """An AIRFLOW_HOME in this folder, with the DAGs, and the database that they load into."""
    return sandbox.environment(
        AIRFLOW_HOME=str(sandbox.folder / "airflow"),
        AIRFLOW__CORE__DAGS_FOLDER=str(DAGS),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AWS_SECRET_ACCESS_KEY=SECRET,
        DESTINATION__DUCKDB__CREDENTIALS=str(sandbox.database),
    )


def airflow(sandbox: Sandbox, *command: str, fails: bool = False, **environment: str) -> str:
    """Run a command of Airflow's environment, with an AIRFLOW_HOME in this folder; gives what it printed."""
    assert (AIRFLOW / "airflow").exists(), "Airflow is not set up: make .venv-test-airflow/.set-up"
    done = subprocess.run(
        [AIRFLOW / command[0], *command[1:]],
        cwd=sandbox.folder,
        env=environment_of_airflow(sandbox) | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S * 2,
        check=False,
    )
    assert fails or done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout + done.stderr


def run_dag(sandbox: Sandbox, accounts: list[dict[str, Any]], *options: str, fails: bool = False) -> str:
    listed = {"AIRFLOW_VAR_PARTNER_CENTRAL_ACCOUNTS": json.dumps(accounts)}
    return airflow(sandbox, "airflow", "dags", "test", "partner_central", *options, fails=fails, **listed)


def ask(sandbox: Sandbox, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(sandbox.folder / "airflow" / "airflow.db")) as connection:
        return connection.execute(query).fetchall()


def events(sandbox: Sandbox) -> list[tuple[str, int]]:
    """Events of assets, run by run and account by account: how many rows changed."""
    found = ask(
        sandbox,
        "SELECT uri, e.extra FROM asset_event e JOIN asset a ON a.id = e.asset_id "
        "ORDER BY e.source_run_id, e.source_map_index",
    )
    return [(uri, json.loads(extra)["changed"]) for uri, extra in found]


def results(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What the tasks of the last run returned."""
    values = ask(
        sandbox,
        "SELECT value FROM xcom WHERE task_id = 'sync' AND key = 'return_value' "
        "AND dag_run_id = (SELECT max(id) FROM dag_run) ORDER BY map_index",
    )
    return [json.loads(value) for (value,) in values]


def set_up(sandbox: Sandbox, emulator: Emulator, globex: Emulator) -> list[dict[str, Any]]:
    """Makes Airflow's database; gives the list of two accounts."""
    airflow(sandbox, "airflow", "db", "migrate")
    return [{"name": "acme", "endpoint_url": emulator.endpoint}, {"name": "globex", "endpoint_url": globex.endpoint}]


def test_each_account_is_a_task_and_a_fresh_worker_goes_on(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    accounts = set_up(sandbox, emulator, globex)
    log = run_dag(sandbox, accounts)
    sandbox.assert_equals(emulator.truth(), "partner_central_acme")
    sandbox.assert_equals(globex.truth(), "partner_central_globex")
    first = results(sandbox)
    assert [(result["account"], result["changed"]) for result in first] == [("acme", 250), ("globex", 40)]
    assert first[0]["watermark"] == max(str(record["LastModifiedDate"]) for record in emulator.truth()).replace(
        "Z", "+00:00"
    )
    assert events(sandbox) == [("x-partner-central://acme", 250), ("x-partner-central://globex", 40)]
    names = ask(
        sandbox, "SELECT rendered_map_index, state FROM task_instance WHERE task_id = 'sync' ORDER BY map_index"
    )
    assert names == [("acme", "success"), ("globex", "success")]
    assert SECRET not in log
    assert SECRET.encode() not in (sandbox.folder / "airflow" / "airflow.db").read_bytes()

    shutil.rmtree(sandbox.folder / "data")
    globex.advance(days=4)
    calls = len(emulator.calls)
    run_dag(sandbox, accounts)
    sandbox.assert_equals(globex.truth(), "partner_central_globex")
    second = results(sandbox)
    assert (second[0]["changed"], second[0]["watermark"]) == (0, first[0]["watermark"])
    assert second[1]["changed"] > 0
    assert len(emulator.calls) == calls + 1
    assert events(sandbox)[2:] == [("x-partner-central://globex", second[1]["changed"])]


def test_tasks_are_retried_skipped_or_failed_by_the_exit_code(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    emulator.faults.append(Fault("access_denied", calls=99))
    accounts = [
        Account("denied", endpoint_url=emulator.endpoint),
        Account("wrong", profile="missing", endpoint_url=globex.endpoint),
        Account("busy", endpoint_url=globex.endpoint),
        Account("away", endpoint_url="http://127.0.0.1:9"),
    ]
    with working_folder.hold_lock(sandbox.settings(dataset="partner_central_busy")):
        said = airflow(
            sandbox,
            "python",
            str(ROOT / "tests" / "slow" / "airflow_exits.py"),
            str(DAGS / "partner_central_dag.py"),
            json.dumps([asdict(account) for account in accounts]),
            SOURCES__PARTNER_CENTRAL__ATTEMPTS="1",
        )
    line = next(line for line in said.splitlines() if line.startswith("[["))
    assert [kind for kind, _ in json.loads(line)] == [
        "AirflowFailException",
        "AirflowFailException",
        "AirflowSkipException",
        "AirflowException",
    ]
    assert "partnercentral:ListOpportunities" in json.loads(line)[0][1]
    assert not globex.calls


def test_where_somebody_must_look_the_sync_succeeds_with_its_event_and_review_fails_once(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    accounts = set_up(sandbox, emulator, globex)
    run_dag(sandbox, accounts)
    for record in emulator.truth()[:60]:
        emulator.remove(record["Id"])
    emulator.advance(days=1)
    run_dag(sandbox, accounts, "--conf", '{"full": true}', fails=True)
    last = "run_id = (SELECT run_id FROM dag_run ORDER BY id DESC LIMIT 1)"
    tasks = "SELECT task_id, state, try_number FROM task_instance WHERE task_id <> 'accounts'"
    states = ask(sandbox, f"{tasks} AND {last} ORDER BY task_id, map_index")
    assert states == [
        ("review", "failed", 1),
        ("review", "success", 1),
        ("sync", "success", 1),
        ("sync", "success", 1),
    ]
    assert ("x-partner-central://acme", results(sandbox)[0]["changed"]) in events(sandbox)[2:]
    assert results(sandbox)[0]["exit_code"] == 6
