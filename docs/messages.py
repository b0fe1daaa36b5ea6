"""Finds the messages that end a command, in the code that raises them: for docs/how-to/troubleshooting.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from notes import NOTES

ROOT = Path(__file__).parent.parent
CODE = ("sources/partner_central", "pipelines/partner_central_sync")
CODES = {
    "BadParameter": 2,
    "ConfigurationError": 2,
    "NotAllowed": 2,
    "NotTaken": 2,
    "WrongQuery": 2,
    "ActionDenied": 3,
    "RequestRejected": 3,
    "RequestInvalid": 3,
    "CallBudgetExhausted": 4,
    "CallLimitReached": 4,
    "NotReadable": 4,
    "NotWritable": 4,
    "PaginationError": 4,
    "ServiceUnavailable": 4,
}
EXPLANATIONS = {
    "credentials_misconfiguration": 2,
    "misconfiguration": 2,
    "explain_refusal": 2,
    "explain_login_refusal": 2,
}
EXPLANATIONS |= {"check_endpoint": 2, "_from_configuration": 2, "_from_toml": 2, "explain_lock": 4}
WARNINGS = {("removals.py", "warning"): 6, ("rejections.py", None): 7}
PLACE = "…"
SENTENCE = re.compile(r"(?<=[.?!:])\s+(?=[A-Z`])")


def messages(code: int) -> list[tuple[str, str]]:
    """Returns the messages of an exit code: the beginning, and what to do."""
    found = {text for number, text in _all() if number == code}
    return sorted(filter(None, map(_split, found)))


def table(code: str) -> str:
    """Returns the messages of an exit code as a table."""
    rows = [f"| {_cell(begin)} | {_cell(todo)} |" for begin, todo in messages(int(code))]
    return "\n".join(["| message | what to do |", "| --- | --- |", *rows])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "\\<").split())


def _split(text: str) -> tuple[str, str] | None:
    if not re.search(r"[a-z]{2,} .*[a-z]{2,}", text.replace(PLACE, "")):
        return None
    begin, *rest = SENTENCE.split(" ".join(text.split()), maxsplit=1)
    note = next((note for key, note in NOTES.items() if key in text), "")
    return begin, " ".join(filter(None, (*(part for part in rest if part.strip(f" {PLACE}.")), note)))


@cache
def _all() -> tuple[tuple[int, str], ...]:
    files = sorted(chain.from_iterable((ROOT / folder).rglob("*.py") for folder in CODE))
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    constants = {
        target.id: node.value
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return tuple(
        (code, text)
        for file, tree in trees.items()
        for code, value in _raised(tree, file)
        if (text := _text(value, constants))
    )


def _raised(tree: ast.AST, file: Path) -> Iterator[tuple[int, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CODES:
                yield CODES[name], node.args[0]
        if isinstance(node, ast.FunctionDef):
            code = (
                EXPLANATIONS.get(node.name) or WARNINGS.get((file.name, node.name)) or WARNINGS.get((file.name, None))
            )
            for one in ast.walk(node) if code else ():
                value = getattr(one, "value", None)
                if isinstance(one, ast.Return | ast.Assign) and value is not None:
                    yield code or 0, value


def _text(value: ast.expr, constants: dict[str, ast.expr]) -> str | None:
    """Returns the text that an expression makes, with a mark for each value; None if it is not known here."""
    text: str | None = None
    match value:
        case ast.Constant(value=str(found)):
            text = found
        case ast.JoinedStr(values=parts):
            text = "".join(part.value if isinstance(part, ast.Constant) else PLACE for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            texts = _text(left, constants), _text(right, constants)
            text = "".join(text or PLACE for text in texts) if any(texts) else None
        case ast.Name(id=name) if name in constants and name.isupper():
            text = _text(constants[name], constants)
        case ast.Call(func=ast.Attribute(value=inner, attr="format")):
            text = re.sub(r"\{[^}]*\}", PLACE, _text(inner, constants) or "")
        case ast.IfExp(body=body):
            text = _text(body, constants)
        case ast.BoolOp(values=values):
            text = next((text for one in values if (text := _text(one, constants))), None)
    return text
