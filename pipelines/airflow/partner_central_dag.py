"""Syncs Partner Central in Airflow: each account is a mapped task. Put this file into the folder of DAGs.

The accounts are a JSON list in the Variable `partner_central_accounts`, or, without it, those of dlt's configuration
(`[[partner_central.accounts]]`). Credentials come from the worker's environment: profiles, roles, an instance role.
`docs/how-to/airflow.md` describes how to install and configure it.

A task that fails emits no asset event. So a sync that has loaded everything succeeds, even if somebody must look at its
result. Then the task `review` of its account fails, once, and with it the run of the DAG.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

try:
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
    from airflow.sdk import Asset, AssetAlias, Param, Variable, dag, get_current_context, task
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:  # Airflow 2.10 and 2.11
    from airflow.datasets import Dataset as Asset
    from airflow.datasets import DatasetAlias as AssetAlias
    from airflow.decorators import dag, task
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException
    from airflow.models import Variable
    from airflow.models.param import Param
    from airflow.operators.python import get_current_context
    from airflow.operators.trigger_dagrun import TriggerDagRunOperator

VARIABLE = "partner_central_accounts"
CHANGED = "partner_central"  # the alias of every account's asset, x-partner-central://<account>
AT_ONCE = int(os.environ.get("PARTNER_CENTRAL_ACCOUNTS_AT_ONCE", "8"))  # 1 for DuckDB: one process writes a file


@dag(
    dag_id="partner_central",
    schedule=timedelta(minutes=30),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5), "retry_exponential_backoff": True},
    params={
        "full": Param(default=False, type="boolean", description="Read everything again and merge."),
        "accept_removals": Param(
            default=False,
            type="boolean",
            description="With full: mark as gone what this run no longer lists, however many they are.",
        ),
    },
    doc_md=__doc__,
)
def partner_central() -> None:
    """Loads what is new or changed, of every account."""

    @task
    def accounts() -> list[dict[str, Any]]:
        """Returns the accounts, checked. A wrong list fails at once."""
        from dataclasses import asdict

        from partner_central_sync.sync.settings import register_defaults

        register_defaults()
        from partner_central.public import ConfigurationError
        from partner_central_sync.sync.accounts import load_accounts, parse_accounts

        variable = Variable.get(VARIABLE, None, deserialize_json=True)
        try:
            found = load_accounts() if variable is None else parse_accounts(variable, f"the Variable {VARIABLE}")
        except ConfigurationError as error:
            raise AirflowFailException(str(error)) from None
        return [asdict(account) for account in found]

    @task(
        outlets=[AssetAlias(CHANGED)],
        map_index_template="{{ account }}",
        max_active_tis_per_dagrun=AT_ONCE,
        multiple_outputs=False,
    )
    def sync(account: dict[str, Any]) -> dict[str, Any]:
        """Syncs one account; its asset gets an event when rows changed."""
        from partner_central_sync.sync.settings import Settings, configured_destination, register_defaults

        register_defaults()
        from partner_central_sync.console.exit_codes import MEANINGS, ExitCode, Scheduling
        from partner_central_sync.console.failures import exit_code_and_message
        from partner_central_sync.console.output import Console
        from partner_central_sync.sync.accounts import Account
        from partner_central_sync.sync.job import sync

        context = get_current_context()
        context["account"] = account["name"]  # names the task in the list of mapped ones
        params = context["params"]
        run = Settings(
            destination=configured_destination(), full=params["full"], accept_removals=params["accept_removals"]
        )
        try:
            summary = sync(Account(**account).settings(run), Console(account=account["name"]))
        except Exception as error:  # noqa: BLE001 - every failure becomes a state of the task
            code, message = exit_code_and_message(error)
            match MEANINGS[code].scheduling:
                case Scheduling.SKIP:
                    raise AirflowSkipException(message) from None
                case Scheduling.RETRY:
                    raise AirflowException(message) from None
            raise AirflowFailException(message) from (error if code is ExitCode.DEFECT else None)
        if summary.changed or summary.rejected:
            asset = Asset(f"x-partner-central://{account['name']}")
            context["outlet_events"][AssetAlias(CHANGED)].add(asset, extra={"changed": summary.changed})
        return {"account": account["name"], "exit_code": int(summary.code), **summary.values()}

    @task(trigger_rule="all_done", retries=0, map_index_template="{{ account }}")
    def review(result: dict[str, Any]) -> None:
        """Fails if somebody must look at a sync that succeeded; what it loaded is loaded."""
        from partner_central_sync.console.exit_codes import MEANINGS, ExitCode, Scheduling

        get_current_context()["account"] = result["account"]
        meaning = MEANINGS[ExitCode(result["exit_code"])]
        if meaning.scheduling is Scheduling.ALERT:
            raise AirflowFailException(f"{result['account']}: {meaning.text}. What to do: {meaning.action}.")

    review.expand(result=sync.expand(account=accounts()))


@dag(
    dag_id="partner_central_full",
    schedule="15 3 * * 0",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    doc_md="Once a week, the DAG `partner_central` reads everything again. Two runs of it never overlap.",
)
def partner_central_full() -> None:
    """Triggers a full sync, which picks up what a listing can miss while records change."""
    TriggerDagRunOperator(task_id="trigger", trigger_dag_id="partner_central", conf={"full": True})


partner_central()
partner_central_full()
