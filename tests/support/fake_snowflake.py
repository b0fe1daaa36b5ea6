"""Snowflake as fakesnow plays it, in a process of its own on loopback: a check of the protocol and the statements.

fakesnow lacks three things that dlt asks of Snowflake, and answers what it does not know with an error that the client
retries for minutes. `Adapter` stands before it, in its process: it sends a request of several statements one by one,
writes stages as fakesnow reads them, turns uploaded JSON lines into Parquet (fakesnow matches only that by column
name), and makes every error final. fakesnow itself is mended in two places: it fails at an apostrophe in the comment
of a view, and hands a null timestamp over as the first second of 1970.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from servers import free_port, running

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Answer = list["Message"]
HOST = "127.0.0.1"


@contextmanager
def fakesnow_server() -> Iterator[int]:
    """A running server; its port."""
    port = free_port()
    command = [sys.executable, __file__, str(port)]
    with running(command, lambda: socket.create_connection((HOST, port)).close()):
        yield port


def account(port: int, folder: Path) -> dict[str, str]:
    """Settings of `destination.snowflake` for a new database: a user with an encrypted key, as Snowflake advises."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    key = generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"phrase")
    )
    (folder / "key.p8").write_bytes(key)
    database = re.sub(r"\W", "_", folder.name).upper()
    options = {
        "warehouse": "LOADING",
        "role": "LOADER",
        "private_key_path": str(folder / "key.p8"),
        "private_key_passphrase": "phrase",
        "host": HOST,
        "port": port,
        "protocol": "http",
    }
    return {"CREDENTIALS": f"snowflake://loader@fakesnow/{database}?{urlencode(options)}"}


class Adapter:
    """What lies between dlt and fakesnow."""

    def __init__(self, fakesnow: ASGIApp) -> None:
        self._fakesnow = fakesnow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/session"):
            await self._fakesnow(scope, receive, send)
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"].startswith("/fs_bucket/"):
            answer = await self._ask(scope, as_parquet(body))
        elif scope["path"].startswith("/queries/v1/query-request"):
            answer = await self._each(scope, body)
        else:
            answer = await self._ask(scope, body)
        for message in answer:
            await send(message)

    async def _each(self, scope: Scope, body: bytes) -> Answer:
        """The answer to the last statement of a request, or to the first that fails."""
        encoding = dict(scope["headers"]).get(b"content-encoding")
        request = json.loads(gzip.decompress(body) if encoding == b"gzip" else body)
        answer: Answer = []
        for statement in statements(request["sqlText"]):
            answer = final(await self._ask(scope, json.dumps(request | {"sqlText": statement}).encode()))
            if not json.loads(answer[1]["body"])["success"]:
                break
        return answer

    async def _ask(self, scope: Scope, body: bytes) -> Answer:
        """What fakesnow answers to a request with this body."""
        changed = {b"content-encoding", b"content-length"}
        headers = [(name, value) for name, value in scope["headers"] if name not in changed]
        headers.append((b"content-length", str(len(body)).encode()))
        answer: Answer = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            answer.append(message)

        await self._fakesnow({**scope, "headers": headers}, receive, send)
        return answer


def statements(text: str) -> list[str]:
    """The statements of a text, as fakesnow reads them."""
    from sqlglot.dialects.snowflake import Snowflake
    from sqlglot.tokens import TokenType

    if re.match(r"\s*(PUT|COPY INTO)\b", text):
        text = re.sub(r"""'(@[^']*)/"([^"]*)"([^']*)'""", r"\1/\2\3", text)  # '@"D"."S"."%T"/"folder"/file'
        text = re.sub(r"'(CASE_(?:IN)?SENSITIVE)'", r"\1", text.replace("OVERWRITE = TRUE,", "OVERWRITE = TRUE"))
        return [re.sub(r"TYPE = 'JSON',\s*BINARY_FORMAT = 'BASE64'", "TYPE = 'PARQUET'", text)]
    tokens, parts, start = Snowflake().tokenize(text), [], 0
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            parts.append(text[start : token.start])
            start = token.end + 1
    return [part for part in [*parts, text[start:]] if part.strip()]


def final(answer: Answer) -> Answer:
    """An error of the server as one of the statement, which the client does not try again."""
    if answer[0]["status"] < 500:
        return answer
    failure = json.loads(answer[1]["body"]) | {"code": "001003", "data": {"sqlState": "42000"}}
    body = json.dumps(failure).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    return [{**answer[0], "status": 200, "headers": headers}, {**answer[1], "body": body}]


def as_parquet(lines: bytes) -> bytes:
    """Rows of text, which the table's types are made from."""
    import pyarrow as pa
    from pyarrow import parquet

    rows = [json.loads(line, parse_float=str, parse_int=str) for line in lines.splitlines() if line.strip()]
    names = {name: None for row in rows for name in row} or {"none": None}  # a table may have no rows, not no columns
    columns = {name: [_text(row.get(name)) for row in rows] for name in names}
    target = io.BytesIO()
    parquet.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), target)
    return target.getvalue()


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def note_comments_with_apostrophes() -> None:
    """Let fakesnow write an apostrophe twice where it notes the comment of a table or view."""
    from fakesnow import info_schema

    note = info_schema.insert_table_comment_sql

    def note_doubled(catalog: str, schema: str, table: str, comment: str | None) -> str:
        return note(catalog, schema, table, str(comment).replace("'", "''"))

    info_schema.insert_table_comment_sql = note_doubled


def hand_over_null_timestamps() -> None:
    """Let fakesnow mark a timestamp without a value as null."""
    import pyarrow as pa
    from fakesnow import arrow

    hand_over = arrow.timestamp_to_sf_struct

    def with_nulls(moments: Any) -> Any:
        whole = moments.combine_chunks() if isinstance(moments, pa.ChunkedArray) else moments
        made = hand_over(whole)
        return pa.StructArray.from_arrays(made.flatten(), fields=list(made.type), mask=whole.is_null())

    arrow.timestamp_to_sf_struct = with_nulls


if __name__ == "__main__":
    import uvicorn
    from fakesnow.server import app

    note_comments_with_apostrophes()
    hand_over_null_timestamps()
    uvicorn.run(Adapter(app), host=HOST, port=int(sys.argv[1]), log_level="warning")
