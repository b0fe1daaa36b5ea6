"""Columns that hold one member under two types, as the source makes them where a stored column is of another type.

`score` and `score_double` are such. A view that names `score` reads both as one: it gets a query in the place of the
table. There, the column has the type of the model, for which the views are written. Numbers of several types become the
widest of them. Text that is not a value of that type is null there, and stays in the table.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, cast, get_args

from partner_central.public import (
    AMOUNT_PRECISION,
    AMOUNT_SCALE,
    STREAMS,
    ColumnType,
    hint_rules,
    stream_model,
    table_columns,
)

from .base import DEFAULT_DIALECT

if TYPE_CHECKING:
    from sqlglot import exp

Types = Mapping[str, str]  # of columns, by name
TYPED = re.compile(f"(.+)_({'|'.join(get_args(ColumnType))})(_[0-9]+)?")
NUMBERS = ("bigint", "decimal", "double")  # the widest last
SQL_TYPES = {
    "text": "TEXT",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "decimal": f"DECIMAL({AMOUNT_PRECISION}, {AMOUNT_SCALE})",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}
LIKE = {  # text that is a value of a type
    "bigint": "^-?[0-9]{1,18}$",
    "double": "^-?[0-9]{1,300}([.][0-9]+)?$",
    "decimal": "^-?[0-9]{1,36}([.][0-9]{1,2})?$",
    "bool": "^(true|false)$",
    "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:",
}


def split_columns_of(columns: Types, others: Collection[str] = ()) -> dict[str, list[str]]:
    """The typed columns beside each plain one of a table.

    Args:
        columns: the types of the table's columns.
        others: names that are the plain ones of members.
    """
    found: dict[str, list[str]] = {}
    for name, kind in sorted(columns.items()):
        match = TYPED.fullmatch(name)
        if match and kind == match[2] != columns.get(match[1], kind) and name not in others:
            found.setdefault(match[1], []).append(name)
    return found


def member_of(column: str, members: Collection[str]) -> str | None:
    """Returns the member, by its column in the model, that a column holds under its own type or another one."""
    match = TYPED.fullmatch(column)
    return next((name for name in (column, match[1] if match else column) if name in members), None)


def join_columns(table: str, columns: Types, others: Collection[str] = ()) -> str | None:
    """A query for the rows of a table, in DuckDB's words, that reads siblings as one; None if there are none.

    Each name is in quotes: it may be a word of SQL, or a user's with a space.
    """
    found = split_columns_of(columns, others)
    if not found:
        return None
    apart = {name for names in found.values() for name in names}
    expressions = [
        f"{_one([name, *found[name]], columns, _model_type(table, name))} AS {quoted(name)}"
        if name in found
        else quoted(name)
        for name in columns
        if name not in apart
    ]
    return f"SELECT {', '.join(expressions)} FROM {table}"  # noqa: S608 - names of columns


def replace_by_joins(query: exp.Expr, tables: Collection[exp.Table], joins: Mapping[str, str]) -> exp.Expr:
    """A query that reads these queries in the place of tables.

    Of their columns, it gets the ones that it names, which it writes without quotes: so do these queries here. All
    others are left out, since a database may fold their names, or take them for words.
    """
    from sqlglot import exp

    named = {column.name for column in query.find_all(exp.Column)}
    for table in tables:
        if text := joins.get(table.name):
            inner = cast("exp.Query", parsed(text).copy())
            inner.set("expressions", [one for one in inner.selects if one.alias_or_name in named] or [exp.Null()])
            for name in inner.find_all(exp.Identifier):
                name.set("quoted", False)  # noqa: FBT003 - sqlglot's own
            table.replace(inner.subquery(table.alias or table.name, copy=False))
    return query


@cache
def parsed(text: str) -> exp.Expr:
    """Returns a query in DuckDB's dialect as a tree, which nobody changes: a subquery of it is one of a copy."""
    import sqlglot

    return sqlglot.parse_one(text, dialect=DEFAULT_DIALECT)


def _one(names: list[str], columns: Types, expected: str | None) -> str:
    """The columns as one."""
    kinds = {columns[name] for name in names}
    kind = expected or ("text" if "text" in kinds else columns[names[0]])
    if kind in NUMBERS:
        kind = max((kinds & {*NUMBERS}) | {kind}, key=NUMBERS.index)
    ordered = sorted(names, key=lambda name: columns[name] != kind)
    return f"COALESCE({', '.join(_as(kind, name, columns[name]) for name in ordered)})"


def _as(kind: str, name: str, stored: str) -> str:
    """A column of one type as another."""
    name = quoted(name)
    if stored == kind:
        return name
    wanted = SQL_TYPES[kind]
    match stored, kind:
        case "timestamp", "date":
            return f"CAST({name} AT TIME ZONE 'UTC' AS DATE)"
        case "date", "timestamp":
            return f"CAST({name} AS TIMESTAMP) AT TIME ZONE 'UTC'"
        case _ if kind == "text" or (stored in NUMBERS and kind in NUMBERS):
            return f"CAST({name} AS {wanted})"
        case "text", _:
            return f"CASE WHEN REGEXP_MATCHES({name}, '{LIKE[kind]}') THEN TRY_CAST({name} AS {wanted}) END"
    return f"CAST(NULL AS {wanted})"


def quoted(name: str) -> str:
    """Returns a name as a query that is read in the place of a table has it."""
    return '"' + name.replace('"', '""') + '"'


def _model_type(table: str, column: str) -> str | None:
    """The type that the model gives a column."""
    return _model().get(table, {}).get(column)


@cache
def _model() -> Mapping[str, Types]:
    return {
        table: {str(column["name"]): str(column["data_type"]) for column in columns}
        for stream in STREAMS
        for table, columns in table_columns(stream, stream_model(stream), hint_rules(stream)).items()
    }


def apparent_split_columns(tables: Mapping[str, Types], others: Collection[str]) -> Iterator[str]:
    """Yields what looks like split columns in dlt's schema, which may not know the type of every stored column."""
    for table, columns in sorted(tables.items()):
        for name, kind in sorted(columns.items()):
            match = TYPED.fullmatch(name)
            if match and kind == match[2] and match[1] in columns and name not in others:
                yield f"{table}.{name} {kind}"
