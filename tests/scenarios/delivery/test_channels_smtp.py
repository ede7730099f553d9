from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.alerts.delivery.channels.mail.mail_channel import MailChannel
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.message.message import Message
from tests.support.servers.mail_server import Inbox, LoopbackServer

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

TEXT = "Two alarm lines need action.\n\n.hidden dot\n.\n   https://pullcord.example/a/1\n"
MESSAGE = Message("Act by Thu 3 December: 2 alarm lines (Blackpool) [A-1]", TEXT, "<h1>Two alarm lines</h1>\n")
DUTY = "duty@council.example"
PATIENCE = 20


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def serve(inbox: Inbox) -> Iterator[Callable[..., str]]:
    # The options are those of the server. The result is its host and port.
    servers: list[LoopbackServer] = []

    def start(**options: Any) -> str:
        server = LoopbackServer(inbox, hostname="127.0.0.1", port=0, **options)
        server.start()
        servers.append(server)
        return f"127.0.0.1:{server.port}"

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def route(serve: Callable[..., str]) -> str:
    return route_to(serve())


def route_to(host: str, recipient: str = DUTY, scheme: str = "mailto", more: str = "") -> str:
    return f"{scheme}://{host}?from=alerts@pullcord.example&to={recipient}{more}"


def send(route: str, reference: str = "A-1") -> SendResult:
    return MailChannel(without_tls=True).send(route, MESSAGE, reference)


def test_the_mail_arrives_as_it_was_written(route: str, inbox: Inbox) -> None:
    assert send(route) == ACCEPTED
    [mail] = inbox.received()
    plain, html = mail.iter_parts()
    assert mail["Subject"] == MESSAGE.subject
    assert (mail["From"].addresses[0].addr_spec, mail["To"]) == ("alerts@pullcord.example", DUTY)
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().splitlines() == MESSAGE.text.splitlines()
    assert html.get_content().splitlines() == MESSAGE.html.splitlines()
    assert (mail["Auto-Submitted"], mail["X-Pullcord-Alert"]) == ("auto-generated", "A-1")
    assert (inbox.mails[0].mail_from, inbox.mails[0].rcpt_tos) == ("alerts@pullcord.example", [DUTY])


def test_a_second_sending_of_the_same_alert_carries_the_same_message_id(route: str, inbox: Inbox) -> None:
    for reference in ("A-1", "A-1", "A-2"):
        send(route, reference)
    first, again, other = (mail["Message-ID"] for mail in inbox.received())
    assert first == again != other


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("reply", "result"),
    [
        ("451 try later", SendResult(SendOutcome.FAILED_TEMPORARY, "smtp_451")),
        ("550 no such person", SendResult(SendOutcome.FAILED_PERMANENT, "smtp_550")),
    ],
)
def test_a_refusal_comes_back_with_its_code(
    route: str, inbox: Inbox, command: str, reply: str, result: SendResult
) -> None:
    inbox.refuse[command] = reply
    assert send(route) == result


def test_a_server_that_is_not_there_can_be_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
    assert send(route_to(host)) == SendResult(SendOutcome.FAILED_TEMPORARY, "connection_refused")


def test_a_server_that_says_nothing_can_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        assert send(route_to(host, more="&cto=0.1")) == SendResult(SendOutcome.FAILED_TEMPORARY, "timed_out")


def test_a_connection_lost_after_the_whole_mail_was_taken_is_in_doubt(route: str, inbox: Inbox) -> None:
    async def drop(server: SMTP) -> None:
        assert isinstance(server.transport, asyncio.WriteTransport)
        server.transport.abort()

    inbox.at_data = drop
    result = send(route)
    assert result == SendResult(SendOutcome.IN_DOUBT, "connection_lost")
    assert len(inbox.mails) == 1


def test_a_server_that_never_answers_the_mail_is_in_doubt(route: str, inbox: Inbox) -> None:
    async def never(_server: SMTP) -> None:
        await asyncio.Event().wait()

    inbox.at_data = never
    assert send(route + "&cto=0.2") == SendResult(SendOutcome.IN_DOUBT, "timed_out")


def test_a_route_with_several_recipients_reaches_none_of_them(serve: Callable[..., str], inbox: Inbox) -> None:
    result = send(route_to(serve(), f"{DUTY},head@council.example"))
    assert result == SendResult(SendOutcome.FAILED_PERMANENT, "several_targets")
    assert inbox.mails == []


def test_a_refused_sign_in_can_be_mended_by_the_operator(serve: Callable[..., str], inbox: Inbox) -> None:
    refusing = serve(authenticator=lambda *_: AuthResult(success=False, handled=False), auth_require_tls=False)
    assert send(route_to(f"user:wrong@{refusing}")) == SendResult(SendOutcome.FAILED_TEMPORARY, "sign_in_refused")
    accepting = serve(authenticator=lambda *_: AuthResult(success=True), auth_require_tls=False)
    assert send(route_to(f"user:right@{accepting}")) == ACCEPTED


def test_a_server_that_offers_no_encryption_is_given_nothing_in_clear(serve: Callable[..., str], inbox: Inbox) -> None:
    result = send(route_to(serve(), scheme="mailtos"))
    assert result == SendResult(SendOutcome.FAILED_TEMPORARY, "not_offered_by_server")
    assert inbox.mails == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    # No authority has signed the certificate.
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
def test_encryption_needs_a_certificate_that_somebody_vouches_for_unless_the_route_waives_it(
    serve: Callable[..., str], inbox: Inbox, certificate: ssl.SSLContext, mode: str
) -> None:
    host = serve(**({"tls_context": certificate} if mode == "starttls" else {"ssl_context": certificate}))
    route = route_to(host, scheme="mailtos", more=f"&mode={mode}")
    assert send(route) == SendResult(SendOutcome.FAILED_TEMPORARY, "tls_failed")
    assert inbox.mails == []
    assert send(route + "&verify=no") == ACCEPTED


def test_a_slow_goodbye_does_not_hold_up_the_result() -> None:
    # The server accepts the mail and never answers QUIT.
    replies = [b"250 mail", b"250 rcpt", b"354 go", b"250 taken"]
    done = threading.Event()
    released = []

    def serve_once(listener: socket.socket) -> None:
        connection, _peer = listener.accept()
        with connection, connection.makefile("rwb", buffering=0) as stream:
            stream.write(b"220 hello\r\n")
            stream.readline()
            stream.write(b"250 hello\r\n")
            for reply in replies[:3]:
                stream.readline()
                stream.write(reply + b"\r\n")
            while stream.readline() != b".\r\n":
                pass
            stream.write(replies[3] + b"\r\n")
            released.append(done.wait(5))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve_once, args=(listener,))
        thread.start()
        result = send(route_to(f"127.0.0.1:{listener.getsockname()[1]}", more=f"&cto={PATIENCE}"))
        done.set()
        thread.join(PATIENCE)
    assert (result, released) == (ACCEPTED, [True])
