"""The documentation agrees with the code: generated parts, links, paths, terms, and the guides for contributors."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import generate
import stream_parts
from partner_central import partner_central

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "sources" / "partner_central" / "README.md"])
GUIDES = sorted((DOCS / "contributing").glob("*.md"))
WORKED_EXAMPLE = """
import dlt, sys
from pathlib import Path
from partner_central_sync import destinations
from partner_central_sync.views.keeping import create_views
from worked_answers import ANSWERS
from worked_example import SMALL_CASE, make_tables

folder, view = sys.argv[1:]
destination = destinations.get("duckdb").destination(Path(folder, "small.duckdb"))
client = dlt.pipeline("views", pipelines_dir=folder, destination=destination, dataset_name="views").destination_client()
with client:
    client.initialize_storage()
with client:
    make_tables(client.sql_client, SMALL_CASE)
    assert create_views(client).is_complete
    print(client.sql_client.execute_sql(f"SELECT count(*) FROM {view}")[0][0])
"""
CALL = """
import boto3
from partner_central_emulator import Emulator

with Emulator() as emulator:
    keys = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
    client = boto3.client("partnercentral-selling", "us-east-1", endpoint_url=emulator.endpoint, **keys)
    answer = client.list_resource_snapshot_jobs(Catalog="AWS")
    print(answer["ResourceSnapshotJobSummaries"], [call.outcome for call in emulator.calls])
"""

ADAPTERS = """
from partner_central_sync import destinations

adapter = destinations.get("synapse")
print(adapter.name, adapter in destinations.all_adapters())
"""


def id_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def without_code(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of code of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def copied(folder: Path) -> Path:
    """A copy of the repository without what is installed or made in it."""
    left_out = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "*.duckdb", "*.html", "tests")
    return Path(shutil.copytree(ROOT, folder / "copy", ignore=left_out))


def texts_of(repository: Path) -> set[Path]:
    """The pages, and the files of the dbt package."""
    return {*repository.rglob("*.md"), *(file for file in (repository / "dbt").rglob("*") if file.is_file())}


def run(repository: Path, *arguments: str) -> str:
    """What a Python program prints that imports the packages of a copy."""
    packages = [repository / name for name in ("sources", "pipelines", "emulator")] + [ROOT / "tests" / "support"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, packages)), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_generated_parts_are_up_to_date() -> None:
    assert [*generate.outdated()] == [], "run: python docs/generate.py"


def test_every_setting_table_command_and_exit_code_is_in_the_reference() -> None:
    settings = (DOCS / "reference" / "settings.md").read_text()
    assert [name for name in inspect.signature(partner_central).parameters if f"| `{name}` |" not in settings] == []
    tables = (DOCS / "reference" / "tables.md").read_text()
    of_streams = {f"{'#' * level} {name}\n" for level in (2, 3) for name in stream_parts.tables()}
    described = {line for line in of_streams if f"\n{line}" in tables}
    rejected = {name for name in stream_parts.tables() if f"`{name}` has the columns of" in tables}
    assert {*stream_parts.tables()} - rejected == {line.strip("# \n") for line in described}
    used = {name for page in PAGES for name in re.findall(r"<!-- generated: ([a-z-]+)", without_code(page))}
    assert used - {"NAME"} == generate.PARTS.keys()


def test_every_column_of_the_page_on_privacy_is_there() -> None:
    columns = {name: {column["name"] for column in found} for name, found in stream_parts.tables().items()}
    named = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", (DOCS / "privacy.md").read_text(), re.MULTILINE)
    assert len(named) > 50
    assert [pair for pair in named if pair[1] not in columns.get(pair[0], ())] == []


@pytest.mark.parametrize("page", PAGES, ids=id_of)
def test_every_link_leads_to_a_page_and_a_heading(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_the_index() -> None:
    linked = {(DOCS / link).resolve() for link in re.findall(r"\]\(([^)#]+)\)", (DOCS / "index.md").read_text())}
    unlinked = {page for page in DOCS.rglob("*.md") if page not in linked}
    assert {page.relative_to(DOCS).as_posix() for page in unlinked} == {"index.md"}


@pytest.mark.parametrize("page", GUIDES, ids=id_of)
def test_every_path_that_a_guide_names_exists(page: Path) -> None:
    named = re.findall(r"`([\w./-]+)`", without_code(page))
    for path in (name for name in named if "/" in name or name.endswith(".py")):
        found = (ROOT / path).exists() if "/" in path else any(ROOT.glob(f"[a-z]*/**/{path}"))
        assert found, path


def test_no_container_is_removed_at_its_end_and_started_again() -> None:
    """Docker refuses both options together."""
    lines = [line for page in PAGES for block in blocks(page, "console") for line in re.split(r"(?<!\\)\n", block)]
    runs = [set(line.split()) for line in lines if " docker run " in line]
    assert len(runs) > 2
    assert [run for run in runs if {"--rm", "--restart"} <= run] == []


def test_every_page_that_code_names_exists() -> None:
    folders = ("sources", "pipelines", "emulator", "tests", "benchmarks", ".github")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in {".py", ".md", ".yml"}]
    for file in (*files, ROOT / "Dockerfile", ROOT / "Makefile", *ROOT.glob("*.md")):
        for path in re.findall(r"(?<![\w./-])docs/[\w/-]+\.md", file.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{file.relative_to(ROOT)} names {path}"


def test_the_glossary_is_sorted_and_its_terms_are_used() -> None:
    glossary = DOCS / "glossary.md"
    terms = re.findall(r"^## (.+)$", glossary.read_text(), re.MULTILINE)
    assert terms == sorted(terms, key=str.lower)
    files = [page for page in PAGES if page != glossary]
    files += [file for folder in ("sources", "pipelines") for file in (ROOT / folder).rglob("*.py")]
    text = " ".join(" ".join(file.read_text(encoding="utf-8").lower().split()) for file in files)
    assert [term for term in terms if term.lower() not in text] == []


@pytest.mark.long
def test_a_view_is_added_as_its_guide_says(tmp_path: Path) -> None:
    guide = DOCS / "contributing" / "add-a-view.md"
    (sql,) = blocks(guide, "sql")
    repository = copied(tmp_path)
    before = {file: file.read_text() for file in texts_of(repository)}
    (repository / "pipelines" / "views" / "closing_soon.sql").write_text(sql)
    printed = run(repository, "docs/generate.py")
    assert f"$ .venv/bin/python docs/generate.py\n{printed}" == blocks(guide, "console")[0]
    changed = {file for file in texts_of(repository) if file.read_text() != before.get(file)}
    assert {file.relative_to(repository).as_posix() for file in changed} == {*printed.split()}
    page = (repository / "docs" / "reference" / "views.md").read_text()
    assert f"## closing_soon\n\n*{sql.splitlines()[0].removeprefix('-- ')}*\n" in page
    assert run(repository, "-c", WORKED_EXAMPLE, str(tmp_path), "closing_soon") == "1\n"
    for file, name in (
        ("support/worked_answers/attention.py", "ANSWERS"),
        ("destinations/test_conformance.py", "VIEW_ROWS"),
    ):
        assert re.search(rf"^{name}\b.* = {{", (ROOT / "tests" / file).read_text(), re.MULTILINE), name


def applied(diff: str, file: Path) -> None:
    """Changes a file as a diff in a guide says."""
    lines = diff.splitlines(keepends=True)
    before, after = ("".join(line[1:] or "\n" for line in lines if line[0] != other) for other in "+-")
    text = file.read_text()
    assert text.count(before) == 1
    file.write_text(text.replace(before, after))


def test_an_operation_of_the_emulator_is_added_as_its_guide_says(tmp_path: Path) -> None:
    guide = DOCS / "contributing" / "add-a-stream.md"
    _, module = blocks(guide, "python")
    operations = copied(tmp_path) / "emulator" / "partner_central_emulator" / "operations"
    (operations / "resource_snapshot_jobs.py").write_text(module)
    applied(blocks(guide, "diff")[0], operations / "__init__.py")
    assert run(operations.parents[2], "-c", CALL) == "[] ['ok']\n"


def test_a_destination_is_added_as_its_guide_says(tmp_path: Path) -> None:
    guide = DOCS / "contributing" / "add-a-destination.md"
    repository = copied(tmp_path)
    destinations = repository / "pipelines" / "partner_central_sync" / "destinations"
    (destinations / "synapse.py").write_text(blocks(guide, "python")[0])
    applied(blocks(guide, "diff")[0], destinations / "__init__.py")
    assert run(repository, "-c", ADAPTERS) == "synapse True\n"
