"""What is said of errors that reach the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.sync import all_accounts
from partner_central_sync.sync.accounts import Account
from partner_central_sync.sync.settings import Settings
from partner_central_sync.sync.summary import Summary
from partner_central_sync.sync.working_folder import detect_damage


@pytest.mark.parametrize("module", ["google.api_core.exceptions", "snowflake.connector.errors", "databricks.sql.exc"])
def test_a_refusal_of_a_warehouse_names_the_permission_and_is_no_defect_of_this_program(module: str) -> None:
    """The clients are not installed here; dlt lets their errors through as they are."""
    forbidden: type[Exception] = type("Forbidden", (Exception,), {"__module__": module})
    code, said = exit_code_and_message(
        forbidden("User does not have bigquery.datasets.create permission in project sales.")
    )
    assert code is ExitCode.RETRY_LATER
    assert "bigquery.datasets.create permission" in said


def test_a_key_file_that_is_not_there_is_no_damage_of_the_working_folder() -> None:
    """dlt says so with a bare ValueError, while it resolves the settings."""

    def resolve() -> None:
        try:
            Path("no-such-key.p8").read_text()
        except OSError:
            raise ValueError("Make sure that `private_key` is at `no-such-key.p8`")  # noqa: B904 - as dlt does it

    with pytest.raises(ValueError, match="private_key") as raised, detect_damage():
        resolve()
    code, said = exit_code_and_message(raised.value)
    assert code is ExitCode.RETRY_LATER
    assert "no-such-key.p8" in said


def summary(*, held: int = 0, mass_rejected: str | None = None) -> Summary:
    return Summary(
        "partner_central", "here", 1, 0, 0.0, None, 1, 9, 9, 0, None, 1.0, held=held, mass_rejected=mass_rejected
    )


def test_many_rejected_records_end_a_run_with_7_also_when_removals_are_held() -> None:
    assert summary().code is ExitCode.DONE
    assert summary(held=3).code is ExitCode.REVIEW_REMOVALS
    assert summary(mass_rejected="members that do not fit").code is ExitCode.REJECTED == 7
    assert summary(held=3, mass_rejected="members that do not fit").code is ExitCode.REJECTED


@pytest.mark.parametrize(("codes", "tells"), [((0, 0), 0), ((0, 7), 7), ((7, 6), 6), ((0, 6, 0), 6)])
def test_of_several_accounts_the_lowest_code_other_than_0_tells(
    codes: tuple[int, ...], tells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {0: summary(), 6: summary(held=1), 7: summary(mass_rejected="members that do not fit")}
    waiting = [ends[code] for code in codes]
    monkeypatch.setattr(all_accounts, "sync", lambda *_: waiting.pop(0))
    accounts = [Account(f"account{number}") for number in range(len(codes))]
    assert all_accounts.sync_each(accounts, Settings(), Console(quiet=True)) == tells
