"""Calls side by side."""

from __future__ import annotations

import threading

import pytest

from partner_central.errors import ServiceUnavailable
from partner_central.read.concurrent_calls import in_order

PATIENCE = 60


def test_questions_are_asked_side_by_side_and_answered_in_their_order() -> None:
    together = threading.Barrier(2)

    def ask(question: str) -> str:
        together.wait(PATIENCE)
        return question.lower()

    assert list(in_order(["A", "B"], ask, lambda: 2)) == ["a", "b"]


@pytest.mark.parametrize("failure", [ServiceUnavailable("no network"), ZeroDivisionError("a defect")])
@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_question_that_fails_is_raised_behind_the_answers(failure: Exception, concurrency: int) -> None:
    def ask(question: str) -> str:
        if question == "B":
            raise failure
        return question.lower()

    answers: list[str] = []
    with pytest.raises(type(failure)):
        answers.extend(in_order(["A", "B", "C"], ask, lambda: concurrency))
    assert answers[:1] == ["a"]
