"""No secret is printed, whoever quotes it."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from partner_central.errors import ConfigurationError
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.console.secrets import mask, mask_log, masked
from partner_central_sync.sync.accounts import parse_accounts

SECRET = "wJalrXUtnFEMI/K7MDENG+Px"


def _use_file(content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets dlt have read a file of secrets."""
    provider = CustomLoaderDocProvider("file", lambda: content)
    providers = Container()[PluggableRunContext].providers
    monkeypatch.setattr(providers, "providers", [*providers.providers, provider])


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql://loader:geheim@db/sales", "geheim"),
        ("postgresql+psycopg2://loader:geheim@db/sales", "geheim"),
        ("clickhouse+native://loader:ge@he@im@db:9000/sales", "he@im"),
        ('could not open "mssql+pyodbc://u:p@ss:w/rd@host": refused', "p@ss:w/rd"),
        ("host=db user=loader password=geheim port=1", "geheim"),
        ("snowflake://loader:@db and s3://bucket/file", ""),
    ],
)
def test_passwords_in_urls_and_settings_are_masked(text: str, hidden: str) -> None:
    masked = mask(text)
    assert not hidden or hidden not in masked
    assert "loader" in masked or "***" in masked


@pytest.mark.parametrize("text", ["see https://example.com/a:b", "at 10:30 by ops@example.com", "id O1:2", "C:\\data"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize("written", [SECRET, f"b'{SECRET}\\n'", f"{SECRET}\n", "wJalrXUtnFEMI%2FK7MDENG%2BPx"])
def test_a_secret_of_the_environment_is_masked_however_it_is_written(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"{SECRET}\n")
    masked = mask(f"Invalid header value {written}!")
    assert SECRET not in masked
    assert "K7MDENG" not in masked


def test_the_password_of_a_configured_url_is_masked_alone_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", "postgresql+psycopg2://loader:my@secret@db/sales")
    assert mask("no user for my@secret at db") == "no user for *** at db"
    monkeypatch.setenv(
        "DESTINATION__POSTGRES__CREDENTIALS", "postgresql://loader:p%40ss/w@rd9@db.example.com:5432/sales"
    )
    assert mask('no host "rd9@db.example.com"') == 'no host "***"', "dlt splits the URL at the first @"
    nested = {"last_run": {"message": "a://b:secret@c"}, "others": [{"message": "d://e:secret@f", "code": 1}, None]}
    assert "secret" not in str(masked(nested))
    assert masked(nested)["others"][1] is None
    assert masked({"location": "a://b:secret@c", "calls": 1}) == {"location": "a://b:***@c", "calls": 1}


@pytest.mark.parametrize(
    "credentials",
    [
        "postgresql//loader:S3cretPW@db/sales",
        "postgresql:/loader:S3cretPW@db/sales",
        "postgresql:loader:S3cretPW@db/sales",
        "loader:S3cretPW@db/sales",
        "://loader:S3cretPW@db/sales",
        "postgresql://loader:S3cretPW@db/sales?sslpassword=AnotherPW",
        "md:sales?motherduck_token=S3cretPW&x=1",
        "host=db sslpassword=S3cretPW",
        '{"password": "S3cretPW"',
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_password_in_credentials_with_a_typing_error_is_masked(
    credentials: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == "environment":
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", credentials)
    else:
        _use_file({"destination": {"postgres": {"credentials": credentials}}}, monkeypatch)
    told = mask(f"Could not parse {credentials!r}; no password 'S3cretPW' for 'sales', nor 'AnotherPW'")
    assert "S3cretPW" not in told
    assert ("AnotherPW" in told) == ("AnotherPW" not in credentials)
    assert "sales" in told


@pytest.mark.parametrize("credentials", ["duckdb:///data/sales.duckdb", "data/sales.duckdb", "C:\\data\\sales.duckdb"])
def test_a_path_is_no_secret(credentials: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", credentials)
    assert mask(f"cannot open {credentials}") == f"cannot open {credentials}"


def test_secrets_of_dlts_files_are_masked_and_names_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"destination": {"x": {"credentials": {"password": SECRET, "username": "loader", "host": "warehouse"}}}}
    _use_file(content, monkeypatch)
    assert mask(f"loader at warehouse with {SECRET}") == "loader at warehouse with ***"


def int_of(text: str) -> None:
    """Fails as a client does, quoting what it was given."""
    raise ValueError(f"Invalid header value {text!r}")


def test_lines_messages_traces_and_logs_are_masked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setattr(logging, "_logRecordFactory", logging.LogRecord)
    mask_log()
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logger = logging.getLogger("a client")
    logger.addHandler(handler)
    with pytest.raises(ValueError, match="Invalid") as raised:
        int_of(SECRET)
    console = Console(verbose=True)
    console.warn(f"with {SECRET}")
    console.print_failure(raised.value)
    logger.error("sent %s", SECRET, exc_info=raised.value)
    assert SECRET not in exit_code_and_message(raised.value)[1], "which is what sync_runs.message gets"
    printed = capsys.readouterr()
    logger.removeHandler(handler)
    assert "Traceback" in printed.err
    assert "Traceback" in text.getvalue()
    assert SECRET not in printed.out + printed.err + text.getvalue()


def test_an_entry_of_the_account_list_is_not_quoted() -> None:
    with pytest.raises(ConfigurationError, match=r"Entry 2 of partner_central\.accounts is not a table") as refused:
        parse_accounts([{"name": "acme"}, SECRET])
    assert SECRET not in str(refused.value)
    with pytest.raises(ConfigurationError) as refused:
        parse_accounts([{"name": "acme", "role_arn": SECRET}])
    assert SECRET not in str(refused.value)
