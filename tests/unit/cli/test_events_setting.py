"""The setting of the queue of events: for runs without an account, for each account, and in the policy."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from partner_central_sync.cli.app import app
from partner_central_sync.cli.run import settings_from
from partner_central_sync.events.address import parse_address
from partner_central_sync.sync.accounts import parse_accounts

URL = "https://sqs.us-east-1.amazonaws.com/123456789012/partner-central-events"


def policy() -> list[object]:
    ended = CliRunner().invoke(app, ["policy", "--tables", "opportunities"])
    assert ended.exit_code == 0
    found: list[object] = json.loads(ended.stdout)["Statement"]
    return found


def test_the_policy_has_the_queue_once_it_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    without = policy()
    monkeypatch.setenv("PARTNER_CENTRAL__EVENTS_QUEUE", URL)
    assert policy() == [*without, *parse_address(URL).statements()]


def test_a_queue_that_is_configured_is_of_runs_without_an_account_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_from("AWS", "duckdb", None).events_queue is None
    monkeypatch.setenv("PARTNER_CENTRAL__EVENTS_QUEUE", URL)
    base = settings_from("AWS", "duckdb", None)
    acme, globex = parse_accounts([{"name": "acme"}, {"name": "globex", "events_queue": URL + "-2"}])
    found = [settings.events_queue for settings in (base, acme.settings(base), globex.settings(base))]
    assert found == [URL, None, URL + "-2"]
