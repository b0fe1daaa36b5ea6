"""The model's tables as dlt hints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from dlt.common.typing import TTableNames
from dlt.extract.hints import TResourceNestedHints

from .rows import ACCOUNT, CHILD_KEY
from .service_model import AMOUNT_PRECISION, AMOUNT_SCALE, Column, RecordModel

INSERT_ONLY: Any = {"disposition": "merge", "strategy": "insert-only"}  # what a table holds stays as it is
NEVER_NULL = frozenset({"id", "last_modified_date", "content_hash", "first_seen_at"})
REJECTED = (
    ("record_key", "text", "Id of the record, or a hash of its content where it has none."),
    ("id", "text", "Id of the record, where it has one."),
    ("last_modified_date", "timestamp", "LastModifiedDate of the record, where it can be read."),
    ("reason", "text", "Why the record could not become a row of opportunities."),
    ("record", "text", "The record as the API sent it, as JSON text; a hash of it where personal data is not kept."),
    ("seen_at", "timestamp", "When a run last read it, by the clock of the machine that ran."),
)


def root_columns(model: RecordModel, account: str | None) -> dict[str, TColumnSchema]:
    """Hints for every column of a root table; `account` says whether there is one for the account.

    `_dlt_id` ends the list: of several rows with one key in one load, the merge keeps the one with the greatest.
    """
    columns = _account(account) | {column.name: _hint(column) for column in model.columns}
    for name in columns.keys() & NEVER_NULL:
        columns[name]["nullable"] = False
    columns["_dlt_load_id"] = _system("_dlt_load_id")
    columns["_dlt_id"] = cast("TColumnSchema", {**_system("_dlt_id", row_key=True, unique=True), "dedup_sort": "desc"})
    return columns


def list_columns(model: RecordModel, account: str | None) -> dict[str, list[TColumnSchema]]:
    """The columns of each child table, with those dlt adds, so that it can be made before its first row."""
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
    return {
        child.name: [
            *_account(account).values(),
            key,
            *map(_hint, child.columns),
            *cast("list[TColumnSchema]", system),
        ]
        for child in model.children
    }


def known_columns(model: RecordModel, account: str | None) -> set[str]:
    """Every column of `opportunities` and its lists for members this version knows, as `table.column`."""
    tables: dict[str, Iterable[str]] = {"opportunities": root_columns(model, account)}
    for name, columns in list_columns(model, account).items():
        tables[f"opportunities__{name}"] = [column["name"] for column in columns if column["name"]]
    return {f"{table}.{column}" for table, columns in tables.items() for column in columns}


def child_hints(model: RecordModel, account: str | None) -> dict[TTableNames, TResourceNestedHints]:
    """Hints for every child table of a resource that yields rows."""
    return {name: dlt.mark.make_nested_hints(columns=columns) for name, columns in list_columns(model, account).items()}


def declare_children(schema: Schema, table: str, model: RecordModel, account: str | None) -> None:
    """Put the child tables into the schema: beside Arrow tables, dlt takes no hints for them."""
    schema.update_table(new_table(table, write_disposition="merge", resource=table))
    for name, columns in list_columns(model, account).items():
        schema.update_table(new_table(f"{table}__{name}", parent_table_name=table, columns=columns))


def rejected_columns(account: str | None) -> dict[str, TColumnSchema]:
    """Hints for `opportunities_rejected`; the key, too, is null in rows that an earlier release stored."""
    return _account(account) | {
        name: cast("TColumnSchema", {"name": name, "data_type": kind, "nullable": True, "description": description})
        for name, kind, description in REJECTED
    }


def _account(account: str | None) -> dict[str, TColumnSchema]:
    """The column that tells the accounts of a shared dataset apart, if there is one."""
    if account is None:
        return {}
    description = "Name of the AWS account whose opportunity this is, as the list of accounts has it."
    return {ACCOUNT: TColumnSchema(name=ACCOUNT, data_type="text", nullable=False, description=description)}


def _hint(column: Column) -> TColumnSchema:
    hint = TColumnSchema(name=column.name, data_type=column.type, nullable=True)
    if column.description:
        hint["description"] = column.description
    if column.type == "decimal":
        hint["precision"], hint["scale"] = AMOUNT_PRECISION, AMOUNT_SCALE
    return hint


def _system(name: str, **flags: bool) -> TColumnSchema:
    return cast("TColumnSchema", {"name": name, "data_type": "text", "nullable": False, **flags})
