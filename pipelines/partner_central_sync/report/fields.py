"""The columns that the page has of each row: what they are called, and where they come from.

A day is a whole number. 0 is the day of the newest change that AWS has shown, and a negative number lies before it. So
every age on the page is counted up to the same day as in the views.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "name", "names", "day", "count", "money", "flag"]


@dataclass(frozen=True, slots=True)
class Field:
    """A column.

    Attributes:
        name: what figures and filters call it.
        label: what people call it.
        kind: `text`; `name`, one of few; `names`, several with `; ` between; `day`; `count`; `money`; `flag`, 0 or 1.
        query: how the destination computes it; empty for what the program adds.
    """

    name: str
    label: str
    kind: Kind
    query: str


ACCOUNT = Field("account", "Account", "name", "")


def _day(column: str) -> str:
    return f"DATE_DIFF('day', freshness.as_of_date, CAST({column} AT TIME ZONE 'UTC' AS DATE))"


def _until(date: str) -> str:
    return f"DATE_DIFF('day', freshness.as_of_date, {date})"


def _capped(day: str) -> str:
    return f"CASE WHEN {day} > 0 THEN 0 ELSE {day} END"


def _flag(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


OPPORTUNITIES = (
    ACCOUNT,
    Field("customer", "Customer", "text", "o.customer_company_name"),
    Field("id", "Opportunity", "text", "o.id"),
    Field("title", "Project", "text", "o.project_title"),
    Field("partner_id", "Own identifier", "text", "o.partner_opportunity_identifier"),
    Field("stage", "Stage", "name", "o.life_cycle_stage"),
    Field("review", "Review status", "name", "o.life_cycle_review_status"),
    Field("standing", "Review", "name", "o.review_standing"),
    Field("amount", "Expected a month", "money", "o.monthly_amount"),
    Field("reporting", "In the reporting currency", "money", "largest.reporting"),
    Field("currency", "Currency", "name", "o.currency_code"),
    Field("target", "Target close", "day", "o.days_to_target_close"),
    Field("owner", "Owner", "names", "o.owner"),
    Field("origin", "Origin", "name", "o.origin"),
    Field("country", "Country", "name", "o.customer_country_code"),
    Field("industry", "Industry", "name", "o.customer_industry"),
    Field("type", "Type", "name", "o.opportunity_type"),
    Field("solutions", "Solution", "names", "o.solutions"),
    Field("motion", "Co-sell motion", "name", "o.cosell_motion"),
    Field("score", "Engagement score", "name", "o.engagement_score"),
    Field("quality", "Quality score", "count", "o.quality_score"),
    Field("aws_stage", "Stage at AWS", "name", "o.aws_stage"),
    Field("involvement", "Involvement of AWS", "name", "o.involvement_type"),
    Field("visibility", "Visibility to AWS", "name", "aws.visibility"),
    Field("aws_target", "Target close at AWS", "day", _until("aws.life_cycle_target_close_date")),
    Field("aws_next", "Next steps of AWS", "text", "aws.life_cycle_next_steps"),
    Field("aws_team", "Team at AWS", "names", "aws_teams.names"),
    Field("created", "Created", "day", "-o.age_days"),
    Field("modified", "Last change", "day", "-o.days_unchanged"),
    Field("stage_since", "In this stage since", "day", "-o.days_in_stage"),
    Field("review_since", "In this review since", "day", "-o.days_in_review_status"),
    Field("slips", "Times slipped", "count", "slipped.times_slipped"),
    Field("slipped_days", "Days slipped", "count", "slipped.days_slipped"),
    Field("closed", "Closed", "day", _until("o.closed_on")),
    Field("lost", "Reason of the loss", "name", "o.life_cycle_closed_lost_reason"),
    Field("next", "Next steps", "text", "o.life_cycle_next_steps"),
    Field("reason", "Reason of the review", "name", "o.life_cycle_review_status_reason"),
    Field("comments", "Comments of the review", "text", "o.life_cycle_review_comments"),
    Field("gone_since", "Gone since", "day", _day("o.gone_since")),
    Field("rejected_since", "Not readable since", "day", _day("o.rejected_since")),
    Field("estimated", "Begin of the stage is estimated", "flag", _flag("NOT o.stage_since_is_seen")),
    Field("open", "Open", "flag", _flag("o.is_open")),
    Field("pipeline", "Pipeline", "flag", _flag("o.is_pipeline")),
    Field("validated", "Validated", "flag", _flag("o.is_validated")),
    Field("gone", "Gone", "flag", _flag("o.is_gone")),
)
CHANGES = (
    ACCOUNT,
    Field("id", "Opportunity", "text", "changes.id"),
    Field("customer", "Customer", "text", "changes.customer_company_name"),
    Field("what", "What", "name", "changes.what"),
    Field("before", "Before", "name", "changes.old_value"),
    Field("now", "Now", "name", "changes.new_value"),
    Field("day", "Changed", "day", _day("changes.changed_at")),
)
MOVES = (
    ACCOUNT,
    Field("id", "Opportunity", "text", "moves.id"),
    Field("from", "From", "name", "moves.from_stage"),
    Field("movement", "Movement", "name", "moves.movement"),
    Field("day", "Moved", "day", _day("moves.changed_at")),
    Field("days", "Days in the stage before", "count", "moves.days_in_from_stage"),
    Field("exact", "Begin and end were seen", "flag", _flag("moves.days_are_exact")),
)
INVITATIONS = (
    ACCOUNT,
    Field("id", "Opportunity", "text", "COALESCE(received.opportunity_id, sent.opportunity_id)"),
    Field("title", "Invitation", "text", "i.engagement_title"),
    Field("sender", "From", "name", "i.sender_company_name"),
    Field("side", "Side", "name", "i.participant_type"),
    Field("status", "Answer", "name", "i.status"),
    Field("standing", "Standing", "name", "received.standing"),
    Field("left", "Days left", "count", "received.days_left"),
    Field("invited", "Invited", "day", _day("i.invitation_date")),
    Field("expires", "Lapses", "day", _day("i.expiration_date")),
)
RECOMMENDATIONS = (
    ACCOUNT,
    Field("id", "Opportunity", "text", "recommendations_open.id"),
    Field("type", "Kind", "name", "recommendations_open.recommendation_type"),
    Field("text", "Recommendation", "text", "recommendations_open.recommendation"),
)
SPANS = (  # how long each opportunity was pipeline with the same amounts; a row for each currency
    ACCOUNT,
    Field("id", "Opportunity", "text", "spans.id"),
    Field("from", "Pipeline from", "day", _capped(_day("spans.began_at"))),
    Field("until", "Pipeline until", "day", _capped(_day("spans.ended_at"))),
    Field("first", "First of its currencies", "flag", _flag("spans.currency_number = 1")),
    Field("amount", "Expected a month", "money", "spans.monthly_amount"),
    Field("reporting", "In the reporting currency", "money", "spans.reporting_amount"),
    Field("currency", "Currency", "name", "spans.currency_code"),
)
TABLES = {
    "opportunities": OPPORTUNITIES,
    "changes": CHANGES,
    "moves": MOVES,
    "invitations": INVITATIONS,
    "recommendations": RECOMMENDATIONS,
    "spans": SPANS,
}
WITH_AMOUNTS = frozenset(name for name, fields in TABLES.items() if any(one.kind == "money" for one in fields))
AT_AWS = (
    *("origin", "involvement", "visibility", "aws_stage", "aws_target", "motion", "score", "quality", "aws_team"),
    "aws_next",
)
FILTERS = ("account", "stage", "standing", "owner", "origin", "country", "industry", "type", "solutions", "currency")
RANGES = ("created", "target", "closed")
