from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from services.alerts.delivery.channels.deadline import Deadline


class AttemptOverHttp:
    def __init__(self, seconds: float, check: Callable[[str], None] = lambda _address: None) -> None:
        self.deadline = Deadline(seconds)
        self.posted = False  # the whole body of a POST has gone out, so the service may have accepted it
        self.fault: Exception | None = None  # the error because of which no connection was opened
        self._check = check

    def connect(self, host: str, port: int) -> socket.socket:
        try:
            connection = self.deadline.connect(host, port, self.deadline.left(), self._check)
        except Exception as error:
            # requests wraps the error in others, so it is kept here.
            self.fault = error
            raise
        # Head and body are sent apart. Without this option the body waits until the head is confirmed.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def session(self) -> requests.Session:
        # A redirect could carry the message to another host.
        session = _SessionWithoutRedirects()
        for scheme in ("https://", "http://"):
            session.mount(scheme, _WatchedAdapter(self))
        return session


class _SessionWithoutRedirects(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        # Without a target an answer such as 301 is returned like any other, and its body is not read.
        return None


# Reading a file of certificates takes longer than sending a message. A restart reads the files again.
@cache
def _trusting(certificates: str) -> ssl.SSLContext:
    context = create_urllib3_context()
    context.load_verify_locations(certificates)
    return context


class _WatchedAdapter(HTTPAdapter):
    def __init__(self, attempt: AttemptOverHttp) -> None:
        self._attempt = attempt
        super().__init__(max_retries=0)  # the dispatcher decides when to try again

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> HTTPConnectionPool:
        pool: Any = super().get_connection_with_tls_context(*given, **named)
        kind = _WatchedHttps if pool.scheme == "https" else _WatchedHttp
        # Each pool serves one session, and so one attempt.
        pool.ConnectionCls = partial(kind, self._attempt)
        return pool  # type: ignore[no-any-return]

    def cert_verify(self, conn: Any, *given: Any) -> None:
        super().cert_verify(conn, *given)
        if conn.ca_certs:
            conn.conn_kw["ssl_context"], conn.ca_certs = _trusting(conn.ca_certs), None


class _WatchedHttp(HTTPConnection):
    def __init__(self, attempt: AttemptOverHttp, *given: Any, **named: Any) -> None:
        self._attempt = attempt
        super().__init__(*given, **named)

    def _new_conn(self) -> socket.socket:
        return self._attempt.connect(self._dns_host, self.port)

    def request(self, method: str, *given: Any, **named: Any) -> None:
        super().request(method, *given, **named)
        # A request that breaks off before its last byte is not accepted by any service.
        self._attempt.posted = self._attempt.posted or method == "POST"


class _WatchedHttps(_WatchedHttp, HTTPSConnection):
    pass
