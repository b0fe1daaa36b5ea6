"""What is said of errors that reach the end of a run."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from dlt.common.configuration.exceptions import InvalidNativeValue
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.configuration.resolve import resolve_configuration
from dlt.common.exceptions import SignalReceivedException
from dlt.destinations.impl.postgres.configuration import PostgresCredentials

from partner_central_sync.console.exit_codes import ExitCode, of_several
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.console.signals import Terminated
from partner_central_sync.destinations.errors import unwritable
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


def test_credentials_that_cannot_be_read_name_the_setting_and_no_value() -> None:
    with pytest.raises(InvalidNativeValue) as raised:
        resolve_configuration(PostgresCredentials(), explicit_value="postgresql//loader:S3cretPW@db/sales")
    code, said = exit_code_and_message(raised.value)
    assert code is ExitCode.CONFIGURATION
    assert "[destination.postgres]" in said
    assert "DESTINATION__POSTGRES__CREDENTIALS" in said
    assert "S3cretPW" not in said


def summary(*, held: int = 0, mass_rejected: str | None = None) -> Summary:
    return Summary(
        "partner_central", "here", 1, 0, 0.0, None, 1, 9, 9, 0, None, 1.0, held=held, mass_rejected=mass_rejected
    )


def test_many_rejected_records_end_a_run_with_7_also_when_removals_are_held() -> None:
    assert summary().code is ExitCode.DONE
    assert summary(held=3).code is ExitCode.REVIEW_REMOVALS
    assert summary(mass_rejected="members that do not fit").code is ExitCode.REJECTED == 7
    assert summary(held=3, mass_rejected="members that do not fit").code is ExitCode.REJECTED


@pytest.mark.parametrize(("codes", "tells"), [((0, 0), 0), ((0, 7), 7), ((6, 7), 7), ((0, 6, 0), 6)])
def test_of_several_accounts_the_most_urgent_code_tells(
    codes: tuple[int, ...], tells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {0: summary(), 6: summary(held=1), 7: summary(mass_rejected="members that do not fit")}
    waiting = [ends[code] for code in codes]
    monkeypatch.setattr(all_accounts, "sync", lambda *_: waiting.pop(0))
    accounts = [Account(f"account{number}") for number in range(len(codes))]
    assert all_accounts.sync_each(accounts, Settings(), Console(quiet=True)) == tells


def test_what_needs_a_person_is_not_hidden_by_what_passes() -> None:
    assert of_several([ExitCode.RETRY_LATER, ExitCode.REVIEW_REMOVALS]) is ExitCode.REVIEW_REMOVALS
    assert of_several([ExitCode.ALREADY_RUNNING, ExitCode.REJECTED, ExitCode.RETRY_LATER]) is ExitCode.REJECTED
    assert of_several([ExitCode.REVIEW_REMOVALS, ExitCode.REFUSED, ExitCode.CONFIGURATION]) is ExitCode.CONFIGURATION
    assert of_several([ExitCode.ALREADY_RUNNING, ExitCode.RETRY_LATER, ExitCode.DONE]) is ExitCode.RETRY_LATER
    assert all(of_several([code, ExitCode.DONE]) is code for code in ExitCode), "each is heard beside a success"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (Terminated(signal.SIGTERM), ExitCode.TERMINATED),
        (Terminated(signal.SIGHUP), ExitCode.HUNG_UP),
        (SignalReceivedException(signal.SIGTERM), ExitCode.TERMINATED),
        (SignalReceivedException(-1), ExitCode.INTERRUPTED),
    ],
)
def test_a_signal_has_its_own_code_also_from_within_a_step_of_dlt(error: BaseException, code: ExitCode) -> None:
    step = RuntimeError("a step failed")
    step.__cause__ = error
    for raised in (error, step):
        assert exit_code_and_message(raised)[0] is code
        assert "Nothing is lost" in exit_code_and_message(raised)[1]


def test_an_interrupted_account_ends_the_run_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def interrupted(settings: Settings, _: Console) -> Summary:
        seen.append(settings.dataset)
        raise RuntimeError("a step failed") from Terminated(signal.SIGTERM)

    monkeypatch.setattr(all_accounts, "sync", interrupted)
    with pytest.raises(RuntimeError):
        all_accounts.sync_each([Account("one"), Account("two")], Settings(), Console(quiet=True))
    assert seen == ["partner_central_one"]


def test_a_configuration_that_is_no_toml_is_named_with_line_and_reason(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[a]\nb = = 1\n")
    code, said = exit_code_and_message(TomlProviderReadException("config.toml", "config.toml", [str(file)], "broken"))
    assert code is ExitCode.CONFIGURATION
    assert str(file) in said
    assert "line 2" in said


def test_a_lock_of_postgresql_is_one_line_of_a_log() -> None:
    error = Exception("canceling statement due to lock timeout\nLINE 1: ALTER TABLE\n")
    assert "lock timeout LINE 1: ALTER TABLE It may be" in unwritable(error)
