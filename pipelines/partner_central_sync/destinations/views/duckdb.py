"""Views in DuckDB, which forgets a view's comments when it is replaced."""

from __future__ import annotations

from collections.abc import Mapping

from .store import Stored, View, ViewStore


class DuckDbViews(ViewStore):
    """The views of a DuckDB file or of MotherDuck."""

    def select_stored(self, schema: str, names: str) -> str:
        """Returns the query for `stored`."""
        where = "WHERE database_name = current_database() AND schema_name"
        return (
            f"SELECT view_name, 'view', comment, sql FROM duckdb_views() {where} = {schema} "  # noqa: S608 - literals
            f"AND view_name IN ({names}) "
            "UNION ALL SELECT table_name, 'table', NULL, NULL FROM duckdb_tables() "
            f"{where} = {schema} AND table_name IN ({names})"
        )

    def makes(self, view: View, stored: Stored) -> bool:
        """Returns whether DuckDB writes the query of a new view as it writes that of the stored one."""
        return _query_of(self.shown_if_new(view)) == _query_of(stored.definition)

    def put(self, view: View, stored: Stored | None, own: Mapping[str, View]) -> frozenset[str]:
        """Creates or replaces a view, in one transaction with its comments."""
        del own
        with self.sql.begin_transaction():
            self.sql.execute_sql(f"{self.verb(stored)} {self.name(view)} AS {view.query}")
            self.sql.execute_many(self.comments(view))
        return frozenset({view.name})


def _query_of(statement: str | None) -> str:
    """Returns the part of a statement that follows the name of the view."""
    return (statement or "").partition(" AS ")[2]
