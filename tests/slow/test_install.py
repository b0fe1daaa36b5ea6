"""What an installation puts where: built as a wheel, installed elsewhere, run from a third folder."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from sandbox import TIMEOUT_S

ROOT = Path(__file__).parents[2]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input"]
PACKAGES = {"partner_central", "partner_central_sync", "partner_central_emulator"}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree: of what git tracks or would track."""
    tree = tmp_path_factory.mktemp("tree")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in filter(None, subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
    built = tmp_path_factory.mktemp("wheel")
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*PIP, "wheel", *offline, "--wheel-dir", str(built), str(tree)], check=True, timeout=TIMEOUT_S)
    (found,) = built.iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the installed wheel; what it depends on comes from the running environment."""
    target = tmp_path_factory.mktemp("installed")
    subprocess.run([*PIP, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)], check=True)
    return target


def run(installed: Path, folder: Path, *command: str) -> str:
    """The output of a command that finds the installed wheel first, run in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.check_output(command, cwd=folder, env=environment, text=True, timeout=TIMEOUT_S)


@pytest.mark.long
def test_the_wheel_holds_exactly_the_three_packages_and_all_their_files(wheel: Path) -> None:
    names = {Path(name) for name in zipfile.ZipFile(wheel).namelist()}
    tops = {name.parts[0] for name in names}
    assert tops == {*PACKAGES, f"partner_central_sync-{VERSION}.dist-info"}
    for package in PACKAGES:
        (folder,) = ROOT.glob(f"*/{package}")
        sources = {file.relative_to(folder.parent) for file in folder.rglob("*") if file.is_file()}
        if package == "partner_central_sync":
            sources |= {Path(package, "view_sql", file.name) for file in (ROOT / "pipelines" / "views").iterdir()}
        sources = {file for file in sources if file.parent.name != "__pycache__"}
        assert sources == {name for name in names if name.parts[0] == package}
        assert Path(package, "py.typed") in names


def test_the_wheel_says_version_licence_command_and_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        info = f"partner_central_sync-{VERSION}.dist-info"
        said = email.message_from_bytes(opened.read(f"{info}/METADATA"))
        commands = opened.read(f"{info}/entry_points.txt").decode().split()
        assert f"{info}/licenses/LICENSE" in opened.namelist()
    assert (said["Name"], said["Version"], said["License-Expression"]) == (
        "partner-central-sync",
        VERSION,
        "Apache-2.0",
    )
    assert commands == ["[console_scripts]", "partner-central", "=", "partner_central_sync.cli:main"]
    required = [one for one in said.get_all("Requires-Dist") or [] if "extra ==" not in one]
    needed = {re.split(r"[^a-z0-9-]", one)[0] for one in required}
    assert needed == {"boto3", "dlt", "duckdb", "filelock", "pyarrow", "rich", "sqlglot", "typer"}


def test_the_version_in_pyproject_is_the_installed_one(installed: Path, tmp_path: Path) -> None:
    code = "from importlib.metadata import version; print(version('partner-central-sync'))"
    assert run(installed, tmp_path, sys.executable, "-c", code).strip() == VERSION
    assert version("partner-central-sync") == VERSION, "the environment of these tests is not set up anew: make setup"


def test_the_command_runs_from_another_folder(installed: Path, tmp_path: Path) -> None:
    script = str(installed / "bin" / "partner-central")
    said = run(installed, tmp_path, script, "--help")
    assert [name for name in ("sync", "check", "query", "report", "demo", "emulator") if name not in said] == []
    assert "Exit codes" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_the_installed_packages_are_imported_from_where_they_were_installed(installed: Path, tmp_path: Path) -> None:
    for package in PACKAGES:
        where = run(installed, tmp_path, sys.executable, "-c", f"import {package}; print({package}.__file__)")
        assert Path(where.strip()) == installed / package / "__init__.py"


def test_the_installed_views_are_those_of_the_repository(installed: Path, tmp_path: Path) -> None:
    code = "from partner_central_sync.views.files import view_texts; print(*sorted(view_texts()))"
    listed = run(installed, tmp_path, sys.executable, "-c", code).split()
    assert listed == sorted(file.stem for file in (ROOT / "pipelines" / "views").iterdir())
