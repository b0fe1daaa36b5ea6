"""`forget` tells the columns that syncs made from those that somebody added, in a lake as in a database."""

from __future__ import annotations

from dlt.common.schema import Schema

from partner_central_sync.forget.run import _counts
from partner_central_sync.forget.tables import Cleaned


def test_columns_that_no_sync_made_are_noted_and_named() -> None:
    schema = Schema("partner_central")
    schema.update_table({"name": "opportunities", "columns": {"id": {"name": "id"}, "order": {"name": "order"}}})
    cleaned = Cleaned()
    assert cleaned.own(schema, "opportunities", ["ID", "order", "my_owner"]) == {"ID", "order"}
    assert cleaned.own(schema, "opportunity_history", ["my note"]) == set()
    *_, line = _counts(cleaned)
    named = "opportunities.my_owner, opportunity_history.my note"
    assert line == f"Left as they are, since no sync made them: the columns {named}"


def test_where_nobody_added_a_column_there_is_no_line() -> None:
    assert not any("Left as they are" in line for line in _counts(Cleaned()))
