"""Personal data, kept, masked or dropped: in every table, in the state, in hashes."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adversarial_server import AdversarialServer, Record, bad_records, nasty_records
from opportunity import MODEL, filter_set
from oracle import COLUMNS
from partner_central.errors import ConfigurationError
from partner_central.public import OPPORTUNITIES
from partner_central_emulator import Emulator
from runs.test_tables import query, record
from sandbox import Sandbox

SandboxFor = Callable[[str], Sandbox]
KEY = "a secret of at least 16 characters"
PERSONAL = OPPORTUNITIES.personal_columns
CUSTOMER: Record = {
    "Customer": {
        "Account": {
            "CompanyName": "Unmistakable Ltd",
            "WebsiteUrl": "https://unmistakable.example",
            "Industry": "Retail",
            "OtherIndustry": "Unmistakables",
            "Address": {
                "City": "Unmistakabletown",
                "PostalCode": "U-4711",
                "StateOrRegion": "Unmistakableshire",
                "CountryCode": "DE",
            },
        }
    },
    "LifeCycle": {
        "NextSteps": "call Mrs Unmistakable",
        "ReviewComments": "unmistakable comment",
        "ReviewStatusReason": "unmistakable reason",
        "Stage": "Qualified",
    },
    "Project": {"ExpectedCustomerSpend": [{"Amount": "1", "EstimationUrl": "https://calculator.aws/unmistakable"}]},
}
PRIVATE = ("nmistakable", "U-4711")


def columns(sandbox: Sandbox, table: str = "opportunities") -> list[dict[str, Any]]:
    """The rows of a table, without dlt's columns."""
    names = list(COLUMNS["opportunities"])
    return [
        dict(zip(names, row, strict=True))
        for row in query(sandbox, f"SELECT {', '.join(names)} FROM {table} ORDER BY id")
    ]


def traces(folder: Path) -> list[str]:
    """Files that hold something of `CUSTOMER` in plain text."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file.name for file in files if any(text.encode() in file.read_bytes() for text in PRIVATE)]


@pytest.mark.parametrize("many", [0, 1_200], ids=["rows", "Arrow tables"])
def test_masked_values_stay_equal_and_nothing_of_them_is_stored_anywhere(many: int, sandbox_for: SandboxFor) -> None:
    pair = [record("O1", **CUSTOMER), record("O2", **CUSTOMER, Motto="other")]
    broken = record("O3", **{**CUSTOMER, "Project": {"DeliveryModels": "Unmistakable"}})
    others = [record(f"P{number:05}", Customer={"Account": {"CompanyName": f"c{number}"}}) for number in range(many)]
    with AdversarialServer([*pair, broken, *others]) as server:
        sandbox = sandbox_for(server.endpoint)
        sandbox.sync({"pii": "mask", "pii_key": KEY})
        one, two = columns(sandbox)[:2]
        for table in ("opportunities", "opportunity_history"):
            assert columns(sandbox, table)[:2] == [one, two]
        assert all(len(one[name]) == 32 and one[name] == two[name] for name in PERSONAL)
        assert len({one[name] for name in PERSONAL}) == len(PERSONAL)
        assert (one["customer_country_code"], one["life_cycle_stage"]) == ("DE", "Qualified")
        spend = query(
            sandbox, "SELECT amount, left(estimation_url, 1) FROM opportunities__project_expected_customer_spend"
        )
        assert spend == [(1, "m")] * 2
        assert query(sandbox, "SELECT id, length(record) FROM opportunities_rejected") == [("O3", 32)]
        assert sandbox.sync({"pii": "mask", "pii_key": KEY}).changed == 0
        hashes = query(sandbox, "SELECT content_hash FROM opportunity_history WHERE id = 'O1'")
        plain = hashlib.blake2b(json.dumps(pair[0], sort_keys=True, separators=(",", ":")).encode(), digest_size=16)
        assert hashes != [(plain.hexdigest(),)], "a hash without the key lets one guess what was masked"
        state = str(query(sandbox, "SELECT state FROM _dlt_pipeline_state"))
        assert plain.hexdigest() not in state
    assert traces(sandbox.folder) == []


@pytest.mark.long
def test_dropped_values_are_null_and_nothing_else_is(tmp_path: Path, emulator: Emulator) -> None:
    found = {}
    for mode in ("keep", "drop"):
        sandbox = Sandbox(tmp_path / mode, emulator.endpoint)
        sandbox.folder.mkdir()
        sandbox.sync({"pii": mode})
        found[mode] = columns(sandbox)
        assert columns(sandbox, "opportunity_history") == found[mode]
    assert found["drop"] == [
        {name: None if name in PERSONAL else value for name, value in row.items()} for row in found["keep"]
    ]
    assert any(row["customer_company_name"] for row in found["keep"])


@pytest.mark.long
def test_a_switch_rewrites_rows_at_the_next_full_sync_and_adds_versions(synced: Sandbox) -> None:
    synced.sync(full=True, pii="drop")
    assert query(synced, "SELECT count(customer_company_name) FROM opportunities") == [(0,)]
    kept = query(synced, "SELECT count(customer_company_name), count(*) FROM opportunity_history")
    assert kept == [(250, 500)], "the history keeps the versions it has, until they are deleted"


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"pii": "mask"}, "pii_key"),
        ({"pii": "mask", "pii_key": "short"}, "16 characters"),
        ({"pii": "hide"}, "keep, mask, drop"),
    ],
)
def test_without_a_key_or_with_a_wrong_mode_nothing_is_asked(
    arguments: dict[str, str], said: str, sandbox: Sandbox, emulator: Emulator
) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        sandbox.sync(arguments)
    assert "short" not in str(caught.value)
    assert not emulator.calls


@pytest.mark.long
def test_the_command_takes_the_key_from_a_secret_and_needs_it(sandbox: Sandbox, emulator: Emulator) -> None:
    refused = sandbox.command("sync", "--pii", "mask")
    assert (refused.returncode, "pii_key" in refused.stderr, len(emulator.calls)) == (2, True, 0)
    (sandbox.folder / ".dlt").mkdir()
    (sandbox.folder / ".dlt" / "secrets.toml").write_text(f'[sources.partner_central]\npii_key = "{KEY}"\n')
    (sandbox.folder / ".dlt" / "config.toml").write_text('[sources.partner_central]\npii = "mask"\n')
    assert sandbox.command("sync").returncode == 0
    lengths = query(sandbox, "SELECT DISTINCT length(customer_company_name) FROM opportunities")
    assert lengths == [(32,)]


def test_every_column_of_the_list_is_one_of_the_model() -> None:
    assert {column.name for column in MODEL.columns} >= PERSONAL


def test_a_mask_is_a_pure_function_of_value_and_key() -> None:
    one, same, other = (OPPORTUNITIES.pii_policy("mask", key) for key in (KEY, KEY, KEY[::-1]))
    before = copy.deepcopy(CUSTOMER)
    masked = one.record(CUSTOMER)
    assert before == CUSTOMER
    assert masked == same.record(CUSTOMER) != other.record(CUSTOMER)
    assert OPPORTUNITIES.pii_policy("keep", None).record(CUSTOMER) is CUSTOMER
    names = filter_set(customer_company_name=("Unmistakable Ltd",))
    assert len({names.name(conceal) for conceal in (one.in_state, other.in_state, None)}) == 3
    assert filter_set().name(one.in_state) == "all"


@pytest.mark.parametrize("mode", ["mask", "drop"])
def test_records_of_any_shape_are_borne(mode: str) -> None:
    privacy = OPPORTUNITIES.pii_policy(mode, KEY)
    odd: list[Any] = [
        None,
        1,
        "x",
        [],
        {},
        {"Customer": "x"},
        {"Customer": {"Account": [1]}},
        {"LifeCycle": {"NextSteps": []}},
    ]
    for one in [*odd, *nasty_records(1, 200), *bad_records(1, 60)]:
        written = json.dumps(privacy.record(one)) + privacy.rejected(privacy.record(one))
        assert isinstance(written, str)
    masked: Any = privacy.record({"LifeCycle": {"NextSteps": {"Unmistakable": 1}}})
    assert "nmistakable" not in json.dumps(masked)
