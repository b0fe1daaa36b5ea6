"""Calls side by side, as many as the quota can keep busy; their answers in the order of the questions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from ..api.connection import MAX_CONCURRENT_CALLS

Q = TypeVar("Q")
A = TypeVar("A")


def in_order(questions: Iterable[Q], ask: Callable[[Q], A], concurrency: Callable[[], int]) -> Generator[A]:
    """Yields the answer to each question.

    Args:
        questions: they are taken when they can be asked, so there may be any number of them.
        ask: called from several threads. After it raises, no question is asked any more. The answers to the questions
            that were asked by then are yielded, so no call was made for nothing. Then the first error is raised.
        concurrency: how many calls side by side the quota and the latency can keep busy now.
    """
    waiting: deque[Future[A]] = deque()
    rest = iter(questions)
    failure: Exception | None = None
    with_threads = ThreadPoolExecutor(MAX_CONCURRENT_CALLS, thread_name_prefix="partner_central")
    try:
        is_over = False
        while True:
            while not is_over and len(waiting) < concurrency():
                question = next(rest, None)
                if is_over := question is None:
                    break
                waiting.append(with_threads.submit(ask, question))
            if not waiting:
                break
            try:
                answer = waiting.popleft().result()
            except Exception as error:  # noqa: BLE001 - it is raised below
                failure, is_over = failure or error, True
            else:
                yield answer
    finally:
        with_threads.shutdown(wait=False, cancel_futures=True)
    if failure is not None:
        raise failure
