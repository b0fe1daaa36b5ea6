"""Checks the text of a query, for messages that help. What must not happen is refused by the database.

A SELECT is sent as it is, without comments around it and without a semicolon. So are SHOW, DESCRIBE and EXPLAIN where
the database has them; where it has none, SHOW TABLES and DESCRIBE ask its INFORMATION_SCHEMA.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Set as AbstractSet
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from .column_comments import literal
from .errors import WrongQuery

if TYPE_CHECKING:
    from sqlglot import Token

ONE_SELECT = "A query is one SELECT, or WITH and a SELECT: nothing else is sent to the database."
ONLY_READS = "This would change the data: a query only reads."
LEADING_COMMENTS = re.compile(r"(?:\s|;|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
COMMAND = re.compile(r"(SHOW|DESCRIBE|DESC|SUMMARIZE|EXPLAIN)\b", re.IGNORECASE)
OPTIONS_OF_EXPLAIN = re.compile(
    r"EXPLAIN(?:\s+(?:ANALYZE|VERBOSE|PLAN|SYNTAX|AST|PIPELINE|ESTIMATE|EXTENDED|FORMATTED|COST|CODEGEN"
    r"|USING\s+(?:TEXT|JSON|TABULAR)))*(?:\s*\((?!\s*(?:SELECT|WITH)\b)[^()]*\))?\s*",
    re.IGNORECASE,
)
NAMED = re.compile(r"(?:TABLE\s+|VIEW\s+)?[\"`]?(\w+)[\"`]?", re.IGNORECASE)


class Statements(NamedTuple):
    """The statements that a database takes as queries.

    Attributes:
        dialect: sqlglot's name of its dialect.
        commands: statements of its own that show what there is.
        outside: functions and operators, in small letters, that do more than read tables.
    """

    dialect: str
    commands: AbstractSet[str]
    outside: AbstractSet[str]

    def prepare(self, query: str, dataset: str) -> str:
        """Returns the statement to send.

        Args:
            query: what the user wrote.
            dataset: where tables are, for SHOW TABLES and DESCRIBE.

        Raises:
            WrongQuery: it is several statements, changes something, or cannot be read.
        """
        text = query[LEADING_COMMENTS.match(query).end() :]  # type: ignore[union-attr] # it matches nothing as well
        command = COMMAND.match(text)
        if command is None:
            return self._select(text)
        word = command[0].upper()
        if word == "EXPLAIN" and word in self.commands:
            options = OPTIONS_OF_EXPLAIN.match(text)[0]  # type: ignore[index] # begins with EXPLAIN
            return options + self._select(text[len(options) :])
        rest = self._single(text[command.end() :])
        if word in self.commands:
            return f"{word} {rest}".rstrip()
        return _of_information_schema(word, rest, dataset, self.dialect)

    def _single(self, text: str) -> str:
        """Returns a text that is one statement, or the end of one, without what follows it."""
        tokens = self._tokens(text)
        while tokens and tokens[-1].text == ";":
            tokens.pop()
        if any(token.token_type.name == "SEMICOLON" for token in tokens):
            raise WrongQuery(ONE_SELECT)
        for token, following in zip_longest(tokens, tokens[1:]):
            name = token.text.lower()
            if name in self.outside and token.token_type.name != "STRING" and _is_used(name, following):
                raise WrongQuery(f"{token.text} does more than read tables: a query reads tables and views.")
        return text[tokens[0].start : tokens[-1].end + 1] if tokens else ""

    def _tokens(self, text: str) -> list[Token]:
        import sqlglot

        logging.getLogger("sqlglot").setLevel(logging.ERROR)
        try:
            return list(sqlglot.tokenize(text, dialect=self.dialect))
        except sqlglot.errors.SqlglotError as error:
            raise WrongQuery(f"This is not a SELECT of {self.dialect}: {error}") from None

    def _select(self, text: str) -> str:
        """Returns a single SELECT."""
        import sqlglot
        from sqlglot import exp

        statement = self._single(text)
        try:
            parsed = [one for one in sqlglot.parse(statement, dialect=self.dialect) if one] if statement else []
            parts = [part for one in parsed for part in one.walk()]
        except sqlglot.errors.ParseError as error:
            first = error.errors[0]
            raise WrongQuery(
                f"This is not a SELECT of {self.dialect}: {first['description']}, in line {first['line']}, column "
                f"{first['col']}."
            ) from None
        except sqlglot.errors.SqlglotError as error:
            raise WrongQuery(f"This is not a SELECT of {self.dialect}: {error}") from None
        except RecursionError:
            raise WrongQuery(
                "This is nested too deep to be checked: use fewer parentheses inside each other."
            ) from None
        if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
            raise WrongQuery(ONE_SELECT)
        changes = (exp.DML, exp.DDL, exp.Into, exp.Command)
        if any(isinstance(part, changes) and not isinstance(part, exp.Query) for part in parts):
            raise WrongQuery(ONLY_READS)
        return statement


def _is_used(name: str, following: Token | None) -> bool:
    """Returns whether a name is called; an operator always is."""
    return not name[0].isalpha() or (following is not None and following.text == "(")


def _of_information_schema(word: str, rest: str, dataset: str, dialect: str) -> str:
    """Returns a SELECT for SHOW TABLES, or for DESCRIBE and a name."""
    here = f"LOWER(table_schema) = LOWER({literal(dataset)})"
    named = NAMED.fullmatch(rest)
    if word == "SHOW" and rest.upper() == "TABLES":
        return f"SELECT table_name, table_type FROM INFORMATION_SCHEMA.TABLES WHERE {here} ORDER BY table_name"  # noqa: S608
    if word in {"DESCRIBE", "DESC"} and named:
        return (
            "SELECT column_name, data_type, is_nullable FROM INFORMATION_SCHEMA.COLUMNS "  # noqa: S608
            f"WHERE {here} AND LOWER(table_name) = LOWER({literal(named[1])}) ORDER BY ordinal_position"
        )
    raise WrongQuery(f"{dialect} has no {word} {rest}".rstrip() + ": SHOW TABLES and DESCRIBE with a name work.")
