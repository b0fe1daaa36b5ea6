"""The source as `dlt init` hands it to any dlt user: the real command, then the example script it leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from oracle import actual, assert_equal, expected
from partner_central_emulator import Emulator
from sandbox import TIMEOUT_S

ROOT = Path(__file__).parents[2]
DLT = Path(sys.executable).parent / "dlt"
Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the machine's AWS or dlt settings, no telemetry, dlt's own files below `home`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DLT_"))}
    quiet = {"DLT_DATA_DIR": str(home / "data"), "RUNTIME__DLTHUB_TELEMETRY": "false", "HOME": str(home)}
    return {**clean, **quiet, "GIT_CONFIG_GLOBAL": os.devnull, **more}


def repository(folder: Path) -> Path:
    """This repository as somebody else would clone it: what git tracks or would track, committed."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "test"]):
        subprocess.run(["git", *command], cwd=folder, env=environment(folder.parent), check=True)
    return folder


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh folder in which the source was added with `dlt init`; to be copied."""
    home = tmp_path_factory.mktemp("dlt-init")
    folder = home / "project"
    folder.mkdir()
    location = repository(home / "repository")
    subprocess.run(
        [DLT, "--non-interactive", "init", "partner_central", "duckdb", "--location", str(location)],
        cwd=folder,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    shutil.rmtree(location)  # what follows has only what was handed over
    return folder


@pytest.fixture
def project(added: Path, tmp_path: Path) -> Path:
    """A folder in which the source was added with `dlt init`, and nothing has run."""
    return shutil.copytree(added, tmp_path / "project")


@pytest.fixture
def run(project: Path) -> Run:
    """Runs the example script against an emulator, with keys in the environment."""

    def running(emulator: Emulator) -> subprocess.CompletedProcess[str]:
        settings = environment(
            project.parent,
            AWS_ACCESS_KEY_ID="AKIAEXAMPLE",
            AWS_SECRET_ACCESS_KEY="example",
            AWS_EC2_METADATA_DISABLED="true",
            AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING=emulator.endpoint,
        )
        script = [sys.executable, "partner_central_pipeline.py"]
        return subprocess.run(
            script, cwd=project, env=settings, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )

    return running


def test_what_dlt_init_hands_over_loads_everything_and_then_what_changed(
    project: Path, run: Run, emulator: Emulator
) -> None:
    for days in (0, 3):
        emulator.advance(days=days)
        ran = run(emulator)
        assert ran.returncode == 0, ran.stderr[-1000:]
        assert "partner_central_data" in ran.stdout
        tables = actual(project / "partner_central_example.duckdb", "partner_central_data")
        assert_equal(expected(emulator.truth("AWS")), tables)
    calls = [call for call in emulator.calls if call.operation == "ListOpportunities"]
    assert len(calls) == 6, "three pages and two samples, then one page"


def test_the_package_comes_whole_with_its_requirements_and_its_readme(project: Path) -> None:
    handed = {file.name for file in (project / "partner_central").iterdir()}
    source = ROOT / "sources" / "partner_central"
    assert {file.name for file in source.glob("*.py")} | {"README.md"} <= handed
    (extras,) = (source / "api" / "extras").rglob("*.json")
    assert (project / "partner_central" / extras.relative_to(source)).read_bytes() == extras.read_bytes()
    required = (project / "requirements.txt").read_text()
    assert all(line.split("<")[0] in required for line in ("boto3>=", "dlt[duckdb]"))
    code = "import partner_central; print(partner_central.__file__)"
    found = subprocess.check_output([sys.executable, "-c", code], cwd=project, text=True)
    assert Path(found.strip()).is_relative_to(project), "the script uses the copy, not the installed package"


def test_keys_of_the_environment_win_over_placeholders_of_dlt_init(project: Path, run: Run) -> None:
    secrets = project / ".dlt" / "secrets.toml"
    assert "<configure me>" not in secrets.read_text(), "dlt init asks for nothing"
    names = ("aws_access_key_id", "aws_secret_access_key", "profile_name")
    lines = "".join(f'{name} = "<configure me>"\n' for name in names)  # as earlier releases were handed over
    secrets.write_text(f"[sources.partner_central.credentials]\n{lines}")
    with Emulator(opportunities=10, rps=None, secret_access_key="example") as emulator:
        ran = run(emulator)
        assert ran.returncode == 0, ran.stderr[-1000:]
        tables = actual(project / "partner_central_example.duckdb", "partner_central_data")
        assert_equal(expected(emulator.truth("AWS")), tables)
