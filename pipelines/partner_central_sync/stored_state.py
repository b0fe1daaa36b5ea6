"""Which of the states in a destination is the pipeline's: the one that was written last, by its own count.

dlt takes the one of the newest load, and loads are named by the clock of the machine that ran: one whose clock is ahead
would hide all that others store after it. States have a counter, which rises with every change.

A dataset that was copied under another name holds states of the pipeline that loaded the original. The newest of those
is taken, until this pipeline stores one of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any, cast

from dlt.common.destination.client import StateInfo, StorageSchemaInfo
from dlt.common.schema.typing import C_DLT_LOAD_ID, C_DLT_LOADS_TABLE_LOAD_ID
from dlt.common.time import ensure_datetime_in_tz
from dlt.common.versioned_state import TVersionedState, compress_state, decompress_state
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset
from dlt.pipeline.state_sync import generate_pipeline_state_version_hash

SOURCE = "partner_central"
OF_ACCOUNT = "__"  # between dataset and account in the name of a pipeline


class StoredState(SqlJobClientWithStagingDataset):
    """A client of dlt, mixed in before the one of a database."""

    def get_stored_state(self, pipeline_name: str) -> StateInfo | None:  # type: ignore[override] # dlt's own is as well
        """The newest state of a pipeline; where it has none, of the one that loaded what this dataset is a copy of."""
        rows = self._states("AND pipeline_name = %s", "LIMIT 1", pipeline_name)
        return _info(rows[0]) if rows else self._adopted(pipeline_name)

    def get_stored_schema(self, schema_name: str | None = None) -> StorageSchemaInfo:
        """The newest schema, by its own count as well."""
        table = self.sql_client.make_qualified_table_name(self.schema.version_table_name)
        condition = "" if schema_name is None else " WHERE schema_name = %s"
        query = f"SELECT {self.version_table_schema_columns} FROM {table}{condition} ORDER BY version DESC, inserted_at DESC"  # noqa: E501, S608 - the schema's own names
        return self._row_to_schema_info(query, *([] if schema_name is None else [schema_name]))

    def _adopted(self, pipeline_name: str) -> StateInfo | None:
        """The newest state of a pipeline for the same account, under the name of this one."""
        account = pipeline_name.partition(OF_ACCOUNT)[1:]
        for row in self._states():
            found = _info(row)
            if found.pipeline_name.partition(OF_ACCOUNT)[1:] != account:
                continue
            state = decompress_state(found.state)
            if SOURCE in state.get("sources", {}):
                state["pipeline_name"] = pipeline_name
                state["_version_hash"] = generate_pipeline_state_version_hash(state)  # type: ignore[arg-type]
                return replace(found, pipeline_name=pipeline_name, state=compress_state(cast("TVersionedState", state)))
        return None

    def _states(self, condition: str = "", limit: str = "", *values: object) -> Sequence[Sequence[Any]]:
        """The rows of loaded states, newest first."""
        states = self.sql_client.make_qualified_table_name(self.schema.state_table_name)
        loads = self.sql_client.make_qualified_table_name(self.schema.loads_table_name)
        load, loaded = map(self.sql_client.escape_column_name, (C_DLT_LOAD_ID, C_DLT_LOADS_TABLE_LOAD_ID))
        query = (
            f"SELECT {self.state_table_columns} FROM {states} AS s JOIN {loads} AS l ON l.{loaded} = s.{load} "  # noqa: S608
            f"WHERE l.status = 0 {condition} ORDER BY version DESC, {loaded} DESC {limit}"
        )
        with self.sql_client.execute_query(query, *values) as cursor:
            return cursor.fetchall()


def _info(row: Iterable[Any]) -> StateInfo:
    version, engine, pipeline, state, created, load, *_ = row
    return StateInfo(
        version=version,
        engine_version=engine,
        pipeline_name=pipeline,
        state=state,
        created_at=ensure_datetime_in_tz(created, UTC),
        _dlt_load_id=load,
    )
