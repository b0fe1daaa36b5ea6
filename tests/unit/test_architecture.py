"""The layers of the code, read from its imports; and that importing the source does nothing."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "sources" / "partner_central"
PIPELINES = ROOT / "pipelines" / "partner_central_sync"
EMULATOR = ROOT / "emulator" / "partner_central_emulator"
OWN = {"partner_central", "partner_central_sync", "partner_central_emulator", "oracle", "adversarial_server", "sandbox"}


def modules(*folders: Path) -> list[Path]:
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


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT).with_suffix(""))


LAYERS: dict[str, set[str]] = {  # of the source, each with the layers it may import besides itself
    "errors": set(),
    "metrics": set(),
    "permissions": set(),
    "api": {"errors", "metrics", "permissions"},
    "tables": {"errors"},
    "operation": {"tables"},
    "stream": {"operation", "tables"},
    "list_stream": {"operation", "stream"},
    "per_id_stream": {"operation", "stream", "tables"},
    "streams": {"errors", "operation", "stream", "list_stream", "per_id_stream", "tables"},
    "read": {"errors", "metrics", "api", "tables", "operation", "stream", "list_stream", "per_id_stream"},
    "own_section": {"errors"},
    "options": {"errors", "api", "tables", "stream", "read"},
    "resources": {"errors", "options", "api", "tables", "stream", "list_stream", "per_id_stream", "read"},
    "public": {
        "errors",
        "options",
        "own_section",
        "metrics",
        "permissions",
        "api",
        "tables",
        "stream",
        "list_stream",
        "per_id_stream",
        "streams",
        "read",
        "resources",
    },
    "__init__": {"api", "metrics", "options", "own_section", "read", "resources", "streams"},
}


PIPELINE_LAYERS: dict[str, set[str]] = {  # of the sync job and the command, each with what it may import besides itself
    "__init__": set(),
    "version": set(),
    "destinations": set(),
    "console": {"version", "destinations"},
    "views": {"console", "destinations"},
    "events": set(),
    "sync": {"version", "destinations", "console", "views", "events"},
    "query": {"destinations", "console", "views", "sync"},
    "report": {"destinations", "views", "sync", "query"},
    "forget": {"destinations", "console", "sync"},
    "probe": {"version", "sync"},
    "cli": {"version", "destinations", "console", "sync", "query", "report", "forget", "events", "probe"},
}


def layer_of(file: Path, root: Path = SOURCE) -> str:
    """The folder below a package, or the file in it."""
    return file.relative_to(root).parts[0].removesuffix(".py")


def layers_imported(file: Path, root: Path = SOURCE) -> set[str]:
    """The layers of a package that a file of it imports, also in a function or for types only."""
    package = list(file.relative_to(root).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= len(package) + 1, f"{file.name} imports from above the package"
            path = package[: len(package) - node.level + 1] + (node.module or "").split(".")
            found |= {path[0]} if path[0] else {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("file", modules(SOURCE), ids=name_of)
def test_imports_of_the_source_point_one_way(file: Path) -> None:
    layer = layer_of(file)
    assert layers_imported(file) <= LAYERS[layer] | {layer}


@pytest.mark.parametrize("file", modules(PIPELINES), ids=name_of)
def test_imports_of_the_pipelines_point_one_way(file: Path) -> None:
    layer = layer_of(file, PIPELINES)
    assert layers_imported(file, PIPELINES) <= PIPELINE_LAYERS[layer] | {layer}


def test_no_two_layers_of_the_pipelines_import_each_other() -> None:
    graphlib.TopologicalSorter(PIPELINE_LAYERS).prepare()  # raises on a cycle


@pytest.mark.parametrize("file", modules(*(SOURCE / name for name in ("api", "read", "tables"))), ids=name_of)
def test_what_is_for_every_stream_knows_none_by_name(file: Path) -> None:
    text = file.read_text().lower()
    assert [word for word in ("opportunit", "engagement") if word in text] == []


@pytest.mark.parametrize("file", modules(SOURCE), ids=name_of)
def test_the_source_imports_nothing_of_this_repository_but_itself_relatively(file: Path) -> None:
    assert packages(file) == set()


PUBLIC = {"partner_central", "partner_central.public"}


@pytest.mark.parametrize("file", [*modules(PIPELINES), *modules(ROOT / "pipelines" / "airflow")], ids=name_of)
def test_pipelines_import_the_public_surface_of_the_source_alone(file: Path) -> None:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert {name for name in names if name.split(".")[0] == "partner_central"} <= PUBLIC


def test_the_public_surface_is_what_it_says_and_nothing_of_it_is_unused() -> None:
    import partner_central
    from partner_central import public

    for module in (partner_central, public):
        assert sorted(module.__all__, key=lambda name: (not name.isupper(), name.islower(), name)) == module.__all__
        assert all(hasattr(module, name) for name in module.__all__)
    used = "".join(file.read_text() for file in modules(PIPELINES))
    assert [name for name in public.__all__ if name not in used] == []


@pytest.mark.parametrize("file", modules(SOURCE, PIPELINES, EMULATOR), ids=name_of)
def test_a_file_is_short_enough_to_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 250


@pytest.mark.parametrize("file", modules(SOURCE), ids=name_of)
def test_the_source_imports_what_its_requirements_install_and_no_more(file: Path) -> None:
    allowed = {"boto3", "botocore", "dlt", "mypy_boto3_partnercentral_selling"} | sys.stdlib_module_names
    if file.name in {"arrow.py", "types.py"}:
        allowed |= {"pyarrow"}  # where it is installed
    assert {name for level, name in imported(file) if level == 0} - allowed == set()
    lines = (SOURCE / "requirements.txt").read_text().splitlines()
    assert {re.split("[<>]", line)[0] for line in lines} == {"boto3", "dlt", "sqlglot"}


@pytest.mark.parametrize("file", modules(PIPELINES), ids=name_of)
def test_the_pipelines_know_the_source_and_only_the_demo_and_the_command_line_know_the_emulator(file: Path) -> None:
    knows_emulator = file.parent == PIPELINES / "cli"
    assert packages(file) <= {"partner_central"} | ({"partner_central_emulator"} if knows_emulator else set())


@pytest.mark.parametrize("file", modules(EMULATOR), ids=name_of)
def test_the_emulator_knows_nothing_but_itself(file: Path) -> None:
    assert packages(file) == set()


def test_the_example_script_knows_the_source_alone() -> None:
    assert packages(ROOT / "sources" / "partner_central_pipeline.py") == {"partner_central"}


@pytest.mark.parametrize("file", modules(SOURCE, EMULATOR), ids=name_of)
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
