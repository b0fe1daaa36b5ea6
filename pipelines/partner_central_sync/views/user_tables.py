"""The tables that a user fills, for the views: exchange rates, and weights of stages.

They are made empty beside the views, and no sync writes a row into them. They are no part of the schema that loads
have. Something else of that name, without their columns, is left alone and read as if it were empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.job_client_impl import SqlJobClientBase

from ..destinations import of
from ..destinations.base import DEFAULT_DIALECT
from ..destinations.split_columns import SQL_TYPES


class UserTable(NamedTuple):
    """One such table.

    Attributes:
        name: what it is called.
        content: what it holds, in a line.
        columns: name, type and description of each of its columns.
    """

    name: str
    content: str
    columns: tuple[tuple[str, str, str], ...]

    def is_usable(self, columns: Mapping[str, Any]) -> bool:
        """Returns whether what stands under the name has the columns that the views read."""
        return {name for name, *_ in self.columns} <= {name.lower() for name in columns}


CURRENCY_RATES = UserTable(
    "currency_rates",
    "Exchange rates into the reporting currency, filled by you: partner-central rates import.",
    (
        ("from_currency", "text", "Code of the currency that is changed, such as EUR."),
        ("to_currency", "text", "Code of the reporting currency, such as USD; the same in every row."),
        ("rate", "double", "Amount in to_currency for one unit of from_currency."),
        ("valid_from", "date", "First day on which the rate is valid."),
    ),
)
STAGE_WEIGHTS = UserTable(
    "stage_weights",
    "Weights of stages in weighted_pipeline that differ from the default, filled by you.",
    (
        ("life_cycle_stage", "text", "Name of the stage, as AWS writes it."),
        ("weight", "double", "Probability with which its amounts count, from 0 to 1."),
    ),
)
USER_TABLES = {table.name: table for table in (CURRENCY_RATES, STAGE_WEIGHTS)}


def make_missing(client: SqlJobClientBase, stored: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Makes those of these tables that an open destination lacks, and returns the ones that the views can read.

    Args:
        client: of the destination.
        stored: the columns of what the destination has under their names; empty for nothing.
    """
    usable = set()
    for name, table in USER_TABLES.items():
        if stored[name]:
            usable |= {name} if table.is_usable(stored[name]) else set()
        elif make_table(client, table):
            usable.add(name)
    return usable


def make_table(client: SqlJobClientBase, table: UserTable) -> bool:
    """Makes a table; returns whether the destination lets this user."""
    import sqlglot

    columns = ", ".join(f"{name} {SQL_TYPES[kind]}" for name, kind, _ in table.columns)
    (statement,) = sqlglot.transpile(
        f"CREATE TABLE IF NOT EXISTS placeholder ({columns})",
        read=DEFAULT_DIALECT,
        write=of(client).dialect(client.capabilities),
    )
    qualified = client.sql_client.make_qualified_table_name(table.name)
    try:
        client.sql_client.execute_sql(statement.replace("placeholder", qualified, 1))
    except DatabaseException:
        return False
    return True
