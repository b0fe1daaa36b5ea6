"""Options from the source's own section of dlt's configuration, and from nowhere else.

dlt looks an argument up in ever shorter sections, at last by its bare name. An environment variable `SINCE` or `FULL`,
which is there for another program, would change what is read. So only `sources.partner_central` counts, and the
section of the pipeline's name above it. Values are found in every place that dlt has: environment, files, vaults.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from dlt.common.configuration.container import Container
from dlt.common.configuration.exceptions import ConfigValueCannotBeCoercedException, ValueNotSecretException
from dlt.common.configuration.specs.base_configuration import (
    BaseConfiguration,
    configspec,
    extract_inner_hint,
    is_secret_hint,
)
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.configuration.utils import deserialize_value
from dlt.common.typing import get_type_globals, resolve_single_annotation
from dlt.sources.credentials import AwsCredentials

from .errors import ConfigurationError

P = ParamSpec("P")
R = TypeVar("R")
SECTIONS = ("sources", "partner_central")
CREDENTIALS = "credentials"
KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "profile_name", "region_name")
PLACEHOLDER = "<configure me>"  # what `dlt init` leaves in secrets.toml


@configspec
class NothingInjected(BaseConfiguration):
    """Nothing that dlt looks up for a source by itself."""


def from_own_section(function: Callable[P, R]) -> Callable[P, R]:
    """Returns a function that takes what it is not given from the own section, and else its default.

    Raises:
        ConfigurationError: when called: a value has another type.
    """
    signature, names = inspect.signature(function), get_type_globals(function)
    hints = {
        name: resolve_single_annotation(one.annotation, globalns=names) for name, one in signature.parameters.items()
    }

    @wraps(function)
    def filled(*args: P.args, **kwargs: P.kwargs) -> R:
        given = signature.bind_partial(*args, **kwargs).arguments
        for name in signature.parameters:
            if hints[name] is AwsCredentials:
                given[name] = _credentials(given.get(name))
            elif name not in given and hints[name] is not Any and (value := own_value(name, hints[name])) is not None:
                given[name] = value
        return function(**given)  # type: ignore[call-arg] # what is missing has a default

    return filled


def own_value(name: str, hint: Any, *below: str) -> Any:  # noqa: ANN401 - of the hint's type
    """Returns a value of the own section as the type of a hint; None where there is none.

    Args:
        name: the key.
        hint: a type as in a signature.
        below: sections below the own one.

    Raises:
        ConfigurationError: the value has another type, or is a secret in a place that is not for secrets.
    """
    value = _look_up(name, hint, *below)
    if value is None or value == PLACEHOLDER:
        return None
    try:
        return deserialize_value(name, value, extract_inner_hint(hint, preserve_literal=True))
    except (ConfigValueCannotBeCoercedException, ValueError, TypeError):
        raise ConfigurationError(
            f"{'.'.join((*SECTIONS, *below, name))} has a value of another type than the setting: see the settings."
        ) from None


def _look_up(name: str, hint: Any, *below: str) -> Any:  # noqa: ANN401
    """Returns the value that the first provider has, for this pipeline before any pipeline."""
    context = Container()[ConfigSectionContext]
    for pipeline in dict.fromkeys((context.pipeline_name, None)):
        for provider in Container()[PluggableRunContext].providers.providers:
            for sections in _own_sections(context.sections):
                value, key = provider.get_value(name, hint, pipeline, *sections, *below)
                if value is not None and is_secret_hint(hint) and not provider.supports_secrets:
                    raise ValueNotSecretException(provider.name, key)
                if value is not None:
                    return value
    return None


def _own_sections(active: tuple[str, ...] | None) -> Iterator[tuple[str, ...]]:
    """Yields the sections of the source that is called, which may be a clone with another name, from long to short."""
    if active and len(active) == len(SECTIONS) + 1 and active[0] == SECTIONS[0]:
        group, section, name = active
        yield active
        yield from dict.fromkeys([(group, section), (group, name)])
    else:
        yield (*SECTIONS, SECTIONS[-1])
        yield SECTIONS


def _credentials(given: Any) -> AwsCredentials:  # noqa: ANN401 - whatever stands for credentials
    """Returns credentials: those given, or the keys and the profile of the own section; without keys, boto3's own."""
    if isinstance(given, AwsCredentials):
        return given
    credentials = AwsCredentials()
    found = given if given is not None else {name: _key(name) for name in KEYS}
    if not isinstance(found, Mapping):
        credentials.parse_native_representation(found)  # a session of boto3 or botocore
        return credentials
    for name, value in found.items():
        setattr(credentials, name, value)
    return credentials


def _key(name: str) -> Any:  # noqa: ANN401 - text, or None
    return own_value(name, AwsCredentials.get_resolvable_fields()[name], CREDENTIALS)
