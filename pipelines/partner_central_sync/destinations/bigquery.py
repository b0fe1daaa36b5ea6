"""BigQuery with amounts as wide as everywhere else, and opportunities ordered by when they changed.

dlt maps decimal(38, 2) to NUMERIC(38, 2). BigQuery refuses that: a NUMERIC has at most 29 digits before the point. A
BIGNUMERIC(38, 2) has the 36 that the column has elsewhere.

The table of opportunities is partitioned by the month of last_modified_date and clustered on id. By month, not by day:
a table has at most 10,000 partitions, and one statement may change 4,000. By day, a first load of eleven years would
exceed that, and a day's changes are too few for a partition.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.destination.client import JobClientBase
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations import bigquery as dlt_bigquery
from dlt.destinations.adapters import bigquery_adapter
from dlt.destinations.impl.bigquery.bigquery_adapter import PartitionTransformation
from dlt.destinations.impl.bigquery.factory import BigQueryTypeMapper
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.extract import DltResource, DltSource

from partner_central.public import SPINE

from .base import Adapter, RefusedSetting
from .errors import WrongQuery

if TYPE_CHECKING:
    from sqlglot import exp

NUMERIC_WHOLE_DIGITS = 29
PARTITION = PartitionTransformation("TIMESTAMP_TRUNC({column_name}, MONTH)", "last_modified_date")


class TypeMapper(BigQueryTypeMapper):
    """dlt's mapping of types, with decimals that BigQuery takes."""

    def to_db_decimal_type(self, column: TColumnSchema) -> str:
        """NUMERIC, or BIGNUMERIC where it has too few digits before the point.

        See https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#parameterized_decimal_type
        """
        precision = self.decimal_precision(column.get("precision"), column.get("scale"))
        if precision and precision[0] - precision[1] > NUMERIC_WHOLE_DIGITS:
            return "BIGNUMERIC({},{})".format(*precision)
        return super().to_db_decimal_type(column)


class bigquery(dlt_bigquery):  # noqa: N801 - the class name is the name of its configuration section
    """dlt's `bigquery` destination and settings, with amounts of 36 digits before the point."""

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.type_mapper = TypeMapper
        return capabilities


def partition_by_modified(opportunities: DltResource) -> DltResource:
    """The resource, partitioned and clustered when its table is made."""
    return bigquery_adapter(opportunities, partition=PARTITION, cluster="id")


@dataclass(frozen=True)
class BigQueryAdapter(Adapter):
    """BigQuery."""

    def own_factory(self) -> type[Destination[Any, Any]]:
        """Returns the factory."""
        return bigquery

    def adapt_source(self, source: DltSource) -> DltSource:
        """Partitions and clusters the opportunities, if they are among what is loaded."""
        if SPINE.table in source.resources:
            partition_by_modified(source.resources[SPINE.table])
        return source

    def adapt_view(self, query: exp.Expr) -> None:
        """Replaces the function and the numbers that BigQuery does not have."""
        from .bigquery_queries import adapt

        adapt(query)

    def table_names(self, client: JobClientBase, dataset: str) -> list[str]:
        """Returns the names of the tables of a dataset, from its own INFORMATION_SCHEMA: there is none of all."""
        sql = cast("SqlJobClientBase", client).sql_client
        with sql.with_alternative_dataset_name(dataset):
            place = ".".join(sql.make_qualified_table_name_path(None))
        rows = sql.execute_sql(f"SELECT table_name FROM {place}.INFORMATION_SCHEMA.TABLES")  # noqa: S608 - dlt's names
        return [str(row[0]) for row in rows or ()]

    @contextmanager
    def stream(self, client: SqlJobClientBase, query: str) -> Iterator[Any]:
        """Opens a cursor on a query that BigQuery calls a SELECT in a dry run, which costs nothing.

        Raises:
            WrongQuery: it is something else.
        """
        from google.cloud.bigquery import QueryJobConfig

        dataset = client.sql_client.fully_qualified_dataset_name(quote=False)
        trial = QueryJobConfig(dry_run=True, use_query_cache=False, default_dataset=dataset)
        kind = client.sql_client.native_connection.query(query, job_config=trial).statement_type
        if kind != "SELECT":
            raise WrongQuery(f"BigQuery takes this for a statement of the kind {kind}: a query is one SELECT.")
        with super().stream(client, query) as cursor:
            yield cursor


ADAPTERS = (
    BigQueryAdapter(
        "bigquery",
        drivers=("google.",),
        view_store="bigquery.BigQueryViews",
        refused_settings=(
            RefusedSetting("autodetect_schema", "guess types", "false"),
            RefusedSetting("ignore_unknown_values", "drop values in silence", "false"),
        ),
        outside=frozenset({"external_query"}),
        not_guaranteed="Queries are run as the user that loads. BigQuery confirms in a dry run that each is a SELECT, "
        "but it can call what this user may: remote functions, and databases behind connections.",
        out_of_reach="time travel (two to seven days), then seven days of fail-safe; table snapshots; job history",
    ),
)
