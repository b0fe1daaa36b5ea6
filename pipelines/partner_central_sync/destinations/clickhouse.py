"""ClickHouse with dates as they are, and a key that tables of earlier releases lack.

dlt's type for a date, ClickHouse's Date, ends in 2149 and silently makes a later day its last one: a target close date
of 9999-12-31 would become 2149-06-06. Date32 holds it.

The key of `opportunities_rejected` was added to tables that had rows, so it may be null; ClickHouse orders a table by
such a column only by a setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.destinations import clickhouse as dlt_clickhouse
from dlt.destinations.adapters import clickhouse_adapter
from dlt.destinations.impl.clickhouse.factory import ClickHouseTypeMapper
from dlt.extract import DltResource, DltSource

from .base import Adapter, RefusedSetting


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


def make_keys_nullable(rejected: DltResource) -> None:
    """Lets the key of `opportunities_rejected` be null."""
    clickhouse_adapter(rejected, settings={"allow_nullable_key": True})


@dataclass(frozen=True)
class ClickHouseAdapter(Adapter):
    """ClickHouse."""

    def own_factory(self) -> type[Destination[Any, Any]]:
        """Returns the factory."""
        return clickhouse

    def adapt_source(self, source: DltSource) -> DltSource:
        """Lets the key of rejected records be null."""
        make_keys_nullable(source.resources["opportunities_rejected"])
        return source

    def update_statement(self, table: str, changes: str, condition: str) -> str:
        """Returns a mutation, which has ended when the statement has."""
        return f"ALTER TABLE {table} UPDATE {changes} WHERE {condition} SETTINGS mutations_sync = 2"


ADAPTERS = (
    ClickHouseAdapter(
        "clickhouse",
        drivers=("clickhouse_connect.", "clickhouse_driver."),
        refused_settings=(
            RefusedSetting(
                "dataset_table_separator", "name tables or columns otherwise than keys, lists and views do", "___"
            ),
        ),
        proof_columns="(id Int64) ENGINE = MergeTree ORDER BY id",
        out_of_reach="parts that are inactive but not yet deleted; backups; the query log",
    ),
)
