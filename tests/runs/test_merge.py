"""What is staged and what is stored become one table: newest wins, lists are not doubled, versions are in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import dlt
import pytest

from databases import MOSTLY_DUCKDB, Database
from partner_central_sync import destinations

Rows = list[dict[str, Any]]
Load = Callable[..., None]
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def load(database: Database) -> Load:
    """Loads rows into a table, as the source's resources would."""
    path = database.database if database.destination == "duckdb" else None

    def load(resource: Any) -> None:
        pipeline = dlt.pipeline(
            "merging",
            pipelines_dir=str(database.folder),
            destination=destinations.get(database.destination).destination(path),
            dataset_name="partner_central",
        )
        pipeline.run(resource, loader_file_format="jsonl" if path else None)

    return load


def versions(*rows: tuple[str, int, str, int | None], account: str | None = None) -> Any:
    """Rows of a table of versions: id, day, content, place in the order of reading."""
    whose = {} if account is None else {"account": account}
    key = [*whose, "id", "last_modified_date", "content_hash"]
    return dlt.resource(
        [
            {
                **whose,
                "id": key,
                "last_modified_date": BEGAN + timedelta(days=day),
                "content_hash": content,
                "read_order": place,
                "_dlt_id": uuid4().hex,
            }
            for key, day, content, place in rows
        ],
        name="opportunity_history",
        primary_key=key,
        write_disposition={"disposition": "merge", "strategy": "insert-only"},
        columns={"read_order": {"data_type": "bigint"}},
    )  # type: ignore[call-overload]


def opportunities(*rows: tuple[str, int, str, list[str]]) -> Any:
    """Rows of opportunities: id, day, stage, delivery models."""
    return dlt.resource(
        [
            {
                "id": key,
                "last_modified_date": BEGAN + timedelta(days=day),
                "stage": stage,
                "models": [{"opportunity_id": key, "value": value} for value in models],
            }
            for key, day, stage, models in rows
        ],
        name="opportunities",
        primary_key="id",
        write_disposition="merge",
        columns={"last_modified_date": {"dedup_sort": "desc"}},
    )


def stored(database: Database, key: str = "O1") -> str:
    """The contents of an opportunity's versions, in their order."""
    rows = database.sql(
        f"SELECT content_hash FROM opportunity_history WHERE id = '{key}' "
        "ORDER BY last_modified_date, COALESCE(read_order, -1), content_hash"
    )
    return "".join(content for (content,) in rows)


@pytest.mark.long
@MOSTLY_DUCKDB
@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ([[("O1", 0, "A", 1), ("O1", 0, "B", 2), ("O1", 0, "A", 3)]], "ABA"),
        ([[("O1", 0, "A", 1)], [("O1", 0, "B", 2)], [("O1", 0, "A", 3)]], "ABA"),
        ([[("O1", 0, "A", 1), ("O1", 0, "B", 2)], [("O1", 0, "B", 3)]], "AB"),
        ([[("O1", 0, "A", 1), ("O1", 1, "B", 2)], [("O1", 0, "A", 3), ("O1", 1, "B", 4)]], "AB"),
        ([[("O1", 0, "A", 1), ("O1", 1, "A", 2)]], "AA"),
        ([[("O1", 0, "A", 1), ("O1", 0, "B", 2)], [("O1", 0, "A", 1), ("O1", 0, "B", 2), ("O1", 0, "C", 3)]], "ABC"),
        ([[("O1", 0, "A", None), ("O1", 0, "B", None)], [("O1", 0, "B", 1)], [("O1", 0, "A", 2)]], "AB"),
        ([[("O1", 0, "A", None), ("O1", 0, "B", None)], [("O1", 0, "C", 1), ("O1", 0, "A", 2)]], "ABCA"),
        ([[("O1", 0, "A", 1)], [("O2", 0, "A", 2), ("O1", 0, "A", 3)]], "A"),
    ],
)
def test_a_version_is_one_that_differs_from_the_one_read_before_it(
    loads: list[list[tuple[str, int, str, int | None]]], expected: str, database: Database, load: Load
) -> None:
    for _ in range(2):  # done again, it adds nothing
        for rows in loads:
            load(versions(*rows))
        assert stored(database) == expected
        loads = loads[-1:]


@pytest.mark.long
def test_versions_of_two_accounts_do_not_meet(database: Database, load: Load) -> None:
    load(versions(("O1", 0, "A", 1), account="acme"))
    load(versions(("O1", 0, "B", 1), account="zenith"))
    load(versions(("O1", 0, "A", 2), account="acme"))
    assert database.sql("SELECT account, content_hash FROM opportunity_history ORDER BY 1") == [
        ("acme", "A"),
        ("zenith", "B"),
    ]


def current(database: Database) -> list[tuple[Any, ...]]:
    """Every opportunity with its list."""
    return database.sql(
        "SELECT o.id, o.stage, string_agg(m.value, '+' ORDER BY m.value) FROM opportunities o "
        "LEFT JOIN opportunities__models m ON m.opportunity_id = o.id GROUP BY 1, 2 ORDER BY 1"
    )


@pytest.mark.long
def test_the_newest_row_wins_with_its_lists_and_of_a_tie_the_last_read(database: Database, load: Load) -> None:
    load(opportunities(("O1", 5, "Launched", ["a", "b"]), ("O2", 5, "Prospect", ["a"])))
    load(opportunities(("O1", 4, "Prospect", ["z"]), ("O2", 5, "Qualified", ["c"]), ("O3", 1, "Prospect", [])))
    assert current(database) == [("O1", "Launched", "a+b"), ("O2", "Qualified", "c"), ("O3", "Prospect", None)]
    load(opportunities(("O1", 4, "Prospect", ["z"]), ("O1", 6, "Closed Lost", [])))
    assert current(database)[0] == ("O1", "Closed Lost", None)


def test_lists_whose_root_was_deleted_by_hand_do_not_come_twice(database: Database, load: Load) -> None:
    load(opportunities(("O1", 5, "Launched", ["a", "b"]), ("O2", 5, "Prospect", ["a"])))
    database.sql("DELETE FROM opportunities WHERE id = 'O1'")
    load(opportunities(("O1", 5, "Launched", ["a", "b"])))
    assert current(database) == [("O1", "Launched", "a+b"), ("O2", "Prospect", "a")]
