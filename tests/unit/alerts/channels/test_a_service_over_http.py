"""A real service of Apprise's (JSON by HTTP) on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.alerts.delivery.channels.apprise.apprise_channel import AppriseChannel
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.message.message import Message

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

MESSAGE = Message("Act by Thu 3 December [A-1]", "Two lines need action.", "<p>Two lines</p>")


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args):
        """Nothing is printed."""


@pytest.fixture
def service():
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.received, server.status = [], 200
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(service, more=""):
    return AppriseChannel().send(f"json://127.0.0.1:{service.server_port}/alerts{more}", MESSAGE, "A-1")


def test_a_service_that_takes_the_message_is_given_subject_and_text(service):
    assert send(service) == ACCEPTED
    [received] = service.received
    assert (received["title"], received["message"]) == (MESSAGE.subject, MESSAGE.text)


@pytest.mark.parametrize("more", ["", "?optional=yes&retry=3"])
def test_a_service_that_refuses_is_asked_once_and_reported_whatever_the_route_says(service, more):
    service.status = 500
    assert send(service, more) == SendResult(SendOutcome.FAILED_TEMPORARY, "refused_by_service")
    assert len(service.received) == 1
