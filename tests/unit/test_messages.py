"""The page of messages has every message of the exit codes that need somebody, and what to do about it."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import messages
from notes import NOTES
from partner_central import errors as source_errors
from partner_central_sync.console.exit_codes import MEANINGS, ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.destinations import errors as destination_errors

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "troubleshooting.md"
WITH_MESSAGES = (2, 3, 4, 6, 7)


@pytest.mark.parametrize("code", WITH_MESSAGES)
def test_every_message_is_on_the_page_with_what_to_do(code: int) -> None:
    found = messages.messages(code)
    assert found
    text = PAGE.read_text()
    for begin, todo in found:
        assert todo, f"docs/notes.py: what is to be done about {begin!r}?"
        assert messages._cell(begin) in text, "run: python docs/generate.py"


def test_every_exit_code_that_needs_somebody_has_a_section() -> None:
    text = PAGE.read_text()
    for code in (*WITH_MESSAGES, ExitCode.STALE):
        assert f"## Exit code {int(code)}: " in text
        assert ExitCode(code) in MEANINGS


def test_every_error_with_such_a_code_is_looked_for() -> None:
    for module in (source_errors, destination_errors):
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if not issubclass(kind, Exception) or kind.__module__ != module.__name__ or name == "PartnerCentralError":
                continue
            code = int(exit_code_and_message(kind("What happened. What to do."))[0])
            if code in WITH_MESSAGES and name in messages.CODES:
                assert messages.CODES[name] == code, name
            else:
                assert name not in messages.CODES
                assert not _is_raised(name), f"{name} ends with {code}: add it to docs/messages.py"


def _is_raised(name: str) -> bool:
    files = [file for folder in messages.CODE for file in (messages.ROOT / folder).rglob("*.py")]
    raised = [
        node.exc.func
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    ]
    return name in {getattr(function, "id", None) for function in raised}


@pytest.mark.parametrize("key", NOTES)
def test_a_note_is_of_a_message(key: str) -> None:
    assert any(key in text for _, text in messages._all())


@pytest.mark.parametrize(
    ("code", "module", "name"),
    [
        (2, "partner_central.api.connection", "NO_CREDENTIALS"),
        (2, "partner_central.read.state", "OTHER_ACCOUNT"),
        (2, "partner_central_sync.forget.run", "KEEPS"),
    ],
)
def test_a_message_that_is_a_constant_is_found(code: int, module: str, name: str) -> None:
    beginning = getattr(importlib.import_module(module), name).split(". ")[0].split("{")[0]
    assert [begin for begin, _ in messages.messages(code) if beginning in begin or not beginning]
