from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from threading import Event, Thread
from typing import TypeVar

MOMENT = 0.02  # seconds between two pieces


class LocalServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def __init__(self, handler: type[LocalHandler], tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.over = Event()
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_given: object) -> None:
        # Tests expect that clients hang up.
        ...


class LocalHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: LocalServer

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def say_nothing(self) -> None:
        self.server.over.wait(10)
        self.close_connection = True

    def stutter(self, beginning: bytes) -> None:
        # After the beginning, single bytes come without end.
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(beginning)
            for piece in repeat(b"x"):
                if self.server.over.wait(MOMENT):
                    return
                self.wfile.write(piece)

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *_given: object) -> None: ...


Server = TypeVar("Server", bound=LocalServer)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
