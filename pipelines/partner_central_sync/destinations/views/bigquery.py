"""Views in BigQuery, whose description holds the mark.

A statement that replaces a view may take the access that was given to it alone. So a view is changed over the API,
which changes what it is told to and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .store import Stored, View, ViewStore


class BigQueryViews(ViewStore):
    """The views of a BigQuery dataset."""

    def select_stored(self, schema: str, names: str) -> str:
        """Returns the query for `stored`. The description is shown as a literal, which holds the mark as it is."""
        del schema
        dataset = ".".join(self.sql.make_qualified_table_name_path(None))
        return (
            "SELECT t.table_name, t.table_type, o.option_value, v.view_definition "  # noqa: S608 - literals
            f"FROM {dataset}.INFORMATION_SCHEMA.TABLES AS t "
            f"LEFT JOIN {dataset}.INFORMATION_SCHEMA.TABLE_OPTIONS AS o "
            "ON o.table_name = t.table_name AND o.option_name = 'description' "
            f"LEFT JOIN {dataset}.INFORMATION_SCHEMA.VIEWS AS v ON v.table_name = t.table_name "
            f"WHERE t.table_name IN ({names})"
        )

    def put(self, view: View, stored: Stored | None, own: Mapping[str, View]) -> frozenset[str]:
        """Creates a view with its descriptions, or changes its query, then its descriptions."""
        del own
        if stored is None:
            columns = self.column_list(view, "{name} OPTIONS (description = {text})")
            comment = f"OPTIONS (description = {self.literal(view.marked_comment)})"
            self.sql.execute_sql(f"CREATE VIEW {self.name(view)} {columns} {comment} AS {view.query}")
        else:
            self._change(view)
        return frozenset({view.name})

    def _change(self, view: View) -> None:
        client: Any = self.sql.native_connection
        table = client.get_table(".".join(self.sql.make_qualified_table_name_path(view.name, quote=False)))
        table.view_query = view.query
        table = client.update_table(table, ["view_query"])
        table.schema = [
            type(field).from_api_repr({**field.to_api_repr(), "description": view.columns.get(field.name, "")})
            for field in table.schema
        ]
        table.description = view.marked_comment
        client.update_table(table, ["schema", "description"])
