"""Which dataset and file `query`, `tables`, `report` and `status` read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from partner_central.errors import ConfigurationError
from partner_central_sync.cli.app import app
from partner_central_sync.cli.run import has_accounts_to_choose, settings_to_read, with_database
from partner_central_sync.sync.settings import Settings


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [{"name": "acme", "profile": "none-of-this-machine"}, {"name": "globex", "catalog": "Sandbox"}]
    monkeypatch.setenv("PARTNER_CENTRAL__ACCOUNTS", json.dumps(listed))


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [{"name": name, "account_column": True} for name in ("acme", "globex")]
    monkeypatch.setenv("PARTNER_CENTRAL__ACCOUNTS", json.dumps(listed))


def read(account: str | None = None, dataset: str | None = None, database: Path | None = None) -> Settings:
    return settings_to_read(account, None, None, dataset, database)


@pytest.mark.usefixtures("accounts")
def test_an_account_is_read_without_its_credentials() -> None:
    assert read("acme").dataset_name == "partner_central_acme"
    assert (read("globex").dataset_name, read("globex").catalog) == ("partner_central_globex", "Sandbox")
    with pytest.raises(ConfigurationError, match="known are acme, globex"):
        read("other")
    with pytest.raises(typer.BadParameter):
        read("acme", dataset="other")


@pytest.mark.usefixtures("accounts")
def test_without_an_account_the_listed_ones_are_named_and_a_dataset_is_taken_as_it_is() -> None:
    with pytest.raises(ConfigurationError, match="--account, of acme, globex"):
        read()
    assert read(dataset="elsewhere").dataset_name == "elsewhere"
    assert has_accounts_to_choose(None, None)
    assert not has_accounts_to_choose("AWS", None)


@pytest.mark.usefixtures("shared")
def test_a_dataset_that_all_accounts_share_needs_no_choice() -> None:
    assert read().dataset_name == "partner_central"


def test_without_a_list_the_dataset_is_the_default_one() -> None:
    assert read().dataset_name == "partner_central"
    assert not has_accounts_to_choose(None, None)


def test_a_file_begins_in_the_folder_the_command_runs_in_or_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert read(database=Path("a.duckdb")).database == tmp_path / "a.duckdb"
    assert read(database=Path("~/a.duckdb")).database == tmp_path / "home" / "a.duckdb"
    with pytest.raises(typer.BadParameter, match="not one file"):
        with_database(Settings(destination="postgres"), Path("a.duckdb"))


@pytest.mark.parametrize("command", [["query", "SELECT 1"], ["tables"], ["report"]])
def test_before_any_sync_each_says_that_nothing_is_loaded_and_makes_no_file(command: list[str], tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, [*command, "--database", str(tmp_path / "none.duckdb")])
    assert ended.exit_code == 2
    assert "Nothing is loaded yet" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("accounts")
def test_status_shows_every_account_of_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path))
    listed = [{"name": name} for name in ("acme", "globex")]
    monkeypatch.setenv("PARTNER_CENTRAL__ACCOUNTS", json.dumps(listed))
    ended = CliRunner().invoke(app, ["status", "--database", str(tmp_path / "none.duckdb")])
    assert ended.exit_code == 0
    assert ended.stdout.index("acme:") < ended.stdout.index("globex:")
    assert ended.stdout.count("nothing yet") == 2
