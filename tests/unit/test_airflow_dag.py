"""What becomes of the DAG's tasks for every exit code, with a fake Airflow; tests/slow runs it in a real one."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from partner_central.errors import PartnerCentralError
from partner_central_sync.console.exit_codes import MEANINGS, ExitCode, Scheduling
from partner_central_sync.sync.settings import Settings
from partner_central_sync.sync.summary import Summary

DAG = Path(__file__).parents[2] / "pipelines" / "airflow" / "partner_central_dag.py"
ACCOUNT = {"name": "acme"}


class Fail(Exception):
    """The task fails, and is not retried."""


class Retry(Exception):
    """The task fails, and is retried."""


class Skip(Exception):
    """The task is skipped."""


class FakeAirflow:
    """Collects the functions of the tasks, and the asset events that they record."""

    def __init__(self) -> None:
        self.tasks: dict[str, Callable[..., Any]] = {}
        self.options: dict[str, dict[str, Any]] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []
        outlet = SimpleNamespace(add=lambda asset, extra: self.events.append((asset, extra)))
        self.context: dict[str, Any] = {
            "params": {"full": False, "accept_removals": False},
            "outlet_events": {"partner_central": outlet},
        }

    def task(self, function: Callable[..., Any] | None = None, **options: Any) -> Any:
        if function is None:
            return lambda decorated: self.task(decorated, **options)
        self.tasks[function.__name__] = function
        self.options[function.__name__] = options
        placed = SimpleNamespace(expand=lambda **_: None)
        return placed if options else lambda: None

    def modules(self) -> dict[str, ModuleType]:
        run_at_once = lambda **_: lambda function: function  # noqa: E731 - a decorator
        sdk = {
            "Asset": str,
            "AssetAlias": str,
            "Param": lambda **_: None,
            "Variable": SimpleNamespace(get=lambda *_, **__: [ACCOUNT]),
            "dag": run_at_once,
            "get_current_context": lambda: self.context,
            "task": self.task,
        }
        exceptions = {"AirflowException": Retry, "AirflowFailException": Fail, "AirflowSkipException": Skip}
        contents: dict[str, dict[str, Any]] = {
            "airflow": {},
            "airflow.providers": {},
            "airflow.providers.standard": {},
            "airflow.providers.standard.operators": {},
            "airflow.providers.standard.operators.trigger_dagrun": {"TriggerDagRunOperator": lambda **_: None},
            "airflow.sdk": sdk,
            "airflow.sdk.exceptions": exceptions,
        }
        made = {name: ModuleType(name) for name in contents}
        for name, module in made.items():
            vars(module).update(contents[name])
        return made


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> FakeAirflow:
    """An Airflow that has parsed the file."""
    fake = FakeAirflow()
    for name, module in fake.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    runpy.run_path(str(DAG))
    return fake


def run_sync(airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch, end: Summary | Exception) -> Any:
    def sync(*_: object) -> Summary:
        if isinstance(end, Exception):
            raise end
        return end

    monkeypatch.setattr("partner_central_sync.sync.job.sync", sync)
    return airflow.tasks["sync"](ACCOUNT)


SUMMARY = Summary("partner_central", "here", 1, 0, 0.0, 9, 1, 5, 5, 0, datetime(2026, 1, 1), 1.0)  # noqa: DTZ001
SUMMARIES = {
    ExitCode.DONE: SUMMARY,
    ExitCode.REVIEW_REMOVALS: replace(SUMMARY, held=7),
    ExitCode.REJECTED: replace(SUMMARY, mass_rejected="so many"),
}


@pytest.mark.parametrize("code", SUMMARIES)
def test_a_sync_that_ends_succeeds_with_its_event_and_only_review_fails_where_somebody_must_look(
    code: ExitCode, airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_sync(airflow, monkeypatch, SUMMARIES[code])
    assert airflow.events == [("x-partner-central://acme", {"changed": 5})]
    assert (result["account"], result["exit_code"]) == ("acme", int(code))
    review = airflow.tasks["review"]
    if MEANINGS[code].scheduling is Scheduling.ALERT:
        with pytest.raises(Fail, match=f"acme: .*What to do: {MEANINGS[code].action[:20]}"):
            review(result)
    else:
        review(result)


@pytest.mark.parametrize(
    ("scheduling", "raised"), [(Scheduling.RETRY, Retry), (Scheduling.SKIP, Skip), (Scheduling.FAIL, Fail)]
)
def test_a_sync_that_fails_does_what_the_table_of_exit_codes_says(
    scheduling: Scheduling, raised: type[Exception], airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, meaning in MEANINGS.items():
        if meaning.scheduling is scheduling:
            monkeypatch.setattr(
                "partner_central_sync.console.failures.exit_code_and_message", lambda _, code=code: (code, "why")
            )
            with pytest.raises(raised, match="why"):
                run_sync(airflow, monkeypatch, PartnerCentralError("why"))
    assert airflow.events == []


def test_review_runs_beside_failures_of_other_accounts_and_is_not_retried(airflow: FakeAirflow) -> None:
    assert airflow.options["review"]["trigger_rule"] == "all_done"
    assert airflow.options["review"]["retries"] == 0


def test_a_run_of_the_dag_can_accept_removals(airflow: FakeAirflow, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Settings] = []

    def sync(settings: Settings, _: object) -> Summary:
        given.append(settings)
        return SUMMARY

    airflow.context["params"] = {"full": True, "accept_removals": True}
    monkeypatch.setattr("partner_central_sync.sync.job.sync", sync)
    airflow.tasks["sync"](ACCOUNT)
    assert [(settings.full, settings.accept_removals) for settings in given] == [(True, True)]
