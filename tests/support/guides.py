"""The diffs in the guides for contributors, and copies of the repository that they are applied to."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "contributing"
PACKAGES = ("sources", "pipelines", "emulator")
LEFT_OUT = (".*", "*.egg-info", "__pycache__", "*.duckdb*", "*.html", "build", "dist")


@dataclass(frozen=True)
class Hunk:
    """Lines that a diff adds to a file, above lines that are there; a new file has nothing below them.

    Only lines below are named, since others add theirs above the same place: it is found after that, too.
    """

    file: str
    is_new: bool
    added: str
    below: str


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of code of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def hunks(diff: str) -> Iterator[Hunk]:
    """The hunks of a unified diff, whose headers must be right."""
    lines, before, after = iter(diff.splitlines()), "", ""
    for line in lines:
        if line.startswith("--- "):
            before, after = line[4:], next(lines)
            assert after.startswith("+++ b/"), after
            after = after.removeprefix("+++ b/")
            assert before in {"/dev/null", f"a/{after}"}, before
            continue
        counts = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line)
        assert counts, f"not the header of a hunk: {line}"
        old, new = (int(counts[group] or 1) for group in (2, 4))
        body = [next(lines) for _ in range(new)]
        added = [one[1:] for one in body if one[0] == "+"]
        below = [one[1:] for one in body[len(added) :] if one[0] == " "]
        assert (len(below), len(added) + len(below)) == (old, new), f"only lines above others are added: {line}"
        yield Hunk(after, before == "/dev/null", *("".join(f"{one}\n" for one in part) for part in (added, below)))


def is_followed(diff: str, repository: Path) -> bool:
    """Whether somebody has added the example of a guide for good."""
    return any(_is_there(hunk, repository / hunk.file) for hunk in hunks(diff))


def _is_there(hunk: Hunk, file: Path) -> bool:
    return file.exists() and (hunk.is_new or f"\n{hunk.added}" in f"\n{file.read_text()}")


def _placed(text: str, hunk: Hunk) -> str:
    """A text with the lines of a hunk, whose place must be there exactly once."""
    places = [found.start() for found in re.finditer(f"^(?={re.escape(hunk.below)})", text, re.MULTILINE)]
    assert len(places) == 1, f"{hunk.file} has {len(places)} times what the guide shows: {hunk.below}"
    return text[: places[0]] + hunk.added + text[places[0] :]


def applied(diff: str, repository: Path) -> None:
    """Changes a repository as a diff says."""
    for hunk in hunks(diff):
        file = repository / hunk.file
        assert file.exists() is not hunk.is_new, hunk.file
        file.write_text(hunk.added if hunk.is_new else _placed(file.read_text(), hunk))


def taken_back(diff: str, repository: Path) -> None:
    """Removes the example of a guide, where it is."""
    for hunk in hunks(diff):
        file = repository / hunk.file
        if hunk.is_new:
            file.unlink(missing_ok=True)
        elif _is_there(hunk, file):
            file.write_text(f"\n{file.read_text()}".replace(f"\n{hunk.added}", "\n", 1)[1:])


def copied(folder: Path, *diffs: str) -> Path:
    """A copy of the repository without what is installed or made in it, and without the example of a guide."""
    repository = Path(shutil.copytree(ROOT, folder / "copy", ignore=shutil.ignore_patterns(*LEFT_OUT)))
    if any(is_followed(diff, repository) for diff in diffs):
        for diff in diffs:
            taken_back(diff, repository)
        run(repository, "docs/generate.py")
    return repository


def run(repository: Path, *arguments: str, **variables: str) -> str:
    """What a Python program prints that imports the packages of a copy."""
    paths = [*(repository / name for name in PACKAGES), repository / "tests" / "support"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment = inherited | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=repository,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def passed(repository: Path, *arguments: str, **variables: str) -> int:
    """How many tests of a copy pass; none may fail."""
    printed = run(repository, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, **variables)
    (number,) = re.findall(r"^(\d+) passed", printed, re.MULTILINE)
    return int(number)
