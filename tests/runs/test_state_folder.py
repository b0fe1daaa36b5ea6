"""Where runs keep their state: a folder for each destination, of its owner alone, taken over from earlier releases."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from partner_central.api.quota import LEDGER
from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator
from partner_central_sync.console.failures import AnotherRun
from partner_central_sync.console.output import Console
from partner_central_sync.destinations.postgres import postgres
from partner_central_sync.sync import state_folder, working_folder
from partner_central_sync.sync.job import sync
from partner_central_sync.sync.settings import Settings
from partner_central_sync.sync.state_folder import folder_of
from partner_central_sync.sync.status import status
from sandbox import Sandbox

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")


def as_of_an_earlier_release(sandbox: Sandbox) -> Path:
    """Puts the working folder where earlier releases had it."""
    ours, earlier = sandbox.state_folder(), sandbox.pipelines_dir / "partner_central"
    for path in ours.iterdir():
        if path.suffix != ".lock":
            path.rename(sandbox.pipelines_dir / path.name)
    shutil.rmtree(ours)
    return earlier


def elsewhere(sandbox: Sandbox) -> Settings:
    """The same dataset of the same user, in another file."""
    return replace(sandbox.settings(), database=sandbox.folder / "other.duckdb")


@pytest.mark.long
def test_two_projects_of_one_user_share_neither_lock_nor_last_run(synced: Sandbox) -> None:
    other = elsewhere(synced)
    with working_folder.hold_lock(synced.settings()):
        assert dict(line[:2] for line in status(other))["active run"] == "none"
        assert "last run" not in dict(line[:2] for line in status(other))
        sync(other, Console(quiet=True))
    assert "done (exit code 0)" in dict(line[:2] for line in status(other))["last run"]
    assert folder_of(other) != synced.state_folder()


def test_calls_are_counted_for_all_destinations_together(tmp_path: Path) -> None:
    with Emulator(opportunities=2, seed=1, rps=None) as other:  # a process counts an account in one place
        sandbox = Sandbox(tmp_path, other.endpoint)
        sandbox.sync()
    assert (sandbox.pipelines_dir / LEDGER).exists()
    assert not list(sandbox.state_folder().glob("*.sqlite"))


def test_a_working_folder_of_an_earlier_release_is_taken_over_without_a_word(
    synced: Sandbox, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = as_of_an_earlier_release(synced)
    owner = (synced.pipelines_dir / "partner_central.owner").read_text()
    assert "last run" not in dict(line[:2] for line in status(elsewhere(synced))), "it is not of that file"
    assert earlier.exists()
    last_run = dict(line[:2] for line in status(synced.settings()))["last run"]
    assert "done (exit code 0)" in last_run
    assert not earlier.exists()
    assert sync(synced.settings(), Console()).changed == 0
    assert (synced.state_folder() / "partner_central.owner").read_text() == owner
    assert len(emulator.calls) == 1, "nothing is read again"
    assert "restored" not in capsys.readouterr().err


def test_a_folder_in_which_an_earlier_release_is_running_is_left_alone(synced: Sandbox) -> None:
    earlier = as_of_an_earlier_release(synced)
    with FileLock(synced.pipelines_dir / "partner_central.lock"), pytest.raises(AnotherRun, match="earlier release"):
        synced.sync()
    assert earlier.exists()


@as_root
def test_a_folder_that_another_user_made_first_is_refused_before_anything_in_it_is_read(
    synced: Sandbox, emulator: Emulator
) -> None:
    os.chown(synced.state_folder(), 12345, 12345)
    with pytest.raises(ConfigurationError, match=r"belongs to another user .* DLT_DATA_DIR"):
        synced.sync()
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        dict(line[:2] for line in status(synced.settings()))
    assert not emulator.calls


def test_the_temporary_folder_of_all_users_is_never_taken_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DLT_DATA_DIR", raising=False)
    monkeypatch.setattr(state_folder, "global_dir", lambda: str(tmp_path / "dlt"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ConfigurationError, match="DLT_DATA_DIR"):
        folder_of(Settings())
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "own"))
    assert folder_of(Settings()).is_relative_to(tmp_path / "own")


@pytest.mark.long
def test_files_of_a_run_are_the_owners_alone_whatever_the_umask_is(sandbox: Sandbox) -> None:
    before = os.umask(0)
    try:
        sandbox.sync()
    finally:
        os.umask(before)
    ours = [sandbox.database, *(sandbox.pipelines_dir / state_folder.OURS).rglob("*")]
    assert len(ours) > 10
    assert [path for path in ours if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_a_relative_path_is_below_the_folder_of_the_command_and_a_tilde_is_the_home(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = replace(sandbox.settings(), database=None)
    for here, configured, there in (
        ("a", "data.duckdb", "a/data.duckdb"),
        ("b", "data.duckdb", "b/data.duckdb"),
        ("b", "duckdb:///../data.duckdb", "data.duckdb"),
        ("b", "~/data.duckdb", "home/data.duckdb"),
    ):
        (tmp_path / here).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / here)
        monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", configured)
        client = working_folder.attach(settings).destination_client()
        database = client.config.credentials.database  # type: ignore[union-attr]
        assert os.path.realpath(database) == str(tmp_path / there)


def test_a_file_system_without_locks_says_where_to_put_the_folder(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ConfigurationError, match=r"has no locks .* DLT_DATA_DIR to a folder on a local disk"):
        sandbox.sync()


def test_text_goes_to_postgres_as_utf_8_whatever_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://loader:secret@localhost/sales?client_encoding=latin1"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
    factory = postgres()
    config = factory.configuration(factory.spec(), accept_partial=True)
    assert config.credentials.get_query()["client_encoding"] == "UTF8"
