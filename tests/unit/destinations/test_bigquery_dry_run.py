"""BigQuery says in a dry run what a statement is, before it is run."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from partner_central_sync import destinations
from partner_central_sync.destinations.errors import WrongQuery


class Service:
    """Takes every statement for one kind, and keeps what it was sent."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.trials: list[Any] = []
        self.run: list[str] = []

    def query(self, query: str, job_config: Any) -> SimpleNamespace:
        del query
        self.trials.append(job_config)
        return SimpleNamespace(statement_type=self.kind)

    @contextmanager
    def execute_query(self, query: str) -> Any:
        self.run.append(query)
        yield "cursor"


def client_of(service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = ModuleType("google.cloud.bigquery")
    module.QueryJobConfig = SimpleNamespace  # type: ignore[attr-defined]
    for name in ("google", "google.cloud"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "google.cloud.bigquery", module)
    sql = SimpleNamespace(
        native_connection=service,
        execute_query=service.execute_query,
        fully_qualified_dataset_name=lambda **_: "project.partner_central",
    )
    return SimpleNamespace(sql_client=sql)


def test_a_select_is_run_after_its_trial_which_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("SELECT")
    with destinations.get("bigquery").stream(client_of(service, monkeypatch), "SELECT 1") as cursor:
        assert cursor == "cursor"
    assert service.run == ["SELECT 1"]
    assert [trial.dry_run for trial in service.trials] == [True]


@pytest.mark.parametrize("kind", ["DELETE", "SCRIPT", "CREATE_TABLE_AS_SELECT", "CALL", "EXPORT_DATA"])
def test_anything_else_is_not_run(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(kind)
    stream = destinations.get("bigquery").stream(client_of(service, monkeypatch), "SELECT 1")
    with pytest.raises(WrongQuery, match=kind), stream:
        pass
    assert service.run == []
