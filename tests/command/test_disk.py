"""Bad days on this machine: a file held open, folders that cannot be written, a full disk, a damaged working folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from partner_central import partner_central
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.job import sync
from partner_central_sync.sync.summary import Summary
from sandbox import COMMAND, TIMEOUT_S, Sandbox

HOLD_OPEN = """
import duckdb, sys
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read-only")
print("open", flush=True)
sys.stdin.read()
"""
# A capability that lets root write everywhere is given away before the command takes this process's place.
AS_MERE_USER = "import ctypes, os, sys; ctypes.CDLL(None).prctl(24, 1); os.execv(sys.argv[1], sys.argv[1:])"
UNSHARE = ("unshare", "--map-root-user", "--mount")
ON_A_SMALL_DISK = """
mount -t tmpfs none "$1" && cd "$1" || exit 1
for kilobytes in $2; do
  mount -o "remount,size=${kilobytes}k" none "$1" && "$3" sync >&2
  echo "$?"
done
cp partner_central.duckdb ..
"""
WITH_SMALL_FILES = """
cd "$1" || exit 1
for kilobytes in $2; do
  (ulimit -f "$((kilobytes * 2))"; exec "$3" sync >&2)
  echo "$?"
done
cp partner_central.duckdb ..
"""


def sync_aloud(sandbox: Sandbox) -> Summary:
    """One sync in this process that says what it does to standard error."""
    return sync(sandbox.settings(), Console())


@contextmanager
def held_open(database: Path, access: str) -> Iterator[int]:
    """Another program with the database open, such as an analyst's shell; gives its process id."""
    arguments = [sys.executable, "-c", HOLD_OPEN, str(database), access]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "open\n"
        yield shell.pid


@pytest.mark.long
@pytest.mark.parametrize("access", ["read-write", "read-only"])
def test_a_database_open_elsewhere_fails_before_any_call_naming_its_holder(
    access: str, synced: Sandbox, emulator: Emulator
) -> None:
    emulator.advance(days=1)
    emulator.calls.clear()
    with held_open(synced.database, access) as pid:
        ended = synced.command("sync")
    assert (ended.returncode, ended.stdout, emulator.calls) == (4, "", [])
    assert str(synced.database) in ended.stderr
    assert f"(process {pid})" in ended.stderr
    assert Path(sys.executable).resolve().name in ended.stderr
    assert "Close it" in ended.stderr
    assert "Traceback" not in ended.stderr
    synced.sync()
    synced.assert_equals(emulator.truth())


def test_a_folder_that_is_read_only_fails_before_any_call(sandbox: Sandbox, emulator: Emulator) -> None:
    folder = sandbox.folder / "read-only"
    folder.mkdir(mode=0o555)
    ended = subprocess.run(
        [sys.executable, "-c", AS_MERE_USER, COMMAND, "sync"],
        cwd=folder,
        env=sandbox.environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (ended.returncode, ended.stdout, emulator.calls) == (4, "", [])
    assert str(folder / "partner_central.duckdb") in ended.stderr
    assert "Permission denied" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("setting", ["DESTINATION__DUCKDB__CREDENTIALS", "DLT_DATA_DIR"])
def test_a_path_that_cannot_be_fails_before_any_call(setting: str, sandbox: Sandbox, emulator: Emulator) -> None:
    impossible = sandbox.folder / "a-file" / "partner_central.duckdb"
    impossible.parent.write_text("a file, no folder")
    ended = sandbox.command("sync", **{setting: str(impossible)})
    assert (ended.returncode, ended.stdout, emulator.calls) == (4, "", [])
    assert str(impossible) in ended.stderr
    assert "Not a directory" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_a_full_disk_in_any_phase_is_named_and_a_larger_one_completes(tmp_path: Path) -> None:
    with Emulator(opportunities=2_000, rps=None) as emulator:
        sandbox = Sandbox(tmp_path, emulator.endpoint)
        disk = tmp_path / "disk"
        disk.mkdir()
        may_mount = subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "none", disk], check=False).returncode == 0
        shell = [*UNSHARE, "sh", "-c", ON_A_SMALL_DISK] if may_mount else ["sh", "-c", WITH_SMALL_FILES]
        ended = subprocess.run(
            [*shell, "sh", disk, "400 1200 1600 99000", COMMAND],
            env=sandbox.environment(DLT_DATA_DIR=str(disk / "data")),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert ended.stdout.split() == ["4", "4", "4", "0"], ended.stderr
        reason = "No space left on device" if may_mount else "File too large"
        errors = [line for line in ended.stderr.splitlines() if " ERROR " in line]
        assert [reason in line for line in errors] == [True] * 3, errors
        assert "Traceback" not in ended.stderr
        assert "is dropped" not in ended.stderr, "a package is no worse for want of room"
        sandbox.assert_equals(emulator.truth())


DAMAGE: dict[str, tuple[str, bytes | None]] = {
    "garbage in the state": ("state.json", b"\x00garbage"),
    "a state without content": ("state.json", b"{}"),
    "half a schema": ("schemas/partner_central.schema.json", b'{"version": 2, "tab'),
    "no schema": ("schemas/partner_central.schema.json", None),
    "a garbled version of the storage": ("load/.version", b"\xff\xfe"),
    "garbage in the trace": ("trace.pickle", b"garbage"),
}


@pytest.mark.long
def test_a_damaged_working_folder_is_restored_from_the_destination(
    synced: Sandbox, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    for damage, (name, content) in DAMAGE.items():
        file = synced.working_folder / name
        assert file.exists(), damage
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        emulator.advance(days=0.5)
        summary = sync_aloud(synced)
        assert (summary.calls, summary.read < 250) == (1, True), f"{damage}: the cursor was lost"
        synced.assert_equals(emulator.truth())
        if name != "trace.pickle" and content is not None:
            assert "restored from the destination" in capsys.readouterr().err, damage


def leave_pending(sandbox: Sandbox, *, normalized: bool) -> Path:
    """A run that ended after reading, or after normalizing; gives the folder of its package."""
    pipeline = working_folder.attach(sandbox.settings())
    pipeline.extract(partner_central(**sandbox.settings().source_arguments()))
    if normalized:
        pipeline.normalize()
    stage = sandbox.working_folder / ("load/normalized" if normalized else "normalize/extracted")
    (package,) = stage.iterdir()
    return package


@pytest.mark.long
@pytest.mark.parametrize("normalized", [False, True])
def test_a_damaged_pending_package_is_dropped_and_its_rows_are_read_again(
    normalized: bool,  # noqa: FBT001
    synced: Sandbox,
    emulator: Emulator,
    capsys: pytest.CaptureFixture[str],
) -> None:
    emulator.advance(days=2)
    package = leave_pending(synced, normalized=normalized)
    (file,) = package.glob("new_jobs/opportunities.*")
    file.write_bytes(b"\x00garbage\n" * 10)
    emulator.advance(days=1)
    sync_aloud(synced)
    synced.assert_equals(emulator.truth())
    said = capsys.readouterr().err
    assert "what had changed is read again" in said
    assert "Traceback" not in said, "the reason is what stands at its end"


@pytest.mark.long
@pytest.mark.parametrize("pending", [False, True])
def test_a_working_folder_deleted_between_runs_costs_nothing(
    pending: bool,  # noqa: FBT001
    synced: Sandbox,
    emulator: Emulator,
) -> None:
    emulator.advance(days=1)
    if pending:
        leave_pending(synced, normalized=True)
    shutil.rmtree(synced.pipelines_dir)
    summary = synced.sync()
    assert (summary.calls, summary.read < 250) == (1, True), "the cursor was lost with the folder"
    synced.assert_equals(emulator.truth())
