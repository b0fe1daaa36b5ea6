"""No message and no page advises what loses what AWS cannot give again: history, presence, the log of runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [*(ROOT / "pipelines").rglob("*.py"), *(ROOT / "sources").rglob("*.py")]
PAGES = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "sources").rglob("*.md")]
THINGS = (
    r"(it|them|(the|this|your|that) (whole |old |present )?(dataset|schema|table|database|file|view|history)s?"
    r"|opportunit\w+|sync_runs?|everything)"
)
ADVICE = re.compile(
    r"(?:^|[.:;,(] |\b(?:or|and|then|to|please|must|should|can) )"
    rf"(drop|delete|truncate|recreate|wipe|purge|erase|remove) {THINGS}\b",
    re.IGNORECASE | re.MULTILINE,
)
STATEMENT = re.compile(r"^\s*(DROP|DELETE|TRUNCATE|CREATE OR REPLACE) ", re.MULTILINE)
FENCE = re.compile(r"```(?:sql|console)\n(.*?)```", re.DOTALL)


def messages(file: Path) -> Iterator[str]:
    """The texts of a module, without docstrings; what a message fills in is a blank."""
    tree = ast.parse(file.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "x" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in docstrings:
            yield node.value


@pytest.mark.parametrize("file", CODE, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_message_advises_to_drop_anything(file: Path) -> None:
    found = [text for text in messages(file) if ADVICE.search(text) and not STATEMENT.match(text)]
    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_advises_to_drop_anything(page: Path) -> None:
    text = page.read_text()
    assert [found.group() for found in ADVICE.finditer(" ".join(text.split()))] == []
    assert [statement for block in FENCE.findall(text) for statement in STATEMENT.findall(block)] == []


@pytest.mark.parametrize(
    "advice",
    [
        "It cannot be shared: give the accounts another one, or drop it, and they load everything.",
        "A table is missing. Drop the whole dataset, then run again.",
        "To repair it, delete the database.",
        "You should truncate opportunity_history",
    ],
)
def test_advice_that_loses_something_is_found(advice: str) -> None:
    assert ADVICE.search(advice)
