"""What is said of errors that reach the end of a run."""

from __future__ import annotations

import pytest

from partner_central_sync.outcome import Exit, explain


@pytest.mark.parametrize("module", ["google.api_core.exceptions", "snowflake.connector.errors", "databricks.sql.exc"])
def test_a_refusal_of_a_warehouse_names_the_permission_and_is_no_defect_of_this_program(module: str) -> None:
    """The clients are not installed here; dlt lets their errors through as they are."""
    forbidden: type[Exception] = type("Forbidden", (Exception,), {"__module__": module})
    code, said = explain(forbidden("User does not have bigquery.datasets.create permission in project sales."))
    assert code is Exit.LATER
    assert "bigquery.datasets.create permission" in said
