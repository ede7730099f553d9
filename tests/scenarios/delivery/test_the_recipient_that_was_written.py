from __future__ import annotations

import string
from collections.abc import Iterator
from email.utils import getaddresses
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.alerts.delivery.channels.mail.mail_channel import MailChannel
from services.alerts.delivery.channels.port import ACCEPTED, SendOutcome, SendResult
from services.alerts.message.message import Message
from tests.support.servers.mail_server import Inbox, LoopbackServer

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

MESSAGE = Message("Act by Thu 3 December [A-1]", "Two lines need action.\n", "<p>Two lines need action.</p>\n")
FROM = "from=alerts@pullcord.example"
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

ATOM = st.text(string.ascii_letters + string.digits + "!#$%&'*+-/=?^_`{|}~", min_size=1, max_size=20)
LABEL = st.from_regex(r"[A-Za-z]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True).filter(
    lambda text: text[2:4] != "--"
)
LOCAL = st.lists(ATOM, min_size=1, max_size=3).map(".".join)
ADDRESS = st.builds("{}@{}.{}.example".format, LOCAL, LABEL, LABEL)
SEPARATOR = st.sampled_from(
    [";", ",", " ", "\t", "\r\n", "|", "/", " and ", "%3B", "%2C", "%0A", ", ", ">,<", "&to=", ":", "?"]
)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Inbox, str]]:
    inbox = Inbox()
    server = LoopbackServer(inbox, hostname="127.0.0.1", port=0)
    server.start()
    yield inbox, f"mailto://127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
def inbox(served: tuple[Inbox, str]) -> Inbox:
    served[0].mails.clear()
    return served[0]


@pytest.fixture
def server(served: tuple[Inbox, str]) -> str:
    return served[1]


def send(route: str) -> SendResult:
    return MailChannel(without_tls=True).send(route, MESSAGE, "A-1")


def only_recipient(inbox: Inbox) -> str:
    # The envelope and the headers must agree on the recipient.
    [envelope], [mail] = inbox.mails, inbox.received()
    [recipient] = envelope.rcpt_tos
    assert [address for _name, address in getaddresses([str(mail["To"])])] == [recipient]
    assert not [mail[name] for name in ("Cc", "Bcc") if mail[name]]
    return recipient


@MANY
@given(ADDRESS)
def test_any_address_reaches_the_server_as_it_was_written(inbox: Inbox, server: str, address: str) -> None:
    for route in (f"{server}?{FROM}&to={quote(address, safe='')}", f"{server}/{quote(address, safe='')}?{FROM}"):
        inbox.mails.clear()
        assert send(route) == ACCEPTED
        assert only_recipient(inbox) == address


@MANY
@given(ADDRESS, ADDRESS)
def test_any_sender_reaches_the_server_as_it_was_written(inbox: Inbox, server: str, sender: str, answers: str) -> None:
    inbox.mails.clear()
    assert send(f"{server}?from={quote(sender, safe='')}&reply={quote(answers, safe='')}&to=a@x.example") == ACCEPTED
    [envelope], [mail] = inbox.mails, inbox.received()
    assert (envelope.mail_from, str(mail["From"]), str(mail["Reply-To"])) == (sender, sender, answers)


@MANY
@given(ADDRESS, SEPARATOR, ADDRESS)
def test_two_addresses_with_anything_between_them_reach_nobody(
    inbox: Inbox, server: str, one: str, separator: str, other: str
) -> None:
    inbox.mails.clear()
    assume("%" not in one + other)
    for both in (quote(f"{one}{separator}{other}", safe=""), f"{one}{separator}{other}".replace("#", "%23")):
        result = send(f"{server}?{FROM}&to={both}")
        assert result.outcome is SendOutcome.FAILED_PERMANENT
    assert inbox.mails == []


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ("o'brien@x.example", "o'brien@x.example"),
        ("o%27brien@x.example", "o'brien@x.example"),
        ("duty+alerts@x.example", "duty+alerts@x.example"),
        ("duty%2Balerts@x.example", "duty+alerts@x.example"),
        ("Duty.Desk@X.Example", "Duty.Desk@X.Example"),
        ("duty@m%C3%BCnchen.example", "duty@xn--mnchen-3ya.example"),
        ("Sheila O'Hara <o'hara@x.example>", "o'hara@x.example"),
    ],
)
def test_an_address_that_a_council_really_has_is_the_one_that_is_written_to(
    inbox: Inbox, server: str, written: str, understood: str
) -> None:
    assert send(f"{server}?{FROM}&to={written}") == ACCEPTED
    assert only_recipient(inbox) == understood


def test_without_a_recipient_nobody_is_written_to_and_the_sender_least(inbox: Inbox, server: str) -> None:
    assert send(f"{server}?{FROM}").reason == "recipient_missing"
    assert inbox.mails == []
