"""Tables of a benchmark, as Markdown."""

from __future__ import annotations


class Report:
    """Collects tables as Markdown, and shows them as they come."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, *lines: str) -> None:
        """Add lines."""
        self.lines.extend(lines)
        print("\n".join(lines), flush=True)

    def table(self, title: str, head: str, note: str = "") -> None:
        """Begin a table; `head` holds its columns."""
        columns = head.split(" | ")
        self.say("", f"## {title}", "")
        if note:
            self.say(note, "")
        self.say(f"| {head} |", "|---" + "|---:" * (len(columns) - 1) + "|")

    def row(self, *cells: str) -> None:
        """Add a row to the table."""
        self.say(f"| {' | '.join(cells)} |")
