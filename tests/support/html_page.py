"""A report's page read back: its figures, tables and texts."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """A page, without what its programs add.

    Attributes:
        figures: the texts of each figure by its name, one after another.
        tables: rows of texts by the label of the table, its head first.
        tags: every element's name with its attributes.
        text: all text but styles, programs and rows.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.figures: dict[str, list[str]] = {}
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[tuple[str, str | None]] = []
        self._table: list[list[str]] | None = None
        self.feed(html)
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in VOID:
            return
        self._open.append((tag, attributes.get("data-figure")))
        if tag == "table":
            self._table = self.tables.setdefault(f"{attributes['aria-label']}", [])
        elif tag == "tr" and self._table is not None:
            self._table.append([])
        elif tag in {"td", "th"} and self._table is not None:
            self._table[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag
        if tag == "table":
            self._table = None

    def handle_data(self, data: str) -> None:
        names = {tag for tag, _ in self._open}
        if names & {"style", "script"}:
            return
        self.text += data
        for _, figure in self._open:
            if figure:
                self.figures.setdefault(figure, []).append(data)
        if self._table and self._table[-1] and {"td", "th"} & names:
            self._table[-1][-1] += data
