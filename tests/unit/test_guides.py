"""The guides for contributors show small diffs that still do what they say, in a copy of the repository."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from guides import GUIDES, ROOT, applied, blocks, copied, hunks, passed, run, taken_back

LINES_AT_MOST = 39
DIFFS = {"add-a-destination": 1, "add-a-stream": 2, "add-a-view": 1}
EACH = [(name, number) for name, count in DIFFS.items() for number in range(count)]
SYNC = """
import sys
from pathlib import Path
from botocore.loaders import Loader
from partner_central.public import with_extras
from partner_central_emulator import Emulator, use_loader
from sandbox import Sandbox, rows

use_loader(with_extras(Loader()))
with Emulator(opportunities=12, seed=1, rps=None) as emulator:
    sandbox = Sandbox(Path(sys.argv[1]), emulator.endpoint)
    sandbox.sync(tables=("opportunities", "resource_snapshot_jobs"))
    listed = emulator.truth(stream="resource_snapshot_jobs")
stored = rows(sandbox, "SELECT arn, engagement_id, id, status FROM resource_snapshot_jobs")
by_id = {one["Id"]: (one["Arn"], one["EngagementId"], one["Id"], one["Status"]) for one in listed}
assert listed and {row["id"]: tuple(row.values()) for row in stored} == by_id, (stored, listed)
fresh = rows(sandbox, "SELECT records, is_stale FROM data_freshness WHERE stream = 'resource_snapshot_jobs'")
assert fresh == [{"records": len(listed), "is_stale": False}], fresh
"""
ADAPTER = """
from dlt.common.exceptions import MissingDependencyException
from partner_central_sync import destinations
from partner_central_sync.console.failures import exit_code_and_message

adapter = destinations.get("synapse")
assert adapter.name == "synapse" and adapter in destinations.all_adapters()
print(exit_code_and_message(MissingDependencyException("synapse", ["dlt[synapse]"]))[1])
"""


def diffs(name: str) -> list[str]:
    """The diffs of a guide."""
    return blocks(GUIDES / f"{name}.md", "diff")


def with_example(folder: Path, name: str) -> Path:
    """A copy of the repository that has the example of a guide."""
    repository = copied(folder, *diffs(name))
    for diff in diffs(name):
        applied(diff, repository)
    return repository


def texts_of(repository: Path) -> dict[Path, str]:
    """The pages, and the files of the dbt package."""
    files = {*repository.rglob("*.md"), *(file for file in (repository / "dbt").rglob("*") if file.is_file())}
    return {file.relative_to(repository): file.read_text() for file in files}


def test_every_diff_is_of_a_guide_that_is_tested() -> None:
    assert {page.stem: len(blocks(page, "diff")) for page in GUIDES.glob("add-*.md")} == DIFFS


@pytest.mark.parametrize(("name", "number"), EACH)
def test_a_diff_is_short_and_every_hunk_is_one(name: str, number: int) -> None:
    lines = diffs(name)[number].splitlines()
    assert len(lines) <= LINES_AT_MOST
    assert max(map(len, lines)) <= 121, "a line of a file, and the sign before it"
    assert all(hunk.added and bool(hunk.below) is not hunk.is_new for hunk in hunks(diffs(name)[number]))


@pytest.mark.parametrize("name", DIFFS)
def test_git_takes_the_diffs(name: str, tmp_path: Path) -> None:
    git = shutil.which("git")
    if git is None:
        pytest.skip("no git")
    repository = tmp_path / "copy"
    for number, diff in enumerate(diffs(name)):
        for file in {hunk.file for hunk in hunks(diff)}:
            (repository / file).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / file).exists():
                shutil.copy(ROOT / file, repository / file)
        taken_back(diff, repository)
        (path := tmp_path / f"{number}.diff").write_text(diff)
        outside = {"GIT_CEILING_DIRECTORIES": str(tmp_path)}
        subprocess.run([git, "apply", "--check", path], cwd=repository, check=True, env=outside)


def test_a_diff_fits_after_another_contributor_has_followed_the_guide(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a = (\n    1,\n)\nb = 2\n")
    for number in (2, 3):
        applied(f"--- a/file\n+++ b/file\n@@ -3,2 +3,3 @@\n+    {number},\n )\n b = 2\n", tmp_path)
    assert (tmp_path / "file").read_text() == "a = (\n    1,\n    2,\n    3,\n)\nb = 2\n"


@pytest.mark.parametrize(
    ("diff", "message"),
    [
        ("--- a/file\n+++ b/file\n@@ -1,2 +1,2 @@\n+x\n 1\n", "only lines above others"),
        ("--- a/file\n+++ b/file\n@@ -1 +1 @@\n-1\n+x\n", "only lines above others"),
        ("--- a/file\n+++ b/file\n@@ @@\n+x\n 1\n", "not the header"),
        ("--- a/file\n+++ b/file\n@@ -1 +1,2 @@\n+x\n 3\n", "0 times"),
        ("--- a/file\n+++ b/file\n@@ -1 +1,2 @@\n+x\n 2\n", "2 times"),
    ],
)
def test_a_diff_that_does_not_fit_is_found(diff: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1\n2\n2\n")
    with pytest.raises(AssertionError, match=message):
        applied(diff, tmp_path)


@pytest.mark.long
def test_a_view_is_added_as_its_guide_says(tmp_path: Path) -> None:
    repository = with_example(tmp_path, "add-a-view")
    before = texts_of(repository)
    printed = run(repository, "docs/generate.py")
    assert f"$ .venv/bin/python docs/generate.py\n{printed}" == blocks(GUIDES / "add-a-view.md", "console")[0]
    after = texts_of(repository)
    assert {str(file) for file, text in after.items() if before.get(file) != text} == {*printed.split()}
    question = next(hunks(diffs("add-a-view")[0])).added.splitlines()[0].removeprefix("-- ")
    assert f"## closing_soon\n\n*{question}*\n" in after[Path("docs/reference/views.md")]
    of_view = "closing_soon or has_an_answer_by_hand or what_a_reader_wants_first"
    assert passed(repository, "tests/views", "-k", of_view) > 10
    life = "tests/destinations/test_conformance.py::test_a_life_of_an_account_is_the_same_everywhere"
    assert passed(repository, life, WAREHOUSES="duckdb") == 1


@pytest.mark.long
def test_a_stream_is_added_as_its_guide_says(tmp_path: Path) -> None:
    repository = with_example(tmp_path, "add-a-stream")
    run(repository, "-c", SYNC, str(tmp_path))
    run(repository, "docs/generate.py")
    assert "\n## resource_snapshot_jobs\n" in (repository / "docs" / "reference" / "tables.md").read_text()
    of_stream = "resource_snapshot_jobs or every_stream or generated_parts or in_the_reference"
    files = ("test_streams", "test_data_freshness", "test_docs")
    assert passed(repository, *(f"tests/unit/{name}.py" for name in files), "-k", of_stream) > 5
    assert passed(repository, "tests/emulator/test_documented.py") == 2


def test_a_destination_is_added_as_its_guide_says(tmp_path: Path) -> None:
    repository = with_example(tmp_path, "add-a-destination")
    assert run(repository, "docs/generate.py") == "docs/reference/cli.md\n"
    assert ", synapse, or another" in (repository / "docs" / "reference" / "cli.md").read_text()
    extras = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["synapse"] == ["dlt[synapse]"]
    assert "pip install 'partner-central-sync[synapse]'" in run(repository, "-c", ADAPTER)
