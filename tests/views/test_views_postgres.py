"""Views in a real PostgreSQL: what is replaced, what is kept with it, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase

from partner_central_sync.destinations.views.store import MARK
from partner_central_sync.views import keeping, translation
from partner_central_sync.views.files import head_of, tables_read, view_texts
from partner_central_sync.views.keeping import are_as_in_the_files, create_views
from partner_central_sync.views.shared_files import shared_texts
from partner_central_sync.views.sync_step import warnings
from partner_central_sync.views.translation import names_read
from partner_central_sync.views.user_tables import USER_TABLES
from postgres import WORKER, Postgres
from views.test_views import opened, rows_of
from worked_answers import ANSWERS
from worked_example import SMALL_CASE

OLD_MARK = f"made by partner-central-sync {'0' * 16}"
NUMBERS = count(1)


def made_again_with(view: str) -> set[str]:
    """A view, and the ones that read it or read one that does."""
    found = {view}
    for name, text in view_texts().items():  # each after the ones that it reads
        if names_read(text) & found:
            found.add(name)
    return found


class Case:
    """The small case with its views, in a dataset of its own."""

    def __init__(self, client: SqlJobClientBase, dataset: str, run: Callable[..., list[tuple[Any, ...]]]) -> None:
        self.client, self.dataset, self.run = client, dataset, run

    def sql(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements as the owner of everything, in the dataset."""
        return self.run(f"SET search_path TO {self.dataset}", *statements)

    def views(self) -> dict[str, tuple[int, str]]:
        """The identity of each view, which a new one would not have, and its comment."""
        rows = self.sql(
            "SELECT relname, oid, obj_description(oid, 'pg_class') FROM pg_class "
            f"WHERE relkind = 'v' AND relnamespace = '{self.dataset}'::regnamespace"
        )
        return {name: (number, comment) for name, number, comment in rows}

    def columns(self, view: str) -> list[str]:
        """The columns of a view, in their order."""
        return [
            name
            for (name,) in self.sql(
                f"SELECT attname FROM pg_attribute WHERE attrelid = '{view}'::regclass AND attnum > 0 ORDER BY attnum"
            )
        ]

    def grants(self) -> set[tuple[Any, ...]]:
        """All grants on views and the columns that the files have, but for the owner's."""
        where = (
            f"WHERE table_schema = '{self.dataset}' AND grantee <> 'loader' AND table_name IN ({_list(view_texts())})"
        )
        rows = self.sql(
            "SELECT table_name, grantee, privilege_type, is_grantable, NULL AS column_name "
            f"FROM information_schema.table_privileges {where} "
            "UNION SELECT table_name, grantee, privilege_type, is_grantable, column_name "
            f"FROM information_schema.column_privileges {where}"
        )
        return {row for row in rows if row[-1] in {None, *head_of(view_texts()[row[0]]).columns}}

    def is_as_in_the_files(self) -> bool:
        """Whether a sync would compare no further."""
        tables = {name for name, columns in self.client.get_storage_tables(sorted(tables_read())) if columns}
        return are_as_in_the_files(self.client, tables)

    def as_of_an_older_release(self, view: str, column: str | None = None) -> None:
        """Mark a view as an older release would, and give it another column at its end."""
        if column:
            ((definition,),) = self.sql(f"SELECT pg_get_viewdef('{view}'::regclass)")
            body = definition.rstrip(";")
            self.sql(f"CREATE OR REPLACE VIEW {view} AS SELECT q.*, 1 AS {column} FROM ({body}) q")
        self.sql(f"COMMENT ON VIEW {view} IS '{OLD_MARK}'")


def _list(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names)


@pytest.fixture(scope="module")
def server(postgres_server: Postgres) -> Postgres:
    postgres_server.database("views_kept")
    return postgres_server


@pytest.fixture
def case(server: Postgres, tmp_path: Path) -> Iterator[Case]:
    dataset = f"kept_{next(NUMBERS)}"
    with opened("postgres", server.url("views_kept"), tmp_path, dataset, SMALL_CASE) as client:
        yield Case(client, dataset, lambda *statements: server.sql("views_kept", *statements))


@pytest.fixture
def analyst(server: Postgres) -> str:
    """A role; its name needs quotes."""
    role = f"Analyst {WORKER}"
    if not server.sql("postgres", f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
        server.sql("postgres", f'CREATE ROLE "{role}"')
    return role


def test_nothing_is_made_where_nothing_differs(case: Case) -> None:
    before = case.sql("SELECT relname, xmin::text FROM pg_class ORDER BY oid")
    assert not create_views(case.client).made
    assert case.sql("SELECT relname, xmin::text FROM pg_class ORDER BY oid") == before


def test_views_and_columns_have_comments(case: Case) -> None:
    rows = case.sql(
        "SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_attribute a "
        f"ON a.attrelid = c.oid WHERE c.relkind = 'v' AND c.relnamespace = '{case.dataset}'::regnamespace "
    )
    assert {(view, column): text for view, column, text in rows} == {
        (view, column.lower()): description  # PostgreSQL has names without quotes in lower case
        for view, text in view_texts().items()
        for column, description in head_of(text).columns.items()
    }
    for view, (_, comment) in case.views().items():
        assert comment.startswith(head_of(view_texts()[view]).comment())


def test_a_view_with_the_same_columns_is_replaced_in_its_place(case: Case, analyst: str) -> None:
    case.as_of_an_older_release("stalled")
    case.sql(f'GRANT SELECT ON stalled TO "{analyst}"')
    before, grants = case.views(), case.grants()
    kept = create_views(case.client)
    assert (kept.made, kept.is_complete) == ({"stalled"}, True)
    after = case.views()
    assert {view: number for view, (number, _) in after.items()} == {
        view: number for view, (number, _) in before.items()
    }
    assert case.grants() == grants
    assert MARK.search(after["stalled"][1])[1] != "0" * 16  # type: ignore[index]


def test_a_view_with_other_columns_is_made_again_with_all_that_read_it_and_their_grants(
    case: Case, analyst: str
) -> None:
    case.sql(
        f'GRANT SELECT ON ALL TABLES IN SCHEMA {case.dataset} TO "{analyst}"',
        f'REVOKE ALL ON stalled FROM "{analyst}"',
        f'GRANT SELECT (id), UPDATE (id) ON stalled TO "{analyst}"',
        f'GRANT SELECT ON opportunity_spend TO "{analyst}" WITH GRANT OPTION',
        "GRANT SELECT ON pipeline_by_stage TO PUBLIC",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE loader IN SCHEMA {case.dataset} GRANT SELECT ON TABLES TO PUBLIC",
    )
    case.as_of_an_older_release("opportunity_spend", "no_longer")
    before, grants = case.views(), case.grants()
    kept = create_views(case.client)
    assert kept.is_complete
    replaced = made_again_with("opportunity_spend")
    assert kept.made == replaced
    assert {"opportunity_current", "pipeline_by_stage", "stalled"} < replaced < view_texts().keys()
    after = case.views()
    assert {view for view in before if after[view][0] != before[view][0]} == replaced
    assert case.grants() == grants, "neither fewer nor, by default privileges, more"
    for view, (columns, expected) in ANSWERS.items():
        assert len(rows_of(case.client, view, columns)) == len(expected)
    assert not create_views(case.client).made


def test_views_get_the_account_of_a_dataset_that_becomes_shared(case: Case, analyst: str) -> None:
    case.sql(
        f'GRANT SELECT ON ALL TABLES IN SCHEMA {case.dataset} TO "{analyst}"',
        f"CREATE VIEW mine AS SELECT id FROM {case.dataset}.stalled",
    )
    grants = case.grants()
    (tables,) = case.sql(f"SELECT array_agg(tablename) FROM pg_tables WHERE schemaname = '{case.dataset}'")
    case.sql(*(f"ALTER TABLE {table} ADD account TEXT DEFAULT 'acme'" for table in {*tables[0]} - USER_TABLES.keys()))
    kept = create_views(case.client)
    assert f"{case.dataset}.mine" in kept.failed["data_as_of"]
    assert case.grants() == grants
    case.sql("DROP VIEW mine")
    assert create_views(case.client).is_complete
    assert case.views().keys() == shared_texts().keys()
    assert case.grants() == grants
    of_no_account = {view for view in view_texts() if case.columns(view)[0] != "account"}
    assert of_no_account == {"life_cycle_stages", "review_statuses"}
    assert not create_views(case.client).made


def test_what_somebody_made_on_a_view_is_kept_and_named(case: Case) -> None:
    case.sql(
        f"CREATE VIEW mine AS SELECT id FROM {case.dataset}.stalled",
        f"CREATE FUNCTION spend() RETURNS SETOF opportunity_standing LANGUAGE SQL "
        f"AS 'SELECT * FROM {case.dataset}.opportunity_standing'",
    )
    case.as_of_an_older_release("opportunity_spend", "no_longer")
    case.as_of_an_older_release("life_cycle_stages")
    before = case.views()
    for made in ({"life_cycle_stages"}, set()):
        kept = create_views(case.client)
        assert kept.made == made
        assert kept.failed.keys() == {"opportunity_spend"}
        assert f"{case.dataset}.mine" in kept.failed["opportunity_spend"]
        (sentence,) = warnings(kept, case.dataset)
        assert f"{case.dataset}.mine" in sentence
    assert {view: number for view, (number, _) in case.views().items()} == {
        view: number for view, (number, _) in before.items()
    }
    case.sql("DROP VIEW mine")
    assert create_views(case.client).is_complete


def test_what_is_no_view_and_needs_one_is_named_as_well(case: Case) -> None:
    case.sql("CREATE FUNCTION moves() RETURNS SETOF stage_velocity LANGUAGE SQL AS 'SELECT * FROM stage_velocity'")
    case.as_of_an_older_release("stage_velocity", "no_longer")
    kept = create_views(case.client)
    assert "function moves()" in kept.failed["stage_velocity"].replace(f"{case.dataset}.", "")


def test_a_view_that_somebody_reads_is_left_for_the_next_run(case: Case, server: Postgres) -> None:
    case.as_of_an_older_release("stalled")
    case.as_of_an_older_release("changes")
    reader = psycopg2.connect(server.url("views_kept"))
    try:
        with reader.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {case.dataset}.stalled")
        kept = create_views(case.client)
        assert kept.made == {"changes"}
        assert kept.failed == {"stalled": "somebody reads it now, in a transaction that lasts"}
    finally:
        reader.close()
    assert create_views(case.client).made == {"stalled"}


@pytest.mark.long
@pytest.mark.parametrize("kind", ["table", "view", "materialized view", "sequence"])
def test_what_a_user_made_is_left_alone_and_named(case: Case, kind: str) -> None:
    made = {"table": "(mine INT)", "sequence": ""}.get(kind, "AS SELECT 1 AS mine")
    case.sql("DROP VIEW stalled", f"CREATE {kind} stalled {made}", f"COMMENT ON {kind} stalled IS 'for the board'")
    for _ in range(2):
        kept = create_views(case.client)
        assert kept.taken == {"stalled": kind}
        (sentence,) = warnings(kept, case.dataset)
        assert f"stalled (a {kind})" in sentence
        assert "drop the dataset" not in sentence
    assert case.sql("SELECT obj_description('stalled'::regclass, 'pg_class')") == [("for the board",)]


def test_views_of_an_earlier_release_are_taken_over_and_changed_ones_are_the_users(case: Case) -> None:
    case.sql(*(f"COMMENT ON VIEW {view} IS NULL" for view in view_texts()))
    case.sql(
        "CREATE OR REPLACE VIEW opportunity_standing AS SELECT id, life_cycle_stage, NULL::int AS stage_order, "
        "TRUE AS is_open, FALSE AS is_gone, NULL::timestamptz AS gone_since, NULL::timestamptz AS rejected_since, "
        "NULL::text AS review_standing, FALSE AS is_pipeline, FALSE AS is_validated "
        "FROM opportunities"
    )
    before = case.views()
    kept = create_views(case.client)
    assert kept.taken == {"opportunity_standing": "view"}
    after = case.views()
    unmarked = {view for view, (_, comment) in after.items() if not MARK.search(comment or "")}
    assert "opportunity_standing" in unmarked
    assert unmarked == {"opportunity_standing"} | kept.left_out
    assert {view: number for view, (number, _) in before.items()} == {
        view: number for view, (number, _) in after.items()
    }
    case.sql("DROP VIEW opportunity_standing CASCADE")
    assert create_views(case.client).is_complete


def replace_by_hand(case: Case, view: str = "stalled", *more: str) -> None:
    """Give a view a query of a user's, with the same columns; its comment stays."""
    ((definition,),) = case.sql(f"SELECT pg_get_viewdef('{view}'::regclass)")
    case.sql(f"CREATE OR REPLACE VIEW {view} AS SELECT q.* FROM ({definition.rstrip(';')}) AS q LIMIT 0", *more)


def test_a_view_that_a_user_replaced_is_left_alone_and_named(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_by_hand(case)
    before = case.views()["stalled"]
    assert MARK.search(before[1])
    for version in (translation.TRANSLATION_VERSION, 0):
        monkeypatch.setattr(keeping, "TRANSLATION_VERSION", version)
        assert not case.is_as_in_the_files()
        kept = create_views(case.client)
        assert kept.taken == {"stalled": "view"}
        assert case.views()["stalled"] == before
    (sentence,) = warnings(kept, case.dataset)
    assert "or somebody changed: stalled (a view). It was left as it is." in sentence
    case.sql("DROP VIEW stalled")
    assert create_views(case.client).is_complete
    assert case.is_as_in_the_files()


def test_a_script_with_the_comment_makes_a_view_of_the_users_as_well(case: Case) -> None:
    comment = case.views()["stalled"][1].replace("'", "''")
    replace_by_hand(case, "stalled", f"COMMENT ON VIEW stalled IS '{comment}'")
    assert create_views(case.client).taken == {"stalled": "view"}


def test_views_read_the_new_one_when_a_replaced_one_was_renamed(case: Case) -> None:
    replace_by_hand(case, "opportunity_standing")
    assert rows_of(case.client, "opportunity_current") == []
    assert create_views(case.client).taken == {"opportunity_standing": "view"}
    case.sql("ALTER VIEW opportunity_standing RENAME TO mine")
    assert create_views(case.client).is_complete
    assert len(rows_of(case.client, "opportunity_current")) == len(ANSWERS["opportunity_current"][1])


def test_marks_count_whatever_the_things_are_called_that_views_read(case: Case) -> None:
    case.sql(
        "ALTER TABLE opportunities RENAME customer_city TO city",
        f"ALTER SCHEMA {case.dataset} RENAME TO moved",
        "SET search_path TO moved",
        "ALTER TABLE opportunity_history RENAME TO versions",
        "ALTER TABLE versions RENAME TO opportunity_history",
        "DROP VIEW stalled",
        f"ALTER SCHEMA moved RENAME TO {case.dataset}",
    )
    case.client.sql_client.execute_sql(f"SET search_path TO {case.dataset}")
    kept = create_views(case.client)
    assert (kept.made, kept.is_complete) == ({"stalled"}, True)
    assert case.is_as_in_the_files()


def test_marks_of_a_restored_database_count(case: Case) -> None:
    """Its views are others, with the same comments; once one of them is changed, the others are made again."""
    for view, (_, comment) in case.views().items():
        other = comment.replace("'", "''")
        case.sql(f"COMMENT ON VIEW {view} IS '{other}0'")
    assert case.is_as_in_the_files()
    assert not create_views(case.client).made
    case.as_of_an_older_release("stalled")
    assert create_views(case.client).made == {"stalled"}
    kept = create_views(case.client)
    assert (kept.made, kept.is_complete) == (view_texts().keys() - {"stalled"}, True)
    assert not create_views(case.client).made


def test_a_view_of_another_owner_is_named_with_the_reason(case: Case) -> None:
    case.as_of_an_older_release("stalled")
    case.sql("ALTER VIEW stalled OWNER TO postgres")
    kept = create_views(case.client)
    assert kept.failed == {"stalled": "must be owner of view stalled"}
