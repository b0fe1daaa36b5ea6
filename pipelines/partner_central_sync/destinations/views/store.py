"""The base of every store of views, and the store of a database whose comments on views are not known here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from dlt.destinations.job_client_impl import SqlJobClientBase

from .. import of

MARK = re.compile(r"made by partner-central-sync ([0-9a-f]{16})\b")


class NotReplaced(Exception):
    """A view was left as it was; the message is the reason, without the view's name."""


class _Undone(Exception):
    """Rolls a transaction back."""


class View(NamedTuple):
    """A view as it has to be.

    Attributes:
        name: what it is called.
        query: its query, in the destination's dialect.
        fingerprint: a hash of all that decides what it is.
        comment: what a reader must know.
        columns: the description of each of its columns, in their order; it may be empty.
        reads: the tables and views that it reads.
        proof: a hash of what the destination stored as its query, where the mark has one.
    """

    name: str
    query: str
    fingerprint: str
    comment: str
    columns: Mapping[str, str]
    reads: frozenset[str] = frozenset()
    proof: str = ""

    @property
    def mark(self) -> str:
        """The text by which this program knows the view again."""
        return f"made by partner-central-sync {self.fingerprint}{self.proof and f' as {self.proof}'}"

    @property
    def marked_comment(self) -> str:
        """The comment, with the mark."""
        return f"{self.comment}\n\n{self.mark}" if self.comment else self.mark


class Stored(NamedTuple):
    """An object that a destination has under the name of a view.

    Attributes:
        kind: what it is, for a message.
        fingerprint: the one in the mark; None if nothing shows that this program made it.
        definition: the query of a view, or the statement that makes it, if the destination shows it.
    """

    kind: str
    fingerprint: str | None = None
    definition: str | None = None

    @property
    def is_view(self) -> bool:
        """Returns whether it is a view that can be replaced by another."""
        return self.kind == "view"


class ViewStore:
    """The views of an open destination, with marks in their queries.

    Args:
        client: the destination's.
    """

    def __init__(self, client: SqlJobClientBase) -> None:
        self.client = client
        self.sql = client.sql_client
        self.dialect = of(client).dialect(client.capabilities)

    def stored(self, names: Iterable[str]) -> dict[str, Stored]:
        """Returns what the destination has under these names, by name, in one or two queries."""
        return self.named(names, self.select_stored(*self.place(names)))

    def select_stored(self, schema: str, names: str) -> str:
        """Returns the query for `stored`: name, kind, text with the mark, definition of a view.

        Args:
            schema: the name of the dataset, as a literal.
            names: the names to look for, as a list of literals.
        """
        return (
            "SELECT t.table_name, t.table_type, v.view_definition, v.view_definition "  # noqa: S608 - literals
            "FROM information_schema.tables t LEFT JOIN information_schema.views v "
            "ON v.table_schema = t.table_schema AND v.table_name = t.table_name "
            f"WHERE t.table_schema = {schema} AND t.table_name IN ({names})"
        )

    def makes(self, view: View, stored: Stored) -> bool:
        """Returns whether a view without a mark is what this program makes, as an earlier release left it."""
        query = _as_query(stored.definition or "", self.dialect)
        return query is not None and query == _as_query(view.query, self.dialect)

    def put(self, view: View, stored: Stored | None, own: Mapping[str, View]) -> frozenset[str]:
        """Creates a view, or replaces it by one with the same grants.

        Args:
            view: what it has to be.
            stored: what is there under its name; None if nothing is.
            own: all views that this program may make, by name, each after the views that it reads.

        Returns:
            The names of the views that were made.

        Raises:
            NotReplaced: the one that is there has to stay for now.
        """
        del own
        query = self.parsed(view.query).with_("made_by", as_=f"SELECT '{view.mark}' AS mark", dialect=self.dialect)
        self.sql.execute_sql(f"{self.verb(stored)} {self.name(view)} AS {query.sql(dialect=self.dialect)}")
        return frozenset({view.name})

    # For subclasses

    def place(self, names: Iterable[str]) -> tuple[str, str]:
        """Returns the dataset as a literal, and the names in it as a list of literals."""
        paths = [self.sql.make_qualified_table_name_path(name, quote=False) for name in sorted(names)]
        return self.literal(paths[0][-2]), ", ".join(self.literal(path[-1]) for path in paths)

    def named(self, names: Iterable[str], query: str) -> dict[str, Stored]:
        """Returns what a query of `select_stored` gives, by the names of the views."""
        folded = {self.sql.make_qualified_table_name_path(name, quote=False)[-1].lower(): name for name in names}
        found = {}
        for name, kind, marked, definition in self.sql.execute_sql(query) or ():
            mark = MARK.search(marked or "")
            words = str(kind).lower().removeprefix("base ")
            found[folded[str(name).lower()]] = Stored(words, mark[1] if mark else None, definition)
        return found

    def name(self, view: View) -> str:
        """Returns the qualified name of a view."""
        return self.sql.make_qualified_table_name(view.name)

    def shown_if_new(self, view: View) -> str | None:
        """Returns how the database shows the query of a view that is made, and rolled back."""
        probe = f"{view.name[:40]}_of_this_release"  # PostgreSQL cuts a name after 63 letters
        shown = None
        with suppress(_Undone), self.sql.begin_transaction():
            self.sql.execute_sql(f"CREATE VIEW {self.sql.make_qualified_table_name(probe)} AS {view.query}")
            shown = self.stored([probe])[probe].definition
            raise _Undone
        return shown

    def verb(self, stored: Stored | None) -> str:
        """Returns how a statement begins: what is not there is never replaced, should it have come meanwhile."""
        return "CREATE OR REPLACE VIEW" if stored else "CREATE VIEW"

    def literal(self, text: str) -> str:
        """Returns a text as the dialect writes it."""
        return _literal(text, self.dialect)

    def parsed(self, query: str) -> Any:  # noqa: ANN401 - a tree of sqlglot, which has no precise types
        """Returns a query as a tree."""
        import sqlglot

        return sqlglot.parse_one(query, dialect=self.dialect)

    def column_list(self, view: View, form: str) -> str:
        """Returns the columns of a view with their comments, in parentheses.

        Args:
            view: the view.
            form: how a column is written, with `{name}` and `{text}`; one without a description has its name only.
        """
        written = (
            form.format(name=self.sql.escape_column_name(name), text=self.literal(text))
            if text
            else self.sql.escape_column_name(name)
            for name, text in view.columns.items()
        )
        return f"({', '.join(written)})"

    def comments(self, view: View, kind: str = "VIEW") -> list[str]:
        """Returns statements that put the comments, the one with the mark last."""
        name = self.name(view)
        columns = [
            f"COMMENT ON COLUMN {name}.{self.sql.escape_column_name(column)} IS {self.literal(text)}"
            for column, text in view.columns.items()
            if text
        ]
        return [*columns, f"COMMENT ON {kind} {name} IS {self.literal(view.marked_comment)}"]


@cache
def _literal(text: str, dialect: str) -> str:
    from sqlglot import exp

    return exp.Literal.string(text).sql(dialect=dialect)


def _as_query(definition: str, dialect: str) -> str | None:
    """A definition without its layout, or the statement around it; None if it cannot be read."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(definition, dialect=dialect)
    except SqlglotError:
        return None
    query = tree.expression if isinstance(tree, exp.Create) else tree
    return str(query.sql(dialect=dialect, comments=False)) if query else None
