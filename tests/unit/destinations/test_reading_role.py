"""The role that queries are run as: its credentials, and what is said without one."""

from __future__ import annotations

import pytest

from partner_central.errors import ConfigurationError
from partner_central_sync import destinations
from partner_central_sync.destinations import reading_role

KEY = "PARTNER_CENTRAL__QUERY__CREDENTIALS"
WITH_A_ROLE = ["postgres", "redshift", "snowflake", "bigquery", "databricks", "clickhouse", "motherduck", "mssql"]


@pytest.mark.parametrize("name", WITH_A_ROLE)
def test_without_a_role_a_sentence_says_what_is_not_guaranteed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = destinations.get(name)
    assert reading_role.credentials(adapter) is None
    assert "partner_central.query.credentials" in (reading_role.warning(adapter) or "")
    monkeypatch.setenv(f"{KEY}__PASSWORD", "secret")
    assert reading_role.warning(adapter) is None


@pytest.mark.parametrize("name", ["duckdb", "filesystem"])
def test_a_file_that_is_locked_and_a_lake_need_no_role(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "postgresql://reader:secret@host/db")
    assert reading_role.credentials(destinations.get(name)) is None


def test_credentials_are_a_url_json_or_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = destinations.get("postgres")
    monkeypatch.setenv(f"{KEY}__USERNAME", "reader")
    assert reading_role.credentials(adapter) == {"username": "reader"}
    monkeypatch.setenv(KEY, '{"password": "secret"}')
    assert reading_role.credentials(adapter) == {"password": "secret", "username": "reader"}
    monkeypatch.setenv(KEY, "postgresql://reader:secret@host/db")
    assert reading_role.credentials(adapter) == "postgresql://reader:secret@host/db"
    monkeypatch.setenv(KEY, '{"password": ')
    with pytest.raises(ConfigurationError, match="not JSON"):
        reading_role.credentials(adapter)


def test_fields_replace_those_of_the_destination_and_leave_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = destinations.get("postgres")
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql://loader:pw@host:5433/db")
    made = adapter.destination(credentials={"username": "reader", "password": "secret"})
    resolved = made.configuration(made.spec(), accept_partial=True).credentials
    assert (resolved.username, resolved.password, resolved.host, resolved.port) == ("reader", "secret", "host", 5433)


@pytest.mark.parametrize("name", ["clickhouse"])
def test_clickhouse_is_sent_every_statement_with_readonly(name: str) -> None:
    from types import SimpleNamespace

    credentials = SimpleNamespace(query={"secure": "1"})
    client = SimpleNamespace(config=SimpleNamespace(credentials=credentials))
    destinations.get(name).set_read_only(client)  # type: ignore[arg-type]
    assert credentials.query == {"secure": "1", "readonly": 1}
