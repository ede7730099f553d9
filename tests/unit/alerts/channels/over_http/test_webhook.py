from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
import requests
import trustme
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.delivery.channels.routes import UNREADABLE, RouteRefusedError, destination_of, what_is_understood
from services.alerts.delivery.channels.webhook.public_addresses import check_public, is_public
from services.alerts.delivery.channels.webhook.webhook_channel import WebhookChannel
from services.alerts.message.message import Message
from tests.support.servers.over_http.local_server import running
from tests.support.servers.over_http.webhook_server import SECRET, Fault, WebhookHandler, WebhookServer

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

MESSAGE = Message("Act by Thu 3 December [A-1]", "Two lines need action.\n", "<p>Two lines</p>")
LONG, SHORT = 10.0, 0.5  # seconds of an attempt: more than any answer needs, and less than a fault lasts
PUBLIC, PRIVATE = "93.184.216.34", "10.0.0.7"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trust(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def hook(authority: trustme.CA) -> Iterator[WebhookServer]:
    with running(WebhookServer(authority)) as server:
        yield server


def route_to(hook: WebhookServer, path: str = "/alerts", secret: str = SECRET) -> str:
    return f"webhook+https://127.0.0.1:{hook.server_port}{path}?secret={secret}"


def send(hook: WebhookServer, trust: Path, seconds: float = LONG, **route: str) -> SendResult:
    channel = WebhookChannel(seconds, check=lambda _address: None, trust=str(trust))
    return channel.send(route_to(hook, **route), MESSAGE, "A-1.7")


def answered(status: int, **headers: str) -> Fault:
    return lambda handler: handler.answer(status, b"", **headers)


def accepted_but(*then: Fault) -> Fault:
    def fault(handler: WebhookHandler) -> None:
        assert handler.accept()
        for step in then:
            step(handler)

    return fault


DOUBTS = [
    (accepted_but(WebhookHandler.say_nothing), "timed_out"),
    (accepted_but(lambda handler: handler.stutter(b"HTTP/1.1 2")), "timed_out"),
    (accepted_but(WebhookHandler.hang_up), "connection_lost"),
    (accepted_but(answered(502)), "http_502"),
    (accepted_but(answered(504)), "http_504"),
]


class TestAccepted:
    def test_a_message_is_signed_and_has_its_reference_as_its_id(self, hook: WebhookServer, trust: Path) -> None:
        assert send(hook, trust) == ACCEPTED
        data = {"reference": "A-1.7", "subject": MESSAGE.subject, "text": MESSAGE.text}
        assert hook.accepted == {"A-1.7": {"type": "alert.message", "data": data}}

    @pytest.mark.parametrize("path", ["", "/", "/alerts/", "/a%2Fb/desk%20one", "/å"])
    def test_the_path_is_the_one_that_was_written(self, hook: WebhookServer, trust: Path, path: str) -> None:
        assert send(hook, trust, path=path) == ACCEPTED
        assert hook.paths == [path.replace("å", "%C3%A5") or "/"]

    @pytest.mark.parametrize("status", [200, 201, 202])
    def test_any_success_is_an_acceptance_and_its_body_is_not_read(
        self, hook: WebhookServer, trust: Path, status: int
    ) -> None:
        head = f"HTTP/1.1 {status} Fine\r\nContent-Length: 1000000\r\n\r\n".encode()
        hook.faults.append(lambda handler: handler.stutter(head))
        assert send(hook, trust) == ACCEPTED

    @pytest.mark.parametrize("status", [301, 404, 429])
    def test_the_body_of_a_refusal_is_not_read(
        self, hook: WebhookServer, trust: Path, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        monkeypatch.setattr(requests.Response, "content", property(lambda _answer: pytest.fail("the body was read")))
        head = f"HTTP/1.1 {status} Gone\r\nLocation: /\r\nContent-Length: 1000000\r\n\r\n".encode()
        hook.faults.append(lambda handler: handler.stutter(head))
        assert send(hook, trust).reason == f"http_{status}"

    def test_a_receiver_with_another_secret_refuses_the_signature(self, hook: WebhookServer, trust: Path) -> None:
        other = "whsec_MTExMTExMTExMTExMTExMTExMTExMTEx"
        assert send(hook, trust, secret=other) == SendResult(SendOutcome.FAILED_PERMANENT, "http_401")
        assert hook.accepted == {}

    @pytest.mark.parametrize("seed", range(3))
    def test_a_repeat_has_the_same_id_and_the_same_body(self, hook: WebhookServer, trust: Path, seed: int) -> None:
        faults = random.Random(seed).choices([answered(500), answered(429), accepted_but(answered(502))], k=3)
        hook.faults.extend(faults)
        assert [send(hook, trust) for _ in range(4)][-1] == ACCEPTED
        assert {headers["webhook-id"] for headers in hook.headers} == {"A-1.7"}
        assert len({headers["Content-Length"] for headers in hook.headers}) == 1


class TestOtherOutcomes:
    @pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
    def test_a_limit_or_a_fault_of_the_receiver_is_for_now(self, hook: WebhookServer, trust: Path, status: int) -> None:
        hook.faults.append(answered(status, Retry_After="90"))
        assert send(hook, trust) == SendResult(SendOutcome.FAILED_TEMPORARY, f"http_{status}", 90.0)
        assert send(hook, trust) == ACCEPTED

    @pytest.mark.parametrize("status", [301, 308, 400, 403, 404, 410])
    def test_a_receiver_that_wants_no_such_message_fails_for_good(
        self, hook: WebhookServer, trust: Path, status: int
    ) -> None:
        hook.faults.append(answered(status))
        assert send(hook, trust) == SendResult(SendOutcome.FAILED_PERMANENT, f"http_{status}")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_no_redirect_is_followed(self, hook: WebhookServer, trust: Path, status: int) -> None:
        hook.faults.append(answered(status, Location=f"https://127.0.0.1:{hook.server_port}/elsewhere"))
        assert send(hook, trust).reason == f"http_{status}"
        assert hook.paths == ["/alerts"]

    @pytest.mark.parametrize(("fault", "reason"), DOUBTS)
    def test_an_answer_that_does_not_come_after_the_message_went_out_is_a_doubt(
        self, hook: WebhookServer, trust: Path, fault: Fault, reason: str
    ) -> None:
        hook.faults.append(fault)
        seconds = SHORT if reason == "timed_out" else LONG
        assert send(hook, trust, seconds) == SendResult(SendOutcome.IN_DOUBT, reason)

    def test_a_certificate_that_nobody_vouches_for_gets_no_message(self, hook: WebhookServer) -> None:
        result = WebhookChannel(LONG, check=lambda _address: None).send(route_to(hook), MESSAGE, "A-1.7")
        assert result == SendResult(SendOutcome.FAILED_TEMPORARY, "tls_failed")
        assert hook.paths == []

    def test_a_server_that_does_not_answer_the_connection_has_no_message(self, trust: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            route = f"webhook+https://127.0.0.1:{silent.getsockname()[1]}/?secret={SECRET}"
            channel = WebhookChannel(SHORT, check=lambda _address: None, trust=str(trust))
            assert channel.send(route, MESSAGE, "A-1.7") == SendResult(SendOutcome.FAILED_TEMPORARY, "timed_out")


class TestPublicHostsOnly:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"])
    def test_a_host_that_leads_inside_gets_no_connection(self, hook: WebhookServer, host: str) -> None:
        route = route_to(hook).replace("127.0.0.1", host)
        result = WebhookChannel(LONG).send(route, MESSAGE, "A-1.7")
        # Where the machine has no IPv6, its resolver may refuse the address before it is checked.
        assert result.outcome is not SendOutcome.SENT
        assert result.reason in {"host_not_public", "host_not_found"}
        assert hook.paths == []

    @pytest.mark.parametrize("addresses", [[PRIVATE], [PUBLIC, PRIVATE], [PRIVATE, PUBLIC]])
    def test_a_name_with_one_private_address_gets_no_connection(
        self, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
    ) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_named: found)
        monkeypatch.setattr(socket, "socket", lambda *_given: pytest.fail("a connection was opened"))
        result = WebhookChannel(LONG).send(f"webhook+https://hook.example/?secret={SECRET}", MESSAGE, "A-1.7")
        assert result == SendResult(SendOutcome.FAILED_PERMANENT, "host_not_public")

    @pytest.mark.parametrize(
        "address",
        [
            "10.1.2.3",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "fe80::1%eth0",
            "fc00::1",
        ],
    )
    def test_an_address_of_no_public_host_is_refused(self, address: str) -> None:
        with pytest.raises(RouteRefusedError, match="host_not_public"):
            check_public(address)

    @given(st.ip_addresses(v=4))
    def test_an_ipv4_address_is_judged_alike_however_it_is_wrapped(self, address: IPv4Address) -> None:
        number = int(address)
        wrapped = [IPv6Address(start + number) for start in (int(IPv6Address("64:ff9b::")), 0xFFFF << 32)]
        sixtofour = IPv6Address((0x2002 << 112) + (number << 80))
        assert {is_public(one) for one in (*wrapped, sixtofour)} == {is_public(address)}

    @pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1"])
    def test_a_public_address_is_let_through(self, address: str) -> None:
        assert is_public(ip_address(address))


class TestRoutes:
    def test_a_route_says_its_host_and_neither_path_nor_secret(self) -> None:
        route = f"webhook+https://Hook.example:8443/alerts/t0ken?secret={SECRET}"
        assert what_is_understood(route) == "signed webhook to hook.example"
        assert destination_of(route) == "webhook+https://hook.example:8443"

    @pytest.mark.parametrize(
        ("route", "code"),
        [
            ("webhook+https://hook.example/", "webhook_secret_not_understood"),
            ("webhook+https://hook.example/?secret=", "webhook_secret_not_understood"),
            ("webhook+https://hook.example/?secret=whsec_c2hvcnQ=", "webhook_secret_not_understood"),
            ("webhook+https://hook.example/?secret=whsec_!" + SECRET[7:], "webhook_secret_not_understood"),
            (f"webhook+https://hook.example/?secret={SECRET}&to=x", "option_not_understood"),
            (f"webhook+https://hook.example/?secret={SECRET}&secret={SECRET}", "option_not_understood"),
            (f"webhook+https://user:pass@hook.example/?secret={SECRET}", "route_not_understood"),
            (f"webhook+https://hook.example:0/?secret={SECRET}", "route_not_understood"),
            (f"webhook+https://hook.example:99999/?secret={SECRET}", "route_not_understood"),
            (f"webhook+https:///alerts?secret={SECRET}", "route_not_understood"),
            (f"webhook+https://hook.example/#x?secret={SECRET}", "route_not_understood"),
        ],
    )
    def test_a_route_of_another_form_is_refused(self, route: str, code: str) -> None:
        with pytest.raises(RouteRefusedError, match=f"^{code}$") as refused:
            what_is_understood(route)
        assert refused.value.remedy
        assert destination_of(route) == UNREADABLE
        assert WebhookChannel(LONG).send(route, MESSAGE, "A-1.7") == SendResult(SendOutcome.FAILED_PERMANENT, code)

    @pytest.mark.parametrize("seed", range(20))
    def test_a_damaged_route_is_refused_or_goes_to_the_host_it_shows(self, seed: int) -> None:
        draw = random.Random(seed)
        route = f"webhook+https://hook.example/alerts?secret={SECRET}"
        at = draw.randrange(len("webhook+https://"), len(route))
        damaged = route[:at] + draw.choice("@:/\\#?& \x00%é") + route[at:]
        shown = destination_of(damaged)
        assert shown == UNREADABLE or shown.split("//")[1].split(":")[0] in damaged.partition("?")[0]
