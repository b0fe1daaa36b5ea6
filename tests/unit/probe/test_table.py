"""The table of a probe."""

from __future__ import annotations

import re

import pytest

from partner_central_sync.probe.evidence import Evidence, Seen
from partner_central_sync.probe.questions import QUESTIONS
from partner_central_sync.probe.run import Finding, Result, decide
from partner_central_sync.probe.table import COLUMNS, NARROWEST, table


def test_a_file_has_a_line_for_each_question() -> None:
    head, rule, *lines = table(Result("AWS", 0, tuple(decide(Evidence()))))
    assert re.split(r"\s{2,}", head) == list(COLUMNS)
    assert set(rule) == {"─"}
    assert len(lines) == len(QUESTIONS)


@pytest.mark.parametrize("width", [40, 120, 200])
def test_a_terminal_has_no_line_that_is_longer_than_it(width: int) -> None:
    lines = list(table(Result("AWS", 0, tuple(decide(Evidence()))), width))
    assert max(map(len, lines)) <= max(width, NARROWEST)
    assert len([line for line in lines if not line]) == len(QUESTIONS)


def test_what_contradicts_comes_first() -> None:
    verdicts = ("ok", "open", "contradicts")
    findings = [Finding(one, Seen("seen", verdict)) for one, verdict in zip(QUESTIONS, verdicts, strict=False)]
    lines = list(table(Result("AWS", 0, (*findings, Finding(QUESTIONS[-1], None)))))
    assert [re.split(r"\s{2,}", line)[0] for line in lines[2:]] == ["contradicts", "ok", "open", "not asked"]
