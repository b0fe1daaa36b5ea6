"""A question about the service, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .evidence import Evidence, Seen


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the service.

    Attributes:
        key: its name in the file.
        text: the question.
        assumed: what this project assumes.
        asked: how it is asked; empty if it is not.
        decide: makes the answer of what was recorded; None if it is not asked.
        reason: why it is not asked.
    """

    key: str
    text: str
    assumed: str
    asked: str = ""
    decide: Callable[[Evidence], Seen] | None = None
    reason: str = ""
