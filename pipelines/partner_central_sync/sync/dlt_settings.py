"""Refuses settings of dlt that would make a run wrong in silence, before any call to AWS.

A folder, a machine or an image may configure dlt for other programs as well. What only costs or saves time, memory or
room (workers, files, compression, indexes) holds here too. What would change where rows go, how tables and columns are
named, which rows and values arrive, or whether a failure is one, is in `RULES`. They are looked up where dlt looks:
the environment, `.dlt/config.toml`, `.dlt/secrets.toml` and whatever else provides its configuration, from the most
specific section to none. In the environment a name without a section is nobody's: see `bare_names.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigProvider, EnvironProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from partner_central.public import ConfigurationError

from .. import destinations
from .settings import Settings

SOURCE = "partner_central"
Accepts = Callable[[str, Settings], bool]


class Rule(NamedTuple):
    """One setting.

    Attributes:
        name: group and key, as in dlt's documentation; `_lookups` has the places of each group.
        would: what any value does that is not accepted.
        do: what the user is to do instead.
        accepts: whether a value, as text in small letters, changes nothing.
        is_table: whether it is a table of settings itself.
    """

    name: str
    would: str
    do: str = "Take it out"
    accepts: Accepts = lambda _, __: False
    is_table: bool = False


def _any_of(*values: str) -> Accepts:
    return lambda value, _: value in values


def _is_dataset(value: str, settings: Settings) -> bool:
    return value == settings.dataset_name


def _is_destination(value: str, settings: Settings) -> bool:
    return value == settings.destination


def _is_type(value: str, settings: Settings) -> bool:
    """Returns whether a destination of that type, under its name, is written to as one with the name of its type."""
    kind = value.rpartition(".")[2]
    if kind == settings.destination:
        return True
    return all(destinations.get(name).own_factory() is None for name in (kind, settings.destination))


def _is_of_shared_dataset(_: str, settings: Settings) -> bool:
    return settings.account is not None


ELSEWHERE = "make dlt {} in another place than this program looks for them"
OTHERWISE = "name tables or columns otherwise than keys, lists and views do"
ON_THEIR_WAY = "keep what is on its way where runs do not look for it"
DATASET_DO = "Use --dataset, and take it out"
RULES = (
    Rule("pipelines.dataset_name", ELSEWHERE.format("look for the tables"), DATASET_DO, _is_dataset),
    Rule("pipelines.dataset_name_layout", ELSEWHERE.format("put the tables"), DATASET_DO, _any_of("%s")),
    Rule("pipelines.use_single_dataset", ELSEWHERE.format("put the tables"), accepts=_any_of("true")),
    Rule("pipelines.dev_mode", "load everything again into a new dataset at every run", accepts=_any_of("false")),
    Rule("pipelines.full_refresh", "load everything again into a new dataset at every run", accepts=_any_of("false")),
    Rule("pipelines.refresh", "drop tables and the cursor, and with them what AWS cannot give again"),
    Rule("pipelines.restore_from_destination", "keep the cursor in this folder only", accepts=_any_of("true")),
    Rule("pipelines.destination_name", "configure another destination", "Use --destination", _is_destination),
    Rule("pipelines.destination_type", "name another destination", "Use --destination, and take it out", _is_type),
    Rule("pipelines.staging_type", "copy rows through a bucket, which is not tried, nor cleaned by forget"),
    Rule("pipelines.staging_name", "copy rows through a bucket, which is not tried, nor cleaned by forget"),
    Rule("pipelines.import_schema_path", "take names, types and contracts of columns from a file"),
    Rule("destination.destination_name", "configure another destination", "Use --destination", _is_destination),
    Rule("destination.destination_type", "name another destination", "Use --destination with its type", _is_type),
    Rule("destination.dataset_name", ELSEWHERE.format("look for the tables"), DATASET_DO, _is_dataset),
    Rule("destination.staging_dataset_name_layout", "let runs meet where rows wait", accepts=_any_of("%s_staging")),
    Rule("schema.naming", OTHERWISE, accepts=_any_of("snake_case", "dlt.common.normalizers.naming.snake_case")),
    Rule("schema.json_normalizer", "take lists apart otherwise, or leave them out", is_table=True),
    Rule("schema.allow_identifier_change_on_table_with_data", OTHERWISE, accepts=_any_of("false")),
    Rule("schema.use_break_path_on_normalize", OTHERWISE),
    Rule("normalize.json_normalizer.add_dlt_id", "leave lists without their rows", accepts=_any_of("true")),
    Rule("normalize.json_normalizer.add_dlt_load_id", "leave rows without their load", accepts=_any_of("true")),
    Rule("load.raise_on_max_retries", "never end a load that fails", accepts=lambda value, _: value != "0"),
    Rule("load.auto_abort_on_terminal_error", "drop what an interrupted run left", accepts=_any_of("false")),
    Rule("load.load_volume_path", ON_THEIR_WAY),
    Rule("normalize.normalize_volume_path", ON_THEIR_WAY),
    Rule("schema.schema_volume_path", ON_THEIR_WAY),
    Rule("data_writer.coerce_timestamps", "cut dates short", accepts=_any_of("us", "ns")),
    Rule("data_writer.timestamp_timezone", "store dates in another time zone", accepts=_any_of("utc")),
    Rule("data_writer.flavor", "rename columns, and store dates in an old format"),
    Rule(
        "sources.account",
        "add a column to every table of a dataset of one account",
        "List the account with account_column = true ([[partner_central.accounts]]), use --account, and take it out",
        _is_of_shared_dataset,
    ),
)
OF_THE_ENVIRONMENT = {
    "DLT_DEFAULT_NAMING_MODULE": (OTHERWISE, "snake_case"),
    "DLT_DEFAULT_NAMING_NAMESPACE": (OTHERWISE, "dlt.common.normalizers.naming"),
    "DLT_DLT_ID_LENGTH_BYTES": ("let ids of rows meet, and rows with them", "10"),
    "DLT_INTERVAL_TIMEZONE": ("store dates in another time zone", "UTC"),
}


def check(settings: Settings) -> None:
    """Returns whether dlt is configured so that a run can be right.

    Raises:
        ConfigurationError: it is not; the message names the setting, its place, and what to do.
    """
    for name, (would, accepted) in OF_THE_ENVIRONMENT.items():
        if os.environ.get(name, accepted) != accepted:
            raise _refusal(name, os.environ[name], "the environment", would, "Take it out")
    for sections in ((), ("sources",)):
        _require_table(sections)
    for rule in (*RULES, *_of_destination(settings)):
        for where in _lookups(rule, settings):
            found = _look_up(rule, where, settings)
            if found and not rule.accepts(str(found[1]).strip().lower(), settings):
                raise _refusal(*found, rule.would, rule.do)


def _require_table(sections: tuple[str, ...]) -> None:
    """Refuses a value in the place of a table of settings. In the environment, a name without a section is nobody's."""
    for provider in _providers():
        value, name = provider.get_value(SOURCE, Any, "", *sections)
        in_files = sections or provider.name != EnvironProvider().name
        if in_files and value is not None and not isinstance(value, Mapping):
            place = ".".join((*sections, SOURCE))
            raise ConfigurationError(
                f"{name} in {provider.name} is a value, and has to be a table of settings. Write [{place}] in a line "
                "of its own, and the settings below."
            )


def _of_destination(settings: Settings) -> Iterator[Rule]:
    """Yields the rules that only one destination has."""
    for setting in destinations.get(settings.destination).refused_settings:
        yield Rule(f"destination.{setting.key}", setting.would, accepts=_any_of(setting.accepted))


def _refusal(name: str, value: object, place: str, would: str, do: str) -> ConfigurationError:
    return ConfigurationError(f"The setting {name} = {value} of dlt, from {place}, would {would}. {do}.")


def _lookups(rule: Rule, settings: Settings) -> list[list[tuple[str, ...]]]:
    """Returns where a setting is looked up, most specific first; each list is one use that dlt makes of it."""
    group, *below = rule.name.split(".")[:-1]
    match group:
        case "pipelines":
            return [_sections_from(group, settings.pipeline_name)]
        case "destination":
            return [_sections_from(group, settings.destination)]
        case "sources":
            return [[(group, SOURCE, SOURCE), (group, SOURCE)]]
        case "schema":
            return [[("sources", SOURCE, group), ("sources", group), (group,)]]
        case "data_writer":
            steps: tuple[tuple[str, ...], ...] = (("extract",), ("normalize",), ("load",), ("sources", SOURCE))
            return [[(*step, group), (group,)] for step in steps]
        case _:
            return [[(group, *below), tuple(below)]]


def _sections_from(*sections: str) -> list[tuple[str, ...]]:
    return [sections[:length] for length in range(len(sections), -1, -1)]


def _look_up(rule: Rule, where: list[tuple[str, ...]], settings: Settings) -> tuple[str, Any, str] | None:
    """A setting as dlt would find it: its full name, its value, and who provides it."""
    key = rule.name.rpartition(".")[2]
    for pipeline in (settings.pipeline_name, None):
        for provider in _providers():
            for sections in where:
                value, name = provider.get_value(key, Any, pipeline or "", *sections)
                if value is not None and (rule.is_table or not isinstance(value, Mapping)):
                    return name, value, provider.name
    return None


def _providers() -> Iterator[ConfigProvider]:
    yield from Container()[PluggableRunContext].providers.providers
