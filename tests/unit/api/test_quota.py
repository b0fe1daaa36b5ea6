"""One quota for each account, whoever asks in this process, and what it leaves on disk."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import botocore.session
from botocore.credentials import CredentialResolver
from dlt.sources.credentials import AwsCredentials

from partner_central.api.call_ledger import CALLS_PER_DAY, CALLS_PER_SAVE
from partner_central.api.connection import open_session
from partner_central.api.quota import LEDGER, Quota, account_of
from partner_central.api.rate_limit import CALLS_PER_SECOND

ENDPOINT = "https://partnercentral-selling.us-east-1.api.aws"
SECRETS = ("AKIAEXAMPLE", "wJalrXUtnFEMI-example", "session-token-example", "123456789012")


def session(
    key: str | None = SECRETS[0], secret: str = SECRETS[1], account: str | None = None
) -> botocore.session.Session:
    """A session with these credentials; without a key, with none."""
    found = botocore.session.Session()
    if key:
        found.set_credentials(key, secret, SECRETS[2], account)
    else:
        found.register_component("credential_provider", CredentialResolver([]))
    return found


def test_whoever_reads_from_an_account_shares_its_quota(tmp_path: Path) -> None:
    one, again = (Quota.shared("account", tmp_path) for _ in range(2))
    assert one is again
    assert Quota.shared("another", tmp_path) is not one


def test_calls_of_one_reading_are_spent_for_another(tmp_path: Path) -> None:
    one, other = (Quota.shared("account", tmp_path, calls_per_day=100) for _ in range(2))
    one.budget.take()
    assert other.budget.left == 99


def test_the_last_limits_given_hold_for_all(tmp_path: Path) -> None:
    one = Quota.shared("account", tmp_path)
    assert (one.pace.rate, one.budget.calls_per_day) == (CALLS_PER_SECOND, CALLS_PER_DAY)
    Quota.shared("account", tmp_path, 3, 500)
    assert (one.pace.rate, one.budget.calls_per_day, one.budget.left) == (3, 500, 500)
    Quota.shared("account", tmp_path, 20, 200_000)
    assert (one.pace.rate, one.budget.calls_per_day) == (20, 200_000)


def test_a_pace_that_was_slowed_down_is_not_forgotten_by_the_next_to_come(tmp_path: Path) -> None:
    one = Quota.shared("account", tmp_path)
    for _ in range(5):
        one.pace.throttled(one.pace.next_slot())
    slowed = one.pace.rate
    assert Quota.shared("account", tmp_path).pace.rate == slowed < 2.1


def test_when_nobody_reads_any_more_what_was_spent_comes_from_the_file(tmp_path: Path) -> None:
    one = Quota.shared("account", tmp_path, calls_per_day=100)
    one.budget.take()
    one.budget.save()
    del one
    gc.collect()
    assert "account" not in Quota._in_use
    assert Quota.shared("account", tmp_path, calls_per_day=100).budget.left == 99


def test_threads_that_come_at_once_get_the_same_quota(tmp_path: Path) -> None:
    together, found = threading.Barrier(8), list[Quota]()

    def come() -> None:
        together.wait(30)
        found.append(Quota.shared("account", tmp_path))

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(quota) for quota in found}) == 1


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_read(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_text("")
    quota = Quota.shared("account", folder, calls_per_day=2)
    quota.budget.take()
    assert (quota.budget.left, bool(quota.budget.save_error)) == (1, True)


def test_a_quota_by_itself_is_shared_with_nobody() -> None:
    assert Quota().budget is not Quota().budget
    assert Quota().pace is not Quota().pace


def test_two_keys_of_one_account_are_one_account_where_the_credentials_know_it() -> None:
    assert account_of(session("AKIAONE", account="111122223333"), ENDPOINT) == account_of(
        session("AKIATWO", account="111122223333"), ENDPOINT
    )
    assert account_of(session(account="111122223333"), ENDPOINT) != account_of(session(account="444"), ENDPOINT)


def test_where_they_do_not_know_it_the_key_stands_for_the_account() -> None:
    assert account_of(session("AKIAONE"), ENDPOINT) == account_of(session("AKIAONE", "another secret"), ENDPOINT)
    assert account_of(session("AKIAONE"), ENDPOINT) != account_of(session("AKIATWO"), ENDPOINT)


def test_keys_of_dlt_s_configuration_stand_for_an_account_as_well() -> None:
    keys = AwsCredentials()
    keys.aws_access_key_id, keys.aws_secret_access_key = "AKIAONE", "example"
    assert account_of(open_session(keys), ENDPOINT) == account_of(session("AKIAONE"), ENDPOINT)


def test_another_endpoint_is_another_account() -> None:
    assert account_of(session(), ENDPOINT) != account_of(session(), "http://127.0.0.1:8080")


def test_no_credentials_are_an_account_too_as_asking_will_tell() -> None:
    assert account_of(session(None), ENDPOINT) != account_of(session(), ENDPOINT)


def test_neither_key_nor_secret_nor_account_is_written_anywhere(tmp_path: Path) -> None:
    account = account_of(session(account=SECRETS[3]), ENDPOINT)
    assert len(account) == 32
    quota = Quota.shared(account, tmp_path)
    for _ in range(CALLS_PER_SAVE):
        quota.budget.take()
    quota.budget.save()
    assert [file.name for file in tmp_path.iterdir()] == [LEDGER]
    written = (tmp_path / LEDGER).read_bytes()
    assert account.encode() in written
    assert [secret for secret in (*SECRETS, "partnercentral-selling") if secret.encode() in written] == []
    assert [secret for secret in SECRETS if secret in account] == []
