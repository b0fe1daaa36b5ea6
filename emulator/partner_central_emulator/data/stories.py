"""The story of an invented opportunity: how long it lives, and how it ends, if nothing else happens to it.

Together the stories are a business that a partner manager recognizes. Deals take half a year and close near the date
that was planned. Nearly half of them are won. Open ones were touched within weeks, but for some that everybody forgot.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

from ..clock import DAY, SECOND
from . import words

Ending = Literal["won", "lost", "forgotten"]

_MEDIAN_LOG_DAYS: Final = 5.2  # e to this power is 181 days
_REVIEWED: Final = ("Pending Submission", "Submitted", "In review")
_STAGE_ENDS: Final = (0.18, 0.4, 0.6, 0.8, 1.0)  # as parts of the life of an opportunity
_FORGOTTEN_AT: Final = 0.25
_DAYS_TO_SUBMISSION, _DAYS_TO_REVIEW, _DAYS_TO_REWORK = 2, 7, 45
_UNFINISHED, _LOST = 0.1, 0.15  # parts of what an import brought


@dataclass(frozen=True, slots=True)
class Story:
    """A story, from the creation on.

    Attributes:
        length: Microseconds until it is won or lost.
        ending: How it ends; what is forgotten stays open.
        quiet: Microseconds since the last touch, while it is open.
        planned: The planned length, as a part of the real one.
    """

    length: int
    ending: Ending
    quiet: int
    planned: float

    @classmethod
    def draw(cls, rng: Random) -> Story:
        """Returns a story."""
        days = min(500.0, max(20.0, rng.lognormvariate(_MEDIAN_LOG_DAYS, 0.5)))
        ending: Ending = rng.choices(("won", "lost", "forgotten"), (44, 50, 6))[0]
        return cls(int(days * DAY), ending, int(rng.expovariate(1 / 10) * DAY), rng.uniform(0.9, 1.3))

    def modified(self, created: int, now: int) -> int:
        """Returns when it was last touched."""
        age = now - created
        if self.ending == "forgotten":
            return created + int(min(age, self.length) * _FORGOTTEN_AT)
        return created + (self.length if age >= self.length else max(0, age - self.quiet))

    def stage(self, created: int, modified: int) -> str:
        """Returns the stage that it has once it was last touched at `modified`."""
        lived = (modified - created) / self.length
        if self.ending != "forgotten" and modified - created > self.length - SECOND:  # a date has no parts of one
            return words.STAGES[-1] if self.ending == "won" else words.LOST
        passed = sum(lived > end for end in _STAGE_ENDS)
        return words.STAGES[min(passed, len(_STAGE_ENDS) - 1)]

    def review_status(self, rng: Random, created: int, modified: int) -> str:
        """Returns AWS's review status; what is young waits for it, and few ever fail it."""
        days = (modified - created) / DAY
        if days < _DAYS_TO_SUBMISSION:
            return rng.choice(("Pending Submission", "Submitted"))
        if days < _DAYS_TO_REVIEW:
            return rng.choice(("Submitted", "In review"))
        if days < _DAYS_TO_REWORK and self.stage(created, modified) in words.STAGES[:-1]:
            return rng.choices(("Approved", "Action Required", "Rejected"), (82, 12, 6))[0]
        return "Approved"

    def life(self, rng: Random, created: int, modified: int) -> dict[str, Any]:
        """Returns stage, review status, and the instant of the target close date."""
        stage = self.stage(created, modified)
        status = self.review_status(rng, created, modified)
        if status != "Approved":
            stage = words.STAGES[0]
        close = modified if stage == words.STAGES[-1] else self.close(rng, created, modified)
        return {"Stage": stage, "ReviewStatus": status, "TargetCloseDate": close}

    def close(self, rng: Random, created: int, modified: int) -> int:
        """Returns the instant of the target close date; whoever touches an opportunity plans it again."""
        planned = created + int(self.length * self.planned)
        while planned < modified + DAY:
            planned += rng.randrange(14, 75) * DAY
        return planned


def imported_life(rng: Random, created: int, modified: int) -> dict[str, Any]:
    """Returns the same of what came in by an import, so that even untouched ones are far along."""
    steps = int((modified - created) / (30 * DAY) * rng.uniform(0.5, 1.6)) + rng.randrange(8)
    if modified > created:
        steps += 1
    close = created + rng.randrange(30, 270) * DAY
    stage, status = words.STAGES[0], "Approved"
    if steps <= 1:
        status = _REVIEWED[steps + rng.randrange(2)]
    elif rng.random() < _UNFINISHED:
        status = rng.choice(("Action Required", "Rejected"))
    else:
        stage = words.LOST if rng.random() < _LOST else words.STAGES[min(steps, len(words.STAGES)) - 1]
    if stage == words.STAGES[-1]:
        close = modified
    while close < modified:
        close += rng.randrange(20, 60) * DAY
    return {"Stage": stage, "ReviewStatus": status, "TargetCloseDate": close}
