"""The columns that came with a run because Partner Central sent members that the model does not know."""

from __future__ import annotations

from dlt.common.schema import Schema

from partner_central.public import ACCOUNT, STREAMS, hint_rules, stream_model, table_columns


def columns_of(schema: Schema) -> set[str]:
    """Returns the columns that members of records may bring, as `table.column`; the history has the same."""
    roots = {stream.table for stream in STREAMS}
    return {
        f"{table['name']}.{name}"
        for table in schema.data_tables(include_incomplete=True)
        if str(table["name"]).partition("__")[0] in roots
        for name in table["columns"]
        if not name.startswith("_dlt")
    }


def unknown(columns: set[str], account: str | None) -> set[str]:
    """Returns those of these columns that the model does not know, without the keys of lists that are new."""
    for stream in STREAMS:
        if any(name.startswith((f"{stream.table}.", f"{stream.table}__")) for name in columns):
            known = table_columns(stream, stream_model(stream), hint_rules(stream, account))
            columns -= {f"{table}.{column['name']}" for table, found in known.items() for column in found}
            keys = (f".{stream.child_key}", f".{ACCOUNT}")[: 1 if account is None else 2]
            columns -= {name for name in columns if name.startswith(f"{stream.table}__") and name.endswith(keys)}
    return columns
