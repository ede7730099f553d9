from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from services.alerts.delivery.channels.mail.mail_channel import MailChannel
from services.alerts.delivery.channels.mail.mail_message import build_mail, message_id
from services.alerts.delivery.channels.mail.mail_route import read_mail_route
from services.alerts.delivery.channels.port import SendOutcome, SendResult
from services.alerts.message.message import Message

ROUTE = "mailto://mail.example?from=alerts@pullcord.example&to=duty@council.example"
MESSAGE = Message("Überfällig: 2 lines", "Our own text.\n.\n“Safe” has a definition.\n", "<h1>Our own HTML</h1>\n")


def built(route: str = ROUTE, message: Message = MESSAGE, reference: str = "A-1") -> EmailMessage:
    return message_from_bytes(build_mail(read_mail_route(route), message, reference), policy=policy.default)


def test_the_plain_part_is_our_text_and_not_made_out_of_the_html() -> None:
    plain, html = built().iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().splitlines() == MESSAGE.text.splitlines()
    assert html.get_content().splitlines() == MESSAGE.html.splitlines()


def test_subject_sender_and_recipient_are_readable() -> None:
    mail = built()
    assert mail.get_content_type() == "multipart/alternative"
    assert (mail["Subject"], mail["To"]) == (MESSAGE.subject, "duty@council.example")
    assert mail["From"].addresses[0].addr_spec == "alerts@pullcord.example"


def test_it_says_that_no_person_wrote_it_and_which_alert_it_is() -> None:
    mail = built()
    assert mail.get_all("Auto-Submitted") == ["auto-generated"]
    assert mail.get_all("X-Pullcord-Alert") == ["A-1"]


def test_headers_of_the_route_are_kept_but_cannot_replace_ours() -> None:
    mail = built(f"{ROUTE}&+X-Council=Blackpool&+auto-submitted=no&+Message-ID=x")
    assert mail["X-Council"] == "Blackpool"
    assert mail.get_all("Auto-Submitted") == ["auto-generated"]
    assert len(mail.get_all("Message-ID", [])) == 1


def test_every_line_on_the_wire_is_ascii_and_ends_with_cr_and_lf() -> None:
    wire = build_mail(read_mail_route(ROUTE), MESSAGE, "A-1")
    assert wire.isascii()
    assert wire.count(b"\n") == wire.count(b"\r\n") == wire.count(b"\r")


def test_a_second_sending_carries_the_same_message_id() -> None:
    assert built()["Message-ID"] == built(message=Message("s", "t", "h"))["Message-ID"]


@pytest.mark.parametrize(("reference", "recipient"), [("A-2", "duty@council.example"), ("A-1", "head@council.example")])
def test_another_alert_or_another_recipient_has_another_message_id(reference: str, recipient: str) -> None:
    usual = message_id("A-1", "duty@council.example", "alerts@pullcord.example")
    other = message_id(reference, recipient, "alerts@pullcord.example")
    assert usual != other
    assert usual.endswith("@pullcord.example>")


def test_the_message_id_does_not_hold_the_recipient_or_the_reference() -> None:
    usual = message_id("A-1", "duty@council.example", "alerts@pullcord.example")
    assert "duty" not in usual
    assert "A-1" not in usual


def test_a_reference_that_would_forge_a_header_is_not_sent() -> None:
    result = MailChannel().send(ROUTE, MESSAGE, "A-1\nBcc: other@council.example")
    assert result == SendResult(SendOutcome.FAILED_PERMANENT, "message_not_built")
