"""The versions of invitations, which AWS cannot give again: each is there once, whoever loads, is killed or forgets."""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any

import pytest

from command.test_kills import ended
from command_server import KillWhen
from partner_central_emulator import Emulator
from partner_central_sync.console.output import Console
from partner_central_sync.forget.run import forget
from runs.test_two_writers import before_loading, nested
from sandbox import Sandbox, rows
from variants import at_length

STREAM = "engagement_invitations"
HISTORY = "engagement_invitation_history"
MASKED = {"pii": "mask", "pii_key": "a secret of sixteen"}
pytestmark = pytest.mark.usefixtures("due")


def sync(sandbox: Sandbox, **options: Any) -> None:
    sandbox.sync(tables=(STREAM,), **options)


def versions(sandbox: Sandbox, key: str, account: str | None = None) -> list[str]:
    """The statuses of an invitation, in their order."""
    mine = f"AND account = '{account}'" if account else ""
    query = f"SELECT status FROM {HISTORY} WHERE id = '{key}' {mine} ORDER BY read_order"
    return [row["status"] for row in rows(sandbox, query)]


def number_of_versions(sandbox: Sandbox) -> Counter[str]:
    """How many versions each invitation has."""
    return Counter(row["id"] for row in rows(sandbox, f"SELECT id FROM {HISTORY}"))


def change(emulator: Emulator, status: str) -> tuple[str, str]:
    """An invitation gets a status; returns its id and the status before."""
    one = next(one for one in emulator.truth(stream=STREAM) if one["Status"] not in {"EXPIRED", "REJECTED"})
    emulator.change(one["Id"], {"Status": status}, stream=STREAM)
    return one["Id"], one["Status"]


def once_each(emulator: Emulator) -> dict[str, int]:
    """A version of each invitation."""
    return dict.fromkeys((one["Id"] for one in emulator.truth(stream=STREAM)), 1)


@pytest.mark.parametrize("now", ["EXPIRED", at_length("REJECTED")])
def test_two_runs_that_saw_a_change_store_each_version_once(
    now: str, first_sync: Sandbox, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = first_sync.folder / "other"
    sync(first_sync, pipelines_dir=other)
    key, before = change(small, "EXPIRED")
    undisturbed = nested(monkeypatch, tables=(STREAM,))

    def meanwhile() -> None:
        small.change(key, {"Status": now}, stream=STREAM)
        undisturbed(first_sync, other)

    with before_loading(monkeypatch, happens=meanwhile, times=1):
        sync(first_sync)
    assert versions(first_sync, key) == [before, now]
    assert number_of_versions(first_sync) == once_each(small) | {key: 2}
    sync(first_sync, pipelines_dir=other)
    assert number_of_versions(first_sync) == once_each(small) | {key: 2}


@pytest.mark.long
@pytest.mark.parametrize(
    "moment",
    [
        f"normalize/*/*/new_jobs/{HISTORY}.*",
        f"load/normalized/*/new_jobs/{HISTORY}.*",
        f"load/normalized/*/started_jobs/{HISTORY}.*",
        f"load/normalized/*/completed_jobs/{HISTORY}.*",
    ],
)
def test_a_killed_run_leaves_no_version_out_and_none_twice(moment: str, first_sync: Sandbox, small: Emulator) -> None:
    key, before = change(small, "EXPIRED")
    kill = KillWhen(signal.SIGKILL, [str(first_sync.working_folder / moment)])
    assert ended(first_sync.start("sync", "--full", "--tables", STREAM, kill_when=kill))[0] == -signal.SIGKILL
    small.change(key, {"Status": "REJECTED"}, stream=STREAM)
    sync(first_sync)
    assert versions(first_sync, key) in ([before, "EXPIRED", "REJECTED"], [before, "REJECTED"])
    small.change(key, {"Status": "EXPIRED"}, stream=STREAM)
    sync(first_sync)
    found = versions(first_sync, key)
    assert found[-2:] == ["REJECTED", "EXPIRED"]
    assert number_of_versions(first_sync) == once_each(small) | {key: len(found)}


@pytest.mark.long
@pytest.mark.parametrize("mode", [MASKED, {"pii": "drop"}], ids=["mask", "drop"])
def test_forget_adds_no_version_and_takes_none(mode: dict[str, str], first_sync: Sandbox, small: Emulator) -> None:
    key, before = change(small, "EXPIRED")
    sync(first_sync)
    stored = rows(first_sync, f"SELECT id, status, read_order, first_seen_at FROM {HISTORY} ORDER BY read_order")
    forget(first_sync.settings(mode, tables=(STREAM,)), Console(quiet=True))
    for _ in range(2):
        sync(first_sync, source=mode)
        query = f"SELECT id, status, read_order, first_seen_at FROM {HISTORY} ORDER BY read_order"
        assert rows(first_sync, query) == stored
    clear = {one["SenderCompanyName"] for one in small.truth(stream=STREAM)}
    assert clear.isdisjoint(row["sender_company_name"] for row in rows(first_sync, f"SELECT * FROM {HISTORY}"))
    small.change(key, {"Status": "REJECTED"}, stream=STREAM)
    sync(first_sync, source=mode)
    assert versions(first_sync, key) == [before, "EXPIRED", "REJECTED"]
    assert len(rows(first_sync, f"SELECT * FROM {HISTORY}")) == len(stored) + 1


@pytest.mark.long
def test_two_accounts_with_the_same_ids_have_versions_of_their_own(sandbox: Sandbox) -> None:
    with Emulator(opportunities=20, seed=1, rps=None) as acme, Emulator(opportunities=20, seed=1, rps=None) as globex:
        accounts = {"acme": acme, "globex": globex}

        def both() -> None:
            for account, emulator in accounts.items():
                sync(sandbox, source={"endpoint_url": emulator.endpoint}, account=account)

        both()
        key, before = change(acme, "EXPIRED")
        both()
        globex.change(key, {"Status": "REJECTED"}, stream=STREAM)
        both()
        both()
        assert versions(sandbox, key, "acme") == [before, "EXPIRED"]
        assert versions(sandbox, key, "globex") == [before, "REJECTED"]
        for account, emulator in accounts.items():
            found = Counter(row["id"] for row in rows(sandbox, f"SELECT id FROM {HISTORY} WHERE account = '{account}'"))
            assert found == once_each(emulator) | {key: 2}
        orders = [row["read_order"] for row in rows(sandbox, f"SELECT read_order FROM {HISTORY}")]
        assert len({*orders}) == len(orders)
