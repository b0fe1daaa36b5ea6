"""Sentences are short and plain: in the documentation, in docstrings and comments, and in messages.

`python tests/unit/test_prose.py FOLDER_OR_FILE ...` prints what it finds there.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from report import page
from sections import SECTIONS
from workshop import Plan

ROOT = Path(__file__).parents[2]
NOT_YET: tuple[str, ...] = ()
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs", "sources")
CODE = ("sources", "pipelines", "emulator", "docs")
MOST_WORDS = 28
BANNED = {
    r"anew": "again",
    r"mend(s|ed|ing)?": "fix, repair",
    r"hangs? on": "depend on",
    r"st(and|ands|anding|ood) (in|beside|below)": "be in, next to, under",
    r"(go|goes|going|went|gone) on": "continue",
    r"(?<!there )is no (?!longer\b)": "is not a",
    r"also where": "also if",
    r"those that": "name them",
    r"as it stands": "unchanged",
    r"of which": "begin a new sentence",
    r"no matter": "whatever, regardless of",
}
METAPHORS = r"houses?|rooms?|walls?|horrors?|doors?"
MESSAGES = {"warn", "note"}  # methods that show a message
FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
NAMES = re.compile(r"CODE(?:,? (?:(?:and|or) )?CODE)+")
SENTENCE_END = re.compile(r"(?<=[.!?])[)\"*]*\s+(?=[A-Z`\"*(\[0-9])")
QUESTION = re.compile(r"(What|Where|How|Who|Which|When|Whether|Why)\b")
SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Yields):")


class Text(NamedTuple):
    """A paragraph, and the line that it begins in."""

    line: int
    text: str


def documents(*names: str) -> list[Path]:
    """Returns the Markdown files among these files and folders."""
    paths = [ROOT / name for name in names]
    return sorted({file for path in paths for file in ([path] if path.is_file() else path.rglob("*.md"))})


def modules(*folders: str) -> list[Path]:
    """Returns the Python files in these folders."""
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def is_left_out(file: Path) -> bool:
    """Returns whether `NOT_YET` has a module or a folder above it."""
    return any(file.is_relative_to(ROOT / name) for name in NOT_YET)


def markdown(text: str) -> Iterator[Text]:
    """Yields the paragraphs and list entries of a page, without code, tables, headings and comments."""
    text = re.sub(r"<!--.*?-->", "", FENCE.sub(lambda found: "\n" * found[0].count("\n"), text), flags=re.DOTALL)
    lines: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if lines and (not line.strip() or re.match(r"\s*([-*|]|\d+\.)\s|#|\|", line)):
            yield Text(number - len(lines), " ".join(lines))
            lines = []
        if line.strip() and not re.match(r"\s*\||#", line):
            lines.append(re.sub(r"^\s*([-*]|\d+\.)\s(\[ \] )?", "", line).strip())


def docstrings(tree: ast.Module) -> Iterator[Text]:
    """Yields the paragraphs of every docstring; an argument, attribute or error is a paragraph by itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                line = node.body[0].lineno
                yield from (Text(line + offset, paragraph) for offset, paragraph in _paragraphs(text))


def openings(tree: ast.Module) -> Iterator[str]:
    """Yields docstrings that begin with neither a verb nor a noun."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found = QUESTION.match(ast.get_docstring(node) or "")
            if found:
                yield f"{node.body[0].lineno}: begins with {found[0]!r}"


def _paragraphs(docstring: str) -> Iterator[tuple[int, str]]:
    lines: list[str] = []
    section = False
    for number, line in enumerate([*docstring.splitlines(), ""]):
        entry = re.match(r"[-*] ", line.strip()) or (section and re.match(r" {4}\*{0,2}\w+: ", line))
        if lines and (not line.strip() or entry):
            yield number - len(lines), " ".join(lines)
            lines = []
        section = bool(SECTION.fullmatch(line.strip())) or (section and (not line.strip() or line.startswith("    ")))
        is_code = line.startswith("    ") and not section and not lines
        if line.strip() and not SECTION.fullmatch(line.strip()) and not is_code:
            lines.append(re.sub(r"^[-*] |^\*{0,2}\w+: (?=\S)", "", line.strip()) if entry else line.strip())


def comments(source: str) -> Iterator[Text]:
    """Yields comments; lines of comments that follow each other are one."""
    found: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            text = re.sub(r"^#\s*|(noqa|type: ignore)\S*( [A-Z0-9, ]+)?( - )?", "", token.string)
            alone = source.splitlines()[token.start[0] - 1].lstrip().startswith("#")
            if alone and found and found[-1][0] == token.start[0] - 1:
                found[-1] = (token.start[0], f"{found[-1][1]} {text}")
            else:
                found.append((token.start[0], text))
    return (Text(*one) for one in found)


def messages(tree: ast.Module) -> Iterator[Text]:
    """Yields texts of raised errors, of warnings and notes, and of `help`."""
    for node in ast.walk(tree):
        called = node.exc if isinstance(node, ast.Raise) else node
        if not isinstance(called, ast.Call):
            continue
        shows = isinstance(called.func, ast.Attribute) and called.func.attr in MESSAGES
        shown = called.args if shows or isinstance(node, ast.Raise) else []
        helps = [keyword.value for keyword in called.keywords if keyword.arg == "help"]
        for value in (*shown, *helps):
            if text := _constant(value):
                yield Text(value.lineno, text)


def _constant(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_constant(part) or "CODE" for part in node.values)
    return ""


def findings(text: str, *, metaphors: bool) -> Iterator[str]:
    """Yields what is wrong with a paragraph."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = NAMES.sub("CODE", re.sub(r"`+[^`]+`+|https?://\S+", "CODE", text))
    for pattern, better in BANNED.items():
        for found in re.finditer(
            rf"\b{pattern}\b" if not pattern.endswith(")") else rf"\b{pattern}", text, re.IGNORECASE
        ):
            yield f"{found[0]!r} (better: {better})"
    if metaphors:
        yield from (f"{found[0]!r} (a metaphor)" for found in re.finditer(rf"\b({METAPHORS})\b", text, re.IGNORECASE))
    for sentence in SENTENCE_END.split(text.replace(" · ", ". CODE ")):
        words = [word for word in sentence.split() if re.search(r"\w", word)]
        if len(words) > MOST_WORDS:
            yield f"{len(words)} words: {sentence}"


def findings_in(file: Path) -> list[str]:
    """Returns what is wrong in a file, each with the line where its paragraph begins."""
    source = file.read_text(encoding="utf-8")
    is_page = file.suffix == ".md"
    texts: Iterable[Text]
    if is_page:
        texts = markdown(source)
    else:
        tree = ast.parse(source)
        texts = [*docstrings(tree), *comments(source), *messages(tree)]
    found = [f"{line}: {one}" for line, text in texts for one in findings(text, metaphors=is_page)]
    if not is_page:
        found += openings(tree)
    return [*(["the name is a metaphor"] if re.fullmatch(METAPHORS, file.stem) else ()), *found]


def id_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", documents(*DOCUMENTS), ids=id_of)
def test_a_page_has_short_plain_sentences(file: Path) -> None:
    assert findings_in(file) == []


def test_the_page_of_the_benchmarks_has_them_before_it_is_measured(tmp_path: Path) -> None:
    (empty := tmp_path / "BENCHMARKS.md").write_text(page(section.empty(Plan()) for section in SECTIONS.values()))
    assert findings_in(empty) == []


@pytest.mark.parametrize("file", [file for file in modules(*CODE) if not is_left_out(file)], ids=id_of)
def test_docstrings_comments_and_messages_are_short_and_plain(file: Path) -> None:
    assert findings_in(file) == []


def test_what_is_to_be_found_is_found(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text("It goes on, through the door.\n\n| it is no list |\n\n```\nanew\n```\n\n- " + "word " * 29 + "\n")
    assert findings_in(file) == [
        "1: 'goes on' (better: continue)",
        "1: 'door' (a metaphor)",
        f"9: 29 words: {'word ' * 28}word",
    ]
    module = tmp_path / "room.py"
    module.write_text(
        'def f(a):\n    """Who mends.\n\n    Args:\n        a: is no b.\n    """\n    raise E(f"{a} anew")  # no matter'
    )
    assert findings_in(module) == [
        "the name is a metaphor",
        "2: 'mends' (better: fix, repair)",
        "5: 'is no ' (better: is not a)",
        "7: 'no matter' (better: whatever, regardless of)",
        "7: 'anew' (better: again)",
        "2: begins with 'Who'",
    ]


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        target = Path(argument).resolve()
        for path in [target] if target.is_file() else sorted([*target.rglob("*.md"), *target.rglob("*.py")]):
            for finding in findings_in(path):
                print(f"{id_of(path)}:{finding}")
