"""The documentation agrees with the code: generated parts, links, paths and terms."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import generate
import stream_parts
from guides import blocks
from partner_central import partner_central

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "sources" / "partner_central" / "README.md"])
GUIDES = sorted((DOCS / "contributing").glob("*.md"))


def id_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def without_code(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


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
