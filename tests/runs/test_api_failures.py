"""Bad days on the way to Partner Central: whatever goes wrong, the tables stay as they were or become complete.

Every failure ends with the exit code the command documents and a sentence that says what to do, and the next run
completes. Bad days of this machine (disk, working folder, credentials) are in files of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from partner_central_emulator import Emulator, Fault, Kind
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from sandbox import Sandbox
from variants import rarely

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE"
IMPATIENT = {"read_timeout": 2}  # seconds: no answer but one that hangs takes as long


def failure(sandbox: Sandbox, source: dict[str, Any] | None = None, **options: Any) -> tuple[ExitCode, str]:
    """The exit code and the message of a sync that fails."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it is, `explain` says
        sandbox.sync(source, **options)
    return exit_code_and_message(caught.value)


@pytest.mark.long
def test_throttling_slows_the_run_down_until_it_fits_the_quota(sandbox_for: Callable[[str], Sandbox]) -> None:
    """A client that keeps its pace, twice the quota, is throttled once for each page; a slow machine less often."""
    with Emulator(opportunities=1_000, rps=4, burst=1) as busy:
        busy.faults.append(Fault("throttle", after=1))  # once at least, also where no call comes too early
        sandbox = sandbox_for(busy.endpoint)
        summary = sandbox.sync({"calls_per_second": 8})
        throttled = [call for call in busy.calls if call.outcome == "ThrottlingException"]
        assert 1 <= len(throttled) < summary.pages * 2 / 3
        assert (summary.throttles, summary.calls, summary.waited > 0) == (len(throttled), len(busy.calls), True)
        sandbox.assert_equals(busy.truth())


@pytest.mark.long
@pytest.mark.parametrize(
    "kind", ["unavailable", "truncate", *map(rarely, ("server_error", "drop", "short_json", "hang"))]
)
def test_a_page_that_fails_once_is_asked_for_again(kind: Kind, sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.faults.append(Fault(kind, after=1))
    summary = sandbox.sync(IMPATIENT if kind == "hang" else None)
    assert (summary.calls, summary.pages, summary.read) == (6, 3, 250)
    sandbox.assert_equals(emulator.truth())


MIDWAY: dict[Kind, tuple[ExitCode, str]] = {
    "throttle": (ExitCode.RETRY_LATER, "2 attempts"),
    "server_error": (ExitCode.RETRY_LATER, "2 attempts"),
    "drop": (ExitCode.RETRY_LATER, "2 attempts"),
    "truncate": (ExitCode.RETRY_LATER, "2 attempts"),
    "hang": (ExitCode.RETRY_LATER, "2 attempts"),
    "expired_token": (ExitCode.RETRY_LATER, "the token has expired"),
    "repeat_token": (ExitCode.RETRY_LATER, "the same token"),
    "access_denied": (ExitCode.REFUSED, "Attach this policy"),
    "expired_credentials": (ExitCode.CONFIGURATION, "Renew them"),
}


@pytest.mark.long
def test_a_run_that_fails_amid_a_listing_leaves_everything_as_it_was(synced: Sandbox, emulator: Emulator) -> None:
    before = synced.tables()
    emulator.advance(days=60)
    for kind, (expected, words) in MIDWAY.items():
        emulator.faults.append(Fault(kind, calls=2 if "attempts" in words else 1, after=1))
        code, message = failure(synced, {"attempts": 2, **(IMPATIENT if kind == "hang" else {})})
        assert code is expected, kind
        assert words in message
        assert code is not ExitCode.RETRY_LATER or re.search("[Rr]un (it )?again", message), message
        assert not emulator.faults
        assert synced.tables() == before, kind
    assert synced.sync().pages > 1, "the faults came in the middle of a listing"
    synced.assert_equals(emulator.truth())


@pytest.mark.long
@pytest.mark.parametrize("catalog", ["AWS", "Sandbox"])
def test_a_denial_names_action_and_catalog_and_holds_the_policy_to_paste(
    catalog: str, sandbox: Sandbox, emulator: Emulator
) -> None:
    emulator.faults.append(Fault("access_denied"))
    code, message = failure(sandbox, catalog=catalog)
    assert code is ExitCode.REFUSED
    assert f"partnercentral:ListOpportunities on catalog {catalog}" in message
    (pasted,) = re.findall(r"\{.*\}", message, re.DOTALL)
    (statement,) = json.loads(pasted)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": "partnercentral:ListOpportunities",
        "Resource": "*",
        "Condition": {"StringEquals": {"partnercentral:Catalog": catalog}},
    }
    assert len(emulator.calls) == 1, "a refusal is not retried"


def test_an_account_that_is_no_partner_is_told_so_and_gets_no_policy(sandbox: Sandbox, emulator: Emulator) -> None:
    emulator.faults.append(Fault("not_a_partner"))
    code, message = failure(sandbox)
    assert code is ExitCode.REFUSED
    assert "INCOMPATIBLE_BENEFIT_AWS_PARTNER_STATE" in message
    assert "linked" in message
    assert "Statement" not in message


@pytest.mark.long
def test_a_denied_command_exits_with_3_after_one_call_and_mends_itself(synced: Sandbox, emulator: Emulator) -> None:
    before = synced.tables()
    emulator.advance(days=1)
    emulator.calls.clear()
    emulator.faults.append(Fault("access_denied"))
    ended = synced.command("sync", AWS_SECRET_ACCESS_KEY=SECRET)
    assert (ended.returncode, ended.stdout, len(emulator.calls)) == (3, "", 1)
    assert '"partnercentral:Catalog": "AWS"' in ended.stderr
    assert "Traceback" not in ended.stderr
    assert SECRET not in ended.stderr
    assert synced.tables() == before
    synced.sync()
    synced.assert_equals(emulator.truth())


def test_a_request_that_is_not_valid_is_refused_with_its_field(sandbox: Sandbox, emulator: Emulator) -> None:
    code, message = failure(sandbox, filters={"identifier": ["not an id"]})
    assert code is ExitCode.REFUSED
    assert "Identifier" in message
    assert len(emulator.calls) == 1


def test_a_value_that_a_filter_does_not_have_is_refused_without_a_call(sandbox: Sandbox, emulator: Emulator) -> None:
    code, message = failure(sandbox, filters={"life_cycle_stage": ["Daydream"]})
    assert (code, emulator.calls) == (ExitCode.CONFIGURATION, [])
    assert "life_cycle_stage has no value 'Daydream': it is one of Prospect" in message


@pytest.mark.long
def test_an_unknown_catalog_is_refused_and_leaves_no_trace(sandbox: Sandbox, emulator: Emulator) -> None:
    code, message = failure(sandbox, catalog="Nowhere")
    assert code is ExitCode.REFUSED
    assert "catalog Nowhere" in message
    sandbox.sync()
    sandbox.assert_equals(emulator.truth())


@pytest.mark.long
@pytest.mark.parametrize("kind", ["expired_credentials", "unrecognized_client"])
def test_keys_that_aws_does_not_accept_are_a_matter_of_configuration(
    kind: Kind, sandbox: Sandbox, emulator: Emulator
) -> None:
    emulator.faults.append(Fault(kind))
    code, message = failure(sandbox)
    assert (code, len(emulator.calls)) == (ExitCode.CONFIGURATION, 1)
    assert "The security token included in the request is" in message
    assert "Renew" in message
