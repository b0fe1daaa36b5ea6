"""Syncs Partner Central in Airflow as soon as an event is in its queue. Put this file beside `partner_central_dag.py`.

The Variable `partner_central_events_queue` has the URL of the queue. It needs Airflow 3, a triggerer, and
`apache-airflow-providers-amazon[aiobotocore]`. `docs/how-to/airflow.md` describes it.

A deferred sensor waits for a message without a worker. It neither deletes nor hides the message, which is for the sync.
The sync is a run of the DAG `partner_central`, whose end is waited for, so one message triggers one run.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.amazon.aws.sensors.sqs import SqsSensor
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag
from airflow.sdk.exceptions import AirflowException

QUEUE = "{{ var.value.partner_central_events_queue }}"


class EventSensor(SqsSensor):
    """Waits for a message, and keeps nothing of it: XCom would show what it says of customers to every reader."""

    def execute_complete(self, context: Any, event: dict[str, Any] | None = None) -> None:  # noqa: ANN401, ARG002
        """Ends the task, once there is a message."""
        if not event or event["status"] != "success":
            raise AirflowException("The queue could not be read; the log of the triggerer says why.")


@dag(
    dag_id="partner_central_events",
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    # A run that fails leaves the messages, and each receipt brings them nearer to the dead letters.
    max_consecutive_failed_dag_runs=3,
    doc_md=__doc__,
)
def partner_central_events() -> None:
    """Waits for an event, and triggers a sync."""
    event = EventSensor(
        task_id="event",
        sqs_queue=QUEUE,
        region_name="us-east-1",  # where the events of Partner Central are
        aws_conn_id=None,  # the credentials of the triggerer
        deferrable=True,
        delete_message_on_reception=False,
        visibility_timeout=0,
        wait_time_seconds=20,
        max_messages=1,
        poke_interval=1,
        timeout=timedelta(days=365).total_seconds(),
    )
    sync = TriggerDagRunOperator(
        task_id="sync",
        trigger_dag_id="partner_central",
        wait_for_completion=True,
        deferrable=True,
        poke_interval=5,
    )
    event >> sync


partner_central_events()
