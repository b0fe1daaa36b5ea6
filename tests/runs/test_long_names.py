"""Names that are too long for PostgreSQL are shortened the same way in every destination."""

from __future__ import annotations

from adversarial_server import AdversarialServer
from databases import Database
from partner_central.public import MAX_NAME

MEMBER = "CustomerEngagementPlanningWorkshopSessions"
LISTS = {"ParticipantOrganizations": ["x", "y"], "B": [{"C": ["deep"]}]}
RECORD = {"Id": "O1", "Catalog": "AWS", "LastModifiedDate": "2026-03-01T12:00:00Z", MEMBER: [LISTS]}
SHORTENED = [
    "opportunities__customer_engag4vuxza_workshop_sessions__fd9d3f51",
    "opportunities__customer_engag7g5vbqworkshop_sessions___8d97f381",
    "opportunities__customer_engagpj45mgsessions__fd9d3f51__a5047ec9",
]


def test_tables_of_long_members_have_the_same_names_everywhere(database: Database) -> None:
    with AdversarialServer([RECORD]) as server:
        database.endpoint = server.endpoint
        database.sync()
        found = database.sql(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'partner_central' AND table_name LIKE 'opportunities\\_\\_customer\\_engag%\\_\\_%' "
            "ESCAPE '\\' ORDER BY 1"
        )
        assert [name for (name,) in found] == SHORTENED
        assert max(len(name) for (name,) in found) <= MAX_NAME
        assert [database.sql(f'SELECT count(*) FROM "{name}"') for name in SHORTENED] == [[(1,)], [(2,)], [(1,)]]
