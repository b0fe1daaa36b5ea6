"""The model's tables as dlt hints."""

from __future__ import annotations

from typing import cast

from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table

from .model import AMOUNT_PRECISION, AMOUNT_SCALE, Column, RecordModel
from .rows import CHILD_KEY

REJECTED = (
    ("id", "text", "Id of the record, where it has one."),
    ("reason", "text", "Why the record could not become a row of opportunities."),
    ("record", "text", "The record as the API sent it, as JSON text."),
    ("seen_at", "timestamp", "When a run last read it, by the clock of the machine that ran."),
)


def root_columns(model: RecordModel) -> dict[str, TColumnSchema]:
    """Hints for every column of the root table.

    `_dlt_id` ends the list: of several versions of a record in one load, the merge keeps the one with the greatest.
    """
    columns = {column.name: _hint(column) for column in model.columns}
    columns["id"]["nullable"] = False
    columns["last_modified_date"]["nullable"] = False
    columns["_dlt_load_id"] = _system("_dlt_load_id")
    columns["_dlt_id"] = cast("TColumnSchema", {**_system("_dlt_id", row_key=True, unique=True), "dedup_sort": "desc"})
    return columns


def declare_lists(schema: Schema, table: str, model: RecordModel) -> None:
    """Put the child tables into the schema, with the columns dlt adds, so that they can be made before their first row.

    The nested hints of a resource would do the same, but not where it yields Arrow tables.
    """
    schema.update_table(new_table(table, write_disposition="merge", resource=table))
    key = TColumnSchema(
        name=CHILD_KEY,
        data_type="text",
        nullable=False,
        description="Id of the opportunity this row belongs to.",
    )
    system = [
        _system("_dlt_root_id", root_key=True),
        _system("_dlt_parent_id", parent_key=True),
        {**_system("_dlt_list_idx"), "data_type": "bigint"},
        _system("_dlt_id", row_key=True, unique=True),
    ]
    for child in model.children:
        columns = [key, *map(_hint, child.columns), *cast("list[TColumnSchema]", system)]
        schema.update_table(new_table(f"{table}__{child.name}", parent_table_name=table, columns=columns))


def rejected_columns() -> dict[str, TColumnSchema]:
    """Hints for `opportunities_rejected`."""
    return {
        name: cast("TColumnSchema", {"name": name, "data_type": kind, "description": description})
        for name, kind, description in REJECTED
    }


def _hint(column: Column) -> TColumnSchema:
    hint = TColumnSchema(name=column.name, data_type=column.type, nullable=True)
    if column.description:
        hint["description"] = column.description
    if column.type == "decimal":
        hint["precision"], hint["scale"] = AMOUNT_PRECISION, AMOUNT_SCALE
    return hint


def _system(name: str, **flags: bool) -> TColumnSchema:
    return cast("TColumnSchema", {"name": name, "data_type": "text", "nullable": False, **flags})
