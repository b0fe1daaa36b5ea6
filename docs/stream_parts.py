"""The generated parts of the documentation that say what streams load."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import markdown_text
from partner_central.public import (
    SPINE,
    Stream,
    WholeListStream,
    chosen_streams,
    hint_rules,
    least_policy,
    stream_model,
    table_columns,
)
from partner_central.streams import DEFAULT, STREAMS
from partner_central.tables.personal_members import personal_column
from partner_central_sync.sync import full_listings, run_log, stream_log

CELL = 250


def table(name: str) -> str:
    """Returns the columns of a table, with type and description; of versions, only the added ones."""
    found = tables()
    known = {column["name"] for column in found["opportunities"]} if name == "opportunity_history" else set()
    return _columns(column for column in found[name] if column["name"] not in known)


def _columns(columns: Iterable[Any]) -> str:
    rows = (
        (f"`{column['name']}`", _type_of(column), _short(column.get("description") or ""))
        for column in columns
        if not column["name"].startswith("_dlt_")
    )
    return markdown_text.table(("column", "type", "description"), rows)


def streams() -> str:
    """Returns a section for each stream but the opportunities, with its tables."""
    return "\n\n".join(_stream(stream) for stream in STREAMS if stream is not SPINE)


def _stream(stream: Stream) -> str:
    columns = table_columns(stream, stream_model(stream), hint_rules(stream))
    own = stream.tables
    reads = ", ".join(f"`{name}`" for name in stream.operations)
    lines = [f"## {stream.table}", "", markdown_text.wrapped(f"{own[stream.table]} The operation: {reads}."), ""]
    for name in columns:
        if name == stream.rejected_table:
            continue
        if name != stream.table:
            content = own.get(name) or f"A row for each entry of a list of the {stream.noun}."
            lines += [f"### {name}", "", markdown_text.wrapped(content), ""]
        lines += [_columns(columns[name]), ""]
    same = f"`{stream.rejected_table}` has the columns of [opportunities_rejected](#opportunities_rejected)."
    return "\n".join([*lines, markdown_text.wrapped(same)])


def stream_overview() -> str:
    """Returns a table of the streams: operation, way of reading, page, refresh."""
    rows = (
        (
            f"[`{stream.table}`](#{stream.table})",
            ", ".join(f"`{name}`" for name in stream.operations),
            _way_of(stream),
            f"{stream.operation.page_size:,}",
        )
        for stream in STREAMS
    )
    return markdown_text.table(("table", "operations", "read", "records a call"), rows)


def _way_of(stream: Stream) -> str:
    if stream.refresh is None:
        return "in each run, what has changed"
    minutes = f"{stream.refresh.total_seconds() / 60:.0f} minutes"
    if isinstance(stream, WholeListStream):
        return f"whole, if the last time is {minutes} ago"
    return f"after a change of opportunities, or {minutes}: what has changed; whole after a day"


def diagram() -> str:
    """Returns the diagram of the tables: keys, and how they are joined."""
    joins, boxes = [], {}
    for stream in STREAMS:
        columns = table_columns(stream, stream_model(stream), hint_rules(stream))
        key = stream.key_column
        for name in (name for name in columns if name not in {stream.table, stream.rejected_table}):
            is_list = name.startswith(f"{stream.table}__")
            joins.append((stream.table, name, f"{key} = {stream.child_key}" if is_list else key))
            boxes[name] = f"{stream.child_key} FK" if is_list else key
        boxes[stream.table] = f"{key} PK"
        names = {column["name"] for column in columns[stream.table]}
        joins += [
            (other.table, stream.table, f"{other.key_column} = {other.child_key}")
            for other in STREAMS
            if other is not stream and other.child_key in names
        ]
    lines = [f'    {one} ||--o{{ {other} : "{label}"' for one, other, label in joins]
    lines += [f"    {name} {{\n        text {key}\n    }}" for name, key in sorted(boxes.items())]
    return "\n".join(["```mermaid", "erDiagram", *lines, "```"])


def policy() -> str:
    """Returns the policy of the default tables."""
    operations = {name for stream in chosen_streams(DEFAULT) for name in stream.operations}
    return f"```json\n{least_policy(operations, 'AWS')}\n```"


def privacy() -> str:
    """Returns a section for each stream with the class of its columns that are classified."""
    return "\n\n".join(_privacy(stream) for stream in STREAMS)


def _privacy(stream: Stream) -> str:
    rows = [(*_place(stream, path), "personal or free text", "a keyed hash", "null") for path in stream.personal]
    rows += [
        (*_place(stream, path), f"not personal: {why}", "as it is", "as it is")
        for path, why in stream.not_personal.items()
    ]
    if not rows:
        return f"## {stream.table}\n\nAWS calls no member sensitive, and none is free text of a person."
    return f"## {stream.table}\n\n{markdown_text.table(('table', 'column', 'class', 'mask', 'drop'), sorted(rows))}"


def _place(stream: Stream, path: str) -> tuple[str, str]:
    """Returns the table and the column of a member."""
    *lists, column = personal_column(path, stream.names).split(".")
    return f"`{'__'.join((stream.table, *lists))}`", f"`{column}`"


def tables() -> dict[str, list[dict[str, Any]]]:
    """Returns the columns of every table, as dlt column hints."""
    found: dict[str, Iterable[Any]] = {}
    for stream in STREAMS:
        found |= table_columns(stream, stream_model(stream), hint_rules(stream))
    for own in (run_log.RUNS, stream_log.STREAM_RUNS, full_listings.TABLE):
        found[own.name] = [
            {"name": name, "data_type": kind, "description": description} for name, kind, description in own.columns
        ]
    return {name: [dict(column) for column in columns] for name, columns in found.items()}


def _type_of(column: dict[str, Any]) -> str:
    kind = str(column["data_type"])
    return f"{kind}({column['precision']}, {column['scale']})" if "scale" in column else kind


def _short(description: str) -> str:
    """Returns the sentences that a cell has space for, at least one."""
    sentences = re.split(r"(?<=\.) (?=[A-Z])| (?=Valid values)", description)
    length = max(1, sum(size <= CELL for size in accumulate(len(sentence) + 1 for sentence in sentences)))
    return " ".join(sentences[:length])
