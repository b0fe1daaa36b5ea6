"""Writes the generated parts of the documentation: `python docs/generate.py`.

A page marks a part with `<!-- generated: NAME -->` and `<!-- end -->`. `PARTS` has a function for each name. Text
outside the marks is written by hand.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

import typer.main

import messages
from partner_central import partner_central
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
from partner_central.tables.pii import personal_column
from partner_central.tables.table import snake_case
from partner_central_sync.cli.app import app
from partner_central_sync.console.exit_codes import MEANINGS
from partner_central_sync.sync import full_listings, run_log, stream_log
from partner_central_sync.views.files import head_of, view_texts

DOCS = Path(__file__).parent
PAGES = (DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md")))
PAGE = DOCS / "reference" / "views.md"
MARKED = re.compile(r"(<!-- generated: ([a-z-]+)(?: ([a-z0-9_]+))? -->\n).*?(<!-- end -->)", re.DOTALL)
IDENTIFIER = re.compile(r"(?i)\b[a-z]+(_[a-z]+)+(\.[a-z_]+)?\b")
NAMED = re.compile(r"\b(the column) ([a-z]+)\b", re.IGNORECASE)
WIDTH = 120
CELL = 250


def render(text: str) -> str:
    """Returns a page with each marked part replaced by what `PARTS` makes now."""

    def replaced(found: re.Match[str]) -> str:
        begin, name, argument, end = found.groups()
        part = PARTS[name]
        return f"{begin}\n{(part() if argument is None else part(argument)).strip()}\n\n{end}"

    return MARKED.sub(replaced, text)


def page() -> str:
    """Returns the page of the views as it has to be."""
    return render(PAGE.read_text(encoding="utf-8"))


def outdated() -> list[Path]:
    """Returns the pages whose generated parts differ from what they have to be."""
    return [page for page in PAGES if render(text := page.read_text(encoding="utf-8")) != text]


def exit_codes() -> str:
    """Returns the table of exit codes for a user."""
    rows = ((f"{code:d}", meaning.text, meaning.action) for code, meaning in MEANINGS.items())
    return _table(("exit code", "meaning", "what to do"), rows)


def exit_codes_scheduling() -> str:
    """Returns the table of exit codes for a scheduler."""
    rows = ((f"{code:d}", meaning.text, meaning.scheduling.value) for code, meaning in MEANINGS.items())
    return _table(("exit code", "meaning", "the scheduler should"), rows)


def exit_codes_names() -> str:
    """Returns the table of exit codes with their names in Python and in `sync_runs`."""
    rows = ((f"{code:d}", f"`{code.name}`", f"`{meaning.outcome}`") for code, meaning in MEANINGS.items())
    return _table(("exit code", "`ExitCode`", "`sync_runs.outcome`"), rows)


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
    return _table(("column", "type", "description"), rows)


def streams() -> str:
    """Returns a section for each stream but the opportunities, with its tables."""
    return "\n\n".join(_stream(stream) for stream in STREAMS if stream is not SPINE)


def _stream(stream: Stream) -> str:
    columns = table_columns(stream, stream_model(stream), hint_rules(stream))
    own = stream.tables
    reads = ", ".join(f"`{name}`" for name in stream.operations)
    lines = [f"## {stream.table}", "", _wrapped(f"{own[stream.table]} The operation: {reads}."), ""]
    for name in columns:
        if name == stream.rejected_table:
            continue
        if name != stream.table:
            content = own.get(name) or f"A row for each entry of a list of the {stream.noun}."
            lines += [f"### {name}", "", _wrapped(content), ""]
        lines += [_columns(columns[name]), ""]
    same = f"`{stream.rejected_table}` has the columns of [opportunities_rejected](#opportunities_rejected)."
    return "\n".join([*lines, _wrapped(same)])


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
    return _table(("table", "operations", "read", "records a call"), rows)


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
        key = _key_of(stream)
        for name in (name for name in columns if name not in {stream.table, stream.rejected_table}):
            is_list = name.startswith(f"{stream.table}__")
            joins.append((stream.table, name, f"{key} = {stream.child_key}" if is_list else key))
            boxes[name] = f"{stream.child_key} FK" if is_list else key
        boxes[stream.table] = f"{key} PK"
        names = {column["name"] for column in columns[stream.table]}
        joins += [
            (other.table, stream.table, f"{_key_of(other)} = {other.child_key}")
            for other in STREAMS
            if other is not stream and other.child_key in names
        ]
    lines = [f'    {one} ||--o{{ {other} : "{label}"' for one, other, label in joins]
    lines += [f"    {name} {{\n        text {key}\n    }}" for name, key in sorted(boxes.items())]
    return "\n".join(["```mermaid", "erDiagram", *lines, "```"])


def _key_of(stream: Stream) -> str:
    return snake_case(stream.members.key)


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
    return f"## {stream.table}\n\n{_table(('table', 'column', 'class', 'mask', 'drop'), sorted(rows))}"


def _place(stream: Stream, path: str) -> tuple[str, str]:
    """Returns the table and the column of a member."""
    *lists, column = personal_column(path).split(".")
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


def source_settings() -> str:
    """Returns the parameters of the source, with default and meaning, from its docstring."""
    meanings = _arguments(inspect.getdoc(partner_central) or "")
    rows = (
        (f"`{name}`", _default_of(parameter.default), meanings[name])
        for name, parameter in inspect.signature(partner_central).parameters.items()
    )
    return _table(("setting", "default", "meaning"), rows)


def commands() -> str:
    """Returns a section for each command, with its arguments and options."""
    group = typer.main.get_command(app)
    sections = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        context = command.context_class(command, info_name=name)
        usage = " ".join(["partner-central", name, *command.collect_usage_pieces(context)])
        text = "\n\n".join(" ".join(paragraph.split()) for paragraph in inspect.cleandoc(command.help).split("\n\n"))
        records = [record for parameter in command.params if (record := parameter.get_help_record(context))]
        rows = ((f"`{option}`", meaning) for option, meaning in records)
        sections.append(f"## {name}\n\n```\n{usage}\n\n{_wrapped(text)}\n```\n\n{_table(('option', 'meaning'), rows)}")
    return "\n\n".join(sections)


def views() -> str:
    """Returns an overview of the views and a section for each."""
    texts = view_texts()
    overview = _table(
        ("view", "question"), ((f"[`{name}`](#{name})", head_of(texts[name]).question) for name in sorted(texts))
    )
    return "\n".join([overview, "", *(_view(name, texts[name]) for name in sorted(texts))])


def _view(name: str, text: str) -> str:
    head = head_of(text)
    lines = [f"## {name}", "", f"*{head.question}*", ""]
    for word, content in (("Definition", head.definition), ("Pitfalls", head.pitfalls)):
        begun = content if "_" in content.split()[0] else content[:1].upper() + content[1:]
        lines += [_wrapped(f"**{word}.** {_marked(begun)}"), ""]
    rows = ((f"`{column}`", _marked(description)) for column, description in head.columns.items())
    return "\n".join([*lines, _table(("column", "description"), rows), ""])


def _marked(text: str) -> str:
    """Returns a text with the names of columns and tables in it as code."""
    return NAMED.sub(r"\1 `\2`", IDENTIFIER.sub(r"`\g<0>`", text))


def _table(header: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _wrapped(text: str) -> str:
    """Returns paragraphs with lines of the repository's width."""
    return "\n\n".join(
        textwrap.fill(paragraph, WIDTH, break_on_hyphens=False, break_long_words=False)
        for paragraph in text.split("\n\n")
    )


def _type_of(column: dict[str, Any]) -> str:
    kind = str(column["data_type"])
    return f"{kind}({column['precision']}, {column['scale']})" if "scale" in column else kind


def _short(description: str) -> str:
    """Returns the sentences that a cell has space for, at least one."""
    sentences = re.split(r"(?<=\.) (?=[A-Z])| (?=Valid values)", description)
    length = max(1, sum(size <= CELL for size in accumulate(len(sentence) + 1 for sentence in sentences)))
    return " ".join(sentences[:length])


def _arguments(docstring: str) -> dict[str, str]:
    """Returns the descriptions in a docstring's `Args`, by name."""
    block = docstring.partition("Args:\n")[2].partition("\n\n")[0]
    found = re.split(r"^    (\w+): ", block, flags=re.MULTILINE)[1:]
    return {name: " ".join(text.split()) for name, text in zip(found[::2], found[1::2], strict=True)}


def _default_of(value: object) -> str:
    if value in (None, ()) or value is inspect.Parameter.empty or "dlt" in type(value).__module__:
        return ""
    return ", ".join(f"`{one}`" for one in value) if isinstance(value, tuple) else f"`{value}`"


PARTS: dict[str, Callable[..., str]] = {
    "exit-codes": exit_codes,
    "exit-codes-scheduling": exit_codes_scheduling,
    "exit-codes-names": exit_codes_names,
    "table": table,
    "streams": streams,
    "stream-overview": stream_overview,
    "diagram": diagram,
    "policy": policy,
    "privacy": privacy,
    "source-settings": source_settings,
    "commands": commands,
    "messages": messages.table,
    "views": views,
}


if __name__ == "__main__":
    for path in outdated():
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(path.relative_to(DOCS.parent))  # noqa: T201
