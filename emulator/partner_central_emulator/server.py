"""HTTP on 127.0.0.1, with connections that are kept alive."""

from __future__ import annotations

import email.utils
import logging
import socket
import socketserver
import threading
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .control import PREFIX, Control
from .messages import Incoming, Reply
from .service import Service

log = logging.getLogger(__name__)

HOST = "127.0.0.1"

_BODY_AT_MOST = 1_000_000
_LOCAL_NAMES = ("127.0.0.1", "localhost")


class Server(ThreadingHTTPServer):
    """Serves one service and its control endpoint; a thread for each connection.

    Args:
        port: The port; 0 takes a free one.
        service: What answers signed calls.
        control: What answers below `/_control`.
        now: The time that `Date` headers show, in seconds since 1970.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, service: Service, control: Control, now: Callable[[], float]) -> None:
        self.service = service
        self.control = control
        self.now = now
        self._open: dict[threading.Thread, socket.socket] = {}
        self._open_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Binds, without the name look-up of `HTTPServer`, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Handles a connection in a thread of its own, and remembers both for `close`."""
        arguments = (request, client_address)
        thread = threading.Thread(target=self.process_request_thread, args=arguments, daemon=True)
        with self._open_lock:
            self._open[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Handles a connection until it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._open_lock:
                self._open.pop(threading.current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002
        """Logs a broken connection; a client may go away."""
        log.debug("The connection with %s broke", client_address, exc_info=True)  # noqa: LOG014 - called in a handler

    def close(self) -> None:
        """Ends every connection, idle ones too, and waits for their threads."""
        self.server_close()
        with self._open_lock:
            connections = list(self._open.items())
        for thread, connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("A connection was closed already")
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _BODY_AT_MOST or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(Reply(413, b"{}"))
            return
        body = self.rfile.read(int(length))
        if self.path.partition("?")[0].rstrip("/").startswith(PREFIX):
            self._send(self._control(body))
            return
        url = f"http://{self.headers.get('Host', HOST)}{self.path}"
        self._send(self.server.service.answer(Incoming(self.command, url, self.headers, body)))

    def _control(self, body: bytes) -> Reply:
        # A page in a browser can reach loopback too; it must not steer the emulator.
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in _LOCAL_NAMES or "Origin" in self.headers:
            return Reply(403, b'{"error": "control is for programs on this machine"}')
        return self.server.control.answer(self.command, self.path, body)

    def _send(self, reply: Reply) -> None:
        if reply.wire == "drop":
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        self.send_header("Date", email.utils.formatdate(self.server.now(), usegmt=True))
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        if reply.error is not None:
            self.send_header("x-amzn-ErrorType", reply.error)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if reply.wire == "truncate":
            self.close_connection = True
            self.wfile.write(reply.body[: len(reply.body) // 2])
        else:
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        log.debug(format, *args)
