"""Tables that AWS refuses: one warning with one policy, whatever their number; and a choice that names no table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from partner_central.errors import ConfigurationError
from partner_central.public import SPINE, chosen_streams
from partner_central_emulator import Emulator
from partner_central_sync.cli.app import app
from partner_central_sync.console.output import Console
from partner_central_sync.sync.check import check
from partner_central_sync.sync.job import sync
from sandbox import Sandbox

OTHERS = [stream for stream in chosen_streams(["bulk"]) if stream is not SPINE]
REASON = "INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE"


def policies(text: str) -> list[dict[str, Any]]:
    """The policies in a text."""
    found = []
    while (at := text.find('{\n  "Version"')) >= 0:
        policy, end = json.JSONDecoder().raw_decode(text[at:])
        found.append(policy)
        text = text[at + end :]
    return found


def actions(policy: dict[str, Any]) -> set[str]:
    named = [statement["Action"] for statement in policy["Statement"]]
    return {action for found in named for action in ([found] if isinstance(found, str) else found)}


@pytest.fixture
def needed(small: Emulator) -> set[str]:
    """The actions of every table but the opportunities, none of which a policy allows."""
    operations = {name for stream in OTHERS for name in stream.operations}
    small.denied.update(dict.fromkeys(operations))
    return {f"partnercentral:{name}" for name in operations}


def test_one_warning_has_one_policy_for_all_tables_that_are_denied(
    tmp_path: Path, small: Emulator, needed: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox = Sandbox(tmp_path, small.endpoint)
    assert sync(sandbox.settings(tables=("bulk",)), Console()).code == 0
    told = capsys.readouterr().err
    (policy,) = policies(told)
    assert actions(policy) == needed
    (warning,) = [line for line in told.splitlines() if "not loaded" in line]
    assert ", ".join(stream.table for stream in OTHERS) + " were not loaded, and are asked for again" in warning
    assert all(
        f"AWS denied partnercentral:{stream.operations[-1]}" in warning for stream in OTHERS if not named(stream)
    )
    sync(sandbox.settings(tables=("bulk",)), Console())
    assert policies(capsys.readouterr().err) == []


def named(stream: Any) -> bool:
    """Whether a stream has a second way, of which the first denied operation is named."""
    return len(stream.operations) > 1


def test_check_prints_one_policy_for_all_tables_that_are_denied(
    tmp_path: Path, small: Emulator, needed: set[str]
) -> None:
    found = list(check(Sandbox(tmp_path, small.endpoint).settings(tables=("bulk",))))
    (text,) = [one.text for one in found if policies(one.text)]
    assert actions(policies(text)[0]) == needed
    assert [one.mark for one in found if "left out" in one.text] == ["--"] * len(OTHERS)


def test_tables_that_are_refused_for_the_same_reason_are_one_warning(
    tmp_path: Path, small: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    small.denied |= {"ListSolutions": REASON, "ListEngagementInvitations": REASON}
    tables = ("engagement_invitations", "solutions")
    sync(Sandbox(tmp_path, small.endpoint).settings(tables=tables), Console())
    (warning,) = [line for line in capsys.readouterr().err.splitlines() if "not loaded" in line]
    assert f"{', '.join(tables)} were not loaded, and are asked for again in a day: AWS refuses" in warning
    assert REASON in warning


@pytest.mark.parametrize("command", ["sync", "check", "policy", "tables"])
@pytest.mark.parametrize("given", ["", " , "])
def test_an_option_that_names_no_table_is_refused(
    command: str, given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, [command, "--tables", given])
    assert ended.exit_code == 2
    assert "tables names no table. For the opportunities alone, it is opportunities" in ended.stderr


def test_a_setting_that_names_no_table_is_refused(
    tmp_path: Path, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__PARTNER_CENTRAL__TABLES", "[]")
    with pytest.raises(ConfigurationError, match="tables names no table"):
        Sandbox(tmp_path, small.endpoint).sync(tables=())
    assert small.calls == []
    assert chosen_streams(("opportunities",)) == (SPINE,)
