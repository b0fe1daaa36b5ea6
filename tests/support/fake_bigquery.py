"""BigQuery as bqemulator plays it, in a process of its own on loopback: a check of the protocol and the statements.

`Door` stands before it: it gives out tokens, sends a blank line where a client uploads a file without rows, which
bqemulator takes for a question how far the upload is, and makes an error of an answer that only mentions one. Columns
that were added to a table are made known to its INFORMATION_SCHEMA.

bqemulator answers a query of INFORMATION_SCHEMA by writing what is there into the query: every column of the dataset,
or the text of every view. It then reads that some ten times over, for seconds each, and fails at backslashes. Here
DuckDB alone reads it. `Door` waits for its answers as long as they take: a client that is turned away sends its
statement again, and a table is then there already.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from servers import PATIENCE, free_port, running

HOST = "127.0.0.1"


@contextmanager
def bqemulator_server() -> Iterator[str]:
    """A running server; its address, as google's client takes it from BIGQUERY_EMULATOR_HOST."""
    door = free_port()
    command = [sys.executable, __file__, *map(str, (door, free_port(), free_port()))]
    address = f"http://{HOST}:{door}"
    with TemporaryDirectory() as home:  # where DuckDB keeps its extensions
        url = f"{address}/bigquery/v2/projects/any/datasets"
        with running(command, lambda: urlopen(url, timeout=PATIENCE).close(), {**os.environ, "HOME": home}):
            yield address


def service_account(address: str, name: str) -> dict[str, str]:
    """Settings of `destination.bigquery` for a new project: a service account as Google hands it out."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    key = generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[-30:],
        "private_key": key.decode(),
        "client_email": "loader@example.iam.gserviceaccount.com",
        "token_uri": f"{address}/token",
    }
    return {"CREDENTIALS": json.dumps(account)}


class Door(BaseHTTPRequestHandler):
    """Hands requests on to the server at `port`."""

    protocol_version = "HTTP/1.1"
    port: int

    def do_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/token":
            answer = {"access_token": "for everybody", "expires_in": 3600, "token_type": "Bearer"}
            self._answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})
            return
        headers = dict(self.headers)
        if headers.get("content-range") == "bytes */0":
            body = b"\n"
            headers |= {"content-range": "bytes 0-0/1", "Content-Length": "1"}
        connection = HTTPConnection(HOST, self.port)
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        self._answer(*_with_its_error(response.status, response.read()), dict(response.getheaders()))
        connection.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_request  # noqa: N815 - http.server's names

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _with_its_error(status: int, body: bytes) -> tuple[int, bytes]:
    """An answer as BigQuery gives it: a query that fails is an error of HTTP, a missing table one of its own."""
    found = json.loads(body) if body.startswith(b'{"kind":"bigquery#queryResponse"') else {}
    if not found.get("errors"):
        return status, body
    error = found["errors"][0]
    if "perhaps it does not exist" in error["message"]:
        error, status = error | {"reason": "notFound"}, 404
    else:
        status = 400
    return status, json.dumps({"error": {"code": status, "message": error["message"], "errors": [error]}}).encode()


def _let_duckdb_read_information_schema() -> None:
    """Let DuckDB read a query of INFORMATION_SCHEMA as it is, once what is there stands in it."""
    from bqemulator.jobs import executor
    from bqemulator.sql.rewriter.information_schema import expand_information_schema

    run = executor._run_single_sql

    async def run_soon(project: str, sql: str, parameters: Any, context: Any, **caller: Any) -> Any:
        if "INFORMATION_SCHEMA" not in sql:
            return await run(project, sql, parameters, context, **caller)
        catalog = context.catalog
        if "INFORMATION_SCHEMA.COLUMNS" in sql:
            catalog = _Named(catalog, {one["parameterValue"]["value"] for one in parameters or ()})
        expanded = expand_information_schema(sql, project, catalog)
        return context.engine.fetch_arrow(*executor.bind_parameters(expanded, parameters))

    executor._run_single_sql = run_soon


class _Named:
    """A catalog's tables of some names, or all if none is given."""

    def __init__(self, catalog: Any, names: set[str]) -> None:
        self._catalog = catalog
        self._names = names

    def list_tables(self, *place: str) -> tuple[Any, ...]:
        return tuple(one for one in self._catalog.list_tables(*place) if not self._names or one.table_id in self._names)


def _note_added_columns() -> None:
    """Let bqemulator's INFORMATION_SCHEMA show the columns that an ALTER TABLE added."""
    from bqemulator.jobs import executor
    from bqemulator.scripting import interpreter

    note = executor.sync_created_table

    def note_both(sql: str, *context: Any) -> None:
        altered = re.match(r"\s*ALTER TABLE (`[^ ]+`)\s+ADD COLUMN", sql)
        note(f"CREATE TABLE {altered[1]} (looked_up INT64)" if altered else sql, *context)

    executor.sync_created_table = interpreter.sync_created_table = note_both


def serve(door: int, rest: int, grpc: int) -> None:
    """Serve until the process is ended."""
    from bqemulator.cli import main
    from duckdb_extensions import import_extension

    import_extension("spatial")  # which bqemulator would fetch from the network
    _note_added_columns()
    _let_duckdb_read_information_schema()
    Door.port = rest
    threading.Thread(target=ThreadingHTTPServer((HOST, door), Door).serve_forever, daemon=True).start()
    main(["start", "--ephemeral", "--rest-port", str(rest), "--grpc-port", str(grpc)])


if __name__ == "__main__":
    serve(*map(int, sys.argv[1:]))
