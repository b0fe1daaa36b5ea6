"""A DuckDB file with very many opportunities: a small account is synced, and its rows are repeated by SQL."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

SMALL = 500
KEYS = {
    "opportunities": ("id",),
    "opportunity_history": ("id",),
    "opportunity_presence": ("id",),
    "opportunity_search_summaries": ("id",),
    "opportunities__project_expected_customer_spend": ("opportunity_id",),
    "opportunity_search_summaries__opportunity_team": ("opportunity_id",),
    "opportunity_search_summaries__related_solutions": ("opportunity_id",),
    "engagement_invitations": ("id",),
    "engagement_from_opportunity_tasks": ("task_id", "opportunity_id", "engagement_invitation_id"),
    "engagement_by_accepting_invitation_tasks": ("task_id", "opportunity_id", "engagement_invitation_id"),
}
OTHER = {  # what differs from copy to copy, so that texts, amounts and dates are as various as in a real account
    "customer_company_name": "customer_company_name || ' ' || copy % 50",
    "project_title": "project_title || ' ' || copy",
    "life_cycle_next_steps": "life_cycle_next_steps || ' (' || hash(id, copy) % 100000 || ')'",
    "amount": "CAST(amount * (1 + hash(opportunity_id, copy) % 1000 / 250.0) AS DECIMAL(38, 2))",
    "life_cycle_target_close_date": "life_cycle_target_close_date + CAST(hash(id, copy) % 60 AS INTEGER)",
    "created_date": "created_date - to_minutes(CAST(hash(id, copy) % 80000 AS INTEGER))",
}

EARLIER = {  # the stages of the two versions before, and what else was different then
    "Qualified": "replace(project_expected_customer_spend, '1', '2') AS project_expected_customer_spend",
    "Prospect": "'Submitted' AS life_cycle_review_status",
}


def multiply(small: Path, out: Path, opportunities: int, versions: int = 1) -> None:
    """Writes a file with so many opportunities at most, each with one to three versions, with spend and invitations."""
    shutil.copyfile(small, out)
    with duckdb.connect(str(out)) as connection:
        connection.execute(f"USE {out.stem}.partner_central")
        (there,) = connection.execute("SELECT count(*) FROM opportunities").fetchall()[0]
        copies = opportunities // there
        for table, keys in KEYS.items():
            columns = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
            again = {name: f"{name} || '-' || copy" for name in keys} | {
                name: text for name, text in OTHER.items() if name in columns
            }
            changed = ", ".join(f"{text} AS {name}" for name, text in again.items())
            connection.execute(
                f"INSERT INTO {table} SELECT * EXCLUDE (copy) REPLACE ({changed}) FROM {table}, range(1, {copies}) "
                "AS numbers(copy)"
            )
        for steps, (stage, texts) in enumerate(list(EARLIER.items())[: versions - 1], 1):
            connection.execute(
                "INSERT INTO opportunity_history SELECT * REPLACE ("
                f"last_modified_date - to_days(CAST({steps} * (20 + hash(id) % 40) AS INTEGER)) AS last_modified_date, "
                f"first_seen_at - to_days({60 * steps}) AS first_seen_at, read_order - {steps} AS read_order, "
                f"'{stage}' AS life_cycle_stage, {texts}, "
                f"life_cycle_target_close_date - {30 * steps} AS life_cycle_target_close_date, "
                f"_dlt_id || '-{steps}' AS _dlt_id) FROM opportunity_history WHERE _dlt_id NOT LIKE '%-_'"
            )
        connection.execute(
            "INSERT INTO sync_runs SELECT * REPLACE (run_id || '-1' AS run_id, watermark - to_days(300) AS watermark, "
            "started_at - to_days(300) AS started_at, finished_at - to_days(300) AS finished_at) FROM sync_runs"
        )
        connection.execute("CHECKPOINT")
