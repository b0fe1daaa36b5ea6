"""Descriptions of columns, as comments in databases where dlt does not put them there itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dlt.common.schema import TSchemaTables
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset


class WithColumnComments(SqlJobClientWithStagingDataset):
    """A client of dlt, mixed in before the one of a database that knows COMMENT ON COLUMN."""

    def update_stored_schema(self, *arguments: Any, **options: Any) -> TSchemaTables | None:  # noqa: ANN401 - dlt's own
        """Creates or extends tables, and gives their new columns the schema's descriptions as comments.

        They are sent together: a transaction of its own for each of hundreds takes longer than the load.
        """
        applied = super().update_stored_schema(*arguments, **options)
        if not self.in_staging_dataset_mode and (comments := [*self._comments(applied or {})]):
            with self.maybe_ddl_transaction():
                self.sql_client.execute_many(comments)
        return applied

    def _comments(self, applied: TSchemaTables) -> Iterator[str]:
        """Yields the statements for what was created."""
        for table, changes in applied.items():
            name = self.sql_client.make_qualified_table_name(table)
            for column_name, column in changes["columns"].items():
                if description := column.get("description"):
                    member = f"{name}.{self.sql_client.escape_column_name(column_name)}"
                    yield f"COMMENT ON COLUMN {member} IS {literal(description)}"


def literal(text: str) -> str:
    """A text of the schema, as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
