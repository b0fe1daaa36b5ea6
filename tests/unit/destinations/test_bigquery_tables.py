"""BigQuery has the names of tables in each dataset by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from partner_central_sync import destinations


class Sql:
    """A client that notes statements."""

    def __init__(self) -> None:
        self.dataset = "partner_central"
        self.statements: list[str] = []

    @contextmanager
    def with_alternative_dataset_name(self, dataset: str) -> Iterator[Any]:
        usual, self.dataset = self.dataset, dataset
        yield self
        self.dataset = usual

    def make_qualified_table_name_path(self, name: None) -> list[str]:
        assert name is None
        return ["`sales`", f"`{self.dataset}`"]

    def execute_sql(self, statement: str) -> list[tuple[str]]:
        self.statements.append(statement)
        return [("opportunities",)]


def test_the_tables_of_a_staging_dataset_are_asked_of_it() -> None:
    sql: Any = Sql()
    client: Any = SimpleNamespace(sql_client=sql)
    assert destinations.get("bigquery").table_names(client, "partner_central_staging") == ["opportunities"]
    assert sql.statements == ["SELECT table_name FROM `sales`.`partner_central_staging`.INFORMATION_SCHEMA.TABLES"]
