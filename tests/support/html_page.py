"""A report's page read back: its figures, tables and texts."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """What is on a page.

    Attributes:
        tables: rows of texts by the label of the table, its head first.
        figures: the values of each term.
        tags: every element's name with its attributes.
        text: all text but styles and programs.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.figures: dict[str, list[str]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self._table: list[list[str]] | None = None
        self._term = ""
        self.feed(html)
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self._table = self.tables.setdefault(f"{attributes['aria-label']}", [])
            if self._table:  # one more of the same name
                self._table = self.tables.setdefault(f"{attributes['aria-label']} {len(self.tables)}", [])
        elif tag == "tr" and self._table is not None:
            self._table.append([])
        elif tag in {"td", "th"} and self._table is not None:
            self._table[-1].append("")
        elif tag == "dd":
            self.figures[self._term].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "table":
            self._table = None

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside in {"style", "script"}:
            return
        self.text += data
        if inside == "dt":
            self._term = data
            self.figures[data] = []
        elif inside == "dd":
            self.figures[self._term][-1] += data
        elif self._table and self._table[-1] and {"td", "th"} & set(self._open):
            self._table[-1][-1] += data
