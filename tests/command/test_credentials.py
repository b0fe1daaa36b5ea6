"""Bad days with credentials: none, unknown, expired, of a role that may not be assumed, in the wrong region.

Nearly all run the real command, since what boto3 finds depends on environment and home. Nothing leaves this machine but
the look-up of a host that does not exist.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from partner_central import partner_central
from partner_central.errors import ConfigurationError
from partner_central_emulator import Emulator, Fault
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from sandbox import KEYS, Sandbox

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE"
ROLE = "arn:aws:iam::111122223333:role/co-sell"
SSO_PROFILE = """[profile co-sell]
sso_session = partner
sso_account_id = 111122223333
sso_role_name = reader
[sso-session partner]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
"""


def sync_with(sandbox: Sandbox, settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command with no other AWS settings than these; it must not print the secret key or a trace."""
    hidden = {*KEYS, "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING"}
    environment = {name: value for name, value in sandbox.environment().items() if name not in hidden} | dict(settings)
    ended = sandbox.command_with(environment, "sync", *arguments)
    assert "Traceback" not in ended.stderr or "--verbose" in arguments
    assert SECRET not in ended.stdout + ended.stderr
    return ended


def here(sandbox: Sandbox) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING": sandbox.endpoint}


def test_without_any_credentials_the_message_says_where_they_may_be(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sync_with(sandbox, here(sandbox))
    assert (ended.returncode, ended.stdout, emulator.calls) == (2, "", [])
    for place_to_set in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", ".dlt/secrets.toml"):
        assert place_to_set in ended.stderr


def test_an_unknown_profile_is_named(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sync_with(sandbox, {**here(sandbox), "AWS_PROFILE": "nobody-home"})
    assert (ended.returncode, ended.stdout, emulator.calls) == (2, "", [])
    assert "nobody-home" in ended.stderr


@pytest.mark.long
@pytest.mark.parametrize("cached", ["an expired token", "no token"])
def test_an_expired_sso_login_says_how_to_log_in_again(cached: str, sandbox: Sandbox, emulator: Emulator) -> None:
    home = sandbox.folder / "home"
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (home / ".aws" / "config").write_text(SSO_PROFILE)
    if cached == "an expired token":
        token = {"startUrl": "https://example.awsapps.com/start", "region": "us-east-1", "accessToken": SECRET}
        name = hashlib.sha1(b"partner", usedforsecurity=False).hexdigest()
        (cache / f"{name}.json").write_text(json.dumps(token | {"expiresAt": "2020-01-01T00:00:00Z"}))
    own = {"HOME": str(home), "AWS_CONFIG_FILE": str(home / ".aws" / "config"), "AWS_PROFILE": "co-sell"}
    ended = sync_with(sandbox, {**here(sandbox), **own})
    assert (ended.returncode, ended.stdout, emulator.calls) == (2, "", [])
    assert "SSO" in ended.stderr
    assert "aws sso login" in ended.stderr


@pytest.mark.parametrize("where", ["", "SOURCES__PARTNER_CENTRAL__CREDENTIALS__"])
@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
@pytest.mark.parametrize("bad", ["\n", " ", "\N{NO-BREAK SPACE}"])
def test_keys_with_characters_that_no_key_has_are_refused_at_once(
    bad: str, name: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_SESSION_TOKEN": "token"}
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for key, value in (keys | {name: SECRET + bad}).items():
        monkeypatch.setenv(where + key, value)
    with pytest.raises(ConfigurationError, match=f"{name.lower()} contains") as refused:
        partner_central()
    assert SECRET not in str(refused.value)


def test_a_token_that_ends_in_a_newline_ends_with_2_and_is_not_printed(sandbox: Sandbox, emulator: Emulator) -> None:
    ended = sync_with(sandbox, {**here(sandbox), **KEYS, "AWS_SESSION_TOKEN": f"{SECRET}\n"}, "--verbose")
    assert (ended.returncode, ended.stdout, emulator.calls) == (2, "", [])
    assert "aws_session_token contains" in ended.stderr


def test_a_region_without_partner_central_fails_naming_the_one_with_it(sandbox: Sandbox) -> None:
    ended = sync_with(sandbox, {**KEYS, "AWS_DEFAULT_REGION": "eu-central-1"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "eu-central-1" in ended.stderr
    assert "AWS_DEFAULT_REGION=us-east-1" in ended.stderr


@pytest.mark.long
def test_a_secret_key_is_written_nowhere(sandbox: Sandbox, emulator: Emulator) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}
    done = sync_with(sandbox, {**here(sandbox), **keys}, "--verbose")
    assert done.returncode == 0
    emulator.faults.append(Fault("validation"))
    section = "SOURCES__PARTNER_CENTRAL__CREDENTIALS__"
    configured = {section + name: value for name, value in keys.items()}
    refused = sync_with(sandbox, {**here(sandbox), **configured}, "--verbose")
    assert refused.returncode == 3
    assert "Traceback" in refused.stderr, "--verbose shows where an error came from"
    for path in sandbox.folder.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path


@dataclass
class Sts:
    """A token service that lets the role be assumed by whoever knows the external id."""

    external_id: str
    requests: list[dict[str, list[str]]] = field(default_factory=list)

    def answer(self, form: dict[str, list[str]]) -> tuple[int, str]:
        self.requests.append(form)
        if form.get("ExternalId") != [self.external_id]:
            message = f"User is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
            error = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
            return 403, f"<ErrorResponse>{error}</ErrorResponse>"
        keys = f"<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
        rest = "<SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
        body = f"<AssumeRoleResult><Credentials>{keys}{rest}</Credentials></AssumeRoleResult>"
        return 200, f"<AssumeRoleResponse>{body}</AssumeRoleResponse>"


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    service = Sts("shared-word")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status, text = service.answer(parse_qs(raw.decode()))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        yield service
        server.shutdown()
        thread.join()


@pytest.fixture
def of_the_role(tmp_path: Path) -> Iterator[tuple[Sandbox, Emulator]]:
    """A Partner Central that knows nobody but the role."""
    with Emulator(opportunities=20, rps=None, secret_access_key=SECRET) as running:
        yield Sandbox(tmp_path, running.endpoint), running


@pytest.mark.long
def test_a_role_is_assumed_with_the_external_id(sts: Sts, of_the_role: tuple[Sandbox, Emulator]) -> None:
    sandbox, emulator = of_the_role
    section = "SOURCES__PARTNER_CENTRAL__"
    role = {
        f"{section}ROLE_ARN": ROLE,
        f"{section}EXTERNAL_ID": "shared-word",
        "AWS_ENDPOINT_URL_STS": os.environ["AWS_ENDPOINT_URL_STS"],
    }
    ended = sandbox.command("sync", **role)
    assert ended.returncode == 0, ended.stderr
    assert [(form["Action"], form["RoleArn"]) for form in sts.requests] == [(["AssumeRole"], [ROLE])]
    assert SECRET not in ended.stdout + ended.stderr
    sandbox.assert_equals(emulator.truth())


def test_without_the_role_its_partner_central_refuses_the_keys(of_the_role: tuple[Sandbox, Emulator]) -> None:
    sandbox, _ = of_the_role
    with pytest.raises(Exception, match="signature") as caught:
        sandbox.sync()
    assert exit_code_and_message(caught.value)[0] is ExitCode.CONFIGURATION


@pytest.mark.parametrize("external_id", [None, "a guess"])
def test_a_role_that_may_not_be_assumed_names_what_to_check(
    external_id: str | None, sts: Sts, of_the_role: tuple[Sandbox, Emulator]
) -> None:
    sandbox, emulator = of_the_role
    with pytest.raises(Exception) as caught:  # noqa: PT011 - what it is, `explain` says
        sandbox.sync({"role_arn": ROLE, "external_id": external_id})
    code, message = exit_code_and_message(caught.value)
    assert (code, len(sts.requests), emulator.calls) == (ExitCode.CONFIGURATION, 1, [])
    for word in ("role", "sts:AssumeRole", "role_arn", "external_id", "trust policy"):
        assert word in message
