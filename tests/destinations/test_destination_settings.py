"""Destinations that cannot be used as they are configured or installed: one sentence, exit code 2, nothing asked."""

from __future__ import annotations

import sys

import pytest
from dlt.common.exceptions import MissingDependencyException

from partner_central_sync import destinations
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from sandbox import Sandbox


@pytest.mark.parametrize(
    ("destination", "settings", "said"),
    [
        ("postgres", {}, "credentials must be in [destination.postgres]"),
        ("filesystem", {}, "bucket_url must be in [destination.filesystem]"),
        ("filesystem", {"BUCKET_URL": "lake", "TABLE_FORMAT": "parquet"}, "choose one of delta, iceberg"),
        ("duckdb", {"CREDENTIALS__READ_ONLY": "true"}, "take read_only out of the credentials"),
        (
            "clickhouse",
            {"CREDENTIALS": "clickhouse://a:b@127.0.0.1/c"},
            "pip install 'partner-central-sync[clickhouse]'",
        ),
    ],
)
def test_a_destination_configured_incompletely_says_what_is_missing(
    destination: str, settings: dict[str, str], said: str, sandbox: Sandbox
) -> None:
    environment = {f"DESTINATION__{destination.upper()}__{name}": value for name, value in settings.items()}
    ended = sandbox.command("sync", "--destination", destination, **environment)
    assert ended.returncode == 2
    assert said in ended.stderr


def test_a_package_that_is_missing_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(MissingDependencyException) as missing:
        destinations.get("postgres").destination()
    code, said = exit_code_and_message(missing.value)
    assert code is ExitCode.CONFIGURATION
    assert "pip install 'partner-central-sync[postgres]'" in said


@pytest.mark.parametrize(("package", "extra"), [("dlt[deltalake]", "filesystem"), ("dlt[pyiceberg]", "iceberg")])
def test_a_package_of_dlt_is_named_by_the_extra_that_has_it(package: str, extra: str) -> None:
    code, said = exit_code_and_message(MissingDependencyException("a destination", [package]))
    assert code is ExitCode.CONFIGURATION
    assert f"partner-central-sync[{extra}]" in said
