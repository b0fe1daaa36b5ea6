"""The model's tables as dlt hints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

import dlt
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from dlt.common.typing import TTableNames
from dlt.extract.hints import TResourceNestedHints

from .rows import ACCOUNT, TableNames
from .table import ChildTable, Column, RecordModel
from .types import AMOUNT_PRECISION, AMOUNT_SCALE

INSERT_ONLY: Any = {"disposition": "merge", "strategy": "insert-only"}  # what a table holds stays as it is
NEVER_NULL = frozenset({"id", "last_modified_date", "content_hash", "first_seen_at"})


class HintRules(NamedTuple):
    """The common part of the hints of all tables of one kind of record.

    Attributes:
        names: the names of the tables.
        noun: what a record is called in descriptions.
        account: name of the account in every row; None without a column for it.
    """

    names: TableNames
    noun: str
    account: str | None = None


def root_columns(model: RecordModel, rules: HintRules) -> dict[str, TColumnSchema]:
    """Returns hints for every column of a root table."""
    columns = _account(rules) | {column.name: _hint(column) for column in model.columns}
    for name in columns.keys() & NEVER_NULL:
        columns[name]["nullable"] = False
    columns["_dlt_load_id"] = _system("_dlt_load_id")
    return columns | _row_id()


def list_columns(model: RecordModel, rules: HintRules) -> dict[tuple[str, ...], list[TColumnSchema]]:
    """Returns the columns of each child table with those dlt adds, by its path of names below the root table."""
    return dict(_list_columns(model.children, rules, ()))


def _list_columns(
    children: Iterable[ChildTable], rules: HintRules, above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[TColumnSchema]]]:
    key = TColumnSchema(
        name=rules.names.child_key,
        data_type="text",
        nullable=False,
        description=f"Id of the {rules.noun} this row belongs to.",
    )
    system = [
        _system("_dlt_root_id", root_key=True),
        _system("_dlt_parent_id", parent_key=True),
        {**_system("_dlt_list_idx"), "data_type": "bigint"},
        _system("_dlt_id", row_key=True, unique=True),
    ]
    for child in children:
        path = (*above, child.name)
        yield (
            path,
            [
                *_account(rules).values(),
                key,
                *map(_hint, child.columns),
                *cast("list[TColumnSchema]", system),
            ],
        )
        yield from _list_columns(child.children, rules, path)


def known_columns(model: RecordModel, rules: HintRules) -> set[str]:
    """Returns every column of the root table and its lists for members this version knows, as `table.column`."""
    table = rules.names.root
    tables: dict[str, Iterable[str]] = {table: root_columns(model, rules)}
    for path, columns in list_columns(model, rules).items():
        tables["__".join((table, *path))] = [column["name"] for column in columns if column["name"]]
    return {f"{table}.{column}" for table, columns in tables.items() for column in columns}


def child_hints(model: RecordModel, rules: HintRules) -> dict[TTableNames, TResourceNestedHints]:
    """Returns hints for every child table of a resource that yields rows."""
    tables = list_columns(model, rules).items()
    return {path if len(path) > 1 else path[0]: dlt.mark.make_nested_hints(columns=columns) for path, columns in tables}


def declare_children(schema: Schema, table: str, model: RecordModel, rules: HintRules) -> None:
    """Put the child tables into the schema: beside Arrow tables, dlt takes no hints for them."""
    schema.update_table(new_table(table, write_disposition="merge", resource=table))
    for path, columns in list_columns(model, rules).items():
        *above, name = (table, *path)
        schema.update_table(new_table("__".join((*above, name)), parent_table_name="__".join(above), columns=columns))


def rejected_columns(rules: HintRules) -> dict[str, TColumnSchema]:
    """Returns hints for the table of rejected records; the key, too, is null in rows that an earlier release stored."""
    columns = (
        ("record_key", "text", "Id of the record, or a hash of its content where it has none."),
        ("id", "text", "Id of the record, where it has one."),
        ("last_modified_date", "timestamp", "LastModifiedDate of the record, where it can be read."),
        ("reason", "text", f"Why the record could not become a row of {rules.names.root}."),
        ("record", "text", "The record as the API sent it, as JSON; a hash of it where personal data is not kept."),
        ("seen_at", "timestamp", "When a run last read it, by the service's clock."),
    )
    return (
        _account(rules)
        | {
            name: cast("TColumnSchema", {"name": name, "data_type": kind, "nullable": True, "description": description})
            for name, kind, description in columns
        }
        | _row_id()
    )


def _row_id() -> dict[str, TColumnSchema]:
    """The column by which a merge chooses: of several rows with one key in one load, it keeps the greatest."""
    column = {**_system("_dlt_id", row_key=True, unique=True), "dedup_sort": "desc"}
    return {"_dlt_id": cast("TColumnSchema", column)}


def _account(rules: HintRules) -> dict[str, TColumnSchema]:
    """The column that tells the accounts of a shared dataset apart, if there is one."""
    if rules.account is None:
        return {}
    description = f"Name of the AWS account whose {rules.noun} this is, as the list of accounts has it."
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
