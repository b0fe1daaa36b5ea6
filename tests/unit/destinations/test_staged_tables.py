"""Which tables go through the staging dataset or are emptied before a load: the answers of dlt's own clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.schema import Schema
from dlt.common.schema.utils import new_table
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.destinations.job_client_impl import SqlJobClientBase, SqlJobClientWithStagingDataset

from partner_central_sync.destinations.fenced_client import with_merge

DISPOSITIONS = ("append", "merge", "replace")
STRATEGIES = ("truncate-and-insert", "insert-from-staging", "staging-optimized")


class Own(DuckDbClient):
    """A client with an answer of its own, as Athena's has."""

    def should_load_data_to_staging_dataset(self, table_name: str) -> bool:
        """Nothing is staged."""
        del table_name
        return False


def client(kind: type[SqlJobClientWithStagingDataset], strategy: str) -> SqlJobClientWithStagingDataset:
    """A client that is connected to nothing, with a root of each disposition and a list below it."""
    made = cast("Any", kind.__new__(kind))
    made.schema = Schema("s")
    for name in DISPOSITIONS:
        made.schema.update_table(new_table(name, write_disposition=cast("Any", name)))
        made.schema.update_table(new_table(f"{name}__list", parent_table_name=name))
    made.config = type("Config", (), {"replace_strategy": strategy})
    made.capabilities = DestinationCapabilitiesContext.generic_capabilities()
    made.capabilities.supported_replace_strategies = [*STRATEGIES]
    return cast("SqlJobClientWithStagingDataset", made)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("question", ["should_load_data_to_staging_dataset", "should_truncate_table_before_load"])
def test_the_answers_are_those_of_dlt(question: str, strategy: str) -> None:
    ours, theirs = client(with_merge(DuckDbClient), strategy), client(DuckDbClient, strategy)
    asked: Callable[[str], bool] = getattr(ours, question)
    tables = [name for name in theirs.schema.tables if not name.startswith("_dlt")]
    assert len(tables) == 6
    assert {name: asked(name) for name in tables} == {name: getattr(theirs, question)(name) for name in tables}


def test_no_table_is_copied_that_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlJobClientBase, "prepare_load_table", lambda *_: pytest.fail("copied"))
    ours = client(with_merge(DuckDbClient), STRATEGIES[0])
    assert [ours.should_load_data_to_staging_dataset(name) for name in ("append__list", "merge__list")] == [False, True]
    assert not any(ours.should_truncate_table_before_load(name) for name in ("append__list", "merge__list"))


def test_a_client_with_an_answer_of_its_own_keeps_it() -> None:
    assert not client(with_merge(Own), STRATEGIES[0]).should_load_data_to_staging_dataset("merge")
