"""The options of a run, and defaults that any configuration of dlt overrides."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

DEFAULT_DATABASE = "partner_central.duckdb"
PROVIDER = "defaults of partner-central"
DATASET = re.compile(r"(?!.*_staging$)[a-z][a-z0-9]*(_[a-z0-9]+)*")
DATASET_RULE = "small letters and digits, in words joined by one underscore, not ending in _staging, which is dlt's"
DATASETS = {"AWS": "partner_central", "Sandbox": "partner_central_sandbox"}


@dataclass(frozen=True)
class Settings:
    """One sync. What is None or empty is left to dlt's configuration of `sources.partner_central`, then to the source.

    Attributes:
        catalog: `AWS` or `Sandbox`.
        tables: streams, or groups of them, to load besides the opportunities; empty for the configured ones, or `bulk`.
        full: read everything again.
        since: LastModifiedDate at which a first or full load begins, ISO 8601.
        max_calls: calls this run may make.
        filters: filter name of the source to its values.
        destination: name of a dlt destination.
        dataset: dataset of the tables; by default the catalog's own.
        account: name of the account, in a column of every row, so that several accounts share the dataset.
        database: DuckDB file, instead of the configured one.
        pipelines_dir: where dlt's working folders are, instead of dlt's own place.
        source: further arguments of the source.
        pii: `keep`, `mask` or `drop` personal data.
        accept_removals: mark as gone what a full run finds no longer listed, however many they are.
        accept_account: load from another AWS account than the dataset was loaded from.
        details_share: share of a day's calls, 0 to 1, for what is read by ids; None for the configured one, or a fifth.
        polls: whether the cursor is followed, and not only what events name.
        events_queue: URL of the SQS queue with the events of this account and catalog; None without one.
        rows_per_chunk: rows after which a part of a long load is loaded; by default the source's own number.
    """

    catalog: str = "AWS"
    tables: tuple[str, ...] = ()
    full: bool = False
    since: str | None = None
    max_calls: int | None = None
    filters: dict[str, list[str]] | None = None
    destination: str = "duckdb"
    dataset: str | None = None
    account: str | None = None
    database: Path | None = None
    pipelines_dir: Path | None = None
    source: dict[str, Any] | None = None
    pii: str | None = None
    accept_removals: bool = False
    accept_account: bool = False
    events_queue: str | None = None
    details_share: float | None = None
    polls: bool = True
    rows_per_chunk: int | None = None

    @property
    def dataset_name(self) -> str:
        """The dataset rows go to."""
        return self.dataset or DATASETS.get(self.catalog, DATASETS["AWS"])

    @property
    def pipeline_name(self) -> str:
        """The pipeline, which has a cursor, a working folder and a lock of its own.

        There is one for each dataset, or for each account of a shared one. No dataset has two underscores in its name,
        so the two never meet.
        """
        return f"{self.dataset_name}__{self.account}" if self.account else self.dataset_name

    @cached_property
    def location(self) -> str:
        """The name of the destination for users, without secrets; empty where its configuration is incomplete."""
        from dlt.common.configuration.resolve import inject_section
        from dlt.common.configuration.specs.config_section_context import ConfigSectionContext

        from .. import destinations

        adapter = destinations.get(self.destination)
        with inject_section(ConfigSectionContext(pipeline_name=self.pipeline_name)), suppress(Exception):
            destination = adapter.destination(self.database)
            client: Any = SimpleNamespace(config=destination.configuration(destination.spec(), accept_partial=True))
            return adapter.display_location(client)
        return ""

    def source_arguments(self) -> dict[str, Any]:
        """Returns the arguments of the source `partner_central` that are given; where it is faster, rows are Arrow."""
        import dlt

        from .. import destinations

        undecided = dlt.config.get("sources.partner_central.arrow", bool) is None
        options = {
            "catalog": self.catalog,
            "tables": self.tables or None,
            "account": self.account,
            "full": self.full or None,
            "since": self.since,
            "max_calls": self.max_calls,
            "pii": self.pii,
            "accept_account": self.accept_account or None,
            "arrow": (undecided and destinations.get(self.destination).loads_arrow) or None,
        }
        filters = {name: values for name, values in (self.filters or {}).items() if values}
        return {name: value for name, value in options.items() if value is not None} | filters | (self.source or {})


def configured_destination() -> str:
    """Returns the destination of runs without one: `partner_central.destination` of dlt's configuration, or DuckDB."""
    import dlt

    return dlt.config.get("partner_central.destination", str) or "duckdb"


def configured_queue() -> str | None:
    """Returns the URL of the queue of events of runs without an account: `partner_central.events_queue`, or None."""
    import dlt

    return dlt.config.get("partner_central.events_queue", str) or None


def register_defaults(*, verbose: bool = False) -> None:
    """Puts this project's defaults below dlt's own configuration; call it before dlt is imported.

    Telemetry is off and dlt's own log is silent unless the environment has other values (a failure is reported once,
    by this program). DuckDB writes to `partner_central.duckdb` in the working folder, unless dlt's configuration
    (environment, `.dlt` files) names another place. Rows on their way are files that live for seconds. Compressing them
    costs a fifth of the processor time of a load; once loaded, they are deleted. Memory that Arrow frees goes back to
    the system.
    """
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "INFO" if verbose else "CRITICAL")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    import dlt
    from dlt.common.configuration.exceptions import DuplicateConfigProviderException
    from dlt.common.configuration.providers import CustomLoaderDocProvider

    defaults = {
        "destination": {"duckdb": {"credentials": str(Path(DEFAULT_DATABASE).absolute())}},
        "data_writer": {"disable_compression": True},
        "load": {"delete_completed_jobs": True},
    }
    from .bare_names import ignore_bare_names, ignore_shared_files
    from .run_context import leave_out_http

    leave_out_http()
    ignore_shared_files()
    ignore_bare_names()
    with suppress(DuplicateConfigProviderException):  # a process may run several
        dlt.config.register_provider(CustomLoaderDocProvider(PROVIDER, lambda: defaults, locations=[__name__]))
