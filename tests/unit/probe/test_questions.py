"""The questions of the probe: each has a way of asking or a reason, and names what exists."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from partner_central import partner_central
from partner_central_sync.probe import of_dates, of_search, of_service, of_tokens
from partner_central_sync.probe.evidence import Evidence
from partner_central_sync.probe.question import Question
from partner_central_sync.probe.questions import QUESTIONS
from partner_central_sync.probe.run import decide
from partner_central_sync.probe.unasked import NOT_ASKED

SETTING = 2  # the place of what follows, in a call
OPEN = (  # what the documentation leaves open, each with the questions about it
    (
        "the inclusiveness of bounds of a date",
        {
            f"bound_{side}{one}"
            for side in ("After", "Before")
            for one in ("LastModifiedDate", "CreatedDate", "TargetCloseDate")
        },
    ),
    ("the lifetime of a NextToken", {"token_lifetime", "token_end"}),
    ("an offset or a position", {"token_kind"}),
    ("a token with other parameters", {"token_request"}),
    ("seconds or milliseconds", {"fractions"}),
    ("a change by AWS and LastModifiedDate", {"aws_side_change", "aws_side_event"}),
    ("when a record is readable, and whether it may be late", {"readable_after", "late_below_cursor"}),
    ("the lag of the search", {"search_lag"}),
    ("a cap of the search", {"search_cap", "search_cap_far"}),
    ("records that the list does not show", {"search_only"}),
    ("the quota of the search, and of what has no row", {"search_quota", "quota_shared"}),
    ("the action of the search", {"actions"}),
    ("the search in the Sandbox", {"search_sandbox"}),
    ("a summary of a draft", {"draft_summary"}),
    ("data subscriptions", {"subscriptions"}),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.key)
def test_a_question_is_asked_or_has_a_reason(question: Question) -> None:
    assert bool(question.decide) == bool(question.asked) != bool(question.reason)
    assert question.text.endswith("?")
    assert question.assumed


def test_every_question_has_a_key_of_its_own() -> None:
    keys = [one.key for one in QUESTIONS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("what", "keys"), OPEN, ids=[what for what, _ in OPEN])
def test_what_is_open_has_a_question(what: str, keys: set[str]) -> None:
    assert keys <= {one.key for one in QUESTIONS}, what


def test_nothing_recorded_leaves_every_question_open() -> None:
    findings = decide(Evidence())
    assert [one.question.key for one in findings] == [one.key for one in QUESTIONS]
    told = {one.question.key: one.seen.verdict for one in findings if one.seen is not None}
    assert set(told.values()) == {"open"}
    assert {one.question.key for one in findings if one.seen is None} == {one.key for one in NOT_ASKED}


def followed(module: ModuleType) -> Iterator[str]:
    """Yields what follows from a finding, wherever a module says so."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Seen" and len(node.args) > SETTING:
            value = node.args[SETTING]
            if isinstance(value, ast.JoinedStr):
                value = value.values[0]
            if isinstance(value, ast.Name) and value.id.isupper():
                yield getattr(module, value.id)
            elif isinstance(value, ast.Constant):
                yield value.value


def test_what_follows_names_a_setting_of_the_source() -> None:
    settings = set(inspect.signature(partner_central).parameters)
    follows = [text for module in (of_dates, of_search, of_service, of_tokens) for text in followed(module)]
    assert len(follows) > 10
    others = [text for text in follows if re.split(r"[^a-z_]", text)[0] not in settings]
    assert [text for text in others if not text.startswith(("none;", "the action in your policy"))] == []
