"""The SQL of the views of a dataset that several accounts share: that of the files, rewritten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ..destinations.base import DEFAULT_DIALECT
from ..destinations.split_columns import parsed
from .all_accounts import PREFIX, ROLLED_UP, OfAllAccounts
from .by_account import ByAccount
from .files import texts, view_texts
from .translation import names_read
from .user_tables import USER_TABLES

if TYPE_CHECKING:
    from sqlglot import exp

REWRITING_VERSION = 1  # raised when the same text becomes another query, here or in the modules of the rewriting
DEFINITION = re.compile(r"^-- Definition: ", re.MULTILINE)
EACH, ALL = "for each account: ", "for all accounts together: "
COLUMNS, ACCOUNT_COLUMN = "-- Columns:\n", "--   account [text]: Name of the account. Example: acme.\n"


@cache
def shared_texts() -> Mapping[str, str]:
    """Returns by name what decides each view: its file, and how that is rewritten. Nothing is parsed."""
    found = {name: f"{text}\n-- {EACH}{REWRITING_VERSION}" for name, text in texts().items()}
    return found | {f"{PREFIX}{name}": f"{texts()[name]}\n-- {ALL}{REWRITING_VERSION}" for name in ROLLED_UP}


@cache
def shared_view_texts() -> Mapping[str, str]:
    """Returns the SQL of every view by name, each after the views it reads."""
    found: dict[str, str] = {}
    without = {*USER_TABLES}
    for name, text in view_texts().items():
        query = parsed(text).copy()
        if ByAccount(without).rewrite_view(query):
            head = DEFINITION.sub(f"-- Definition: {EACH}", _head(text), count=1)
            found[name] = head.replace(COLUMNS, COLUMNS + ACCOUNT_COLUMN, 1) + _sql(query)
        else:
            without.add(name)
            found[name] = text
        if name in ROLLED_UP:
            query = parsed(text).copy()
            OfAllAccounts(without).rewrite_view(query)
            found[PREFIX + name] = DEFINITION.sub(f"-- Definition: {ALL}", _head(text), count=1) + _sql(query)
    return found


@cache
def without_account() -> frozenset[str]:
    """Returns the tables and views of a shared dataset whose rows are of no account."""
    found = {*USER_TABLES}
    for name, text in view_texts().items():
        if names_read(text) <= found:
            found.add(name)
    return frozenset(found)


def query_of_account(query: str, account: str) -> str:
    """Returns a query of views and tables for a shared dataset: with the same columns, of the rows of one account.

    Raises:
        NotRewritten: it has what no rule is for.
    """
    from sqlglot import exp

    tree: Any = parsed(query).copy()
    if not ByAccount(without_account()).rewrite_view(tree):
        return query
    column, *others = tree.expressions
    tree.set("expressions", others)
    if order := tree.args.get("order"):
        order.set("expressions", order.expressions[1:])
    tree.where(exp.EQ(this=column.this, expression=exp.Literal.string(account)), copy=False)
    return _sql(tree)


def _head(text: str) -> str:
    """The comment at the head of a view's file."""
    lines = text.splitlines(keepends=True)
    end = next((number for number, line in enumerate(lines) if not line.startswith("--")), 0)
    return "".join(lines[:end])


def _sql(query: exp.Expr) -> str:
    written: Any = query.sql(dialect=DEFAULT_DIALECT, comments=False)
    return f"{written}\n"
