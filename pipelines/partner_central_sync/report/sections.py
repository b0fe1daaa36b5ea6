"""The sections of the page, in their order: name, title, figures, and how they lie."""

from __future__ import annotations

SECTIONS = (
    ("new", "What changed", ("changes", "changed"), "news"),
    ("needs", "What needs you", ("action_required", "referrals", "overdue", "slipping"), "needs"),
    (
        "pipeline",
        "Pipeline",
        ("validated", "pipeline", "no_pipeline", "due", "launched", "win_rate", "stalled", "gone"),
        "tiles",
    ),
    ("trend", "Trend", ("trend", "trend_count", "by_month", "by_quarter"), "pair"),
    (
        "splits",
        "The pipeline, by",
        (
            *(
                "by_stage",
                "by_review",
                "by_account",
                "by_owner",
                "by_origin",
                "by_country",
                "by_industry",
                "by_type",
                "by_solution",
            ),
            *("by_currency", "waiting"),
        ),
        "grid",
    ),
    (
        "outcomes",
        "What moved, what was won and lost",
        ("moves", "why_lost", "velocity", "launched_by_currency"),
        "grid",
    ),
)
