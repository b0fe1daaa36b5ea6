"""The queries behind the tables of the page, written as the views are: in DuckDB's words, of views and tables."""

from __future__ import annotations

from datetime import date

from .figures import QUARTER_WEEKS

WEEKS_BACK = 2 * QUARTER_WEEKS + 1
ENDED = "CAST(spans.ended_at AT TIME ZONE 'UTC' AS DATE)"
OPTIONAL = frozenset(
    (
        *("opportunity_search_summaries", "aws_opportunity_summaries", "engagement_invitations"),
        *("engagement_by_accepting_invitation_tasks", "engagement_from_opportunity_tasks"),
    )
)
AS_OF = "data_as_of AS freshness"
QUERIED = OPTIONAL | {"aws_opportunity_summaries__opportunity_team"}  # tables of other streams, without a view between
SOURCES = {
    "opportunities": f"""opportunity_current AS o
        LEFT JOIN close_date_slips AS slipped ON slipped.id = o.id
        LEFT JOIN (
            SELECT id, MAX(monthly_amount) AS amount, SUM(reporting_amount) AS reporting
            FROM opportunity_spend
            GROUP BY id
        ) AS largest ON largest.id = o.id
        LEFT JOIN aws_opportunity_summaries AS aws ON aws.id = o.id
        LEFT JOIN (
            SELECT opportunity_id, STRING_AGG(name, '; ' ORDER BY name) AS names
            FROM (
                SELECT DISTINCT
                    opportunity_id,
                    TRIM(COALESCE(first_name, '') || ' ' || COALESCE(last_name, ''))
                        || COALESCE(' (' || business_title || ')', '') AS name
                FROM aws_opportunity_summaries__opportunity_team
                WHERE COALESCE(first_name, last_name) IS NOT NULL
            ) AS members
            GROUP BY opportunity_id
        ) AS aws_teams ON aws_teams.opportunity_id = o.id
        CROSS JOIN {AS_OF}
        ORDER BY
            CASE
                WHEN o.is_gone OR NOT o.is_open THEN 2
                WHEN o.life_cycle_review_status = 'Action Required' OR o.days_to_target_close < 0 THEN 0
                ELSE 1
            END,
            COALESCE(largest.amount, 0) DESC,
            o.id""",  # noqa: S608 - the names of this file
    "changes": f"""changes CROSS JOIN {AS_OF}
        WHERE changes.what <> 'first seen'
        ORDER BY changes.changed_at DESC, changes.id, changes.what""",
    "moves": f"stage_transitions AS moves CROSS JOIN {AS_OF} ORDER BY moves.changed_at DESC, moves.id",
    "invitations": f"""engagement_invitations AS i
        LEFT JOIN received_invitations AS received ON received.id = i.id
        LEFT JOIN (
            SELECT engagement_invitation_id AS id, MAX(opportunity_id) AS opportunity_id
            FROM engagement_from_opportunity_tasks
            GROUP BY engagement_invitation_id
        ) AS sent ON sent.id = i.id
        CROSS JOIN {AS_OF}
        ORDER BY i.invitation_date DESC, i.id""",  # noqa: S608 - the names of this file
    "recommendations": "recommendations_open ORDER BY id, recommendation_type, recommendation",
    "spans": f"""(
            SELECT
                runs.id,
                runs.began_at,
                runs.ended_at,
                spend.currency_code,
                spend.monthly_amount,
                spend.reporting_amount,
                ROW_NUMBER() OVER (PARTITION BY runs.id, runs.version_number ORDER BY spend.currency_code)
                    AS currency_number
            FROM (
                SELECT
                    id,
                    MAX(version_number) AS version_number,
                    MIN(valid_from) AS began_at,
                    CASE WHEN COUNT(valid_until) = COUNT(*) THEN MAX(valid_until) END AS ended_at
                FROM (
                    SELECT
                        id,
                        version_number,
                        valid_from,
                        valid_until,
                        SUM(begins) OVER (PARTITION BY id ORDER BY version_number) AS run
                    FROM (
                        SELECT
                            id,
                            version_number,
                            valid_from,
                            valid_until,
                            CASE
                                WHEN version_number - 1 = LAG(version_number) OVER (
                                    PARTITION BY id ORDER BY version_number
                                ) AND project_expected_customer_spend IS NOT DISTINCT FROM LAG(
                                    project_expected_customer_spend
                                ) OVER (PARTITION BY id ORDER BY version_number)
                                    THEN 0
                                ELSE 1
                            END AS begins
                        FROM opportunity_versions
                        WHERE is_pipeline
                    ) AS marked
                ) AS versions
                GROUP BY id, run
            ) AS runs
            LEFT JOIN version_spend AS spend
                ON spend.id = runs.id AND spend.version_number = runs.version_number
        ) AS spans
        CROSS JOIN {AS_OF}
        WHERE
            spans.ended_at IS NULL
            OR DATE_DIFF('day', {ENDED}, freshness.as_of_date) < {7 * WEEKS_BACK}
        ORDER BY spans.began_at DESC, spans.id, spans.currency_number""",  # noqa: S608 - the names of this file
}
FRESHNESS = "SELECT * FROM data_freshness WHERE stream = 'opportunities'"
STAGES = "SELECT life_cycle_stage FROM life_cycle_stages ORDER BY stage_order"
FIRST_DAY = "SELECT CAST(MIN(watermark) AT TIME ZONE 'UTC' AS DATE) AS day FROM sync_runs"
NEWER_VERSIONS = """
    SELECT CAST(versions.last_modified_date AT TIME ZONE 'UTC' AS DATE) AS day, COUNT(*) AS versions
    FROM opportunity_history AS versions
    JOIN (SELECT id, MIN(last_modified_date) AS first_date FROM opportunity_history GROUP BY id) AS firsts
        ON firsts.id = versions.id AND firsts.first_date < versions.last_modified_date
    GROUP BY CAST(versions.last_modified_date AT TIME ZONE 'UTC' AS DATE)
    ORDER BY day DESC"""
RATES = "SELECT currency_code, reporting_currency, rate, rate_date FROM reporting_rates ORDER BY currency_code"
SPENDS = """
    SELECT spend.id, COALESCE(spend.currency_code, '') AS currency, spend.monthly_amount
    FROM opportunity_spend AS spend
    JOIN (SELECT id FROM opportunity_spend GROUP BY id HAVING COUNT(*) > 1) AS several ON several.id = spend.id
    ORDER BY spend.id, currency"""


def source(name: str, earliest: date | None) -> str:
    """Returns what the rows of a table are selected from.

    Args:
        name: the table's.
        earliest: the day before which no change is read; None for all of them.
    """
    if name != "changes" or earliest is None:
        return SOURCES[name]
    later = f"changes.changed_at >= CAST('{earliest} 00:00:00+00:00' AS TIMESTAMPTZ)"
    return SOURCES[name].replace("WHERE", f"WHERE {later} AND", 1)
