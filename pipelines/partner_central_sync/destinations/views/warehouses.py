"""Views in Snowflake, Databricks and ClickHouse, whose statements make a view with all its comments at once."""

from __future__ import annotations

from collections.abc import Mapping

from .store import Stored, View, ViewStore


class WithTableComments(ViewStore):
    """The views of a database whose information schema shows comments of views as comments of tables."""

    def select_stored(self, schema: str, names: str) -> str:
        """Returns the query for `stored`."""
        catalog = self.sql.catalog_name()
        place = f"{catalog}.information_schema" if catalog else "information_schema"
        return (
            "SELECT t.table_name, t.table_type, t.comment, v.view_definition "  # noqa: S608 - literals
            f"FROM {place}.tables t LEFT JOIN {place}.views v "
            "ON v.table_schema = t.table_schema AND v.table_name = t.table_name "
            f"WHERE t.table_schema = {schema} AND t.table_name IN ({names})"
        )


class SnowflakeViews(WithTableComments):
    """The views of Snowflake, which drops grants with a view unless it is told to copy them."""

    def put(self, view: View, stored: Stored | None, own: Mapping[str, View]) -> frozenset[str]:
        """Creates or replaces a view with its comments and its grants, in one statement."""
        del own
        columns = self.column_list(view, "{name} COMMENT {text}")
        grants = "COPY GRANTS " if stored else ""
        comment = f"{grants}COMMENT = {self.literal(view.marked_comment)}"
        self.sql.execute_sql(f"{self.verb(stored)} {self.name(view)} {columns} {comment} AS {view.query}")
        return frozenset({view.name})


class DatabricksViews(WithTableComments):
    """The views of Unity Catalog, where ALTER VIEW keeps the grants that CREATE OR REPLACE VIEW drops."""

    def put(self, view: View, stored: Stored | None, own: Mapping[str, View]) -> frozenset[str]:
        """Creates a view with its comments, or changes its query, then its comments; the one with the mark is last."""
        del own
        if stored is None:
            columns = self.column_list(view, "{name} COMMENT {text}")
            comment = f"COMMENT {self.literal(view.marked_comment)}"
            self.sql.execute_sql(f"CREATE VIEW {self.name(view)} {columns} {comment} AS {view.query}")
            return frozenset({view.name})
        for statement in (f"ALTER VIEW {self.name(view)} AS {view.query}", *self.comments(view, "TABLE")):
            self.sql.execute_sql(statement)
        return frozenset({view.name})


class ClickHouseViews(ViewStore):
    """The views of ClickHouse. Its grants are on names, so they outlive a view."""

    def select_stored(self, schema: str, names: str) -> str:
        """Returns the query for `stored`; queries are written as `makes` compares them."""
        return (
            "SELECT name, if(engine = 'View', 'view', 'table'), comment, "  # noqa: S608 - literals
            "if(engine = 'View', formatQuerySingleLine(as_select), NULL) "
            f"FROM system.tables WHERE database = {schema} AND name IN ({names})"
        )

    def makes(self, view: View, stored: Stored) -> bool:
        """Returns whether ClickHouse writes both queries in the same way."""
        written = self.sql.execute_sql(f"SELECT formatQuerySingleLine({self.literal(view.query)})")
        return bool(written) and written[0][0] == stored.definition  # type: ignore[index] # it has a row

    def put(self, view: View, stored: Stored | None, own: Mapping[str, View]) -> frozenset[str]:
        """Creates or replaces a view with its comments; for those of columns, the types have to be named."""
        del own
        types = {str(row[0]): str(row[1]) for row in self.sql.execute_sql(f"DESCRIBE TABLE ({view.query})") or ()}
        columns = ", ".join(
            f"{self.sql.escape_column_name(name)} {kind} COMMENT {self.literal(view.columns.get(name, ''))}"
            for name, kind in types.items()
        )
        comment = f"COMMENT {self.literal(view.marked_comment)}"
        self.sql.execute_sql(f"{self.verb(stored)} {self.name(view)} ({columns}) AS {view.query} {comment}")
        return frozenset({view.name})
