"""Descriptions of columns, as comments in databases where dlt does not put them there itself."""

from __future__ import annotations

from typing import Any

from dlt.common.schema import TSchemaTables
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset


class WithColumnComments(SqlJobClientWithStagingDataset):
    """A client of dlt, mixed in before the one of a database that knows COMMENT ON COLUMN."""

    def update_stored_schema(self, *arguments: Any, **options: Any) -> TSchemaTables | None:  # noqa: ANN401 - dlt's own
        """Creates or extends tables, and gives their new columns the schema's descriptions as comments."""
        applied = super().update_stored_schema(*arguments, **options)
        for table, changes in (applied or {}).items() if not self.in_staging_dataset_mode else ():
            name = self.sql_client.make_qualified_table_name(table)
            for column_name, column in changes["columns"].items():
                if description := column.get("description"):
                    member = f"{name}.{self.sql_client.escape_column_name(column_name)}"
                    self.sql_client.execute_sql(f"COMMENT ON COLUMN {member} IS {literal(description)}")
        return applied


def literal(text: str) -> str:
    """A text of the schema, as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
