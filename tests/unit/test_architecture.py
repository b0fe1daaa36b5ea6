"""The walls between the rooms, read from the source code; and that importing the source does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
SOURCE = HOUSE / "sources" / "partner_central"
PIPELINES = HOUSE / "pipelines" / "partner_central_sync"
EMULATOR = HOUSE / "emulator" / "partner_central_emulator"
OWN = {"partner_central", "partner_central_sync", "partner_central_emulator", "oracle", "hostile", "place"}


def rooms(*folders: Path) -> list[Path]:
    """Every file of these packages."""
    found = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    assert found
    return found


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """(level, top package) of each import anywhere in a file; level 0 is an absolute one."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, (node.module or "").partition(".")[0]


def packages(file: Path) -> set[str]:
    """This repository's packages that a file imports by name."""
    return {name for level, name in imported(file) if level == 0} & OWN


@pytest.mark.parametrize("file", rooms(SOURCE), ids=lambda file: file.name)
def test_the_source_imports_nothing_of_this_repository_but_itself_relatively(file: Path) -> None:
    assert packages(file) == set()
    assert {level for level, _ in imported(file)} <= {0, 1, 2}


@pytest.mark.parametrize("file", rooms(SOURCE), ids=lambda file: file.name)
def test_the_source_imports_what_its_requirements_install_and_no_more(file: Path) -> None:
    allowed = {"boto3", "botocore", "dlt", "mypy_boto3_partnercentral_selling"} | sys.stdlib_module_names
    if file.name == "arrow.py":
        allowed |= {"pyarrow"}  # where it is installed
    assert {name for level, name in imported(file) if level == 0} - allowed == set()
    lines = (SOURCE / "requirements.txt").read_text().splitlines()
    assert {line.partition(">")[0] for line in lines} == {"boto3", "dlt"}


@pytest.mark.parametrize("file", rooms(PIPELINES), ids=lambda file: file.name)
def test_the_pipelines_know_the_source_and_only_the_demo_and_the_command_line_know_the_emulator(file: Path) -> None:
    knows_emulator = file.parent == PIPELINES / "cli"
    assert packages(file) <= {"partner_central"} | ({"partner_central_emulator"} if knows_emulator else set())


@pytest.mark.parametrize("file", rooms(EMULATOR), ids=lambda file: file.name)
def test_the_emulator_knows_nothing_but_itself(file: Path) -> None:
    assert packages(file) == set()


def test_the_example_script_knows_the_source_alone() -> None:
    assert packages(HOUSE / "sources" / "partner_central_pipeline.py") == {"partner_central"}


@pytest.mark.parametrize("file", rooms(SOURCE, EMULATOR), ids=lambda file: file.name)
def test_nothing_is_printed_behind_the_user_s_back(file: Path) -> None:
    named = {node.id for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Name)}
    assert "print" not in named


WATCH = """
import sys
import boto3, dlt, dlt.sources.credentials, dlt.extract.hints  # what they do at import is theirs
seen = []
LOUD = ("open", "socket.", "os.mkdir", "os.remove", "os.rename", "os.putenv", "subprocess.Popen", "os.system")
def hook(event, arguments):
    if event.startswith(LOUD) and not (event == "open" and reads(*arguments)):
        seen.append((event, str(arguments)[:200]))
def reads(path, mode, flags):
    return mode in ("r", "rb") or (mode is None and not flags & 3)
sys.dont_write_bytecode = True
before = set(sys.modules)
sys.addaudithook(hook)
import partner_central
assert seen == [], seen
assert {"pandas", "pyarrow", "numpy"} & (set(sys.modules) - before) == set()
print("quiet")
"""


def test_importing_the_source_opens_no_connection_writes_no_file_and_starts_nothing(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", WATCH], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "quiet\n", "")
    assert list(tmp_path.iterdir()) == []
