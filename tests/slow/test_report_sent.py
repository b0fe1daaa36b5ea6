"""The lines of `docs/how-to/reports.md` that publish or mail the report, each run once."""

from __future__ import annotations

import email.policy
import os
import re
import shutil
import socketserver
import subprocess
import sys
import threading
from email import message_from_bytes
from pathlib import Path

import pytest

from aws_server import client, moto_server
from command.test_report import settings_in
from partner_central_sync.sync.settings import Settings
from sandbox import KEYS
from worked_example import SMALL_CASE, filled

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
AIRFLOW = ROOT / ".venv-test-airflow" / "bin"
PAGE = ROOT / "docs" / "how-to" / "reports.md"
AWS = KEYS | {"AWS_DEFAULT_REGION": "us-east-1"}
SCRIPTS = dict(re.findall(r"<!-- (\w+) -->\s+```python\n(.*?)```", PAGE.read_text(), re.DOTALL))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project folder with data, and with the command where the page has it."""
    settings: Settings = filled(settings_in(tmp_path), tmp_path / "work", SMALL_CASE)
    assert settings.database == tmp_path / "partner_central.duckdb"
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    return tmp_path


def test_the_line_of_cron_writes_the_report_and_uploads_it(folder: Path) -> None:
    (line,) = re.findall(r"```cron\n(.*)\n```", PAGE.read_text())
    command = line.split(None, 5)[5].replace("/srv/partner-central", str(folder))
    (folder / "upload.py").write_text(SCRIPTS["upload"])
    with moto_server() as endpoint:
        client(endpoint, "s3").create_bucket(Bucket="my-reports")
        variables = AWS | {"AWS_ENDPOINT_URL_S3": endpoint}
        shell = shutil.which("sh") or "sh"
        subprocess.run([shell, "-c", command], env=os.environ | variables, check=True, capture_output=True)
        found = client(endpoint, "s3").get_object(Bucket="my-reports", Key="report.html")
        assert found["ContentType"] == "text/html; charset=utf-8"
        assert found["Body"].read() == (folder / "report.html").read_bytes()


class MailBox(socketserver.StreamRequestHandler):
    """A server that takes one mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.mail = b"".join(line.removeprefix(b".") for line in lines)  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return


def test_the_mail_has_the_report_as_an_attachment(folder: Path) -> None:
    python = folder / ".venv" / "bin" / "python"
    subprocess.run([python.with_name("partner-central"), "report"], cwd=folder, check=True, capture_output=True)
    (folder / "send.py").write_text(SCRIPTS["mail"])
    with socketserver.TCPServer(("127.0.0.1", 0), MailBox) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        host, port = server.server_address[:2]
        variables = os.environ | {"SMTP_HOST": str(host), "SMTP_PORT": str(port)}
        subprocess.run([python, "send.py"], cwd=folder, env=variables, check=True, capture_output=True)
        mail = message_from_bytes(server.mail, policy=email.policy.default)  # type: ignore[attr-defined]
    (attachment,) = mail.iter_attachments()
    assert attachment.get_filename() == "report.html"
    assert attachment.get_content().replace("\r\n", "\n") == (folder / "report.html").read_text("utf-8")


def test_the_dag_writes_the_report_and_uploads_it(folder: Path) -> None:
    assert (AIRFLOW / "airflow").exists(), "Airflow is not set up: make .venv-test-airflow/.set-up"
    (folder / "dags").mkdir()
    (folder / "dags" / "report.py").write_text(SCRIPTS["airflow"].replace("/srv/partner-central", str(folder)))
    (folder / "upload.py").write_text(SCRIPTS["upload"])
    with moto_server() as endpoint:
        client(endpoint, "s3").create_bucket(Bucket="my-reports")
        variables = AWS | {
            "AWS_ENDPOINT_URL_S3": endpoint,
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PATH": f"{AIRFLOW}:{os.environ['PATH']}",
        }
        for command in (["db", "migrate"], ["dags", "test", "partner_central_report"]):
            ran = subprocess.run(
                [AIRFLOW / "airflow", *command],
                cwd=folder,
                env=os.environ | variables,
                check=False,
                capture_output=True,
                text=True,
            )
            assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
        found = client(endpoint, "s3").get_object(Bucket="my-reports", Key="report.html")
        assert found["Body"].read() == (folder / "report.html").read_bytes()
