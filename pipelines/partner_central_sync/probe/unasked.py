"""The questions that no probe can ask, each with the reason."""

from __future__ import annotations

from .question import Question

NOT_ASKED: tuple[Question, ...] = (
    Question(
        "readable_after",
        "How soon is a new or changed record readable?",
        "within the lookback of five minutes",
        reason="a record would have to be written",
    ),
    Question(
        "late_below_cursor",
        "Do records become visible with a date that was passed already?",
        "yes, within the lookback",
        reason="it takes days of watching; the weekly sync --full finds such records",
    ),
    Question(
        "aws_side_change",
        "Does a change that only AWS makes move LastModifiedDate?",
        "no; what AWS scores is read again every day",
        reason="such a change has to happen between two readings: it takes days",
    ),
    Question(
        "aws_side_event",
        "Does such a change raise an event?",
        "either: no sync depends on events",
        reason="it takes a rule and a queue in the account, and days",
    ),
    Question(
        "invisible",
        "Does a record that becomes invisible shift a listing?",
        "yes; the next complete listing repairs it",
        reason="access to a record would have to be taken away",
    ),
    Question(
        "token_end",
        "How long is a NextToken valid at most?",
        "longer than the longest pause of a run",
        reason="it takes hours; --token-age tries up to ten minutes",
    ),
    Question(
        "quota_shared",
        "Do all operations share one quota, also those that the documentation does not list?",
        "yes: 10 calls a second and 100,000 a day, together",
        reason="the quota would have to be used up, which stops the account's other programs",
    ),
    Question(
        "search_quota",
        "Which quota does the search have?",
        "that of all reads",
        reason="the quota would have to be used up, which stops the account's other programs",
    ),
    Question(
        "search_cap_far",
        "Does the search end at a number that the probe does not reach?",
        "maybe: what is beyond it is read by CreatedDate",
        reason="10,000 results are 100 calls, more than the probe makes",
    ),
    Question(
        "catalog_condition",
        "Which actions evaluate the condition on the catalog?",
        "all but those on engagements and snapshots",
        reason="a policy would have to be changed",
    ),
    Question(
        "subscriptions",
        "When do data subscriptions deliver, and in which format and folders?",
        "nothing: they are not read",
        reason="they deliver to a bucket once a day; no operation of this API shows them",
    ),
)
