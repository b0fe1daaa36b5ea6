"""The tables of the benchmarks as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from figures import Table

HEAD = """# Benchmarks

`make bench` measures each section and writes it here, with its date and versions. The service is this repository's
emulator, on the same machine. Each command runs once if nothing else is said. CPU is user and system time of all its
processes. Compare ratios, since seconds depend on the machine."""
SINCE = """## Since the last run

A figure is named here if it is worse than the one before by more than the noise of the repeats."""


def page(tables: Iterable[Table]) -> str:
    """Returns the page as Markdown; it depends on nothing but the tables."""
    found = list(tables)
    parts = [HEAD, *(part for table in found for part in section(table)), SINCE]
    return "\n\n".join([*parts, "\n".join(line for table in found for line in since(table))])


def section(table: Table) -> Iterator[str]:
    """Yields the paragraphs of a section."""
    yield f"## {table.title}"
    if table.note:
        yield table.note
    lines = [" | ".join(table.columns), *(" | ".join(row) for row in table.rows)]
    head, *rows = (f"| {line} |" for line in lines)
    yield "\n".join([head, "|---" + "|---:" * (len(table.columns) - 1) + "|", *rows])
    if table.after:
        yield table.after
    yield f"Measured on {table.measured}: {table.conditions}."


def since(table: Table) -> Iterator[str]:
    """Yields what has become worse in a section."""
    if not table.before:
        yield f"- {table.title}: not measured before."
        return
    yield f"- {table.title}, compared with {table.before}: {'worse in' if table.worse else 'nothing worse.'}"
    yield from (f"  - {line}" for line in table.worse)
