"""The list of accounts: what it may say, and runs of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator, Fault
from partner_central_sync.sync.accounts import Account, find_account, parse_accounts
from partner_central_sync.sync.settings import Settings
from sandbox import Sandbox

ROLE = "arn:aws:iam::123456789012:role/reader"


@pytest.fixture
def globex() -> Iterator[Emulator]:
    """A second account."""
    with Emulator(opportunities=40, seed=2, rps=None) as running:
        yield running


def configure(sandbox: Sandbox, text: str) -> None:
    (sandbox.folder / ".dlt").mkdir()
    (sandbox.folder / ".dlt" / "config.toml").write_text(text)


def test_a_name_is_enough_and_everything_can_be_said() -> None:
    entries = [
        {"name": "acme"},
        {"name": "123456789012", "profile": "p", "role_arn": ROLE, "external_id": "x", "catalog": "Sandbox"},
        {"name": "initech", "account_column": True, "endpoint_url": "http://127.0.0.1:9"},
        {"name": "umbrella", "account_column": True},
        {"name": "hooli", "dataset": "elsewhere"},
    ]
    accounts = parse_accounts(entries)
    assert accounts == (
        Account("acme", dataset="partner_central_acme"),
        Account("123456789012", "p", ROLE, "x", "Sandbox", "partner_central_123456789012"),
        Account("initech", dataset="partner_central", account_column=True, endpoint_url="http://127.0.0.1:9"),
        Account("umbrella", dataset="partner_central", account_column=True),
        Account("hooli", dataset="elsewhere"),
    )
    runs = [account.settings(Settings(full=True)) for account in accounts]
    assert len({run.pipeline_name for run in runs}) == len(runs)
    assert [run.dataset_name for run in runs] == [account.dataset for account in accounts]
    told = runs[1].source_arguments()
    assert (told["catalog"], told["role_arn"], told["external_id"], told["full"]) == ("Sandbox", ROLE, "x", True)
    assert told["credentials"].profile_name == "p"
    assert "account" not in told
    assert runs[2].source_arguments()["account"] == "initech"
    assert find_account(accounts, "hooli") is accounts[4]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (None, "must be a list"),
        ([], "not empty"),
        ({"name": "acme"}, "must be a list"),
        ("acme", "must be a list"),
        ([{"name": "acme"}, "acme"], "Entry 2 of here is not a table."),
        (["acme"], "Entry 1 of here is not a table"),
        ([{"profile": "p"}], "has no name"),
        ([{"name": ""}], "has no name"),
        ([{"name": 7}], "7: name must be text"),
        ([{"name": "Acme"}], "Acme: its name must be small letters"),
        ([{"name": "a__b"}], "one underscore"),
        ([{"name": "acme_staging"}], "dlt's"),
        ([{"name": "a" * 31}], "at most 30"),
        (
            [{"name": "acme", "regoin": "x", "key": "y"}],
            "acme: unknown: key, regoin; known are account_column, catalog",
        ),
        ([{"name": "acme", "profile": ""}], "profile must be text"),
        ([{"name": "acme", "profile": None}], "profile must be text"),
        ([{"name": "acme", "account_column": "yes"}], "account_column must be true or false"),
        ([{"name": "acme", "catalog": "aws"}], "catalog must be AWS or Sandbox, not 'aws'"),
        ([{"name": "acme", "dataset": "drop table;"}], "its dataset must be small letters"),
        ([{"name": "acme", "role_arn": "reader"}], "role_arn must be an ARN"),
        ([{"name": "acme", "external_id": "x"}], "role_arn is missing"),
        ([{"name": "acme"}, {"name": "acme"}], "The account acme is in here 2 times"),
        ([{"name": "acme", "dataset": "one"}, {"name": "globex", "dataset": "one"}], "share the dataset one"),
        (
            [{"name": "acme", "account_column": True}, {"name": "globex", "dataset": "partner_central_acme"}],
            "globex: its dataset partner_central_acme is called as if it were for acme",
        ),
        (
            [{"name": "acme", "account_column": True}, {"name": "globex", "dataset": "partner_central"}],
            "partner_central, globex among them: give each a dataset of its own, or set account_column = true",
        ),
    ],
)
def test_a_list_that_is_wrong_is_refused_with_a_sentence(entries: Any, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_accounts(entries, "here")
    assert words in str(refused.value)


@pytest.mark.long
def test_a_failing_account_stops_no_other_and_the_lowest_code_tells(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    emulator.faults.append(Fault("access_denied", calls=99))
    configure(
        sandbox,
        f"""
        [[partner_central.accounts]]
        name = "away"
        endpoint_url = "http://127.0.0.1:9"
        [[partner_central.accounts]]
        name = "denied"
        endpoint_url = "{emulator.endpoint}"
        [[partner_central.accounts]]
        name = "globex"
        endpoint_url = "{globex.endpoint}"
        """,
    )
    ended = sandbox.command("sync", "--all-accounts", SOURCES__PARTNER_CENTRAL__ATTEMPTS="1")
    assert ended.returncode == 3
    *_, away, denied, done = ended.stdout.splitlines()
    assert away == "away    failed with 4"
    assert denied == "denied  failed with 3"
    assert done.startswith("globex  40 rows changed, 0 rejected, watermark ")
    assert "ERROR away: " in ended.stderr
    assert "ERROR denied: " in ended.stderr
    assert "globex: Synced in" in ended.stdout
    sandbox.assert_equals(globex.truth(), "partner_central_globex")
    assert [call.operation for call in globex.calls] == ["ListOpportunities"]

    quiet = sandbox.command("sync", "--account", "globex", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr, len(globex.calls)) == (0, "", "", 2)
    told = sandbox.command("sync", "--account", "globex", "--log-format", "json")
    assert {json.loads(line)["account"] for line in (told.stdout + told.stderr).splitlines()} == {"globex"}
    assert len(globex.calls) == 3
    looked = sandbox.command("check", "--all-accounts", SOURCES__PARTNER_CENTRAL__ATTEMPTS="1")
    assert looked.returncode == 3
    heads = ["away:", "denied:", "globex:"]
    assert [line for line in looked.stdout.splitlines() if line in heads] == heads
    stands = sandbox.command("status", "--account", "globex")
    assert stands.returncode == 0
    assert stands.stdout.startswith("globex:\n")
    assert "40 rows" in stands.stdout


@pytest.mark.slow
def test_accounts_of_the_environment_share_a_dataset_in_one_run(
    sandbox: Sandbox, emulator: Emulator, globex: Emulator
) -> None:
    listed = [
        {"name": "acme", "endpoint_url": emulator.endpoint, "account_column": True},
        {"name": "globex", "endpoint_url": globex.endpoint, "account_column": True},
    ]
    accounts = {"PARTNER_CENTRAL__ACCOUNTS": json.dumps(listed)}
    first = sandbox.command("sync", "--all-accounts", **accounts)
    assert (first.returncode, first.stdout.splitlines()[-2:][0][:23]) == (0, "acme    250 rows change")
    again = sandbox.command("sync", "--all-accounts", **accounts)
    assert [line.split(",")[0] for line in again.stdout.splitlines()[-2:]] == [
        "acme    0 rows changed",
        "globex  0 rows changed",
    ]
    stands = sandbox.command("status", "--all-accounts", **accounts)
    assert [line.split()[1] for line in stands.stdout.splitlines() if line.startswith("opportunities ")] == [
        "250",
        "40",
    ]


@pytest.mark.parametrize(
    ("arguments", "accounts", "words"),
    [
        (("--all-accounts",), None, "no list of accounts"),
        (("--all-accounts",), '[{"name": "acme"', "must be JSON"),
        (("--account", "hooli"), '[{"name": "acme"}]', "no account hooli; known are acme"),
        (("--account", "acme", "--all-accounts"), '[{"name": "acme"}]', "either one account or all"),
        (("--all-accounts", "--dataset", "x"), '[{"name": "acme"}]', "the list of accounts has"),
    ],
)
def test_a_run_of_no_list_or_of_a_wrong_one_ends_with_2(
    arguments: tuple[str, ...], accounts: str | None, words: str, sandbox: Sandbox, emulator: Emulator
) -> None:
    ended = sandbox.command("sync", *arguments, **({"PARTNER_CENTRAL__ACCOUNTS": accounts} if accounts else {}))
    assert (ended.returncode, ended.stdout, emulator.calls) == (2, "", [])
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.long
def test_an_account_s_profile_is_used_and_no_keys_configured_for_others(sandbox: Sandbox, emulator: Emulator) -> None:
    process, used = sandbox.folder / "credentials.sh", sandbox.folder / "used"
    keys = {"Version": 1, "AccessKeyId": "AKIAACME", "SecretAccessKey": "acme"}
    process.write_text(f"touch {used}\necho '{json.dumps(keys)}'\n")
    config = sandbox.folder / "aws-config"
    config.write_text(f"[profile acme]\ncredential_process = sh {process}\n")
    configure(
        sandbox,
        f"""
        [sources.partner_central]
        endpoint_url = "{emulator.endpoint}"
        [sources.partner_central.credentials]
        aws_access_key_id = "AKIACONFIGURED"
        aws_secret_access_key = "configured"
        [[partner_central.accounts]]
        name = "acme"
        profile = "acme"
        [[partner_central.accounts]]
        name = "missing"
        profile = "missing"
        """,
    )
    ended = sandbox.command("sync", "--all-accounts", AWS_CONFIG_FILE=str(config))
    assert ended.returncode == 2
    assert used.exists()
    assert "acme     250 rows changed" in ended.stdout
    assert "missing  failed with 2" in ended.stdout
    assert "ERROR missing: AWS credentials or settings cannot be used: The config profile (missing)" in ended.stderr
