"""ClickHouse with dates as they are, and a key that tables of earlier releases lack.

dlt's type for a date, ClickHouse's Date, ends in 2149 and silently makes a later day its last one: a target close date
of 9999-12-31 would become 2149-06-06. Date32 holds it.

The key of `opportunities_rejected` was added to tables that had rows, so it may be null; ClickHouse orders a table by
such a column only by a setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.destination.client import JobClientBase
from dlt.destinations import clickhouse as dlt_clickhouse
from dlt.destinations.adapters import clickhouse_adapter
from dlt.destinations.impl.clickhouse.factory import ClickHouseTypeMapper
from dlt.extract import DltResource, DltSource

from . import clickhouse_rows
from .base import Adapter, RefusedSetting

if TYPE_CHECKING:
    from dlt.destinations.impl.clickhouse.clickhouse import ClickHouseClient
    from dlt.destinations.job_client_impl import SqlJobClientBase
    from sqlglot import exp


TEXT_OR_COMMENT = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|--[^\n]*|/\*.*?\*/""", re.DOTALL)
SEMICOLON = r"\x3B"  # as ClickHouse reads it in a text


class TypeMapper(ClickHouseTypeMapper):
    """dlt's mapping of types, with the wider of the two for dates."""

    sct_to_unbound_dbt = {**ClickHouseTypeMapper.sct_to_unbound_dbt, "date": "Date32"}  # noqa: RUF012 - as dlt has it
    dbt_to_sct = {**ClickHouseTypeMapper.dbt_to_sct, "Date32": "date"}  # noqa: RUF012


class clickhouse(dlt_clickhouse):  # noqa: N801 - the class name is the name of its configuration section
    """dlt's `clickhouse` destination and settings, with dates of every year."""

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.type_mapper = TypeMapper
        return capabilities

    @property
    def client_class(self) -> type[ClickHouseClient]:
        """The client dlt loads with."""
        from .clickhouse_client import WholeStatementsClient

        return WholeStatementsClient


def hide_semicolons(query: str) -> str:
    """Returns a query with every semicolon in a text as a code; those between statements stay."""
    return TEXT_OR_COMMENT.sub(lambda found: found[0].replace(";", SEMICOLON), query) if ";" in query else query


def make_keys_nullable(resource: DltResource) -> None:
    """Lets columns of a key be null, such as the key of a rejected record, or the order of an early version."""
    clickhouse_adapter(resource, settings={"allow_nullable_key": True})


@dataclass(frozen=True)
class ClickHouseAdapter(Adapter):
    """ClickHouse."""

    def own_factory(self) -> type[Destination[Any, Any]]:
        """Returns the factory."""
        return clickhouse

    def adapt_source(self, source: DltSource) -> DltSource:
        """Lets columns of keys be null, in every table."""
        for resource in source.resources.values():
            make_keys_nullable(resource)
        return source

    def update_statement(self, table: str, changes: str, condition: str) -> str:
        """Returns a mutation, which has ended when the statement has."""
        return f"ALTER TABLE {table} UPDATE {changes} WHERE {condition} SETTINGS mutations_sync = 2"

    def dataset_names(self, client: JobClientBase) -> set[str]:
        """Returns the names before the separator in those of all tables: ClickHouse has no schemas."""
        return {dataset for dataset, _ in clickhouse_rows.places(client)}

    def table_names(self, client: JobClientBase, dataset: str) -> list[str]:
        """Returns the names of the tables of a dataset, without the one that says that it is there."""
        return [table for of, table in clickhouse_rows.places(client) if of == dataset]

    def change_rows(self, client: JobClientBase, table: str, values: Mapping[str, str], condition: str) -> None:
        """Changes the rows of a table that meet a condition, also what is a key in them."""
        rest = clickhouse_rows.change_keys(client, table, values, condition)
        if rest:
            super().change_rows(client, table, rest, condition)

    def free_blocks(self, client: SqlJobClientBase, tables: Iterable[str]) -> str | None:
        """Writes the parts of tables again without the rows that were deleted."""
        for table in tables:
            name = client.sql_client.make_qualified_table_name(table)
            client.sql_client.execute_sql(f"ALTER TABLE {name} APPLY DELETED MASK SETTINGS mutations_sync = 2")
        return "deleted rows: removed from the tables' parts"

    def adapt_view(self, query: exp.Expr) -> None:
        """Names columns and makes them nullable, as other databases do by themselves."""
        from .clickhouse_queries import adapt

        adapt(query)

    def set_read_only(self, client: JobClientBase) -> None:
        """Sends every statement with `readonly`: ClickHouse then refuses writes, settings, and tables from outside."""
        credentials = cast("ClickHouseClient", client).config.credentials
        credentials.query = {**(credentials.query or {}), "readonly": 1}


ADAPTERS = (
    ClickHouseAdapter(
        "clickhouse",
        drivers=("clickhouse_connect.", "clickhouse_driver."),
        view_store="warehouses.ClickHouseViews",
        refused_settings=(
            RefusedSetting(
                "dataset_table_separator", "name tables or columns otherwise than keys, lists and views do", "___"
            ),
        ),
        commands=frozenset({"SHOW", "DESCRIBE", "DESC", "EXPLAIN"}),
        outside=frozenset(
            {"azureblobstorage", "cluster", "clusterallreplicas", "deltalake", "executable", "file", "gcs", "hdfs"}
            | {"hudi", "iceberg", "input", "jdbc", "mongodb", "mysql", "odbc", "postgresql", "redis", "remote"}
            | {"remotesecure", "s3", "s3cluster", "sqlite", "url", "urlcluster", "ytsaurus"}
        ),
        not_guaranteed="Queries are run as the user that loads, with readonly=1: ClickHouse refuses to write, and to "
        "read URLs, files and other servers as tables. They can read every table and dictionary that this user may.",
        proof_columns="(id Int64) ENGINE = MergeTree ORDER BY id",
        out_of_reach="parts that are inactive but not yet deleted; backups; the query log",
    ),
)
