from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.command_line import BLACKPOOL, Desk
from tests.support.servers.mail_server import Inbox, LoopbackServer

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    inbox = Inbox()
    server = LoopbackServer(inbox, hostname="127.0.0.1", port=0)
    server.start()
    place = f"mailto://127.0.0.1:{server.port}?from=pullcord%40council.example&mode=insecure"
    monkeypatch.setenv("PULLCORD_MAIL_SERVER", place)
    yield inbox
    server.stop()


def add(desk: Desk, person: str = "duty desk") -> None:
    desk.done("policy", "contact", "add", BLACKPOOL, "Jo Bloggs <jo@council.example>", "--person", person)


def code_in(inbox: Inbox) -> str:
    body = inbox.received()[-1].get_body(("plain",))
    assert body
    found = re.search(r"The code is ([0-9]{6})\.", body.get_content())
    assert found
    return found[1]


def test_the_code_goes_to_the_address_and_brings_its_verification(desk: Desk, inbox: Inbox) -> None:
    add(desk)
    assert "duty desk email not yet" in desk.done("policy", "show", BLACKPOOL).words
    sent = desk.done("policy", "contact", "code", BLACKPOOL, "--person", "duty desk")
    code = code_in(inbox)
    assert inbox.received()[0]["To"] == "Jo Bloggs <jo@council.example>"
    assert "duty desk: accepted by its server" in sent.out
    assert code not in sent.out + sent.err
    verified = desk.done("policy", "contact", "verify", BLACKPOOL, code, "--person", "duty desk")
    assert "duty desk is verified" in verified.out
    assert "duty desk email yes" in desk.done("policy", "show", BLACKPOOL).words


def test_a_wrong_code_is_refused_with_the_tries_that_are_left(desk: Desk, inbox: Inbox) -> None:
    add(desk)
    desk.done("policy", "contact", "code", BLACKPOOL, "--person", "duty desk")
    wrong = f"{(int(code_in(inbox)) + 1) % 1_000_000:06}"
    printed = desk.run("policy", "contact", "verify", BLACKPOOL, wrong, "--person", "duty desk")
    assert (printed.code, "4 more tries" in printed.complaint) == (2, True)
    assert "not yet" in desk.done("policy", "show", BLACKPOOL).words


def test_of_several_addresses_one_is_named_by_its_channel(
    desk: Desk, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(desk)
    monkeypatch.setenv("PULLCORD_TEXT_SERVICE", "vonage://abcd1234:secretword123456@447700900000")
    desk.done("policy", "contact", "add", BLACKPOOL, "07700 900123", "--person", "duty desk")
    printed = desk.run("policy", "contact", "code", BLACKPOOL, "--person", "duty desk")
    assert (printed.code, "name one with --channel" in printed.complaint) == (2, True)
    desk.done("policy", "contact", "code", BLACKPOOL, "--person", "duty desk", "--channel", "email")
    desk.done("policy", "contact", "verify", BLACKPOOL, code_in(inbox), "--person", "duty desk", "--channel", "email")
    assert "duty desk email yes" in desk.done("policy", "show", BLACKPOOL).words
    assert "duty desk sms not yet" in desk.done("policy", "show", BLACKPOOL).words


@pytest.mark.parametrize("command", [("test",), ("code", "--person", "duty desk")])
def test_a_contact_gets_ten_test_messages_and_codes_in_an_hour(
    desk: Desk, inbox: Inbox, command: tuple[str, ...]
) -> None:
    add(desk)
    typed = ("policy", "contact", command[0], BLACKPOOL, *command[1:])
    for _ in range(10):
        desk.done(*typed)
    printed = desk.run(*typed)
    assert (printed.code, "10 codes and test messages within an hour" in printed.complaint) == (2, True)
    assert len(inbox.mails) == 10
    desk.clock.advance(hours=1, seconds=1)
    desk.done(*typed)


def test_a_removed_person_is_gone_from_every_tier(desk: Desk, inbox: Inbox) -> None:
    add(desk)
    add(desk, "manager")
    desk.done("policy", "contact", "add", BLACKPOOL, "al@council.example", "--person", "manager", "--tier", "head")
    removed = desk.done("policy", "contact", "remove", BLACKPOOL, "--person", "manager")
    assert "version 4 of its policy; manager is gone" in removed.words
    shown = desk.done("policy", "show", BLACKPOOL).words
    assert ("manager" in shown, "duty desk" in shown) == (False, True)
    again = desk.run("policy", "contact", "remove", BLACKPOOL, "--person", "manager")
    assert (again.code, "has no such contact" in again.complaint) == (2, True)
    assert inbox.mails == []
