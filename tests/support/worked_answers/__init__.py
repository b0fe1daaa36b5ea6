"""What each view must hold for the ten opportunities of `worked_example.py`, by hand, a module a topic."""

from __future__ import annotations

from worked_example import moment

from . import attention, aws_side, flow, over_time, stages, standing, who, won_and_lost
from .answer import Answers

WEEK = moment("06-04 00:00")
ANSWERS: Answers = {
    **standing.ANSWERS,
    **stages.ANSWERS,
    **attention.ANSWERS,
    **won_and_lost.ANSWERS,
    **over_time.ANSWERS,
    **who.ANSWERS,
    **aws_side.ANSWERS,
    **flow.ANSWERS,
}
ANSWERS["changes_last_7_days"] = None, [row for row in ANSWERS["changes"][1] if row[5] >= WEEK]
