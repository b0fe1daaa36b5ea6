"""Every version that was seen is a row of `opportunity_history`, once, whatever happens to the runs."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hostile import HostileServer, Record
from oracle import COLUMNS
from partner_central.errors import BudgetSpent
from partner_central.history import LISTS, History
from partner_central.model import RecordModel
from partner_central_emulator import Emulator
from place import Place
from test_kills import MOMENTS, struck
from test_tables import query, record

PlaceFor = Callable[[str], Place]
MANY = 1_500
MODEL = RecordModel((), ())
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def versions(place: Place, what: str = "id, last_modified_date::VARCHAR, content_hash") -> list[tuple[Any, ...]]:
    """All rows of the history, in order; instants as text in UTC."""
    return query(place, f"SET TimeZone = 'UTC'; SELECT {what} FROM opportunity_history ORDER BY ALL")


def hash_of(content: Record) -> str:
    return str(History(MODEL, NOW).version({}, content)["content_hash"])


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same JSON with members in another order, and further ones that are null or empty."""
    if isinstance(value, dict):
        members = [*((name, shuffled(member, rng)) for name, member in value.items() if member is not None)]
        members += [("Nothing", rng.choice([None, {}, [], {"Deep": [None, {}]}]))]
        rng.shuffle(members)
        return dict(members)
    return [shuffled(entry, rng) for entry in value] if isinstance(value, list) else value


def test_the_hash_of_a_version_knows_content_not_order_or_nulls(emulator: Emulator) -> None:
    rng = random.Random(1)
    records = emulator.truth()
    assert [hash_of(shuffled(one, rng)) for one in records] == [hash_of(one) for one in records]
    assert len({hash_of(one) for one in records}) == len(records)
    for changed in ({"A": 2}, {"A": "1"}, {"B": 1}, {"A": {"A": 1}}, {"A": [1]}, {"A": True}, {"A": 1.5}, {}):
        assert hash_of(changed) != hash_of({"A": 1})


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([], None),
        ([{}], None),
        ([{"Amount": "1250", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}],) * 2,
        ([{"CurrencyCode": "EUR"}, {"Amount": "0.5"}, {"TargetCompany": "Us", "Frequency": "Monthly"}],) * 2,
    ],
)
def test_spend_is_text_a_person_can_read(entries: list[Record], text: object, place_for: PlaceFor) -> None:
    wanted = {0: None, 1: "1,250.00 USD Monthly (AWS)", 3: "EUR; 0.50; Monthly (Us)"}
    models = ["SaaS or PaaS", "Other"] if text else []
    project = {"ExpectedCustomerSpend": entries, "DeliveryModels": models}
    with HostileServer([record("O1", Project=project, Tags=["a"], Mascot="owl")]) as server:
        place = place_for(server.endpoint)
        place.sync()
    found = versions(place, "project_expected_customer_spend, project_delivery_models, mascot")
    assert found == [(wanted[len(entries) if text else 0], "SaaS or PaaS; Other" if models else None, "owl")]


def test_a_version_has_every_column_of_its_opportunity_and_stays_when_the_next_one_comes(
    place: Place, emulator: Emulator
) -> None:
    place.sync()
    columns = ", ".join(COLUMNS["opportunities"])
    first = query(place, f"SELECT {columns} FROM opportunities ORDER BY ALL")
    assert versions(place, columns) == first
    before = versions(place, "*")
    emulator.advance(days=5)
    changed = place.sync().changed
    after = versions(place, "*")
    assert changed > 10
    assert len(after) == 250 + changed
    assert set(before) < set(after)
    rank = "row_number() OVER (PARTITION BY id ORDER BY last_modified_date DESC)"
    newest = query(place, f"SELECT {columns} FROM opportunity_history QUALIFY {rank} = 1 ORDER BY ALL")
    assert newest == query(place, f"SELECT {columns} FROM opportunities ORDER BY ALL")
    assert len(set(versions(place, "first_seen_at"))) == 2
    place.sync()
    place.sync(full=True)
    place.sync(full=True, source={"arrow": False})
    assert versions(place, "*") == after, "a version that is known changed, or came again"


def test_two_versions_of_one_second_are_both_kept(place_for: PlaceFor) -> None:
    with HostileServer([record("O1", Motto="one"), record("O2")]) as server:
        place = place_for(server.endpoint)
        place.sync()
        server.put(record("O1", Motto="two"))
        place.sync()
        server.put(record("O1", Motto="one"))
        place.sync()
        found = versions(place, "id, motto")
    assert found == [("O1", "one"), ("O1", "two"), ("O2", None)]
    assert query(place, "SELECT motto FROM opportunities WHERE id = 'O1'") == [("one",)]


def test_a_member_named_as_a_column_of_the_history_has_another_name(place_for: PlaceFor) -> None:
    odd = {"ContentHash": "mine", "FirstSeenAt": "yesterday", "Project": {"Delivery": {"Models": "odd"}}}
    with HostileServer([record("O1", **odd)]) as server:
        place = place_for(server.endpoint)
        place.sync()
        server.put(record("O1", **odd, Motto="new"))
        place.sync()
    renamed = "content_hash_2, first_seen_at_2, project_delivery_models_2"
    assert versions(place, renamed) == [("mine", "yesterday", "odd")] * 2
    assert len({found for (found,) in versions(place, "content_hash")}) == 2


def test_arrow_tables_and_rows_give_the_same_history_also_where_pages_repeat_records(tmp_path: Path) -> None:
    found = []
    with Emulator(opportunities=MANY, rps=None) as emulator:
        newest = sorted(emulator.truth(), key=lambda one: str(one["LastModifiedDate"]))[-100:]
        for arrow in (True, False):
            place = Place(tmp_path / str(arrow), emulator.endpoint)
            place.folder.mkdir()
            summary = place.sync({"arrow": arrow})
            assert summary.read > MANY, "the first page is in a window as well"
            found.append(versions(place))
        for one in newest:
            emulator.change(one["Id"], {"LifeCycle": {"NextSteps": "moved"}})
        place.sync(full=True)
        assert len(versions(place)) == MANY + 100
    assert found[0] == found[1]
    assert len(found[0]) == MANY


def test_a_sweep_that_is_interrupted_and_gone_on_with_has_each_version_once(place_for: PlaceFor) -> None:
    with Emulator(opportunities=MANY, rps=None, latency_ms=20) as emulator:
        place = place_for(emulator.endpoint)
        with pytest.raises(BudgetSpent):
            place.sync(max_calls=12)
        early = len(versions(place))
        emulator.advance(days=2)
        place.sync()
        assert 0 < early < MANY
        assert len(versions(place)) == len(set(versions(place)))
        joined = "opportunities JOIN opportunity_history USING (id, last_modified_date)"
        assert query(place, f"SELECT count(*) FROM {joined}") == [(len(emulator.truth()),)]


@pytest.mark.parametrize("moment", ["everything read", "loading"])
def test_a_killed_run_loses_no_version_it_had_read_and_doubles_none(
    moment: str, synced: Place, emulator: Emulator
) -> None:
    emulator.advance(days=5)
    second = {(one["Id"], str(one["LastModifiedDate"])) for one in emulator.truth()}
    assert struck(synced, signal.SIGKILL, MOMENTS[moment])[0] == -signal.SIGKILL
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
