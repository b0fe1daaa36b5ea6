"""What the tables look like, what becomes of members nobody knows, and of records that cannot be rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dlt
import duckdb
import pytest

from adversarial_server import DEFECTS, AdversarialServer, Record, bad_records, nasty_records
from oracle import COLUMNS, CUSTOMER_SPEND, DELIVERY_MODELS, MOMENT, TEXT, WHOLE
from partner_central import partner_central
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.destinations import lease_table
from partner_central_sync.sync import full_listings, run_log, stream_log
from partner_central_sync.sync.summary import Summary
from sandbox import Sandbox

SandboxFor = Callable[[str], Sandbox]
REJECTED = "opportunities_rejected"
RUN_KINDS = {"text": TEXT, "timestamp": MOMENT, "bigint": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN"}
LOOKALIKES = (
    "2026-01-05T09:00:00Z",
    "2026-01-05 09:00:00+00:00",
    "2026-01-05",
    "09:00:00",
    "6F9619FF-8B86-D011-B42D-00C04FC964FF",
    "007",
    "1e5",
    "1.50",
    "Infinity",
    "true",
    "null",
    '["a"]',
    "{}",
)
NEW_MEMBERS: Record = {
    "AwsScore": 7,
    "Customer": {"Account": {"SegmentName": "SMB", "Address": {"Street": "Kaien"}}},
    "Tags": ["a", "b"],
    "Project": {"ExpectedCustomerSpend": [{"Amount": "1", "DiscountCode": "D"}]},
}
NEW_COLUMNS = [
    "opportunities.aws_score",
    "opportunities.customer_segment_name",
    "opportunities.customer_street",
    "opportunities__project_expected_customer_spend.discount_code",
    "opportunities__tags.value",
]


def record(identifier: str, **members: Any) -> Record:
    return {"Id": identifier, "Catalog": "AWS", "LastModifiedDate": "2026-03-01T12:00:00Z", **members}


def company(name: str) -> Record:
    return {"Account": {"CompanyName": name}}


def query(sandbox: Sandbox, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        (catalog,) = connection.execute("SELECT current_database()").fetchall()[0]
        connection.execute(f'USE "{catalog}"."partner_central"')
        return connection.execute(sql).fetchall()


def rejected(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The rows of opportunities_rejected, newest last."""
    names = ("id", "reason", "record", "seen_at")
    found = query(sandbox, f"SELECT id, reason, record, epoch(seen_at) FROM {REJECTED} ORDER BY seen_at")
    return [dict(zip(names, row, strict=True)) for row in found]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A first sync of an account without opportunities."""
    with Emulator(opportunities=0, sandbox_opportunities=0, rps=None) as emulator:
        sandbox = Sandbox(tmp_path_factory.mktemp("empty"), emulator.endpoint)
        sandbox.sync()
    return sandbox


@pytest.mark.long
def test_an_empty_account_gives_all_tables_with_the_documented_columns(empty: Sandbox) -> None:
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in query(
        empty,
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'partner_central' "
        "AND table_name IN (SELECT table_name FROM duckdb_tables())",
    ):
        if not (table.startswith("_dlt") or column.startswith("_dlt")):
            found.setdefault(table, {})[column] = kind
    wanted = {
        table: {name: kind.replace("DECIMAL", "DECIMAL(38,2)") for name, kind in columns.items()}
        for table, columns in COLUMNS.items()
    }
    wanted[REJECTED] = {
        "record_key": TEXT,
        "id": TEXT,
        "last_modified_date": MOMENT,
        "reason": TEXT,
        "record": TEXT,
        "seen_at": MOMENT,
    }
    wanted["opportunity_history"] = wanted["opportunities"] | {
        "project_delivery_models": TEXT,
        "project_expected_customer_spend": TEXT,
        "content_hash": TEXT,
        "read_order": WHOLE,
        "order_is_known": "BOOLEAN",
        "first_seen_at": MOMENT,
    }
    wanted["opportunity_presence"] = {
        "id": TEXT,
        "last_listed_at": MOMENT,
        "last_listed_sweep": WHOLE,
        "rejected_since": MOMENT,
        "gone_since": MOMENT,
    }
    wanted["sync_runs"] = {column.name: RUN_KINDS[column.kind] for column in run_log.COLUMNS}
    wanted["sync_run_streams"] = {name: RUN_KINDS[kind] for name, kind, *_ in stream_log.COLUMNS}
    wanted["sync_lease"] = {name: RUN_KINDS[kind] for name, kind in lease_table.COLUMNS.items()}
    wanted["sync_sweeps"] = {name: RUN_KINDS[kind] for name, kind, _ in full_listings.TABLE.columns}
    assert found == wanted


def test_every_column_carries_a_description_in_dlts_schema(empty: Sandbox) -> None:
    ((stored,),) = query(empty, "SELECT schema FROM _dlt_version ORDER BY version DESC LIMIT 1")
    tables = json.loads(stored)["tables"]
    described = {
        f"{table}.{name}": tables[table]["columns"][name].get("description", "")
        for table in (
            *COLUMNS,
            REJECTED,
            "opportunity_history",
            "opportunity_presence",
            "sync_runs",
            "sync_run_streams",
        )
        for name in tables[table]["columns"]
        if not name.startswith("_dlt")
    }
    assert not [name for name, text in described.items() if not text.strip()]
    assert "company" in described["opportunities.customer_company_name"].lower()


@pytest.mark.long
def test_unknown_members_become_columns_and_tables_and_are_reported_once(sandbox_for: SandboxFor) -> None:
    with AdversarialServer([record("O1")]) as server:
        sandbox = sandbox_for(server.endpoint)
        assert sandbox.sync().new_columns == []
        server.put(record("O1", **NEW_MEMBERS))
        assert sandbox.sync().new_columns == NEW_COLUMNS
        server.put(record("O2", **NEW_MEMBERS, AwsScoreReason="new"))
        assert sandbox.sync().new_columns == ["opportunities.aws_score_reason"]
        sandbox.assert_equals(server.truth())


def test_nasty_records_arrive_whole_and_bad_ones_among_them_are_rejected(sandbox_for: SandboxFor) -> None:
    good, bad = nasty_records(1, 220), bad_records(1, 30)
    with AdversarialServer([*good, *bad], short_pages=True) as server:
        sandbox = sandbox_for(server.endpoint)
        assert (sandbox.sync().rejected, len(rejected(sandbox))) == (30, 30)
        sandbox.assert_equals(good)
        before = sandbox.tables()
        assert sandbox.sync().changed == 0
        assert sandbox.tables() == before


@pytest.mark.long
def test_each_defect_is_rejected_with_its_member_named_and_no_value_quoted(sandbox_for: SandboxFor) -> None:
    bad = bad_records(7, len(DEFECTS))
    with AdversarialServer([*bad, record("O1", Customer=company("Plain Ltd"))]) as server:
        sandbox = sandbox_for(server.endpoint)
        most = {"most_rejected": 1}
        summary = sandbox.sync(most)
        assert (summary.rejected, summary.changed) == (len(DEFECTS), 1)
        rows = {row["record"]: row for row in rejected(sandbox)}
        assert sorted(rows, key=repr) == sorted((json.dumps(one) for one in bad), key=repr)
        for one, (path, value) in zip(bad, DEFECTS.values(), strict=True):
            row = rows[json.dumps(one)]
            assert row["id"] == one.get("Id")
            assert ".".join(path) in row["reason"]
            secrets = [text for text in (value, "abc", "NaN", "1e5x", "twelve", "Plain", "yesterday") if text]
            assert not [text for text in secrets if isinstance(text, str) and text in row["reason"]]
            assert row["seen_at"] > 0
        quiet = sandbox.sync(most)
        assert (quiet.rejected, quiet.changed) == (0, 0)
        assert {row["record"]: row for row in rejected(sandbox)} == rows


@pytest.mark.long
def test_a_later_good_version_is_loaded_and_a_later_bad_one_leaves_the_good(sandbox_for: SandboxFor) -> None:
    bad, good = {"LifeCycle": {"TargetCloseDate": "2026-02-30"}}, {"LifeCycle": {"TargetCloseDate": "2026-02-28"}}
    with AdversarialServer([record("O1", **bad), record("O2", **good)]) as server:
        sandbox = sandbox_for(server.endpoint)
        assert sandbox.sync().rejected == 1
        sandbox.assert_equals([record("O2", **good)])
        server.put(record("O1", **good))
        server.put(record("O2", **bad))
        summary = sandbox.sync()
        assert (summary.rejected, summary.changed) == (1, 1)
        sandbox.assert_equals([record("O1", **good), record("O2", **good)])


@pytest.mark.long
def test_text_that_looks_like_another_type_survives_byte_for_byte(sandbox_for: SandboxFor) -> None:
    lookalikes = [
        record(f"O{number:02}", Customer=company(text), Project={"DeliveryModels": [text]})
        for number, text in enumerate(LOOKALIKES)
    ]
    with AdversarialServer(lookalikes[:1]) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        assert query(sandbox, "SELECT customer_company_name FROM opportunities") == [(LOOKALIKES[0],)]
        for one in lookalikes:
            server.put(one)
        sandbox.sync()
    wanted = [(text,) for text in LOOKALIKES]
    assert query(sandbox, "SELECT customer_company_name FROM opportunities ORDER BY id") == wanted
    assert query(sandbox, f"SELECT value FROM {DELIVERY_MODELS} ORDER BY opportunity_id") == wanted


@pytest.mark.long
def test_an_unknown_text_has_one_column_whatever_its_first_value_is_like(sandbox_for: SandboxFor) -> None:
    mottos = {f"Motto{number}": text for number, text in enumerate(LOOKALIKES)}
    with AdversarialServer([record("O1", **mottos), record("O2")]) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync()
        server.put(record("O2", **dict.fromkeys(mottos, "onwards")))
        sandbox.sync()
    columns = ", ".join(f"motto{number}" for number in range(len(LOOKALIKES)))
    found = query(sandbox, f"SELECT {columns} FROM opportunities ORDER BY id")
    assert found == [LOOKALIKES, ("onwards",) * len(LOOKALIKES)]


@pytest.mark.long
def test_a_column_whose_first_value_comes_after_25_000_rows_is_loaded(sandbox_for: SandboxFor) -> None:
    records = [record(f"O{100_000 + number}") for number in range(25_001)]
    records[-1]["LastModifiedDate"] = "2026-01-01T00:00:00Z"
    records[-1] |= {"Customer": company("at last"), "Mascot": "owl", "Project": {"DeliveryModels": ["late"]}}
    with AdversarialServer(records, token_kind="snapshot") as server:
        sandbox = sandbox_for(server.endpoint)
        assert sandbox.sync().changed == 25_001
    found = query(
        sandbox, "SELECT customer_company_name, mascot FROM opportunities ORDER BY last_modified_date LIMIT 1"
    )
    assert found == [("at last", "owl")]
    assert query(sandbox, f"SELECT value FROM {DELIVERY_MODELS}") == [("late",)]


@dataclass(frozen=True)
class Odd:
    """An account of records of which each is odd in its way, after two syncs of it."""

    sandbox: Sandbox
    sent: list[Record]
    summaries: tuple[Summary, Summary]

    def rejected(self, *identifiers: Any) -> dict[str, dict[str, Any]]:
        """The rows of opportunities_rejected of the records with these ids, by their record."""
        wanted = [one for one in self.sent if one["Id"] in identifiers]
        assert len(wanted) == len(identifiers)
        rows = {row["record"]: row for row in rejected(self.sandbox)}
        return {json.dumps(one): rows[json.dumps(one)] for one in wanted}


UNSTORABLE = {"O1": "x" * 20_000_000, "O2": "half \ud83d", "O3": "nul \0", "O4": "\uf026 reserved by dlt"}
NO_IDS: list[Any] = ["nul \0", "\uf026", ["O1"], {"Value": "O1"}, "", "x" * 2_000_000]
HALF = "half \ud83d"
AMOUNTS = ["9" * 31 + ".99", "1" + "0" * 30, "0.01", "1000.", "531.0", "0"]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Odd:
    spends = [{"Amount": amount, "CurrencyCode": "USD"} for amount in AMOUNTS]
    good = [
        record("G1"),
        record("G2", Customer=company("whole \U0001f680")),
        record("G3", Project={"ExpectedCustomerSpend": spends}),
    ]
    bad = [record(key, Customer=company(text)) for key, text in UNSTORABLE.items()]
    bad += [record("O6", Motto="half \udc80"), *map(record, (*NO_IDS, HALF))]
    with AdversarialServer(good) as server:
        server.records |= {f"bad {number}": one for number, one in enumerate(bad)}
        sandbox = Sandbox(tmp_path_factory.mktemp("odd"), server.endpoint)
        most = {"most_rejected": 1}
        summaries = sandbox.sync(most), sandbox.sync(most)
    sandbox.assert_equals(good)
    return Odd(sandbox, [*good, *bad], summaries)


@pytest.mark.long
def test_what_cannot_be_a_row_is_rejected_once_and_the_rest_is_loaded(odd: Odd) -> None:
    first, second = odd.summaries
    assert (first.rejected, first.changed, len(rejected(odd.sandbox))) == (12, 3, 12)
    assert (second.rejected, second.changed) == (0, 0)
    assert first.code is second.code is ExitCode.DONE


def test_what_no_database_can_hold_is_rejected_and_the_run_ends_well(odd: Odd) -> None:
    assert all("Customer.Account.CompanyName" in row["reason"] for row in odd.rejected(*UNSTORABLE).values())
    rows = odd.rejected(*UNSTORABLE, "O6").values()
    assert {row["id"] for row in rows} == {"O1", "O2", "O3", "O4", "O6"}


def test_records_with_ids_that_cannot_be_ids_stop_no_other(odd: Odd) -> None:
    assert len(odd.rejected(*NO_IDS)) == len(NO_IDS)


def test_a_record_with_half_a_surrogate_pair_in_its_id_stops_no_other(odd: Odd) -> None:
    assert len(odd.rejected(HALF)) == 1


def test_amounts_with_31_digits_survive_exactly(odd: Odd) -> None:
    found = query(odd.sandbox, f"SELECT amount::VARCHAR FROM {CUSTOMER_SPEND} ORDER BY amount DESC LIMIT 1")
    assert found == [("9" * 31 + ".99",)]


@pytest.mark.long
def test_a_resource_whose_table_is_renamed_keeps_the_types_of_its_lists(sandbox: Sandbox) -> None:
    source = partner_central(**sandbox.settings().source_arguments() | {"arrow": False})
    source.resources["opportunities"].apply_hints(table_name="deals")
    database = dlt.destinations.duckdb(str(sandbox.database))
    folder = str(sandbox.folder / "renamed")
    dlt.pipeline("renamed", pipelines_dir=folder, destination=database, dataset_name="own").run(source)
    with duckdb.connect(str(sandbox.database), read_only=True) as connection:
        found = connection.execute(
            "SELECT table_name, any_value(data_type) FILTER (column_name = 'amount') FROM duckdb_columns() "
            "WHERE schema_name = 'own' AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\' GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    assert found == [
        ("deals", None),
        ("deals__project_delivery_models", None),
        ("deals__project_expected_customer_spend", "DECIMAL(38,2)"),
        ("opportunities_rejected", None),
        ("opportunity_history", None),
        ("opportunity_presence", None),
    ]
