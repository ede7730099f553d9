from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.delivery.channels.as_typed import route_as_typed
from services.alerts.delivery.channels.contact_routes import NO_MAIL_SERVER, NO_TEXT_SERVICE
from services.alerts.delivery.channels.routes import what_is_understood
from services.core.errors import RefusedError
from services.core.operator.contact_services import ContactServices
from tests.support.command_line import BLACKPOOL, ENTRY, NOTICE, RAVEN, Desk
from tests.support.servers.mail_server import Inbox, LoopbackServer

SERVER = "mailtos://user:secret-word@mail.example:587?from=pullcord%40council.example&mode=starttls"
TEXTS = "vonage://abcd1234:secretword123456@447700900000"
SERVICES = ContactServices(SERVER, TEXTS)


def understood(typed: str) -> str:
    return what_is_understood(route_as_typed(typed, SERVICES))


@pytest.mark.parametrize(
    ("typed", "to"),
    [
        ("jo@council.example", "jo@council.example"),
        (" jo@council.example ", "jo@council.example"),
        ("Jo Bloggs <jo@council.example>", "Jo Bloggs <jo@council.example>"),
        ('"Jo Bloggs" <jo@council.example>', "Jo Bloggs <jo@council.example>"),
        ("Bloggs, Jo <jo@council.example>", "Jo Bloggs <jo@council.example>"),
        ("Jo Bloggs (duty) <jo@council.example>", "Jo Bloggs duty <jo@council.example>"),
        ("<jo@council.example>", "jo@council.example"),
        ("mailto:jo@council.example", "jo@council.example"),
        ("o'brien+nights@council.example", "o'brien+nights@council.example"),
        ("Siân & Co <duty&desk@council.example>", "Siân & Co <duty&desk@council.example>"),
    ],
)
def test_a_mail_address_goes_through_the_mail_server(typed: str, to: str) -> None:
    assert f"mail to {to} through mail.example:587" in understood(typed)


@pytest.mark.parametrize("typed", ["07700 900123", "+44 7700 900123", "(07700) 900 123", "07700-900123"])
def test_a_telephone_number_goes_through_the_text_message_service(typed: str) -> None:
    assert route_as_typed(typed, SERVICES) == f"{TEXTS}/+447700900123"
    assert route_as_typed(typed, ContactServices(SERVER, f"{TEXTS}?verify=yes")) == f"{TEXTS}/+447700900123?verify=yes"
    assert "900123" in understood(typed)


@given(st.from_regex(r"[a-z][a-z0-9.+'&_-]{0,20}[a-z0-9]", fullmatch=True).filter(lambda text: ".." not in text))
def test_every_address_is_read_letter_by_letter(local: str) -> None:
    address = f"{local}@council.example"
    for typed in (address, f"Jo Bloggs <{address}>"):
        assert f"{address}" in understood(typed).partition(" through ")[0]


@pytest.mark.parametrize(
    "typed",
    [
        "jo@council.example, al@council.example",
        "jo@council.example;al@council.example",
        "Jo <jo@council.example> <al@council.example>",
        "jo@",
        "jo council@example",
        "07700 900123 or 07700 900124",
        "0770",
        "01632 96012",
    ],
)
def test_what_is_not_exactly_one_contact_is_refused_and_not_repeated(desk: Desk, typed: str) -> None:
    printed = desk.run("policy", "contact", "add", BLACKPOOL, typed)
    assert (printed.code, printed.out) == (2, "")
    assert not any(part in printed.err for part in ("council.example,", "al@", "900124", "96012"))


def test_without_a_server_or_a_service_it_says_which_is_needed() -> None:
    for typed, reason in (("jo@council.example", NO_MAIL_SERVER), ("07700 900123", NO_TEXT_SERVICE)):
        with pytest.raises(RefusedError) as refused:
            route_as_typed(typed, ContactServices())
        assert str(refused.value) == reason


@pytest.mark.parametrize("route", ["json://hook.example/alerts", SERVER + "&to=desk@council.example"])
def test_a_whole_route_of_the_operator_stays_as_it_is(route: str) -> None:
    assert route_as_typed(route, ContactServices()) == route


@pytest.mark.network
@pytest.mark.enable_socket
class TestTheTestMessage:
    @pytest.fixture
    def inbox(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
        inbox = Inbox()
        server = LoopbackServer(inbox, hostname="127.0.0.1", port=0)
        server.start()
        place = f"mailto://127.0.0.1:{server.port}?from=pullcord%40council.example&mode=insecure"
        monkeypatch.setenv("PULLCORD_MAIL_SERVER", place)
        monkeypatch.setenv("PULLCORD_PUBLIC_URL", "https://pullcord.council.example")
        yield inbox
        server.stop()

    def test_each_contact_gets_it_and_it_says_that_nobody_is_at_risk(self, desk: Desk, inbox: Inbox) -> None:
        for label, who in (("duty desk", "Jo Bloggs <jo@council.example>"), ("night desk", "al@council.example")):
            desk.done("policy", "contact", "add", BLACKPOOL, who, "--person", label)
        printed = desk.done("policy", "contact", "test", BLACKPOOL)
        assert "duty desk: accepted by its server" in printed.out
        assert "night desk: accepted by its server" in printed.out
        first, second = inbox.received()
        assert {first["To"], second["To"]} == {"Jo Bloggs <jo@council.example>", "al@council.example"}
        assert first["Subject"] == "Test message from Pullcord: nothing to do"
        body = first.get_body(("plain",))
        assert body
        assert "https://pullcord.council.example" in body.get_content()
        assert "No alarm is at risk" in body.get_content()

    def test_only_the_one_that_is_named(self, desk: Desk, inbox: Inbox) -> None:
        for label in ("duty desk", "night desk"):
            desk.done("policy", "contact", "add", BLACKPOOL, "jo@council.example", "--person", label)
        desk.done("policy", "contact", "test", BLACKPOOL, "--person", "night desk")
        assert len(inbox.mails) == 1

    @pytest.mark.parametrize(
        ("command", "answer", "said"),
        [
            ("RCPT", "550 no such user", "the mail server answers 550"),
            ("MAIL", "451 later", "the mail server answers 451"),
            ("DATA", "554 no", "the mail server answers 554"),
        ],
    )
    def test_a_refusal_is_said_in_words(self, desk: Desk, inbox: Inbox, command: str, answer: str, said: str) -> None:
        inbox.refuse[command] = answer
        desk.done("policy", "contact", "add", BLACKPOOL, "jo@council.example")
        printed = desk.run("policy", "contact", "test", BLACKPOOL)
        assert printed.code == 1
        assert f"duty desk: not accepted: {said}" in printed.out

    def test_a_server_that_is_not_there_is_said(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PULLCORD_MAIL_SERVER", "mailto://127.0.0.1:1?from=pullcord%40council.example&mode=insecure")
        desk.done("policy", "contact", "add", BLACKPOOL, "jo@council.example")
        printed = desk.run("policy", "contact", "test", BLACKPOOL)
        assert (printed.code, "nobody answers at the server" in printed.out) == (1, True)


def test_a_policy_file_takes_contacts_as_they_are_typed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_MAIL_SERVER", SERVER)
    contact = {"person": "duty desk", "address": "Jo Bloggs <jo@council.example>"}
    policy = {"tiers": [{"label": "duty", "from_days": 56, "contacts": [contact]}]}
    printed = desk.done("policy", "set", BLACKPOOL, desk.file("policy.json", json.dumps(policy)))
    assert "duty desk: mail to Jo Bloggs <jo@council.example> through mail.example:587" in printed.out


def test_the_operators_own_contacts_are_read_in_the_same_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLCORD_FALLBACK_ROUTES", json.dumps(["ops@pullcord.example"]))
    monkeypatch.delenv("PULLCORD_MAIL_SERVER")
    assert "by its route 1: a mail address needs your mail server" in desk.run("status").words
    monkeypatch.setenv("PULLCORD_MAIL_SERVER", SERVER)
    assert desk.run("status").code == 0
    desk.with_a_case()
    desk.clock.advance(minutes=1)
    desk.send_what_is_due()
    assert [one.route for one in desk.channel.sent] == [f"{SERVER}&to=ops%40pullcord.example"]


def test_a_test_message_for_a_council_without_contacts_says_what_to_do(desk: Desk) -> None:
    printed = desk.run("policy", "contact", "test", BLACKPOOL)
    assert printed.code == 2
    assert "pullcord policy contact add" in printed.complaint


class TestTheFirstFile:
    def test_it_adds_its_council_with_whom_to_tell_and_asks_for_the_public_address(
        self, empty_desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PULLCORD_MAIL_SERVER", SERVER)
        empty_desk.done("init")
        register = empty_desk.sheet("register.csv", [ENTRY])
        typed = ("--name", "Blackpool Council", "--tell", "Jo Bloggs <jo@council.example>")
        printed = empty_desk.done("import", "register", register, "--council", BLACKPOOL, *typed)
        assert "The council E06000009 is now known as Blackpool Council." in printed.out
        assert "duty desk: mail to Jo Bloggs <jo@council.example> through mail.example:587" in printed.out
        assert "which only this machine reaches: set PULLCORD_PUBLIC_URL" in printed.words
        assert "secret-word" not in printed.out + printed.err
        again = empty_desk.done("import", "register", register, "--council", BLACKPOOL, *typed)
        assert "is now known" not in again.out
        notices = empty_desk.file("notices.json", json.dumps([NOTICE]))
        empty_desk.done("import", "notices", notices, "--provider", RAVEN, "--name", "Raven Telecom")
        assert "Raven Telecom" in empty_desk.done("cases").words

    def test_without_a_name_an_unknown_council_is_still_refused(self, empty_desk: Desk) -> None:
        empty_desk.done("init")
        printed = empty_desk.run("import", "register", empty_desk.sheet("r.csv", [ENTRY]), "--council", BLACKPOOL)
        assert (printed.code, "no council with this code is known" in printed.complaint) == (2, True)

    def test_a_council_with_contacts_keeps_them(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PULLCORD_MAIL_SERVER", SERVER)
        desk.with_an_officer()
        register = desk.sheet("register.csv", [ENTRY])
        printed = desk.run("import", "register", register, "--council", BLACKPOOL, "--tell", "jo@council.example")
        assert (printed.code, "has contacts already" in printed.complaint) == (2, True)

    def test_a_dry_run_adds_nobody(self, empty_desk: Desk) -> None:
        empty_desk.done("init")
        register = empty_desk.sheet("register.csv", [ENTRY])
        typed = ("--name", "Blackpool Council", "--dry-run")
        assert empty_desk.run("import", "register", register, "--council", BLACKPOOL, *typed).code == 2
        assert "No council is known yet" in empty_desk.done("councils", "list").out
