"""ClickHouse with dates as they are, and a key that tables of earlier releases lack.

dlt's type for a date, ClickHouse's Date, ends in 2149 and silently makes a later day its last one: a target close date
of 9999-12-31 would become 2149-06-06. Date32 holds it.

The key of `opportunities_rejected` was added to tables that had rows, so it may be null; ClickHouse orders a table by
such a column only if told to.
"""

from __future__ import annotations

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.destinations import clickhouse as dlt_clickhouse
from dlt.destinations.adapters import clickhouse_adapter
from dlt.destinations.impl.clickhouse.factory import ClickHouseTypeMapper
from dlt.extract import DltResource


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


def make_keys_not_null(rejected: DltResource) -> None:
    """Let the key of `opportunities_rejected` be null."""
    clickhouse_adapter(rejected, settings={"allow_nullable_key": True})
