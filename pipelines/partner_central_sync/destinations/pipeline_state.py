"""Finds the state of a pipeline in a destination: the one that was written last, by its own count.

dlt takes the state of the newest load, and loads are named by the clock of the machine that ran. A machine whose clock
is ahead would hide all that others store after it. States have a counter, which rises with every change.

A dataset that was copied under another name holds states of the pipeline that loaded the original. The newest of those
is taken, until this pipeline stores one of its own.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from dlt.common.destination.client import StateInfo, StorageSchemaInfo
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import TPipelineState
from dlt.common.schema import Schema
from dlt.common.schema.typing import C_DLT_ID, C_DLT_LOAD_ID, C_DLT_LOADS_TABLE_LOAD_ID
from dlt.common.time import ensure_datetime_in_tz
from dlt.common.versioned_state import (
    TVersionedState,
    compress_state,
    decompress_state,
    generate_state_version_hash,
)
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset
from dlt.pipeline.state_sync import generate_pipeline_state_version_hash, state_doc

from partner_central.public import SPINE, Stream

SOURCE = "partner_central"
OF_ACCOUNT = "__"  # between dataset and account in the name of a pipeline
OF_THE_RELEASE = ("destination_type", "destination_name")  # earlier releases stored the name of a module


class WithPipelineState(SqlJobClientWithStagingDataset):
    """A client of dlt, mixed in before the one of a database."""

    def get_stored_state(self, pipeline_name: str) -> StateInfo | None:  # type: ignore[override] # dlt's own is as well
        """The newest state of a pipeline; where it has none, of the one that loaded what this dataset is a copy of."""
        rows = self._states("AND pipeline_name = %s", "LIMIT 1", pipeline_name)
        return _info(rows[0]) if rows else self._state_of_original(pipeline_name)

    def get_stored_schema(self, schema_name: str | None = None) -> StorageSchemaInfo:
        """The newest schema, by its own count as well."""
        table = self.sql_client.make_qualified_table_name(self.schema.version_table_name)
        condition = "" if schema_name is None else " WHERE schema_name = %s"
        query = f"SELECT {self.version_table_schema_columns} FROM {table}{condition} ORDER BY version DESC, inserted_at DESC"  # noqa: E501, S608 - the schema's own names
        return self._row_to_schema_info(query, *([] if schema_name is None else [schema_name]))

    def get_newest_schema(self) -> Schema | None:
        """The newest schema that the tables of this source were made by; None if nothing was loaded."""
        try:
            found = self.get_stored_schema(SOURCE)
        except DestinationUndefinedEntity:
            return None
        return Schema.from_stored_schema(json.loads(found.schema)) if found else None

    def schema_names(self) -> set[str]:
        """The names of the schemas that sources have made tables by in this dataset, this source's and others'."""
        table = self.sql_client.make_qualified_table_name(self.schema.version_table_name)
        try:
            return {name for (name,) in self.sql_client.execute_sql(f"SELECT DISTINCT schema_name FROM {table}") or ()}  # noqa: S608 - dlt's own name
        except DestinationUndefinedEntity:
            return set()

    def pipeline_names(self) -> set[str]:
        """The pipelines that have loaded into this dataset."""
        try:
            return {_info(row).pipeline_name for row in self._states()}
        except DestinationUndefinedEntity:
            return set()

    def put_state(self, state: TPipelineState) -> None:
        """Stores a state of another pipeline, beside its newest one: as if that had been loaded with it."""
        newest = self.get_stored_state(state["pipeline_name"])
        doc: dict[str, Any] = dict(state_doc(state, (newest and newest._dlt_load_id) or ""))  # noqa: SLF001 - dlt's name
        doc |= {"created_at": datetime.now(UTC), C_DLT_ID: secrets.token_hex(8)}
        naming, sql = self.schema.naming, self.sql_client
        names = ", ".join(sql.escape_column_name(naming.normalize_identifier(name)) for name in doc)
        table = sql.make_qualified_table_name(self.schema.state_table_name)
        places = ", ".join(["%s"] * len(doc))
        sql.execute_sql(f"INSERT INTO {table} ({names}) VALUES ({places})", *doc.values())  # noqa: S608 - dlt's own names

    def _state_of_original(self, pipeline_name: str) -> StateInfo | None:
        """The newest state of a pipeline for the same account, under the name of this one."""
        for row in self._states():
            found = _info(row)
            if is_of_original(found.pipeline_name, found.state, pipeline_name):
                state = decompress_state(found.state)
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


def content_hash(state: TPipelineState) -> str:
    """Returns the hash of what a state holds, whichever release stored it.

    dlt's own hash differs between releases whose factory of the destination is in another module.
    """
    return generate_state_version_hash(cast("TVersionedState", state), ["_local", *OF_THE_RELEASE])


def state_of_source(state: Mapping[str, Any], stream: Stream = SPINE) -> dict[str, Any] | None:
    """Returns the part of the state of a pipeline that a stream has; None before it was read."""
    resources = state.get("sources", {}).get(SOURCE, {}).get("resources", {})
    return cast("dict[str, Any] | None", resources.get(stream.table))


def is_namesake(name: str, pipeline_name: str) -> bool:
    """Returns whether a pipeline by another name is for the same account."""
    return name != pipeline_name and name.partition(OF_ACCOUNT)[1:] == pipeline_name.partition(OF_ACCOUNT)[1:]


def is_of_original(name: str, state: str, pipeline_name: str) -> bool:
    """Returns whether a stored state is of a pipeline by another name that loads the same account."""
    return is_namesake(name, pipeline_name) and SOURCE in decompress_state(state).get("sources", {})


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
