"""Variables with bare names are other programs': a run with all of them set to nonsense equals one without."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigProvider, ConfigTomlProvider, EnvironProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.sources.credentials import AwsCredentials

from partner_central import partner_central
from partner_central.errors import ConfigurationError
from partner_central.own_section import PLACEHOLDER, from_own_section
from partner_central_emulator import Emulator
from partner_central_sync.sync import bare_names
from partner_central_sync.sync.bare_names import ignore_bare_names
from sandbox import Sandbox

PARAMETERS = sorted(inspect.signature(partner_central).parameters)
NONSENSE = "nonsense"


@from_own_section
def options(
    credentials: AwsCredentials = dlt.secrets.value,
    since: str | None = None,
    full: bool = False,  # noqa: FBT001, FBT002 - as the source has it
    lookback: int = 300,
    identifier: Sequence[str] = (),
    pii_key: dlt.TSecretStrValue | None = None,
) -> dict[str, Any]:
    """Options of any source, as they arrive."""
    given = locals()
    del given["credentials"]
    return given | {"key": credentials.aws_access_key_id, "profile": credentials.profile_name}


DEFAULTS = options()


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """A config.toml of a folder, read by dlt."""
    providers = Container()[PluggableRunContext].providers.providers
    before = list(providers)
    file = tmp_path / "config.toml"
    yield file
    providers[:] = before


def asked_of_environment(run: Any, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that dlt looks up in the environment without a section, while something runs."""
    asked, look_up = set(), EnvironProvider.get_value

    def recorded(self: ConfigProvider, key: str, hint: Any, pipeline: str | None, *sections: str) -> Any:
        if not any((pipeline, *sections)):
            asked.add(key)
        return look_up(self, key, hint, pipeline, *sections)  # type: ignore[arg-type]

    monkeypatch.setattr(EnvironProvider, "get_value", recorded)
    run()
    return asked


@pytest.mark.long
def test_a_sync_with_every_bare_name_set_to_nonsense_equals_one_without(
    sandbox: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = ("DEV_MODE", "FULL_REFRESH", "REFRESH", "PROGRESS", "ENVIRONMENT", "WORKERS", "DATASET_NAME", "RUNTIME")
    for name in (*(parameter.upper() for parameter in PARAMETERS), *others, "CREDENTIALS__DATABASE", "PIPELINES_DIR"):
        monkeypatch.setenv(name, NONSENSE)
    assert asked_of_environment(sandbox.sync, monkeypatch) == set(), "dlt asks for no bare name at all"
    sandbox.assert_equals(emulator.truth())


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_the_source_alone_takes_no_argument_from_a_bare_name(
    parameter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Container()[PluggableRunContext].providers, "providers", [EnvironProvider()])
        for name in (parameter, f"sources__{parameter}"):
            patched.setenv(name.upper(), NONSENSE)
        monkeypatch.chdir(tmp_path)
        partner_central(credentials={"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"})


def test_a_bare_name_in_a_file_is_no_option_either(config: Path) -> None:
    config.write_text('since = "2020-01-01"\nfull = true\n[sources]\nlookback = 1\nidentifier = ["O1"]\n')
    Container()[PluggableRunContext].providers.providers.insert(0, ConfigTomlProvider(str(config.parent)))
    assert options() == DEFAULTS


def test_the_own_section_is_read_from_environment_and_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text('[sources.partner_central]\nidentifier = ["O1"]\nlookback = 1\n')
    Container()[PluggableRunContext].providers.providers.insert(1, ConfigTomlProvider(str(config.parent)))
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__FULL", "true")
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__LOOKBACK", "2")
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__PARTNER_CENTRAL__SINCE", "2020-01-01")
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__CREDENTIALS__PROFILE_NAME", "acme")
    expected = {"identifier": ["O1"], "lookback": 2, "full": True, "since": "2020-01-01", "profile": "acme"}
    assert options() == DEFAULTS | expected
    assert options(lookback=3, since=None)["lookback"] == 3
    assert options(since=None)["since"] is None, "an argument that is given wins, also as None"


def test_a_value_of_another_type_is_named_and_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__LOOKBACK", "soon")
    with pytest.raises(ConfigurationError, match=r"sources\.partner_central\.lookback") as refused:
        options()
    assert "soon" not in str(refused.value)


def test_placeholders_of_dlt_init_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "PROFILE_NAME"):
        monkeypatch.setenv(f"SOURCES__PARTNER_CENTRAL__CREDENTIALS__{name}", PLACEHOLDER)
    assert options() == DEFAULTS


def test_files_of_dlt_in_the_temporary_folder_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "dlt"
    shared.mkdir()
    (shared / "config.toml").write_text('[sources.partner_central]\nsince = "2020-01-01"\n')
    context = Container()[PluggableRunContext].providers
    monkeypatch.setattr(context, "providers", [ConfigTomlProvider(str(tmp_path / ".dlt"), str(shared))])
    monkeypatch.setattr(bare_names, "global_dir", lambda: str(shared))
    assert options()["since"] == "2020-01-01"
    bare_names.ignore_shared_files()
    assert options()["since"] == "2020-01-01", "those of a home folder are read"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    bare_names.ignore_shared_files()
    assert options() == DEFAULTS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_file_of_another_user_in_the_home_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").touch()
    monkeypatch.setattr(bare_names, "global_dir", lambda: str(tmp_path))
    bare_names.ignore_shared_files()
    os.chown(tmp_path / "config.toml", 12345, 12345)
    with pytest.raises(ConfigurationError, match=r"config\.toml belongs to another user"):
        bare_names.ignore_shared_files()


def test_a_variable_of_airflow_or_a_vault_has_no_bare_name_either(monkeypatch: pytest.MonkeyPatch) -> None:
    class Vault(EnvironProvider):
        name = "vault"  # type: ignore[assignment]

    context = Container()[PluggableRunContext].providers
    monkeypatch.setattr(context, "providers", [Vault()])
    monkeypatch.setenv("REFRESH", "drop_sources")
    monkeypatch.setenv("PIPELINES__REFRESH", "drop_data")
    ignore_bare_names()
    ignore_bare_names()  # once more changes nothing
    (provider,) = context.providers
    assert provider.get_value("refresh", str, None)[0] is None
    assert provider.get_value("refresh", str, "", "")[0] is None
    assert provider.get_value("password", str, None, "credentials")[0] is None
    assert provider.get_value("refresh", str, None, "pipelines") == ("drop_data", "PIPELINES__REFRESH")
