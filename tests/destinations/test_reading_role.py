"""Queries of PostgreSQL that are run as a role of their own, which the server keeps from all but reading."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest

from partner_central_sync import destinations
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.destinations import reading_role
from partner_central_sync.destinations.errors import NotAllowed
from partner_central_sync.query.listing import list_tables
from partner_central_sync.query.read_only import open_read_only, run_query
from partner_central_sync.sync.settings import Settings
from partner_central_sync.sync.status import UNKNOWN, status
from postgres import Postgres
from worked_example import SMALL_CASE, filled

GRANTS = """
DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD 'look'; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA partner_central TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA partner_central TO {role}
"""


@pytest.fixture
def settings(postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, str]:
    database = postgres_server.database("role")
    role = f"reader_of_{database}"
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", postgres_server.url(database))
    made = filled(Settings(destination="postgres", pipelines_dir=tmp_path / "pipelines"), tmp_path, SMALL_CASE)
    postgres_server.sql(database, GRANTS.format(role=role))
    monkeypatch.setenv("PARTNER_CENTRAL__QUERY__CREDENTIALS__USERNAME", role)
    monkeypatch.setenv("PARTNER_CENTRAL__QUERY__CREDENTIALS__PASSWORD", "look")
    return made, role


def test_every_reader_is_that_role_and_it_can_only_read(settings: tuple[Settings, str]) -> None:
    where, role = settings
    assert reading_role.warning(destinations.get("postgres")) is None
    with open_read_only(where) as client:
        with run_query(client, "SELECT current_user, (SELECT count(*) FROM stalled)") as answer:
            assert list(answer.rows) == [(role, 2)]
        assert ("stalled", "view") in {line[:2] for line in list_tables(client)}
        connection = client.sql_client.native_connection
        for statement in (
            "ROLLBACK; BEGIN READ WRITE; DELETE FROM partner_central.opportunities",
            "ROLLBACK; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
            "ROLLBACK; SELECT pg_read_file('/etc/passwd')",
        ):
            with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
            connection.rollback()
    assert dict(line[:2] for line in status(where))["loaded"] == "nothing yet"


@pytest.mark.parametrize(("name", "value"), [("PASSWORD", "wrong"), ("USERNAME", "nobody_here"), ("DATABASE", "none")])
def test_a_wrong_login_is_a_mistake_and_no_outage(
    settings: tuple[Settings, str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    where, _ = settings
    monkeypatch.setenv(f"PARTNER_CENTRAL__QUERY__CREDENTIALS__{name}", value)
    with pytest.raises(NotAllowed, match=r"partner_central\.query\.credentials"), open_read_only(where):
        pass
    (line,) = (line for line in status(where) if line.subject == "loaded")
    assert "partner_central.query.credentials" in line.values["unreadable"]
    assert line.values[UNKNOWN].code(timedelta(hours=2), datetime.now(UTC)) is ExitCode.CONFIGURATION
