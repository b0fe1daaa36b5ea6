"""Members that the model does not know: the columns that came with a run, and what it left out."""

from __future__ import annotations

from dlt.common.schema import Schema

from partner_central.public import ACCOUNT, STREAMS, SyncMetrics, hint_rules, stream_model, table_columns

LEFT_OUT = (
    "Partner Central sent members that this release does not know. pii leaves them out, since they may be personal: {}."
)


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


def left_out(metrics: SyncMetrics) -> list[str]:
    """Returns the members that a run did not store, since nobody classified them, as `table.member`."""
    return sorted(f"{table}.{member}" for table, members in metrics.left_out.items() for member in members)


def left_out_warning(metrics: SyncMetrics) -> str | None:
    """Returns a sentence about these members; None if there are none."""
    members = left_out(metrics)
    return LEFT_OUT.format(", ".join(members)) if members else None
