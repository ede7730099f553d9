"""Receives webhooks in tests. The server checks each signature as Standard Webhooks requires."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Callable
from typing import Any

import trustme
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.support.servers.over_http.local_server import LocalHandler, LocalServer

SECRET = "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw"

Fault = Callable[["WebhookHandler"], None]


class WebhookServer(LocalServer):
    def __init__(self, authority: trustme.CA) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        super().__init__(WebhookHandler, context)
        self.accepted: dict[str, dict[str, Any]] = {}
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.faults: deque[Fault] = deque()


class WebhookHandler(LocalHandler):
    server: WebhookServer

    def do_POST(self) -> None:  # noqa: N802
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.headers.append(dict(self.headers))
        self.server.paths.append(self.path)
        if self.server.faults:
            self.server.faults.popleft()(self)
            return
        self.answer(204 if self.accept() else 401)

    def accept(self) -> bool:
        try:
            event = Webhook(SECRET).verify(self.body, dict(self.headers))
        except WebhookVerificationError:
            return False
        self.server.accepted[self.headers["webhook-id"]] = event
        return True
