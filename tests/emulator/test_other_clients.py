"""The emulator as a client sees it that nobody here wrote: the AWS CLI, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from filelock import FileLock

from partner_central_emulator import Emulator, TokenKind
from sandbox import TIMEOUT_S
from variants import at_length, rarely

AWSCLI = "awscli==1.46.3"
AWS = Callable[..., Any]


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The AWS CLI. Its botocore is not ours, so it is installed apart; once, also for several test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base
    folder = shared / "aws-cli"
    with FileLock(shared / "aws-cli.lock"):
        if not (folder / "ready").exists():
            venv.create(folder, clear=True)
            there = ["--python", str(folder / "bin" / "python"), "--disable-pip-version-check", "--quiet", "--no-input"]
            install = [sys.executable, "-m", "pip", *there, "install", "--no-compile", AWSCLI]
            subprocess.run(install, check=True, timeout=TIMEOUT_S)
            (folder / "ready").touch()
    return folder / "bin" / "aws"


@pytest.fixture
def aws(command: Path, tmp_path: Path) -> AWS:
    """Runs `aws partnercentral-selling ...` against an emulator and gives the JSON it prints."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    settings = {
        **clean,
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def running(emulator: Emulator, *arguments: str) -> Any:
        where = ["--endpoint-url", emulator.endpoint, "--output", "json"]
        whole = [str(command), "partnercentral-selling", *arguments, *where]
        ran = subprocess.run(whole, env=settings, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return running


def without_nulls(value: Any) -> Any:
    """A record as AWS clients show it: members that are null are left out."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(entry) for entry in value] if isinstance(value, list) else value


def by_id(records: list[dict[str, Any]]) -> dict[str, Any]:
    found = {record["Id"]: without_nulls(record) for record in records}
    assert len(found) == len(records)
    return found


@pytest.mark.parametrize("token", ["offset", *(rarely(kind) for kind in get_args(TokenKind) if kind != "offset")])
def test_the_aws_cli_pages_through_everything_with_every_kind_of_token(aws: AWS, token: TokenKind) -> None:
    with Emulator(opportunities=130, rps=None, token=token, secret_access_key="example") as emulator:
        listed = aws(emulator, "list-opportunities", "--catalog", "AWS")["OpportunitySummaries"]
        assert by_id(listed) == by_id(emulator.truth("AWS"))
        assert len(emulator.calls) == 7, "pages of 20, the service's default"


@pytest.mark.parametrize(
    ("arguments", "member", "stream"),
    [
        ("list-engagement-invitations --participant-type SENDER", "EngagementInvitationSummaries", "sent"),
        at_length("list-engagements", "EngagementSummaryList", "engagements"),
        at_length(
            "list-engagement-resource-associations",
            "EngagementResourceAssociationSummaries",
            "engagement_resource_associations",
        ),
        at_length("list-engagement-from-opportunity-tasks", "TaskSummaries", "engagement_from_opportunity_tasks"),
        at_length(
            "list-engagement-by-accepting-invitation-tasks",
            "TaskSummaries",
            "engagement_by_accepting_invitation_tasks",
        ),
        at_length("list-opportunity-from-engagement-tasks", "TaskSummaries", "opportunity_from_engagement_tasks"),
        at_length("list-solutions", "SolutionSummaries", "solutions"),
    ],
)
def test_the_aws_cli_pages_through_every_list_that_it_knows(aws: AWS, arguments: str, member: str, stream: str) -> None:
    with Emulator(opportunities=150, rps=None) as emulator:
        listed = aws(emulator, *arguments.split(), "--catalog", "AWS", "--page-size", "5")[member]
        truth = emulator.truth(stream="engagement_invitations" if stream == "sent" else stream)
        expected = [one for one in truth if one.get("ParticipantType") in (None, "SENDER")]
        assert {part_of(one) for one in listed} == {part_of(one) for one in expected}
        assert len(listed) == len(expected) > 5
        assert len(emulator.calls) == -(-len(listed) // 5)


def part_of(record: dict[str, Any]) -> tuple[Any, ...]:
    """The members that identify a record of any list."""
    return tuple(record.get(name) for name in ("Id", "TaskId", "EngagementId", "ResourceId"))


def test_the_aws_cli_lists_the_other_catalog_filtered_and_sorted(aws: AWS) -> None:
    with Emulator(opportunities=5, sandbox_opportunities=60, rps=None) as emulator:
        truth = [record for record in emulator.truth("Sandbox") if record["LifeCycle"]["Stage"] == "Launched"]
        listed = aws(
            emulator,
            *("list-opportunities", "--catalog", "Sandbox", "--life-cycle-stage", "Launched", "--page-size", "2"),
            *("--sort", "SortBy=CreatedDate,SortOrder=ASCENDING"),
        )["OpportunitySummaries"]
        assert len(truth) > 2
        assert by_id(listed) == by_id(truth)
        assert [one["CreatedDate"] for one in listed] == sorted(one["CreatedDate"] for one in listed)


def test_the_aws_cli_gets_one_opportunity_and_it_agrees_with_the_list(aws: AWS) -> None:
    with Emulator(opportunities=5, rps=None) as emulator:
        listed = without_nulls(emulator.truth("AWS")[0])
        got = aws(emulator, "get-opportunity", "--catalog", "AWS", "--identifier", listed["Id"])
        for name, member in listed.items():
            assert differing(member, got[name]) == [], name
        assert len(got) > len(listed)


def differing(part: Any, whole: Any, where: str = "") -> list[str]:
    """Where `whole` does not hold what `part` holds."""
    if isinstance(part, dict):
        return [found for name, one in part.items() for found in differing(one, whole.get(name), f"{where}.{name}")]
    return [] if part == whole else [f"{where}: {part!r} is {whole!r}"]
