"""What is said of errors that reach the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from partner_central_sync.outcome import Exit, explain
from partner_central_sync.workdir import reading_folder


@pytest.mark.parametrize("module", ["google.api_core.exceptions", "snowflake.connector.errors", "databricks.sql.exc"])
def test_a_refusal_of_a_warehouse_names_the_permission_and_is_no_defect_of_this_program(module: str) -> None:
    """The clients are not installed here; dlt lets their errors through as they are."""
    forbidden: type[Exception] = type("Forbidden", (Exception,), {"__module__": module})
    code, said = explain(forbidden("User does not have bigquery.datasets.create permission in project sales."))
    assert code is Exit.LATER
    assert "bigquery.datasets.create permission" in said


def test_a_key_file_that_is_not_there_is_no_damage_of_the_working_folder() -> None:
    """dlt says so with a bare ValueError, while it resolves the settings."""

    def resolve() -> None:
        try:
            Path("no-such-key.p8").read_text()
        except OSError:
            raise ValueError("Make sure that `private_key` is at `no-such-key.p8`")  # noqa: B904 - as dlt does it

    with pytest.raises(ValueError, match="private_key") as raised, reading_folder():
        resolve()
    code, said = explain(raised.value)
    assert code is Exit.LATER
    assert "no-such-key.p8" in said
