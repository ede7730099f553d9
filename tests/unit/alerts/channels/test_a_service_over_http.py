from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.alerts.delivery.channels.apprise.apprise_channel import AppriseChannel
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.message.message import Message

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

MESSAGE = Message("Act by Thu 3 December [A-1]", "Two lines need action.", "<p>Two lines</p>")


class ReceivingServer(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.received: list[dict[str, str]] = []
        self.status = 200


class Receiver(BaseHTTPRequestHandler):
    server: ReceivingServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def service() -> Iterator[ReceivingServer]:
    with ReceivingServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(service: ReceivingServer, more: str = "") -> SendResult:
    return AppriseChannel().send(f"json://127.0.0.1:{service.server_port}/alerts{more}", MESSAGE, "A-1")


def test_a_service_that_takes_the_message_is_given_subject_and_text(service: ReceivingServer) -> None:
    assert send(service) == ACCEPTED
    [received] = service.received
    assert (received["title"], received["message"]) == (MESSAGE.subject, MESSAGE.text)


@pytest.mark.parametrize("more", ["", "?optional=yes&retry=3"])
def test_a_service_that_refuses_is_asked_once_and_reported_whatever_the_route_says(
    service: ReceivingServer, more: str
) -> None:
    service.status = 500
    assert send(service, more) == SendResult(SendOutcome.FAILED_TEMPORARY, "refused_by_service")
    assert len(service.received) == 1
