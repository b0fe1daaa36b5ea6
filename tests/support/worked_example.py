"""Ten opportunities whose every answer can be worked out by hand, and the tables they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase

from partner_central.public import STREAMS, hint_rules, stream_model, table_columns
from partner_central_sync.sync import working_folder
from partner_central_sync.sync.settings import Settings
from partner_central_sync.views.keeping import create_views
from partner_central_sync.views.user_tables import USER_TABLES

TEXTS = (
    *("id", "arn", "catalog", "opportunity_type", "partner_opportunity_identifier"),
    *("customer_company_name", "customer_industry", "customer_other_industry", "customer_website_url"),
    *("customer_city", "customer_state_or_region", "customer_postal_code", "customer_country_code"),
    *("life_cycle_stage", "life_cycle_review_status", "life_cycle_review_status_reason"),
    *("life_cycle_review_comments", "life_cycle_closed_lost_reason", "life_cycle_next_steps"),
    "project_expected_contract_duration_term",
)
OPPORTUNITY = {
    **dict.fromkeys(TEXTS, "TEXT"),
    "created_date": "TIMESTAMP WITH TIME ZONE",
    "last_modified_date": "TIMESTAMP WITH TIME ZONE",
    "life_cycle_target_close_date": "DATE",
    "project_expected_contract_duration_value": "BIGINT",
}
KINDS = {
    "text": "TEXT",
    "bigint": "BIGINT",
    "bool": "BOOLEAN",
    "date": "DATE",
    "decimal": "DECIMAL(38, 2)",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}


def tables_of_streams(*names: str) -> dict[str, dict[str, str]]:
    """The columns of tables, by the service's model."""
    found = {
        table: {str(one["name"]): KINDS[str(one["data_type"])] for one in columns if one["name"][0] != "_"}
        for stream in STREAMS
        for table, columns in table_columns(stream, stream_model(stream), hint_rules(stream)).items()
    }
    return {name: found[name] for name in names}


TABLES: dict[str, dict[str, str]] = {
    "opportunities": OPPORTUNITY,
    "opportunities__project_delivery_models": {"opportunity_id": "TEXT", "value": "TEXT"},
    "opportunities__project_expected_customer_spend": {
        "opportunity_id": "TEXT",
        "amount": "DECIMAL(38, 2)",
        "currency_code": "TEXT",
        "frequency": "TEXT",
        "target_company": "TEXT",
        "estimation_url": "TEXT",
    },
    "opportunities_rejected": {
        "id": "TEXT",
        "reason": "TEXT",
        "record": "TEXT",
        "record_key": "TEXT",
        "last_modified_date": "TIMESTAMP WITH TIME ZONE",
        "seen_at": "TIMESTAMP WITH TIME ZONE",
    },
    "opportunity_history": {
        **OPPORTUNITY,
        "project_delivery_models": "TEXT",
        "project_expected_customer_spend": "TEXT",
        "content_hash": "TEXT",
        "read_order": "BIGINT",
        "order_is_known": "BOOLEAN",
        "first_seen_at": "TIMESTAMP WITH TIME ZONE",
    },
    "opportunity_presence": {
        "id": "TEXT",
        "last_listed_at": "TIMESTAMP WITH TIME ZONE",
        "last_listed_sweep": "BIGINT",
        "rejected_since": "TIMESTAMP WITH TIME ZONE",
        "gone_since": "TIMESTAMP WITH TIME ZONE",
    },
    "sync_runs": {
        **dict.fromkeys(("run_id", "mode", "scope", "outcome", "message", "new_columns", "version"), "TEXT"),
        **dict.fromkeys(("started_at", "finished_at", "watermark"), "TIMESTAMP WITH TIME ZONE"),
        **dict.fromkeys(("exit_code", "calls", "throttles", "pages", "records", "rows_changed", "rejected"), "BIGINT"),
        "waited_seconds": "DOUBLE PRECISION",
        "complete": "BOOLEAN",
    },
    "sync_run_streams": {
        **dict.fromkeys(("run_id", "stream"), "TEXT"),
        "watermark": "TIMESTAMP WITH TIME ZONE",
        "complete": "BOOLEAN",
        "listed_at": "TIMESTAMP WITH TIME ZONE",
    },
    **{
        name: {column: KINDS.get(kind, "DOUBLE PRECISION") for column, kind, _ in table.columns}
        for name, table in USER_TABLES.items()
    },
    **tables_of_streams(
        *("opportunity_search_summaries", "opportunity_search_summaries__opportunity_team"),
        *("opportunity_search_summaries__related_solutions", "engagement_by_accepting_invitation_tasks", "solutions"),
        *("engagement_invitations", "engagement_invitation_history", "engagement_resource_associations"),
        *("aws_opportunity_summaries", "aws_opportunity_summary_history", "aws_opportunity_summary_reads"),
        *("aws_opportunity_summaries__insights_recommendations", "aws_opportunity_summaries__opportunity_team"),
        "opportunity_details",
    ),
}
Row = dict[str, Any]
SEARCH = "opportunity_search_summaries"
ORDER = count(1)


def moment(text: str) -> datetime:
    """`06-05 08:30` of 2026, in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def day(text: str) -> date:
    """`06-05` of 2026."""
    return date.fromisoformat(f"2026-{text}")


def make_tables(
    sql: SqlClientBase[Any],
    rows: Mapping[str, Iterable[Row]],
    tables: Sequence[str] = tuple(TABLES),
    *,
    shared: bool = False,
) -> None:
    """Create these tables in an open destination where they are missing, and fill them; a missing key is null."""
    definitions = {
        table: {**({"account": "TEXT"} if shared and table not in USER_TABLES else {}), **columns}
        for table, columns in TABLES.items()
    }
    for table in tables:
        of_load = {"_dlt_id": "TEXT"}  # which tells that it is no table of the user
        columns = ", ".join(f"{name} {kind}" for name, kind in (definitions[table] | of_load).items())
        sql.execute_sql(f"CREATE TABLE IF NOT EXISTS {sql.make_qualified_table_name(table)} ({columns})")
    for table, entries in rows.items():
        names = list(definitions[table])
        places = ", ".join(["%s"] * len(names))
        for entry in entries:
            assert entry.keys() <= set(names), entry
            sql.execute_sql(
                f"INSERT INTO {sql.make_qualified_table_name(table)} ({', '.join(names)}) VALUES ({places})",
                *(entry.get(name) for name in names),
            )


def filled(settings: Settings, folder: Path, rows: dict[str, list[Row]]) -> Settings:
    """The settings, after their destination was given these rows and the views; `folder` is dlt's to work in."""
    pipeline = working_folder.attach(replace(settings, pipelines_dir=folder))
    file = settings.database if settings.destination == "duckdb" else None
    if file is not None and not file.exists():
        file.write_bytes(file_with_views(file.stem))
    with pipeline.destination_client() as client:
        assert isinstance(client, SqlJobClientBase)
        if file is None:
            client.initialize_storage()
        make_tables(client.sql_client, rows)
        assert file is not None or create_views(client).is_complete
    return settings


@cache
def file_with_views(name: str = "partner_central") -> bytes:
    """A DuckDB file of that name with all tables and views and no row; to make the views takes seconds."""
    with TemporaryDirectory() as folder:
        file = Path(folder, f"{name}.duckdb")
        pipeline = working_folder.attach(Settings(database=file, pipelines_dir=Path(folder, "work")))
        with pipeline.destination_client() as client:
            assert isinstance(client, SqlJobClientBase)
            client.initialize_storage()
            make_tables(client.sql_client, {})
            assert create_views(client).is_complete
        return file.read_bytes()


def version(at: str, seen: str, **values: Any) -> Row:
    """A version last modified and first seen then; names without their long beginning. They are read as they come."""
    long = {
        "name": "customer_company_name",
        "stage": "life_cycle_stage",
        "review": "life_cycle_review_status",
        "target": "life_cycle_target_close_date",
        "lost": "life_cycle_closed_lost_reason",
        "spend": "project_expected_customer_spend",
        "comments": "life_cycle_review_comments",
        "why": "life_cycle_review_status_reason",
        "next": "life_cycle_next_steps",
        "created": "created_date",
    }
    row = {long.get(name, name): value for name, value in values.items()}
    created = row.pop("created_date", None)
    return {
        **row,
        "created_date": created and moment(created),
        "last_modified_date": moment(at),
        "first_seen_at": moment(seen),
        "content_hash": str(values),
        "read_order": next(ORDER),
        "order_is_known": True,
    }


FIRST = "06-01 12:30"
SPEND_BEFORE = "1,000.00 USD Monthly (AWS); 25.50 USD; 5.00 Monthly (Self); 9,999.00 EUR Yearly; GBP Monthly (AWS)"
SPEND = "1,000.50 USD Monthly (AWS); 200.00 USD; 50.00 EUR Monthly; 9,999.00 EUR Yearly; GBP Monthly (AWS)"
ACME = {
    "id": "A1",
    "name": "Acme",
    "created": "06-02 08:00",
    "customer_industry": "Retail",
    "customer_country_code": "DE",
    "opportunity_type": "Net New Business",
    "project_expected_contract_duration_term": "Months",
    "project_expected_contract_duration_value": 12,
}
CARGO = {"id": "C3", "name": "Cargo", "created": "02-01 00:00", "review": "Approved", "customer_country_code": "DE"}
EPIC = {"id": "E5", "name": "Epic", "created": "06-01 06:00", "target": day("12-01"), "spend": "10.00 USD Monthly"}
HOTEL = {"id": "H8", "name": "Hotel", "created": "05-01 10:00", "stage": "Technical Validation"}
JUNO = {"id": "J10", "name": "Juno", "created": "06-01 00:00", "review": "Approved"}
HISTORY = [
    version("06-02 08:00", "06-02 12:30", **ACME, stage="Prospect", review="Submitted", target=day("07-01")),
    version(
        *("06-06 08:00", "06-06 12:30"),
        **ACME,
        stage="Qualified",
        review="In review",
        target=day("07-31"),
        spend=SPEND_BEFORE,
    ),
    version(
        *("06-09 08:00", "06-09 12:30"),
        **ACME,
        stage="Qualified",
        review="In review",
        target=day("08-15"),
        spend=SPEND,
    ),
    version(
        *("04-01 23:30", FIRST),
        id="B2",
        name="Bolt",
        created="01-10 00:30",
        stage="Committed",
        review="Approved",
        target=day("06-01"),
        next="Call again",
    ),
    version("05-01 23:59", FIRST, **CARGO, stage="Committed", target=day("06-30")),
    version("06-05 00:01", "06-05 12:30", **CARGO, stage="Launched", target=day("06-05")),
    version(
        *("05-20 12:00", FIRST),
        id="D4",
        name="Delta",
        created="01-01 00:00",
        stage="Closed Lost",
        target=day("03-15"),
        lost="Price",
    ),
    version("06-01 06:00", FIRST, **EPIC, stage="Prospect"),
    version("06-08 06:00", "06-08 12:30", **EPIC, stage="Closed Lost"),
    version(
        "05-15 12:00", FIRST, id="F6", name="Foxtrot", created="05-01 00:00", stage="Qualified", review="Submitted"
    ),
    version("06-10 12:00", "06-10 12:30", id="G7"),
    version("05-01 10:00", FIRST, **HOTEL, review="Submitted"),
    version(
        *("06-03 10:00", "06-03 12:30"),
        **HOTEL,
        review="Action Required",
        why="Incomplete information",
        comments="Which <b>problem</b>?",
    ),
    version("06-01 00:00", FIRST, **JUNO, stage="Prospect", target=day("06-20")),
    version("06-03 00:00", "06-03 12:30", **JUNO, stage="Qualified", target=day("07-05")),
    version("06-04 00:00", "06-04 12:30", **JUNO, stage="Prospect"),
    version("06-05 00:00", "06-05 12:30", **JUNO, stage="Closed Lost", target=day("06-25")),
    version("06-07 00:00", "06-07 12:30", **JUNO, stage="Qualified", target=day("06-10")),
    version("06-07 00:00", "06-07 12:45", **JUNO, stage="Qualified", target=day("06-10"), next="Meet"),
]
WITHOUT_HISTORY = version(
    *("05-11 09:00", FIRST), id="I9", name="India", created="05-01 09:00", stage="Negotiation", review="Escalated"
)


def _current() -> list[Row]:
    newest = {row["id"]: row for row in sorted([*HISTORY, WITHOUT_HISTORY], key=lambda row: row["first_seen_at"])}
    return [{name: value for name, value in row.items() if name in OPPORTUNITY} for row in newest.values()]


def _spend(identifier: str, amount: str | None, currency: str | None, frequency: str | None = "Monthly") -> Row:
    return {
        "opportunity_id": identifier,
        "amount": amount and Decimal(amount),
        "currency_code": currency,
        "frequency": frequency,
    }


def _invitation(identifier: str, status: str, sent: str, expires: str, **values: Any) -> Row:
    return {
        "id": identifier,
        "status": status,
        "payload_type": "OpportunityInvitation",
        "participant_type": "RECEIVER",
        "invitation_date": moment(sent),
        "expiration_date": moment(expires),
        "sender_company_name": "AWS",
        "last_listed_at": moment("06-10 11:00"),
        **values,
    }


def _read(identifier: str) -> Row:
    at = moment("06-10 11:00")
    return {"id": identifier, "read_at": at, "read_for": at, "outcome": "read", "reading": 1}


INVITATIONS = [  # the task of an accepted one says which opportunity it became
    _invitation("i1", "ACCEPTED", "05-28 09:00", "06-12 09:00", engagement_id="g1"),
    _invitation("i2", "PENDING", "06-08 09:00", "06-13 09:00", engagement_id="g2"),
    _invitation("i3", "EXPIRED", "05-01 09:00", "05-16 09:00", engagement_id="g3"),
    _invitation("i4", "REJECTED", "05-20 09:00", "06-04 09:00", engagement_id="g4"),
    _invitation("i5", "ACCEPTED", "04-10 09:00", "04-25 09:00", engagement_id="g5"),
    _invitation("i6", "PENDING", "06-09 09:00", "06-24 09:00", participant_type="SENDER", receiver_alias="Bolt"),
    _invitation("i7", "REJECTED", "06-01 09:00", "06-16 09:00"),
    _invitation("i8", "PENDING", "06-01 09:00", "06-10 12:00"),
    _invitation(
        *("i9", "PENDING", "06-09 09:00", "06-24 09:00"),
        sender_company_name="Partner",
        last_listed_at=moment("06-09 11:00"),
    ),
]
SUMMARIES = [
    {
        "id": "A1",
        "related_opportunity_id": "A1",
        "life_cycle_stage": "Prospect",
        "origin": "Partner Referral",
        "involvement_type": "Co-Sell",
        "visibility": "Full",
        "cosell_motion": "Partner-led",
        "insights_engagement_score": "High",
        "insights_opportunity_quality_score": 70,
        "insights_next_best_actions": "Meet the account team",
        "life_cycle_target_close_date": day("09-01"),
    },
    {"id": "B2", "life_cycle_stage": "Committed", "involvement_type": "For Visibility Only", "visibility": "Limited"},
    {"id": "C3", "life_cycle_stage": "Launched", "involvement_type": "Co-Sell", "origin": "AWS Referral"},
]
SMALL_CASE: dict[str, list[Row]] = {
    "opportunities": _current(),
    "opportunities__project_delivery_models": [{"opportunity_id": "A1", "value": "Resell"}],
    "opportunities__project_expected_customer_spend": [
        _spend("A1", "1000.50", "USD"),
        _spend("A1", "200.00", "USD", None),
        _spend("A1", "50.00", "EUR"),
        _spend("A1", "9999.00", "EUR", "Yearly"),
        _spend("A1", None, "GBP"),
        _spend("C3", "300000", "JPY"),
        _spend("E5", "10", "USD"),
        _spend("F6", "7", "USD"),
        _spend("I9", "5", "XXX"),
        _spend("J10", "40.25", "USD"),
        _spend("H8", "1", None),
    ],
    "opportunities_rejected": [
        {"id": "R1", "reason": "no amount", "record": "{}", "record_key": "R1", "seen_at": moment(FIRST)},
        {"id": "C3", "reason": "is not a date", "record": "{}", "record_key": "C3", "seen_at": moment("06-09 12:30")},
    ],
    "opportunity_history": HISTORY,
    "opportunity_presence": [
        {"id": "A1", "last_listed_at": moment("06-10 12:00"), "gone_since": None},
        {"id": "C3", "last_listed_at": moment("06-10 12:00"), "rejected_since": moment("06-09 12:00")},
        {"id": "F6", "last_listed_at": moment("06-01 12:00"), "gone_since": moment("06-07 12:00")},
    ],
    "sync_runs": [
        {
            "run_id": "r1",
            "started_at": moment("06-01 12:29"),
            "finished_at": moment(FIRST),
            "mode": "first",
            "scope": "all",
            "outcome": "done",
            "exit_code": 0,
            "watermark": moment("06-01 07:00"),
            "complete": True,
        },
        {
            "run_id": "r2",
            "started_at": moment("06-10 12:29"),
            "finished_at": moment("06-10 12:30"),
            "mode": "incremental",
            "scope": "all",
            "outcome": "done",
            "exit_code": 0,
            "watermark": moment("06-10 12:00"),
            "complete": False,
        },
        {
            "run_id": "r3",
            "started_at": moment("06-10 13:00"),
            "finished_at": moment("06-10 13:01"),
            "mode": "incremental",
            "scope": "all",
            "outcome": "unavailable",
            "exit_code": 4,
            "complete": False,
        },
    ],
    "sync_run_streams": [
        {"run_id": "r1", "stream": "opportunities", "watermark": moment("06-01 07:00"), "complete": True},
        {"run_id": "r1", "stream": "solutions", "complete": True},
        {"run_id": "r2", "stream": "solutions", "complete": False},
        {"run_id": "r2", "stream": SEARCH, "watermark": moment("06-10 11:00"), "complete": True},
    ],
    SEARCH: [
        {
            "id": "A1",
            "project_title": "Archive",
            "customer_aws_account_id": "111122223333",
            "aws_opportunity_summary_origin": "Partner Referral",
            "aws_opportunity_summary_cosell_motion": "Partner-led",
            "aws_opportunity_summary_insights_engagement_score": "High",
            "aws_opportunity_summary_insights_opportunity_quality_score": 70,
            "last_listed_at": moment("06-10 11:00"),
        },
        {"id": "B2", "last_listed_at": moment("06-09 11:00")},
    ],
    f"{SEARCH}__opportunity_team": [
        {"opportunity_id": "A1", "first_name": "Zoe", "last_name": "Zhu", "business_title": "OpportunityOwner"},
        {"opportunity_id": "A1", "first_name": "Ada", "last_name": None, "business_title": "OpportunityOwner"},
        {"opportunity_id": "A1", "first_name": None, "last_name": None, "business_title": "OpportunityOwner"},
        {"opportunity_id": "A1", "first_name": "Al", "last_name": "Ash", "business_title": "AWSSalesRep"},
        {"opportunity_id": "B2", "first_name": "Sam", "last_name": "Sol", "business_title": "AWSAccountOwner"},
    ],
    f"{SEARCH}__related_solutions": [
        {"opportunity_id": "A1", "value": "S-0000002"},
        {"opportunity_id": "A1", "value": "S-0000001"},
    ],
    "engagement_by_accepting_invitation_tasks": [
        {
            "task_id": task,
            "opportunity_id": opportunity,
            "engagement_invitation_id": invitation,
            "start_time": moment(started),
            "last_listed_at": moment("06-01 12:30"),
        }
        for task, opportunity, invitation, started in (
            ("t1", "A1", "i1", "06-01 09:00"),
            ("t2", "C3", "i5", "04-12 21:00"),
            ("t3", "C3", "i5", "04-13 09:00"),
            ("t4", None, None, "06-01 09:00"),
        )
    ],
    "solutions": [{"id": "S-0000001", "name": "Backups", "last_listed_at": moment("06-01 12:30")}],
    "currency_rates": [
        {"from_currency": code, "to_currency": "USD", "rate": rate, "valid_from": day(at)}
        for code, rate, at in (
            *(("EUR", 1.1, "01-01"), ("EUR", 1.2, "06-05"), ("EUR", 9.0, "06-11")),
            *(("JPY", 0.01, "06-10"), ("XXX", 2.0, "06-11")),
        )
    ],
    "stage_weights": [{"life_cycle_stage": "Qualified", "weight": 0.25}],
    "engagement_invitations": INVITATIONS,
    "engagement_invitation_history": [
        {
            **{name: value for name, value in INVITATIONS[number].items() if name != "last_listed_at"},
            "status": status,
            "read_order": order,
            "content_hash": str(order),
            "first_seen_at": moment(seen),
        }
        for order, (number, status, seen) in enumerate(
            (
                (0, "PENDING", "05-30 12:30"),
                (0, "ACCEPTED", "06-02 12:30"),
                (1, "PENDING", "06-08 12:30"),
                (2, "EXPIRED", FIRST),
                (3, "REJECTED", FIRST),
                (4, "ACCEPTED", FIRST),
                (5, "PENDING", "06-09 12:30"),
                (6, "PENDING", "06-02 12:30"),
                (6, "REJECTED", "06-05 12:30"),
            ),
            start=1,
        )
    ],
    "aws_opportunity_summaries": [row | {"read_at": moment("06-10 11:00")} for row in SUMMARIES],
    "aws_opportunity_summary_history": [
        {
            "id": identifier,
            "life_cycle_stage": stage,
            "read_order": order,
            "content_hash": str(order),
            "first_seen_at": moment(seen),
        }
        for order, (identifier, stage, seen) in enumerate(
            (
                ("A1", "Prospect", "06-03 12:30"),
                ("B2", "Committed", "06-03 12:30"),
                ("C3", "Committed", "06-03 12:30"),
                ("C3", "Launched", "06-06 12:30"),
            ),
            start=1,
        )
    ],
    "aws_opportunity_summary_reads": [_read(identifier) for identifier in ("A1", "B2", "C3")],
    "opportunity_details": [{"id": "A1", "project_customer_business_problem": "Tapes"}],
    "aws_opportunity_summaries__insights_recommendations": [
        {"opportunity_id": "A1", "type": "Funding", "details": "Ask for MAP"},
        {"opportunity_id": "C3", "type": "Program", "details": "Write a case study"},
    ],
    "aws_opportunity_summaries__opportunity_team": [
        {"opportunity_id": "A1", "first_name": "Al", "last_name": "Ash", "business_title": "AWSSalesRep"},
        {"opportunity_id": "C3", "first_name": "Al", "last_name": "Ash", "business_title": "AWSSalesRep"},
        {"opportunity_id": "C3", "first_name": "Pia", "last_name": "Poe", "business_title": "PDM"},
    ],
}
