"""Failures that no later attempt cures end at once, and name what to change; what may pass is tried again."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import CredentialRetrievalError, EndpointConnectionError
from dlt.sources.credentials import AwsCredentials

from opportunity import OPERATION
from partner_central.api.client import PartnerCentral
from partner_central.api.connection import connect, open_session
from partner_central.api.failures import to_source_error
from partner_central.api.quota import Quota
from partner_central.api.rate_limit import RateLimiter
from partner_central.errors import ConfigurationError, ServiceUnavailable
from partner_central.public import page_call
from servers import free_port

REQUEST = {"Catalog": "AWS"}


class Other(BaseHTTPRequestHandler):
    """Something that answers in the place of Partner Central: a proxy, a login page, a web server."""

    status = 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.do_CONNECT()

    def do_CONNECT(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        self.send_response(self.status)
        self.send_header("location", "http://login.example/")
        self.send_header("content-length", "4")
        self.end_headers()
        self.wfile.write(b"html")

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def other() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    server.asked = 0  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def keys() -> AwsCredentials:
    found = AwsCredentials()
    found.aws_access_key_id, found.aws_secret_access_key, found.region_name = "AKIAEXAMPLE", "example", "us-east-1"
    return found


def call(endpoint: str | None) -> Any:
    """One call to an endpoint, by a client that tries twice."""
    client = PartnerCentral(
        lambda: connect(open_session(keys()), endpoint_url=endpoint, read_timeout=30),
        lambda _: Quota(RateLimiter(1_000)),
        attempts=2,
    )
    return page_call(client, OPERATION)(REQUEST)


@pytest.mark.parametrize("status", [302, 307, 403, 404, 405, 407])
def test_an_answer_that_is_not_of_aws_names_the_endpoint_at_once(status: int, other: ThreadingHTTPServer) -> None:
    other.RequestHandlerClass = type("Answers", (Other,), {"status": status})
    endpoint = f"http://127.0.0.1:{other.server_port}"
    with pytest.raises(ConfigurationError, match=f"{endpoint}.* answered {status}.*Check "):
        call(endpoint)
    assert other.asked == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(("status", "said"), [(407, "407.*user and a password"), (403, "403 Forbidden.*HTTPS_PROXY")])
def test_a_proxy_that_refuses_is_named_at_once(
    status: int, said: str, other: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.RequestHandlerClass = type("Answers", (Other,), {"status": status})
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:secret@127.0.0.1:{other.server_port}")
    with pytest.raises(ConfigurationError, match=rf"The proxy http://[^@]*127\.0\.0\.1:{other.server_port}.*{said}"):
        call("https://partner-central.example")
    assert other.asked == 1  # type: ignore[attr-defined]


def test_a_proxy_that_is_out_of_order_for_now_is_tried_again(
    other: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other.RequestHandlerClass = type("Answers", (Other,), {"status": 503})
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{other.server_port}")
    with pytest.raises(ServiceUnavailable):
        call("https://partner-central.example")
    assert other.asked == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:{port}", "127.0.0.1:{port}", "http://127.0.0.1:abc"])
def test_a_proxy_that_is_not_there_or_not_a_url_is_a_matter_of_configuration(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.format(port=free_port()))
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY"):
        call("https://partner-central.example")


@pytest.mark.parametrize("endpoint", ["localhost:99", "partner-central.example", "ftp://localhost", "https://"])
def test_an_endpoint_that_is_no_url_is_named(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"The endpoint {endpoint} must be a URL.*https://"):
        call(endpoint)


def test_an_endpoint_without_tls_is_named(other: ThreadingHTTPServer) -> None:
    endpoint = f"https://127.0.0.1:{other.server_port}"
    with pytest.raises(ConfigurationError, match=f"{endpoint} does not speak TLS"):
        call(endpoint)


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_ca_bundle_that_cannot_be_used_is_named(
    content: str | None, tmp_path: Path, other: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content:
        (tmp_path / "ca.pem").write_text(content)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    with pytest.raises(ConfigurationError, match=r"certificate authorities.*AWS_CA_BUNDLE"):
        call(f"https://127.0.0.1:{other.server_port}")


def test_a_certificate_that_is_not_trusted_is_named() -> None:
    refused = ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate (_ssl.c:1006)")
    from botocore.exceptions import SSLError

    error = SSLError(endpoint_url="https://x", error=refused)
    error.__cause__ = refused
    found = to_source_error(error, REQUEST, None)
    assert isinstance(found, ConfigurationError)
    assert "self-signed certificate" in str(found)
    assert "AWS_CA_BUNDLE" in str(found)


@pytest.mark.parametrize(
    "error",
    [
        CredentialRetrievalError(provider="container-role", error_msg="Could not connect to the endpoint URL"),
        EndpointConnectionError(endpoint_url="https://sts.us-east-1.amazonaws.com/"),
    ],
    ids=["container", "sts"],
)
def test_an_outage_of_the_source_of_credentials_passes(error: Exception) -> None:
    found = to_source_error(error, REQUEST, None)
    assert isinstance(found, ServiceUnavailable)
    assert "source of the AWS credentials does not answer" in str(found)


def test_a_credential_process_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[profile gone]\ncredential_process = /no/such/program\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with pytest.raises(FileNotFoundError) as raised:
        botocore.session.Session(profile="gone").get_credentials()
    found = to_source_error(raised.value, REQUEST, None)
    assert isinstance(found, ConfigurationError)
    assert "credential_process" in str(found)
    assert "/no/such/program" in str(found)
    elsewhere = to_source_error(FileNotFoundError(2, "gone", "file"), REQUEST, None)
    assert "credential_process" not in str(elsewhere)


def test_an_mfa_profile_without_a_terminal_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(
        "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n"
        "[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/x\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setattr("partner_central.api.connection.TERMINAL", str(tmp_path / "no" / "tty"))
    profile = AwsCredentials()
    profile.profile_name, profile.region_name = "mfa", "us-east-1"
    with pytest.raises(ConfigurationError, match="MFA code, and there is no terminal"):
        open_session(profile)
