"""Queues that are not for these credentials: a run loads what it finds without events, and then says what to do.

moto has the queue of another account. It knows no keys and no policies of queues, so their refusals are answers of SQS
as they come over the line, from a server of this test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pytest

from aws_server import REGION, client, moto_server
from partner_central_emulator import Emulator
from partner_central_sync.console.exit_codes import ExitCode
from partner_central_sync.console.failures import exit_code_and_message
from partner_central_sync.console.output import Console
from partner_central_sync.sync.check import check
from partner_central_sync.sync.job import sync
from partner_central_sync.sync.listen import listen, queue_to_listen
from sandbox import Sandbox

OTHER = "111111111111"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/partner-central-events"
THEIR_URL = URL.replace("123456789012", OTHER)
USER = "User: arn:aws:iam::123456789012:user/reader is not authorized to perform:"
ARN = "arn:aws:sqs:us-east-1:123456789012:partner-central-events"
# The shape, the code of the query protocol, and the message.
ANSWERS = {
    "a key of another account": (
        ("KmsAccessDenied", "KMS.AccessDeniedException", f"{USER} kms:Decrypt on arn:aws:kms:us-east-1:{OTHER}:key/1"),
        (ExitCode.REFUSED, "Allow kms:Decrypt on that key"),
    ),
    "a key that is disabled": (
        ("KmsDisabled", "KMS.DisabledException", "arn:aws:kms:us-east-1:123456789012:key/1 is disabled."),
        (ExitCode.CONFIGURATION, "Enable that key"),
    ),
    "a key that is gone": (
        ("KmsNotFound", "KMS.NotFoundException", "Key 'arn:aws:kms:us-east-1:123456789012:key/1' does not exist"),
        (ExitCode.CONFIGURATION, "give the queue another one"),
    ),
    "a queue of another account whose policy does not allow it": (
        ("AccessDeniedException", "AccessDenied", f"{USER} sqs:receivemessage on arn:aws:sqs:us-east-1:{OTHER}:q"),
        (ExitCode.REFUSED, f"Use credentials of {OTHER}"),
    ),
    "a permission that is missing": (
        ("AccessDeniedException", "AccessDenied", f"{USER} sqs:receivemessage on {ARN}"),
        (ExitCode.REFUSED, "sqs:ReceiveMessage"),
    ),
}  # fmt: skip


@contextmanager
def answering(shape: str, code: str, message: str) -> Iterator[str]:
    """A server that answers every call to SQS so; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"__type": f"com.amazonaws.sqs#{shape}", "message": message}).encode()
            self.send_response(403 if code == "AccessDenied" else 400)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("x-amzn-query-error", f"{code};Sender")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def ends(sandbox: Sandbox, url: str) -> list[tuple[ExitCode, str]]:
    """How a sync, a listener and a check of a queue end."""
    settings = sandbox.settings(events_queue=url)
    found = []
    with pytest.raises(Exception) as of_sync:  # noqa: PT011 - its code and message are compared
        sync(settings, Console(quiet=True))
    found.append(exit_code_and_message(of_sync.value))
    with pytest.raises(Exception) as of_listen:  # noqa: PT011 - as above
        listen(settings, Console(quiet=True), queue_to_listen(settings), poll_every=timedelta(0), gather=0)
    found.append(exit_code_and_message(of_listen.value))
    return found + [(one.code, one.text) for one in check(settings) if one.subject == "events"]


@pytest.mark.parametrize("case", ANSWERS)
def test_a_refusal_of_sqs_ends_with_its_code_and_what_to_do(
    case: str, tmp_path: Path, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, (code, words) = ANSWERS[case]
    sandbox = Sandbox(tmp_path, small.endpoint)
    with answering(*answer) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", endpoint)
        found = ends(sandbox, THEIR_URL if "another account whose" in case else URL)
    assert [(one, words in text) for one, text in found] == [(code, True)] * 3, found
    sandbox.assert_equals(small.truth())


def test_a_queue_of_another_account_ends_with_2_and_names_both(
    tmp_path: Path, small: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Sandbox(tmp_path, small.endpoint)
    with moto_server() as aws:
        role = {"RoleArn": f"arn:aws:iam::{OTHER}:role/reader", "RoleSessionName": "other"}
        theirs = client(aws, "sts").assume_role(**role)["Credentials"]
        keys = {
            "aws_access_key_id": theirs["AccessKeyId"],
            "aws_secret_access_key": theirs["SecretAccessKey"],
            "aws_session_token": theirs["SessionToken"],
        }
        boto3.client("sqs", endpoint_url=aws, region_name=REGION, **keys).create_queue(
            QueueName="partner-central-events"
        )
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws)
        found = ends(sandbox, THEIR_URL)
    assert [code for code, _ in found] == [ExitCode.CONFIGURATION] * 3, found
    assert [f"use credentials of account {OTHER}" in text for _, text in found] == [True] * 3, found
    sandbox.assert_equals(small.truth())
