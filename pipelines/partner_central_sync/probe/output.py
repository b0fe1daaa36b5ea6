"""Shows what a probe found: a table for people, and a file that may be shared."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import boto3
import botocore

from ..version import version
from .evidence import UNASKED
from .run import Finding, Result

COLUMNS: Final = ("question", "seen", "assumed here", "verdict", "what follows")
NOT_ASKED: Final = "not asked"
FORMAT: Final = 1


def rows(result: Result) -> Iterator[tuple[str, ...]]:
    """Yields a row for each question."""
    for one in result.findings:
        question = one.question
        if one.seen is None:
            yield question.text, f"{UNASKED}: {question.reason}.", question.assumed, NOT_ASKED, ""
        else:
            yield question.text, one.seen.text, question.assumed, one.seen.verdict, one.seen.setting


def summary(result: Result) -> str:
    """Returns how the probe ended, in a line."""
    verdicts = [NOT_ASKED if one.seen is None else one.seen.verdict for one in result.findings]
    counted = ", ".join(f"{verdicts.count(name)} {name}" for name in ("ok", "contradicts", "open", NOT_ASKED))
    return f"{result.calls} calls on catalog {result.catalog}. {len(verdicts)} questions: {counted}."


def document(result: Result) -> dict[str, Any]:
    """Returns the content of the file. Nothing in it comes from a record."""
    return {
        "format": FORMAT,
        "version": version(),
        "boto3": boto3.__version__,
        "botocore": botocore.__version__,
        "catalog": result.catalog,
        "calls": result.calls,
        "questions": [_entry(one) for one in result.findings],
    }


def write(result: Result, path: Path) -> None:
    """Writes the file, for its owner alone; one that is there is replaced.

    Raises:
        OSError: it cannot be written.
    """
    number, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # only its owner may read it
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump(document(result), file, indent=2)
            file.write("\n")
        Path(unfinished).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(unfinished).unlink()
        raise


def _entry(finding: Finding) -> dict[str, Any]:
    question, seen = finding.question, finding.seen
    entry = {"key": question.key, "question": question.text, "assumed": question.assumed}
    if seen is None:
        return {**entry, "verdict": NOT_ASKED, "reason": question.reason}
    told = {"seen": seen.text, "verdict": seen.verdict, "follows": seen.setting, "details": dict(seen.details)}
    return {**entry, "asked": question.asked, **told}
