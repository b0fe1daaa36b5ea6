"""Writes what a probe found: a file that may be shared."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import boto3
import botocore

from ..version import version
from .run import Finding, Result
from .table import NOT_ASKED, ORDER

FORMAT: Final = 1


def summary(result: Result) -> str:
    """Returns how the probe ended, in a line."""
    verdicts = [NOT_ASKED if one.seen is None else one.seen.verdict for one in result.findings]
    counted = ", ".join(f"{verdicts.count(name)} {name}" for name in ORDER)
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
