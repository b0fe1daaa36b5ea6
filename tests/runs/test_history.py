"""Every version that was seen is a row of `opportunity_history`, once, whatever happens to the runs."""

from __future__ import annotations

import hashlib
import json
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adversarial_server import AdversarialServer, Record
from command.test_kills import MOMENTS, kill_when
from opportunity import row_maker
from oracle import COLUMNS
from partner_central.errors import CallBudgetExhausted
from partner_central.public import OPPORTUNITIES
from partner_central.tables.history import History, content_hash_of
from partner_central_emulator import Emulator
from runs.test_tables import query, record
from sandbox import Sandbox

SandboxFor = Callable[[str], Sandbox]
MANY = 1_500
RULES = OPPORTUNITIES.history
CONTENT, LISTS = RULES.content, RULES.lists
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def versions(sandbox: Sandbox, what: str = "id, last_modified_date::VARCHAR, content_hash") -> list[tuple[Any, ...]]:
    """All rows of the history, in order; instants as text in UTC."""
    return query(sandbox, f"SET TimeZone = 'UTC'; SELECT {what} FROM opportunity_history ORDER BY ALL")


def version(content: Record) -> dict[str, Any]:
    """The version that is made of a record."""
    row = row_maker().row({"Id": "O1", "LastModifiedDate": "2026-03-01T12:00:00Z", **content})
    return History(row_maker(), RULES, NOW).version(row, 1)


def hash_of(content: Record) -> str:
    return str(version(content)["content_hash"])


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same JSON with members and list entries in another order, and members that nobody knows or that are null."""
    if isinstance(value, dict):
        members = [(name, shuffled(member, rng)) for name, member in value.items()]
        members += [("Nothing", None), ("Visibility", rng.choice(["Full", 7, {"Deep": [True]}]))]
        rng.shuffle(members)
        return dict(members)
    return rng.sample([shuffled(entry, rng) for entry in value], len(value)) if isinstance(value, list) else value


def test_the_hash_of_a_version_ignores_order_and_members_that_are_added(emulator: Emulator) -> None:
    rng = random.Random(1)
    records = emulator.truth()
    assert [hash_of(shuffled(one, rng)) for one in records] == [hash_of(one) for one in records]
    assert len({hash_of(one) for one in records}) == len(records)


@pytest.mark.parametrize(
    "change",
    [
        {"LifeCycle": {"Stage": "Qualified"}},
        {"LifeCycle": {"NextSteps": ""}},
        {"Customer": {"Account": {"CompanyName": "Other"}}},
        {"Project": {"DeliveryModels": ["Other"]}},
        {"Project": {"ExpectedCustomerSpend": [{"Amount": "2", "CurrencyCode": "USD"}]}},
        {"Project": {"ExpectedContractDuration": {"Value": "12"}}},
        {"CreatedDate": "2026-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_the_hash_of_a_version_changes_with_every_known_member(change: Record) -> None:
    first: Record = {"Project": {"ExpectedCustomerSpend": [{"Amount": "1", "CurrencyCode": "USD"}]}}
    assert hash_of(first | change) != hash_of(first)


def test_the_hash_of_a_version_can_be_computed_of_what_any_database_stores(emulator: Emulator) -> None:
    rows = [version(record) for record in emulator.truth()]
    tokyo = timezone(timedelta(hours=9))
    for row in rows:
        naive = row | {"created_date": row["created_date"].replace(tzinfo=None)}
        moved = row | {"created_date": row["created_date"].astimezone(tokyo)}
        wide = row | {"project_expected_contract_duration_value": Decimal("12.00")}
        whole = row | {"project_expected_contract_duration_value": 12}
        lists = {name: "; ".join(reversed(row[name].split("; "))) for name in LISTS if name in row}
        assert content_hash_of(naive, RULES) == content_hash_of(moved, RULES) == row["content_hash"]
        assert content_hash_of(wide, RULES) == content_hash_of(whole, RULES)
        assert content_hash_of(row | lists, RULES) == row["content_hash"]
        assert content_hash_of(dict.fromkeys(CONTENT) | row, RULES) == row["content_hash"]


def test_the_hashes_of_stored_versions_never_change() -> None:
    """A release that computes others makes a version of every opportunity there is."""
    record: Record = {
        "Arn": "arn:aws:partnercentral::aws:catalog/AWS/opportunity/O1",
        "Catalog": "AWS",
        "CreatedDate": "2026-01-02T03:04:05.678Z",
        "LifeCycle": {"Stage": "Qualified", "TargetCloseDate": "2026-07-01"},
        "Customer": {"Account": {"CompanyName": "Grün & Söhne", "Address": {"CountryCode": "DE"}}},
        "Project": {
            "DeliveryModels": ["SaaS or PaaS", "Other"],
            "ExpectedCustomerSpend": [{"Amount": "1250.5", "CurrencyCode": "USD", "Frequency": "Monthly"}],
            "ExpectedContractDuration": {"Term": "Months", "Value": "12"},
        },
    }
    assert hash_of(record) == "21780dd6df389402921bdb8a5a969fd8"


def test_the_hash_of_a_version_is_of_the_json_of_its_content() -> None:
    """Anybody can compute it: of pairs of name and text, where a list is its sorted entries."""
    row: Record = {
        **dict.fromkeys(CONTENT),
        "arn": 'a "quoted" \\ word, \x7f \u2028 ü 😀',
        "created_date": datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=9))),
        "life_cycle_target_close_date": date(2026, 7, 1),
        "project_delivery_models": "Other; SaaS or PaaS; Größe",
        "project_expected_contract_duration_value": Decimal("12.50"),
    }
    pairs = [
        ["arn", row["arn"]],
        ["created_date", "2026-01-01T18:04:05.000000+00:00"],
        ["life_cycle_target_close_date", "2026-07-01"],
        ["project_delivery_models", ["Größe", "Other", "SaaS or PaaS"]],
        ["project_expected_contract_duration_value", "12.5"],
    ]
    assert content_hash_of(row, RULES) == hashlib.blake2b(json.dumps(pairs).encode(), digest_size=16).hexdigest()


SPEND: dict[str, tuple[list[Record], str | None]] = {
    "O1": ([], None),
    "O2": ([{}], None),
    "O3": (
        [{"Amount": "1250", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}],
        "1,250.00 USD Monthly (AWS)",
    ),
    "O4": (
        [{"CurrencyCode": "EUR"}, {"Amount": "0.5"}, {"TargetCompany": "Us", "Frequency": "Monthly"}],
        "0.50; EUR; Monthly (Us)",
    ),
}


RENAMED = "content_hash_2, first_seen_at_2, project_delivery_models_2, read_order_2, order_is_known_2"
NAMED_ALIKE: Record = {
    "ContentHash": "mine",
    "FirstSeenAt": "yesterday",
    "Project": {"Delivery": {"Models": "odd"}},
    "ReadOrder": 7,
    "OrderIsKnown": "maybe",
}


@dataclass(frozen=True)
class Lived:
    """An account in which every record changes in its way, after five syncs.

    Attributes:
        first: versions of the records that get new members later, after the first sync.
        changed: rows that the second sync changed, and a full one after it.
        size: records in the account.
    """

    sandbox: Sandbox
    first: list[tuple[Any, ...]]
    changed: tuple[int, int]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    project = {"DeliveryModels": ["SaaS or PaaS", "Other"]}
    spends = [
        record(key, Project={**project, "ExpectedCustomerSpend": entries}, Tags=["a"], Mascot="owl")
        for key, (entries, _) in SPEND.items()
    ]
    spends.append(record("O5", Project={"DeliveryModels": []}))
    returning = [record("R1", LifeCycle={"ReviewStatus": status}) for status in ("Submitted", "In review", "Submitted")]
    records = [*spends, returning[0], record("M1"), record("M2"), record("N1", **NAMED_ALIKE)]
    with AdversarialServer(records) as server:
        sandbox = Sandbox(tmp_path_factory.mktemp("lived"), server.endpoint)
        sandbox.sync()
        first = [row for row in versions(sandbox) if row[0] in {"M1", "M2"}]
        for key in ("M1", "M2"):
            server.put(record(key, Visibility="Full", Tags=["a"], Customer={"Account": {"Segment": 1}}))
        server.put(record("N1", **NAMED_ALIKE, LifeCycle={"ReviewStatus": "new"}))
        server.put(returning[1])
        changed = sandbox.sync().changed, sandbox.sync(full=True).changed
        server.put(returning[2])
        sandbox.sync()
        sandbox.sync(full=True)
    return Lived(sandbox, first, changed)


@pytest.mark.long
def test_spend_is_text_a_person_can_read(lived: Lived) -> None:
    found = versions(lived.sandbox, "id, project_expected_customer_spend, project_delivery_models, mascot")
    wanted = {(key, text, "Other; SaaS or PaaS", "owl") for key, (_, text) in SPEND.items()}
    assert {row for row in found if row[0].startswith("O")} == {*wanted, ("O5", None, None, None)}


def test_a_version_that_returns_to_what_it_was_is_a_version_again(lived: Lived) -> None:
    ordered = "SELECT life_cycle_review_status, order_is_known FROM opportunity_history WHERE id = 'R1' "
    found = query(lived.sandbox, f"{ordered} ORDER BY last_modified_date, read_order")
    assert found == [("Submitted", True), ("In review", True), ("Submitted", True)]
    now = "SELECT life_cycle_review_status FROM opportunities WHERE id = 'R1'"
    assert query(lived.sandbox, now) == [("Submitted",)]


def test_members_that_aws_adds_make_no_version(lived: Lived) -> None:
    assert [row for row in versions(lived.sandbox) if row[0] in {"M1", "M2"}] == lived.first
    assert lived.changed == (2, 0), "of N1 and R1"
    found = query(lived.sandbox, "SELECT visibility FROM opportunities WHERE id IN ('M1', 'M2')")
    assert found == [("Full",)] * 2


def test_a_member_named_as_a_column_of_the_history_has_another_name(lived: Lived) -> None:
    found = [row[1:] for row in versions(lived.sandbox, f"id, {RENAMED}") if row[0] == "N1"]
    assert found == [("mine", "yesterday", "odd", 7, "maybe")] * 2
    hashes = {found for key, found in versions(lived.sandbox, "id, content_hash") if key == "N1"}
    assert len(hashes) == 2


def test_a_version_has_every_column_and_stays_when_the_next_one_comes(synced: Sandbox, emulator: Emulator) -> None:
    columns = ", ".join(COLUMNS["opportunities"])
    first = query(synced, f"SELECT {columns} FROM opportunities ORDER BY ALL")
    assert versions(synced, columns) == first
    before = versions(synced, "*")
    emulator.advance(days=5)
    changed = synced.sync().changed
    after = versions(synced, "*")
    assert changed > 10
    assert len(after) == 250 + changed
    assert set(before) < set(after)
    rank = "row_number() OVER (PARTITION BY id ORDER BY last_modified_date DESC)"
    newest = query(synced, f"SELECT {columns} FROM opportunity_history QUALIFY {rank} = 1 ORDER BY ALL")
    assert newest == query(synced, f"SELECT {columns} FROM opportunities ORDER BY ALL")
    assert len(set(versions(synced, "first_seen_at"))) == 2
    synced.sync()
    synced.sync(full=True)
    synced.sync(full=True, source={"arrow": False})
    assert versions(synced, "*") == after, "a version that is known changed, or came again"


@pytest.mark.views
@pytest.mark.long
def test_two_versions_that_one_run_reads_are_in_the_order_of_reading(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=MANY, rps=None) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        newest = [one["Id"] for one in sorted(emulator.truth(), key=lambda one: str(one["LastModifiedDate"]))[-60:]]
        for key in newest:
            emulator.overlay(key, {"LifeCycle": {"Stage": "Prospect"}})

        def on_call(number: int, _: Record) -> None:
            for key in newest if number == 2 else ():
                emulator.overlay(key, {"LifeCycle": {"Stage": "Qualified"}})

        emulator.on_call = on_call
        sandbox.sync()
        sandbox.sync()
    assert query(sandbox, f"SELECT count(*) FROM opportunity_history WHERE id IN {tuple(newest)}") == [(120,)]
    moves = query(sandbox, "SELECT old_value, new_value, count(*) FROM changes WHERE what = 'stage' GROUP BY ALL")
    assert moves == [("Prospect", "Qualified", 60)]


@pytest.mark.long
def test_arrow_tables_and_rows_give_the_same_history_of_repeated_records(tmp_path: Path) -> None:
    found = []
    with Emulator(opportunities=MANY, rps=None) as emulator:
        newest = sorted(emulator.truth(), key=lambda one: str(one["LastModifiedDate"]))[-100:]
        for arrow in (True, False):
            sandbox = Sandbox(tmp_path / str(arrow), emulator.endpoint)
            sandbox.folder.mkdir()
            summary = sandbox.sync({"arrow": arrow})
            assert summary.read > MANY, "the first page is in a window as well"
            found.append(versions(sandbox))
        for one in newest:
            emulator.change(one["Id"], {"LifeCycle": {"NextSteps": "moved"}})
        sandbox.sync(full=True)
        assert len(versions(sandbox)) == MANY + 100
    assert found[0] == found[1]
    assert len(found[0]) == MANY


@pytest.mark.long
def test_a_sweep_that_is_interrupted_and_gone_on_with_has_each_version_once(sandbox_for: SandboxFor) -> None:
    with Emulator(opportunities=MANY, rps=None, latency_ms=20) as emulator:
        sandbox = sandbox_for(emulator.endpoint)
        with pytest.raises(CallBudgetExhausted):
            sandbox.sync(max_calls=12)
        early = len(versions(sandbox))
        emulator.advance(days=2)
        sandbox.sync()
        assert 0 < early < MANY
        assert len(versions(sandbox)) == len(set(versions(sandbox)))
        joined = "opportunities JOIN opportunity_history USING (id, last_modified_date)"
        assert query(sandbox, f"SELECT count(*) FROM {joined}") == [(len(emulator.truth()),)]


@pytest.mark.long
@pytest.mark.parametrize("moment", ["everything read", "loading"])
def test_a_killed_run_loses_no_version_it_had_read_and_doubles_none(
    moment: str, synced: Sandbox, emulator: Emulator
) -> None:
    emulator.advance(days=5)
    second = {(one["Id"], str(one["LastModifiedDate"])) for one in emulator.truth()}
    assert kill_when(synced, signal.SIGKILL, MOMENTS[moment])[0] == -signal.SIGKILL
    emulator.advance(days=5)
    synced.sync()
    found = versions(synced, "id, strftime(last_modified_date, '%Y-%m-%dT%H:%M:%SZ')")
    third = {(one["Id"], str(one["LastModifiedDate"])) for one in emulator.truth()}
    assert len(found) == len(set(found)) > 250
    assert third <= set(found)
    if moment == "loading":
        assert second <= set(found)


def test_every_known_list_is_text_in_the_history() -> None:
    assert {f"opportunities__{name}" for name in LISTS} == COLUMNS.keys() - {"opportunities"}
