"""What ClickHouse's drivers make necessary: no semicolon in a text, and the message behind a code."""

from __future__ import annotations

import pytest

from partner_central_sync.destinations.clickhouse import hide_semicolons
from partner_central_sync.destinations.errors import first_line


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ("SELECT 1; SELECT 2", "SELECT 1; SELECT 2"),
        ("SELECT ';'; SELECT 'a;b'", r"SELECT '\x3B'; SELECT 'a\x3Bb'"),
        (r"SELECT 'it\'s; so'; SELECT 1", r"SELECT 'it\'s\x3B so'; SELECT 1"),
        ("SELECT 'it''s; so'; SELECT 1", r"SELECT 'it''s\x3B so'; SELECT 1"),
        ('SELECT 1 AS "a;b", 2 AS `c;d`', r'SELECT 1 AS "a\x3Bb", 2 AS `c\x3Bd`'),
        ("SELECT 1 -- it's; so\n, ';'", "SELECT 1 -- it's\\x3B so\n, '\\x3B'"),
        ("SELECT 1 /* it's; so */; SELECT 2", r"SELECT 1 /* it's\x3B so */; SELECT 2"),
    ],
)
def test_a_semicolon_in_a_text_ends_no_statement(query: str, sent: str) -> None:
    assert hide_semicolons(query) == sent


def test_a_message_follows_a_code_that_stands_alone() -> None:
    error = RuntimeError("Code: 62.\nDB::Exception: Syntax error: failed at position 7. Stack trace:\n\n0. main")
    assert first_line(error) == "Code: 62. DB::Exception: Syntax error: failed at position 7."
