"""The types that columns have in the destination: what is stored decides, whatever dlt's schema or a model says."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

import dlt
from dlt.common.configuration.container import Container
from dlt.common.destination.client import JobClientBase, WithStateSync
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.pipeline import PipelineContext
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TColumnType
from dlt.common.schema.utils import new_table
from dlt.destinations.job_client_impl import SqlJobClientBase

from .types import AMOUNT_SCALE

Types = Mapping[str, str]  # of columns, by name: a ColumnType, or what no column of ours can be


def stored_columns(tables: Collection[str]) -> dict[str, Types]:
    """The types of the columns of those tables that the destination of the pipeline under way has.

    A column that the pipeline's schema has under another type than the destination has neither of them. One that only
    the schema has is about to be made, and has that type.

    Raises:
        Exception: the destination's own, when it cannot be asked.
    """
    pipeline = active_pipeline()
    if pipeline is None or pipeline.destination is None:
        return {}
    client = pipeline.destination_client()
    schema = pipeline.default_schema if pipeline.default_schema_name else None
    with client:
        if not client.is_storage_initialized():
            return {}
        found = _of_lake(client, tables) or _of_database(client, tables, schema)
        if not found and not isinstance(client, SqlJobClientBase):
            schema = _stored_schema(client, schema)
    known = {table: _declared(schema, table) for table in tables}
    return {table: types for table in tables if (types := _joined(known[table], found.get(table, {})))}


class StoredColumns:
    """The stored types, asked for once for each table, when they are needed; none are known by default.

    Args:
        ask: gives the types of tables, as `stored_columns`.
        naming: what dlt makes of names.
    """

    def __init__(
        self,
        ask: Callable[[Collection[str]], Mapping[str, Types]] = lambda _: {},
        naming: NamingConvention | None = None,
    ) -> None:
        self._ask = ask
        self._naming = naming
        self._types: dict[str, Types] = {}

    @classmethod
    def in_destination(cls, naming: NamingConvention) -> StoredColumns:
        """Returns what the destination of the pipeline under way has; `naming` is that of the source's schema."""
        return cls(stored_columns, naming)

    def look_at(self, tables: Collection[str]) -> None:
        """Ask for several tables at once."""
        names = {table: self._table(table) for table in tables}
        found = self._ask(list(names.values()))
        self._types.update({table: found.get(name, {}) for table, name in names.items()})

    def type_of(self, table: str, column: str) -> str | None:
        """The type of a column; None where there is none yet."""
        if table not in self._types:
            self.look_at([table])
        types = self._types[table]
        return types.get(self._naming.normalize_identifier(column) if self._naming else column) if types else None

    def _table(self, name: str) -> str:
        """Returns what dlt calls a table."""
        if self._naming is None:
            return name
        return self._naming.shorten_fragments(*map(self._naming.normalize_table_identifier, name.split("__")))


def active_pipeline() -> dlt.Pipeline | None:
    """Returns the pipeline that is active in dlt, without resolving the settings of one, as `dlt.current` does."""
    context = Container()[PipelineContext]
    return cast("dlt.Pipeline", context.pipeline()) if context.is_active() else None


def _of_lake(client: JobClientBase, tables: Collection[str]) -> dict[str, Types]:
    """Returns what a client says that looks into the files of its tables."""
    look = getattr(client, "stored_types", None)
    return {table: types for table in tables if (types := look(table))} if look else {}


def _of_database(client: JobClientBase, tables: Collection[str], schema: Schema | None) -> dict[str, Types]:
    if not isinstance(client, SqlJobClientBase):
        return {}
    folds = client.capabilities.casefold_identifier is str.upper
    return {
        table: {
            (name.lower() if folds else name): _type(client, column, _declared_column(schema, table, name.lower()))
            for name, column in columns.items()
        }
        for table, columns in client.get_storage_tables(tables)
        if columns
    }


def _type(client: SqlJobClientBase, found: TColumnSchema, declared: TColumnSchema | None) -> str:
    """The type of a column as the destination has it, in the words of a schema.

    Some destinations have one type for several of a schema's, and some a type dlt has no word for: there, the schema
    says it.
    """
    kind = found.get("data_type")
    if declared is not None and (kind is None or (kind != declared["data_type"] and kind == _again(client, declared))):
        return str(declared["data_type"])
    scale = found.get("scale")
    if kind == "decimal" and scale is not None and scale < AMOUNT_SCALE:
        return f"decimal with {scale} digits behind the point"
    return str(kind)


def _again(client: SqlJobClientBase, declared: TColumnSchema) -> object:
    """The type that a destination says of a column it made as it was declared."""
    table = cast("Any", new_table("any"))
    made: TColumnType = client.capabilities.get_type_mapper().from_destination_type(
        client.type_mapper.to_destination_type(declared, table), None, None
    )
    return made.get("data_type")


def _stored_schema(client: JobClientBase, schema: Schema | None) -> Schema | None:
    """The newest schema that the destination holds."""
    if schema is None or not isinstance(client, WithStateSync):
        return schema
    stored = client.get_stored_schema(schema.name)
    return Schema.from_dict(json.loads(stored.schema)) if stored else schema


def _declared(schema: Schema | None, table: str) -> Types:
    if schema is None or table not in schema.tables:
        return {}
    columns = schema.tables[table]["columns"]
    return {name: str(column["data_type"]) for name, column in columns.items() if "data_type" in column}


def _declared_column(schema: Schema | None, table: str, name: str) -> TColumnSchema | None:
    if schema is None or table not in schema.tables:
        return None
    column = schema.tables[table]["columns"].get(name)
    return column if column is not None and "data_type" in column else None


def _joined(declared: Types, found: Types) -> Types:
    """Returns what is stored, and what is about to be."""
    both = {
        name: kind if declared.get(name, kind) == kind else f"{declared[name]} and {kind}"
        for name, kind in found.items()
    }
    return {**declared, **both}
