"""Settings of dlt: each is honoured, in tables and views, or refused with a sentence before AWS is asked anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import ConfigTomlProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.sync import dlt_settings
from partner_central_sync.sync.check import check
from partner_central_sync.sync.settings import Settings
from runs.test_tables import query
from sandbox import Sandbox
from variants import rarely

OF_A_RUN = {  # views that say when a run was
    *("data_freshness", "changes", "changes_last_7_days", "opportunity_versions", "review_periods"),
}
SCHEMA = {"module": "relational", "config": {"max_nesting": 0}}
REFUSED: list[tuple[str, Any]] = [
    ("pipelines.dataset_name", "elsewhere"),
    ("pipelines.partner_central.dataset_name", "elsewhere"),
    ("dataset_name", "elsewhere"),
    ("pipelines.dataset_name_layout", "my_%s"),
    ("pipelines.use_single_dataset", False),
    ("pipelines.dev_mode", True),
    ("dev_mode", True),
    ("pipelines.full_refresh", True),
    ("pipelines.refresh", "drop_sources"),
    ("refresh", "drop_data"),
    ("pipelines.restore_from_destination", False),
    ("pipelines.destination_name", "other"),
    ("pipelines.destination_type", "snowflake"),
    ("pipelines.staging_type", "filesystem"),
    ("pipelines.staging_name", "bucket"),
    ("pipelines.import_schema_path", "schemas"),
    ("destination.duckdb.destination_name", "other"),
    ("destination.duckdb.destination_type", "postgres"),
    ("destination.duckdb.dataset_name", "elsewhere"),
    ("destination.duckdb.staging_dataset_name_layout", "waiting"),
    ("destination.staging_dataset_name_layout", "%s_waiting"),
    ("destination.filesystem.layout", "{schema_name}/{table_name}/{load_id}.{file_id}.{ext}"),
    ("destination.bigquery.autodetect_schema", True),
    ("destination.bigquery.ignore_unknown_values", True),
    ("destination.clickhouse.dataset_table_separator", "__"),
    ("schema.naming", "direct"),
    ("sources.schema.naming", "sql_ci_v1"),
    ("sources.partner_central.schema.naming", "duck_case"),
    ("partner_central.schema.naming", "direct"),
    ("schema.json_normalizer", SCHEMA),
    ("schema.allow_identifier_change_on_table_with_data", True),
    ("schema.use_break_path_on_normalize", True),
    ("normalize.json_normalizer.add_dlt_id", False),
    ("normalize.json_normalizer.add_dlt_load_id", False),
    ("load.raise_on_max_retries", 0),
    ("load.auto_abort_on_terminal_error", True),
    ("load.load_volume_path", "elsewhere"),
    ("normalize.normalize_volume_path", "elsewhere"),
    ("schema.schema_volume_path", "elsewhere"),
    ("data_writer.coerce_timestamps", "s"),
    ("normalize.data_writer.coerce_timestamps", "ms"),
    ("data_writer.timestamp_timezone", "Europe/Berlin"),
    ("data_writer.flavor", "spark"),
    ("sources.partner_central.account", "acme"),
]
HONOURED: list[tuple[str, Any]] = [
    ("pipelines.pipeline_name", "mine"),
    ("pipelines.pipelines_dir", "elsewhere"),
    ("pipelines.dataset_name", "partner_central"),
    ("pipelines.export_schema_path", "exported"),
    ("pipelines.enable_runtime_trace", False),
    ("pipelines.progress", "log"),
    ("destination.duckdb.create_indexes", True),
    ("destination.duckdb.replace_strategy", "staging-optimized"),
    ("destination.duckdb.enable_dataset_name_normalization", False),
    ("destination.duckdb.info_tables_query_threshold", 1),
    ("destination.duckdb.environment", "test"),
    ("schema.naming", "snake_case"),
    ("schema.max_table_nesting", 0),
    ("extract.workers", 1),
    ("extract.max_parallel_items", 1),
    ("extract.next_item_mode", "fifo"),
    ("extract.data_writer.buffer_max_items", 1),
    ("normalize.workers", 1),
    ("normalize.data_writer.file_max_items", 7),
    ("normalize.data_writer.file_max_bytes", 2000),
    ("normalize.data_writer.disable_compression", False),
    ("normalize.parquet_normalizer.add_dlt_id", True),
    ("normalize.parquet_normalizer.add_dlt_load_id", True),
    ("normalize.model_normalizer.add_dlt_load_id", False),
    ("normalize.loader_file_format", "parquet"),
    ("load.workers", 1),
    ("load.parallelism_strategy", "sequential"),
    ("load.delete_completed_jobs", False),
    ("load.raise_on_failed_jobs", False),
    ("load.raise_on_max_retries", 2),
    ("load.truncate_staging_dataset", True),
    ("load.start_new_jobs_on_signal", True),
    ("load.loader_file_format", "insert_values"),
    ("data_writer.compression", "gzip"),
    ("data_writer.version", "1.0"),
    ("data_writer.row_group_size", 3),
    ("data_writer.coerce_timestamps", "us"),
    ("data_writer.allow_truncated_timestamps", True),
    ("data_writer.include_header", False),
    ("data_writer.delimiter", "|"),
    ("sources.partner_central.max_table_nesting", 0),
    ("sources.partner_central.schema_contract", "discard_row"),
    ("sources.partner_central.opportunities.max_table_nesting", 0),
    ("sources.partner_central.opportunities.selected", False),
    ("sources.partner_central.section", "other"),
    ("sources.partner_central.max_items", 3),
    ("sources.partner_central.add_limit", 3),
    ("sources.partner_central.write_disposition", "replace"),
    ("sources.partner_central.parallelized", True),
]
GROUPS = [HONOURED[first : first + 18] for first in range(0, len(HONOURED), 18)]  # each sets some at once
Configure = Callable[[str, Any], None]
Views = dict[str, list[tuple[Any, ...]]]


def _written(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_written(inner)}" for name, inner in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else repr(value)


@pytest.fixture(params=["environment", "config.toml"])
def configure(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Set one of dlt's settings, for this test, in one of two ways."""
    providers = Container()[PluggableRunContext].providers.providers
    before = list(providers)

    def by_environment(name: str, value: Any) -> None:
        monkeypatch.setenv(
            name.replace(".", "__").upper(), '{"module": "relational"}' if value is SCHEMA else str(value)
        )

    def by_file(name: str, value: Any) -> None:
        *sections, key = name.split(".")
        file = tmp_path / f"dlt{len(providers)}" / "config.toml"
        file.parent.mkdir()
        file.write_text((f"[{'.'.join(sections)}]\n" if sections else "") + f"{key} = {_written(value)}\n")
        providers.insert(1, ConfigTomlProvider(str(file.parent)))

    monkeypatch.chdir(tmp_path)
    yield by_environment if request.param == "environment" else by_file
    providers[:] = before


def settings_for(name: str, sandbox: Sandbox) -> Settings:
    """Settings of a sync to the destination that a setting is about."""
    group, _, rest = name.partition(".")
    destination = rest.split(".")[0] if group == "destination" and "." in rest else "duckdb"
    return replace(sandbox.settings(), destination=destination)


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=[name for name, _ in REFUSED])
def test_a_setting_that_would_make_a_run_wrong_is_refused_at_once(
    name: str, value: Any, configure: Configure, sandbox: Sandbox, emulator: Emulator
) -> None:
    if "." not in name and configure.__name__ == "by_environment":
        pytest.skip("the bare name is another program's: test_bare_names.py")
    configure(name, value)
    settings = settings_for(name, sandbox)
    with pytest.raises(ConfigurationError, match=r"The setting .* of dlt, from .*, would ") as refused:
        sandbox.sync(destination=settings.destination)
    assert name.rpartition(".")[2] in str(refused.value).lower()
    assert not emulator.calls
    assert not sandbox.database.exists()


@pytest.fixture(scope="module")
def few() -> Iterator[Emulator]:
    """A Partner Central with 30 opportunities."""
    with Emulator(opportunities=30, seed=1, rps=None) as running:
        yield running


@pytest.fixture(scope="module")
def usual(few: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Views:
    """The rows of every view where nothing is configured."""
    sandbox = Sandbox(tmp_path_factory.mktemp("usual"), few.endpoint)
    sandbox.sync()
    return rows_of_views(sandbox)


def rows_of_views(sandbox: Sandbox) -> Views:
    """The rows of every view; how many, where they say when a run was."""
    views = query(
        sandbox, "SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'partner_central'"
    )
    chosen = {view: "count(*)" if view in OF_A_RUN else "*" for (view,) in views}
    return {view: query(sandbox, f"SELECT {columns} FROM {view} ORDER BY ALL") for view, columns in chosen.items()}


@pytest.mark.long
@pytest.mark.parametrize("configure", ["config.toml", rarely("environment")], indirect=True)
@pytest.mark.parametrize("chosen", GROUPS, ids=[group[0][0] for group in GROUPS])
def test_settings_that_are_not_refused_change_neither_tables_nor_views(
    chosen: list[tuple[str, Any]], usual: Views, configure: Configure, tmp_path: Path, few: Emulator
) -> None:
    for name, value in chosen:
        configure(name, value)
    sandbox = Sandbox(tmp_path, few.endpoint)
    sandbox.sync()
    sandbox.assert_equals(few.truth())
    here = rows_of_views(sandbox)
    assert len(usual) > 5
    assert [view for view in usual.keys() | here.keys() if usual.get(view) != here.get(view)] == []
    assert sandbox.sync().changed == 0


def test_every_rule_has_a_test() -> None:
    tried = {(name.split(".")[0], name.rpartition(".")[2]) for name, _ in REFUSED}
    rules = {(rule.name.split(".")[0], rule.name.rpartition(".")[2]) for rule in dlt_settings.RULES}
    assert rules - tried == set()


@pytest.mark.parametrize("name", dlt_settings.OF_THE_ENVIRONMENT)
def test_what_dlt_reads_from_the_environment_alone_is_refused_too(
    name: str, sandbox: Sandbox, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "3")
    with pytest.raises(ConfigurationError, match=f"The setting {name} = 3 of dlt, from the environment"):
        sandbox.sync()
    assert not emulator.calls


def test_a_more_specific_section_says_it_for_this_pipeline_alone(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINES__DEV_MODE", "true")
    monkeypatch.setenv("PIPELINES__PARTNER_CENTRAL__DEV_MODE", "false")
    monkeypatch.setenv("SOURCES__OTHER__SCHEMA__NAMING", "direct")
    monkeypatch.setenv("PIPELINES__OTHER__DATASET_NAME", "elsewhere")
    dlt_settings.check(sandbox.settings())


def test_a_named_destination_is_refused_where_its_type_is_an_adapted_one(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__SALES__DESTINATION_TYPE", "dlt.destinations.postgres")
    with pytest.raises(ConfigurationError, match="Use --destination with its type"):
        dlt_settings.check(replace(sandbox.settings(), destination="sales"))
    monkeypatch.setenv("DESTINATION__SALES__DESTINATION_TYPE", "snowflake")
    dlt_settings.check(replace(sandbox.settings(), destination="sales"))


def test_the_command_ends_with_2_and_names_the_setting(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sandbox.command("sync", SCHEMA__NAMING="direct")
    assert ended.returncode == 2
    assert "The setting SCHEMA__NAMING = direct of dlt, from Environment Variables, would name tables" in ended.stderr
    assert not emulator.calls


def test_check_names_the_setting_as_well(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINES__REFRESH", "drop_sources")
    *_, finding = check(sandbox.settings())
    assert finding.code is ExitCode.CONFIGURATION
    assert "PIPELINES__REFRESH = drop_sources" in finding.text


@pytest.mark.parametrize("text", ['partner_central = "x"', '[sources]\npartner_central = "x"'])
def test_a_value_in_the_place_of_a_table_is_refused(sandbox: Sandbox, text: str) -> None:
    (sandbox.folder / ".dlt").mkdir()
    (sandbox.folder / ".dlt" / "config.toml").write_text(text)
    ended = sandbox.command("sync")
    assert (ended.returncode, "has to be a table of settings" in ended.stderr) == (2, True)
