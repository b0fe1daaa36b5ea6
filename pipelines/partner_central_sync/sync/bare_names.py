"""Lets dlt find nothing in the environment by a name that says neither this program nor a group of settings.

dlt looks a setting up in ever shorter sections, at last by its bare name: `REFRESH`, `DEV_MODE`, `WORKERS`, `PROGRESS`,
`ENVIRONMENT`, `CREDENTIALS`. Such variables are in many shells and images, and mean something else. `CREDENTIALS__...`
names no destination. So none of them is read here, nor from Airflow's Variables or a vault, which are shared as well.
Files below `.dlt` are written for dlt, and are read as dlt reads them. For users without a home, dlt reads files in the
temporary folder as well. Any user may have put them there, so they are left out.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigProvider, ConfigTomlProvider, SecretsTomlProvider
from dlt.common.configuration.providers.doc import BaseDocProvider
from dlt.common.configuration.providers.vault import VaultDocProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import global_dir

from .private_folder import require_trusted

OTHERS_SETTINGS = "dlt reads settings from there. Set HOME to a folder that only you and root can write to."
OF_ANY_DESTINATION = ("credentials", "staging_config")


def is_shared(folder: Path) -> bool:
    """Returns whether a folder is the one below the temporary folder that dlt takes for users without a home."""
    return folder == Path(tempfile.gettempdir(), "dlt")


def ignore_shared_files() -> None:
    """Takes the files out of dlt's configuration that any user of the machine could have written.

    Raises:
        ConfigurationError: another user could have written those of the home folder.
    """
    context = Container()[PluggableRunContext]
    home = Path(global_dir())
    if not is_shared(home):
        for file in (home / "config.toml", home / "secrets.toml"):
            if file.exists() and hasattr(os, "geteuid"):
                require_trusted(file, OTHERS_SETTINGS)
        return
    for position, provider in enumerate(context.providers.providers):
        if isinstance(provider, ConfigTomlProvider | SecretsTomlProvider):
            context.providers.providers[position] = type(provider)(context.context.settings_dir)


def ignore_bare_names() -> None:
    """Has every provider of dlt's configuration that others fill too refuse such names, in this process."""
    providers = Container()[PluggableRunContext].providers.providers
    for position, provider in enumerate(providers):
        is_file = isinstance(provider, BaseDocProvider) and not isinstance(provider, VaultDocProvider)
        if not is_file and not isinstance(provider, _QualifiedNames):
            providers[position] = _QualifiedNames(provider)


class _QualifiedNames(ConfigProvider):
    """A provider that is asked for names with a section only."""

    def __init__(self, provider: ConfigProvider) -> None:
        self._provider = provider

    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any | None, str]:
        """Returns the value, and the name it is under; nothing for a name without a section of its own."""
        named = [section for section in (pipeline_name, *sections) if section]
        if not named or named[0] in OF_ANY_DESTINATION:
            return None, key
        return self._provider.get_value(key, hint, pipeline_name, *sections)

    def get_value_location(self, key: str, pipeline_name: str | None, *sections: str) -> str:
        """Returns where a value is from."""
        return self._provider.get_value_location(key, pipeline_name, *sections)

    @property
    def supports_secrets(self) -> bool:
        """Returns whether it may hold secrets."""
        return self._provider.supports_secrets

    @property
    def supports_sections(self) -> bool:
        """Returns whether it knows sections."""
        return self._provider.supports_sections

    @property
    def name(self) -> str:
        """The name for users."""
        return self._provider.name

    @property
    def is_empty(self) -> bool:
        """Returns whether it holds nothing."""
        return self._provider.is_empty
