"""Tables of a benchmark, as Markdown and as figures."""

from __future__ import annotations

from figures import Figures


class Report:
    """Collects tables as Markdown, and shows them as they come."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.figures = Figures()
        self._title, self._columns = "", [""]

    def say(self, *lines: str) -> None:
        """Add lines."""
        self.lines.extend(lines)
        print("\n".join(lines), flush=True)

    def table(self, title: str, head: str, note: str = "") -> None:
        """Begin a table; `head` holds its columns."""
        self._title, self._columns = title, (columns := head.split(" | "))
        self.say("", f"## {title}", "")
        if note:
            self.say(note, "")
        self.say(f"| {head} |", "|---" + "|---:" * (len(columns) - 1) + "|")

    def row(self, *cells: str, spread: float | None = None) -> None:
        """Add a row to the table; `spread` is how far its repeats differ, if it was measured more than once."""
        self.figures.note(self._title, self._columns, cells, spread)
        self.say(f"| {' | '.join(cells)} |")
