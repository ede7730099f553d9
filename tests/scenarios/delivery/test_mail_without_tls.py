from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from services.alerts.delivery.channels.mail.mail_channel import MailChannel
from services.alerts.delivery.channels.port import ACCEPTED, ChannelSettings, SendOutcome, SendResult
from services.alerts.delivery.channels.routed_channel import make_routed_channel
from services.alerts.delivery.channels.routes import what_is_understood
from services.alerts.message.message import Message
from tests.support.servers.mail_server import Inbox, LoopbackServer

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

MESSAGE = Message("Act by Thu 3 December", "Two alarm lines need action.\n", "<p>Two alarm lines</p>\n")
NO_TLS = SendResult(SendOutcome.FAILED_TEMPORARY, "not_offered_by_server")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def server(inbox: Inbox) -> Iterator[LoopbackServer]:
    started = LoopbackServer(inbox, hostname="127.0.0.1", port=0)
    started.start()
    yield started
    started.stop()


def route(server: LoopbackServer, scheme: str = "mailto", user: str = "", more: str = "") -> str:
    return f"{scheme}://{user}127.0.0.1:{server.port}?from=alerts@pullcord.example&to=duty@council.example{more}"


@pytest.mark.parametrize(
    ("scheme", "user", "more"),
    [
        ("mailto", "", ""),
        ("MAILTO", "", ""),
        ("mailto", "desk:secret@", ""),
        ("mailto", "", "&mode=starttls"),
        ("mailtos", "", ""),
        ("mailtos", "", "&mode=insecure"),
    ],
)
def test_a_server_without_tls_gets_no_mail_and_the_reason_is_kept(
    server: LoopbackServer, inbox: Inbox, scheme: str, user: str, more: str
) -> None:
    assert MailChannel().send(route(server, scheme, user, more), MESSAGE, "A-1") == NO_TLS
    assert inbox.mails == []


@pytest.mark.parametrize("mode", ["insecure", "Insecure", "INSECURE"])
def test_a_route_that_says_so_goes_without_tls_and_is_shown_as_such(
    server: LoopbackServer, inbox: Inbox, mode: str
) -> None:
    plain = route(server, more=f"&mode={mode}")
    assert MailChannel().send(plain, MESSAGE, "A-1") == ACCEPTED
    assert len(inbox.mails) == 1
    assert "without TLS" in what_is_understood(plain)
    assert "without TLS" not in what_is_understood(route(server))


@pytest.mark.parametrize(("without_tls", "result"), [(True, ACCEPTED), (False, NO_TLS)])
def test_the_setting_decides_for_routes_that_name_no_mode(
    server: LoopbackServer, without_tls: bool, result: SendResult
) -> None:
    channel = make_routed_channel(ChannelSettings(5, mail_without_tls=without_tls))
    assert channel.send(route(server), MESSAGE, "A-1") == result
    # A route that asks for TLS keeps it, whatever the setting is.
    assert channel.send(route(server, more="&mode=starttls"), MESSAGE, "A-1") == NO_TLS
    assert channel.send(route(server, scheme="mailtos"), MESSAGE, "A-1") == NO_TLS


@pytest.mark.parametrize("seed", range(10))
def test_no_other_option_of_a_route_takes_its_tls_away(server: LoopbackServer, inbox: Inbox, seed: int) -> None:
    random = Random(seed)
    options = ["&cto=5", "&verify=no", "&name=Alerts", "&reply=desk@council.example", "&mode=starttls", "&format=text"]
    more = "".join(random.sample(options, random.randint(1, 5)))
    assert MailChannel().send(route(server, random.choice(["mailto", "mailtos"]), more=more), MESSAGE, "A-1") == NO_TLS
    assert inbox.mails == []
