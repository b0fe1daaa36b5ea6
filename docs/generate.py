"""Writes the generated parts of the documentation, and the dbt package: `python docs/generate.py`.

A page marks a part with `<!-- generated: NAME -->` and `<!-- end -->`. `PARTS` has a function for each name. Text
outside the marks is written by hand. `dbt_package.py` has the files of the dbt package.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer.main

import dbt_package
import messages
import stream_parts
from markdown_text import table, wrapped
from partner_central import partner_central
from partner_central_sync.cli.app import app
from partner_central_sync.console.exit_codes import MEANINGS
from partner_central_sync.views.all_accounts import ROLLED_UP
from partner_central_sync.views.files import head_of, view_texts

DOCS = Path(__file__).parent
PAGES = (DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md")))
PAGE = DOCS / "reference" / "views.md"
MARKED = re.compile(r"(<!-- generated: ([a-z-]+)(?: ([a-z0-9_]+))? -->\n).*?(<!-- end -->)", re.DOTALL)
IDENTIFIER = re.compile(r"(?i)\b[a-z]+(_[a-z]+)+(\.[a-z_]+)?\b")
NAMED = re.compile(r"\b(the column) ([a-z]+)\b", re.IGNORECASE)


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


def outdated() -> dict[Path, str | None]:
    """Returns the files that differ from what they have to be, with that; None for one that has to be removed."""
    wanted = {page: render(page.read_text(encoding="utf-8")) for page in PAGES} | dbt_package.files()
    found: dict[Path, str | None] = {path: text for path, text in wanted.items() if not _has(path, text)}
    return found | dict.fromkeys(dbt_package.superfluous())


def _has(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def exit_codes() -> str:
    """Returns the table of exit codes for a user."""
    rows = ((f"{code:d}", meaning.text, meaning.action) for code, meaning in MEANINGS.items())
    return table(("exit code", "meaning", "what to do"), rows)


def exit_codes_scheduling() -> str:
    """Returns the table of exit codes for a scheduler."""
    rows = ((f"{code:d}", meaning.text, meaning.scheduling.value) for code, meaning in MEANINGS.items())
    return table(("exit code", "meaning", "the scheduler should"), rows)


def exit_codes_names() -> str:
    """Returns the table of exit codes with their names in Python and in `sync_runs`."""
    rows = ((f"{code:d}", f"`{code.name}`", f"`{meaning.outcome}`") for code, meaning in MEANINGS.items())
    return table(("exit code", "`ExitCode`", "`sync_runs.outcome`"), rows)


def source_settings() -> str:
    """Returns the parameters of the source, with default and meaning, from its docstring."""
    meanings = _arguments(inspect.getdoc(partner_central) or "")
    rows = (
        (f"`{name}`", _default_of(parameter.default), meanings[name])
        for name, parameter in inspect.signature(partner_central).parameters.items()
    )
    return table(("setting", "default", "meaning"), rows)


def commands() -> str:
    """Returns a section for each command, with its arguments and options."""
    sections = []
    for name, command in _commands(typer.main.get_command(app)):
        context = command.context_class(command, info_name=name)
        usage = " ".join(["partner-central", name, *command.collect_usage_pieces(context)])
        text = "\n\n".join(" ".join(paragraph.split()) for paragraph in inspect.cleandoc(command.help).split("\n\n"))
        records = [record for parameter in command.params if (record := parameter.get_help_record(context))]
        rows = ((f"`{option}`", meaning) for option, meaning in records)
        sections.append(f"## {name}\n\n```\n{usage}\n\n{wrapped(text)}\n```\n\n{table(('option', 'meaning'), rows)}")
    return "\n\n".join(sections)


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - of typer, which has no public type
    """Yields every command with its name, those of a group after the group's."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def views() -> str:
    """Returns an overview of the views and a section for each."""
    texts = view_texts()
    overview = table(
        ("view", "question"), ((f"[`{name}`](#{name})", head_of(texts[name]).question) for name in sorted(texts))
    )
    return "\n".join([overview, "", *(_view(name, texts[name]) for name in sorted(texts))])


def roll_ups() -> str:
    """Returns the views that have a roll-up in a shared dataset."""
    return wrapped(f"{', '.join(f'`{name}`' for name in sorted(ROLLED_UP))}.")


def _view(name: str, text: str) -> str:
    head = head_of(text)
    lines = [f"## {name}", "", f"*{head.question}*", ""]
    for word, content in (("Definition", head.definition), ("Pitfalls", head.pitfalls)):
        begun = content if "_" in content.split()[0] else content[:1].upper() + content[1:]
        lines += [wrapped(f"**{word}.** {_marked(begun)}"), ""]
    rows = ((f"`{name}`", head.types[name], _marked(description)) for name, description in head.columns.items())
    return "\n".join([*lines, table(("column", "type", "description"), rows), ""])


def _marked(text: str) -> str:
    """Returns a text with the names of columns and tables in it as code."""
    return NAMED.sub(r"\1 `\2`", IDENTIFIER.sub(r"`\g<0>`", text))


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
    "table": stream_parts.table,
    "streams": stream_parts.streams,
    "stream-overview": stream_parts.stream_overview,
    "diagram": stream_parts.diagram,
    "policy": stream_parts.policy,
    "privacy": stream_parts.privacy,
    "source-settings": source_settings,
    "commands": commands,
    "messages": messages.table,
    "views": views,
    "roll-ups": roll_ups,
}


if __name__ == "__main__":
    for path, text in outdated().items():
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        print(path.relative_to(DOCS.parent))  # noqa: T201
