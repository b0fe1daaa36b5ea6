"""Says of a table, without a copy of it, whether its rows are staged and whether it is emptied before a load.

For every table, dlt asks this of every table of the same root, each time with a copy of the table and a look at its
configuration. With fifty lists below one record that was a quarter of the time of a load.
"""

from __future__ import annotations

from dlt.common.schema.utils import get_write_disposition
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset

NEEDS_A_COPY = "replace"  # the one disposition whose answer depends on more: on the strategy that is configured


class WithStagedTables(SqlJobClientWithStagingDataset):
    """A client of dlt, mixed in behind the one of a database, whose own answers stay in front."""

    def should_load_data_to_staging_dataset(self, table_name: str) -> bool:
        """Returns whether the rows of a table go through the staging dataset."""
        disposition = get_write_disposition(self.schema.tables, table_name)
        if disposition == NEEDS_A_COPY:
            return bool(super().should_load_data_to_staging_dataset(table_name))
        return disposition == "merge"

    def should_truncate_table_before_load(self, table_name: str) -> bool:
        """Returns whether a table is emptied before rows are loaded into it."""
        disposition = get_write_disposition(self.schema.tables, table_name)
        return disposition == NEEDS_A_COPY and bool(super().should_truncate_table_before_load(table_name))
