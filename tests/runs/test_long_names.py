"""Names that are too long for PostgreSQL are shortened the same way in every destination."""

from __future__ import annotations

import pytest

from adversarial_server import AdversarialServer
from databases import Database
from partner_central.tables.table import MAX_NAME

MEMBER = "CustomerEngagementPlanningWorkshopSessions"
LISTS = {"ParticipantOrganizations": ["x", "y"], "B": [{"C": ["deep"]}]}
RECORD = {"Id": "O1", "Catalog": "AWS", "LastModifiedDate": "2026-03-01T12:00:00Z", MEMBER: [LISTS]}
ROOT = "opportunities__customer_engagement_3cd2832e"
TABLES = {ROOT: 1, f"{ROOT}__b": 1, f"{ROOT}__b__c": 1, f"{ROOT}___8d97f381": 2}


@pytest.mark.long
def test_tables_of_long_members_have_the_same_names_everywhere(database: Database) -> None:
    with AdversarialServer([RECORD]) as server:
        database.endpoint = server.endpoint
        database.sync()
        found = database.sql(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'partner_central' AND table_name LIKE 'opportunities__customer_engag%'"
        )
        assert {name for (name,) in found} == {*TABLES}
        assert max(map(len, TABLES)) <= MAX_NAME
        assert {name: database.sql(f'SELECT count(*) FROM "{name}"')[0][0] for name in TABLES} == TABLES
