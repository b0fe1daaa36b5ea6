"""dlt's run context: without its HTTP client, and as dlt has it wherever somebody asked for more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

from partner_central_sync.sync import run_context


class OfPlugin(RunContext):
    """A context that a plugin of the user brings."""


def placed(found: Any, monkeypatch: pytest.MonkeyPatch, container: dict[Any, Any]) -> Any:
    """The context that dlt's container has afterwards."""
    monkeypatch.setattr(run_context, "Container", lambda: container)
    with monkeypatch.context() as patched:
        patched.setattr(PluggableRunContext, "__init__", lambda self: setattr(self, "context", found))
        run_context.leave_out_http()
    return container[PluggableRunContext].context


def test_dlts_own_context_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    context = placed(RunContext("."), monkeypatch, {})
    assert isinstance(context, RunContext)
    assert type(context) is not RunContext


def test_the_context_of_a_plugin_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    context = OfPlugin(".")
    assert placed(context, monkeypatch, {}) is context


def test_a_context_that_is_in_use_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    used = SimpleNamespace(context=OfPlugin("."))
    assert placed(RunContext("."), monkeypatch, {PluggableRunContext: used}) is used.context


@pytest.mark.parametrize(
    ("telemetry", "sentry", "is_dlts"),
    [(False, None, False), (True, None, True), (False, "https://key@example.com/1", True)],
)
def test_whoever_reports_is_set_up_as_dlt_does(
    *, telemetry: bool, sentry: str | None, is_dlts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("dlt.common.runtime.run_context.initialize_runtime", lambda *given: asked.append(given))
    context = placed(RunContext("."), monkeypatch, {})
    config = RuntimeConfiguration(dlthub_telemetry=telemetry, sentry_dsn=sentry, log_level="CRITICAL")
    context.initialize_runtime(config)
    assert context.runtime_config is config
    assert bool(asked) is is_dlts
