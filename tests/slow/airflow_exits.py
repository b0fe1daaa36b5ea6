"""Runs the DAG's task once for each account given as JSON, in Airflow's environment, and says what each raised.

    python airflow_exits.py DAG_FILE ACCOUNTS

Prints a JSON list of [class, message]; the class of a success is null.
"""

from __future__ import annotations

import json
import runpy
import sys
from typing import Any

from airflow.sdk.definitions.context import Context
from airflow.sdk.execution_time.context import OutletEventAccessors, set_current_context


def ended(sync: Any, params: dict[str, Any], account: dict[str, Any]) -> tuple[str | None, str]:
    context: Any = {"params": params, "outlet_events": OutletEventAccessors()}
    with set_current_context(Context(context)):
        try:
            return None, str(sync(account)["changed"])
        except Exception as error:  # noqa: BLE001 - its class is what is asked for
            return type(error).__name__, str(error)


if __name__ == "__main__":
    dag = runpy.run_path(sys.argv[1])["partner_central"]()
    run = dag.get_task("sync").python_callable
    print(json.dumps([ended(run, dag.params.dump(), account) for account in json.loads(sys.argv[2])]))
