"""The DAG of events in a real Airflow, scheduler and triggerer included: a message in SQS becomes rows."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from aws_server import client, deploy_events
from partner_central_emulator import Emulator
from sandbox import TIMEOUT_S, Sandbox
from servers import free_port, until_it_answers
from slow.test_airflow import AIRFLOW, airflow, ask, environment_of_airflow

COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
TASKS = (
    "SELECT task_id, state FROM task_instance WHERE dag_id = 'partner_central_events' AND run_id = (SELECT run_id "
    "FROM dag_run WHERE dag_id = 'partner_central_events' ORDER BY id LIMIT 1 OFFSET {}) ORDER BY task_id"
)
UNPAUSED = "^partner_central(_events)?$"
RUNS = "SELECT state FROM dag_run WHERE dag_id = 'partner_central' AND run_type = 'operator_triggered'"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="its processes end together in a namespace, which needs root"),
]


@contextmanager
def standalone(sandbox: Sandbox, **environment: str) -> Iterator[Path]:
    """Airflow with all its processes; its log."""
    port, log = str(free_port()), sandbox.folder / "standalone.log"
    given = environment_of_airflow(sandbox) | {
        "PATH": f"{AIRFLOW}:{os.environ['PATH']}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": str(TIMEOUT_S),  # its server may be slow on a busy machine
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "PROVIDERS__AIRFLOW_SECRETS__ONLY_TOML_FRAGMENTS": "true",
        **environment,
    }
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [*alone, AIRFLOW / "airflow", "standalone"], cwd=sandbox.folder, env=given, stdout=out, stderr=out
        ) as running,
    ):
        try:
            wait_until(sandbox, "SELECT count(*) FROM dag", [(3,)], log)
            until_it_answers(
                running, lambda: urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health").close(), OSError
            )
            airflow(sandbox, "airflow", "dags", "unpause", "--yes", "--treat-dag-id-as-regex", UNPAUSED)
            yield log
        finally:
            running.kill()


def wait_until(sandbox: Sandbox, query: str, expected: list[tuple[Any, ...]], log: Path) -> None:
    """Waits until Airflow's database says this."""
    end = time.monotonic() + 3 * TIMEOUT_S  # it takes many processes one after another
    while (found := ask(sandbox, query)) != expected:
        over = time.monotonic() > end or {"failed", "upstream_failed"} & {value for row in found for value in row}
        assert not over, f"{found}\n{log.read_text()[-10_000:]}"
        time.sleep(0.5)


def test_a_message_triggers_a_sync_which_deletes_it(sandbox: Sandbox, told: Emulator, aws: str) -> None:
    sandbox = Sandbox(sandbox.folder, told.endpoint)
    queue = deploy_events(aws, "airflow", QueueName="airflow", RuleName="airflow", Catalog="AWS")["QueueUrl"]
    account = {"name": "acme", "endpoint_url": told.endpoint, "events_queue": queue}
    airflow(sandbox, "airflow", "db", "migrate")
    with standalone(
        sandbox,
        AWS_ENDPOINT_URL_SQS=aws,
        AIRFLOW_VAR_PARTNER_CENTRAL_ACCOUNTS=json.dumps([account]),
        AIRFLOW_VAR_PARTNER_CENTRAL_EVENTS_QUEUE=queue,
    ) as log:
        wait_until(sandbox, TASKS.format(0), [("event", "deferred"), ("sync", None)], log)
        told.change(told.truth()[0]["Id"], {"LifeCycle": {"Stage": "Committed"}})
        wait_until(sandbox, TASKS.format(1), [("event", "deferred"), ("sync", None)], log)
    assert ask(sandbox, TASKS.format(0)) == [("event", "success"), ("sync", "success")]
    assert ask(sandbox, RUNS) == [("success",)]
    sandbox.assert_equals(told.truth(), "partner_central_acme")
    left = client(aws, "sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert [left[name] for name in COUNTS] == ["0", "0"]
    assert "path=/execution/variables/runtime." not in log.read_text(), "no Variable for each setting of dlt"
    assert ask(sandbox, "SELECT key FROM xcom WHERE task_id = 'event'") == [], "nothing of a message is kept"
