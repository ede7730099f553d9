from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from services.watchdog import watch
from services.watchdog.channels.http import ExternalHeartbeat, WatchdogWebhook
from services.watchdog.channels.mail import WatchdogMail, mail_server
from services.watchdog.watch import RecordWatch
from tests.scenarios.watchdog.watching import by_sql, run_for
from tests.support.deployment import Deployment
from tests.support.one_line import ENTRY, NUMBER, notice
from tests.support.servers.mail_server import Inbox, LoopbackServer
from tests.support.servers.over_http.local_server import LocalHandler, LocalServer, running

pytestmark = [pytest.mark.network, pytest.mark.enable_socket]

TO = ("operator@pullcord.example", "second@pullcord.example")


class Elsewhere(LocalServer):
    def __init__(self) -> None:
        super().__init__(ElsewhereHandler)
        self.pings: list[str] = []
        self.posted: list[dict[str, object]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class ElsewhereHandler(LocalHandler):
    server: Elsewhere

    def do_GET(self) -> None:  # noqa: N802
        self.server.pings.append(self.path)
        self.answer(self.server.status)

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status < 300:
            self.server.posted.append(json.loads(body))
        self.answer(self.server.status)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with running(Elsewhere()) as server:
        yield server


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def mail(inbox: Inbox) -> Iterator[WatchdogMail]:
    server = LoopbackServer(inbox, hostname="127.0.0.1", port=0)
    server.start()
    yield WatchdogMail(mail_server(f"smtp://127.0.0.1:{server.port}", plain=True), "watchdog@pullcord.example", TO)
    server.stop()


@pytest.fixture
def watched(alerted: Deployment, elsewhere: Elsewhere, mail: WatchdogMail) -> RecordWatch:
    return RecordWatch(
        engine=alerted.store.engine,
        clock=alerted.clock,
        deployment="pullcord",
        channels=(mail,),
        heartbeat=ExternalHeartbeat(f"{elsewhere.url}/ping/secret"),
        repeat=timedelta(hours=24),
    )


def silence(deployment: Deployment) -> None:
    by_sql(deployment, "UPDATE cases SET due_at = NULL")


def test_the_heartbeat_is_pinged_at_each_look_while_all_is_well(
    watched: RecordWatch, elsewhere: Elsewhere, inbox: Inbox
) -> None:
    for _ in range(3):
        assert not watched.run_once()
    assert elsewhere.pings == ["/ping/secret"] * 3
    assert inbox.mails == []


def test_what_is_missing_is_mailed_and_no_ping_is_sent(
    watched: RecordWatch, alerted: Deployment, elsewhere: Elsewhere, inbox: Inbox
) -> None:
    silence(alerted)
    watched.run_once()
    assert elsewhere.pings == []
    (mail,) = inbox.received()
    assert mail["To"] == ", ".join(TO)
    assert inbox.mails[0].rcpt_tos == list(TO)
    assert mail["Subject"] == "Pullcord watchdog: 1 kind of fault found"
    text = mail.get_content()
    assert f"council:E06000009: 1 - {alerted.cases()[0].reference}" in text
    assert "no time of their next review" in text
    assert "Deployment pullcord, Monday 23 November 2026, 12:00." in text


def test_no_message_names_a_number_an_address_or_a_person(
    watched: RecordWatch, alerted: Deployment, inbox: Inbox
) -> None:
    home = {"entry_id": "TC-77", "postcode": "FY3 8AB", "address_lines": ["14 Lapwing Close"], "cli": "01632 960777"}
    alerted.put_entries(ENTRY | home)
    alerted.post_notices(notice("n9", cli="01632 960777", in_days=1))
    alerted.settle()
    run_for(alerted, hours=2)
    by_sql(
        alerted,
        "UPDATE cases SET due_at = NULL",
        "DELETE FROM entry_tokens",
        "UPDATE matches SET live = 0",
        "DELETE FROM delivery_attempts",
    )
    watched.run_once()
    (mail,) = inbox.received()
    said = f"{mail['Subject']}\n{mail.get_content()}"
    assert "tokens_missing" in said
    for secret in ("960777", NUMBER[-6:], "FY3", "Lapwing", "TC-77", "e1", "Blackpool", "desk", "mailto"):
        assert secret not in said


def test_the_same_finding_is_sent_once_a_day_and_what_has_gone_is_told_once(
    watched: RecordWatch, alerted: Deployment, elsewhere: Elsewhere, inbox: Inbox
) -> None:
    due = alerted.cases()[0].due_at
    assert due is not None
    silence(alerted)
    for _ in range(3):
        watched.run_once()
        alerted.clock.advance(hours=7)
    assert len(inbox.mails) == 1
    alerted.clock.advance(hours=4)
    watched.run_once()
    assert len(inbox.mails) == 2
    by_sql(alerted, "UPDATE cases SET due_at = state_since")
    run_for(alerted, minutes=1)
    watched.run_once()
    watched.run_once()
    assert [mail["Subject"] for mail in inbox.received()[2:]] == ["Pullcord watchdog: all is well again"]
    assert len(elsewhere.pings) == 2


def test_a_finding_that_grows_is_sent_again_after_an_hour_and_a_new_kind_at_once(
    watched: RecordWatch, alerted: Deployment, inbox: Inbox
) -> None:
    alerted.put_entries(ENTRY | {"entry_id": "e2", "cli": "01632 960124"})
    alerted.post_notices(notice("n2", cli="01632 960124", in_days=40))
    alerted.settle()
    run_for(alerted, minutes=5)
    by_sql(alerted, "UPDATE cases SET due_at = NULL WHERE pk = 1")
    watched.run_once()
    silence(alerted)
    watched.run_once()
    assert len(inbox.mails) == 1
    alerted.clock.advance(minutes=61)
    watched.run_once()
    assert len(inbox.mails) == 2
    assert "council:E06000009: 2" in inbox.received()[1].get_content()
    by_sql(alerted, "DELETE FROM notice_tokens")
    watched.run_once()
    assert len(inbox.mails) == 3


def test_a_message_that_nobody_accepts_is_sent_again_at_the_next_look(
    watched: RecordWatch, alerted: Deployment, inbox: Inbox
) -> None:
    silence(alerted)
    inbox.refuse["RCPT"] = "451 later"
    watched.run_once()
    assert inbox.mails == []
    inbox.refuse.clear()
    watched.run_once()
    assert len(inbox.mails) == 1


def test_a_dead_mail_server_does_not_keep_the_message_from_the_webhook(
    watched: RecordWatch, alerted: Deployment, elsewhere: Elsewhere
) -> None:
    nowhere = WatchdogMail(mail_server("smtp://127.0.0.1:1", plain=True), "watchdog@pullcord.example", TO)
    watched.channels = (nowhere, WatchdogWebhook(f"{elsewhere.url}/hook"))
    silence(alerted)
    watched.run_once()
    watched.run_once()
    (posted,) = elsewhere.posted
    assert posted["faults"] == [
        {"kind": "no_due_time", "feed": "council:E06000009", "count": 1, "cases": [alerted.cases()[0].reference]}
    ]


@pytest.mark.parametrize("status", [301, 404, 500])
def test_a_heartbeat_that_is_not_accepted_ends_nothing(watched: RecordWatch, elsewhere: Elsewhere, status: int) -> None:
    elsewhere.status = status
    assert not watched.run_once()
    elsewhere.status = 200
    assert not watched.run_once()
    assert len(elsewhere.pings) == 2


def test_a_record_that_cannot_be_read_is_no_good_news(
    watched: RecordWatch, elsewhere: Elsewhere, inbox: Inbox, tmp_path: Path
) -> None:
    watched.engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    for _ in range(watch.FAILED_LOOKS + 2):
        with pytest.raises(Exception, match="no such table"):
            watched.run_once()
    watched.engine.dispose()
    assert elsewhere.pings == []
    # Once, and not at every look.
    assert [mail["Subject"] for mail in inbox.received()] == ["Pullcord watchdog: the record cannot be read"]


def test_a_message_is_short_however_much_is_wrong(watched: RecordWatch, alerted: Deployment, inbox: Inbox) -> None:
    numbers = [f"01632 960{one:03}" for one in range(200, 260)]
    alerted.put_entries(*(ENTRY | {"entry_id": f"x{one}", "cli": number} for one, number in enumerate(numbers)))
    alerted.post_notices(*(notice(f"n{one}x", cli=number, in_days=30) for one, number in enumerate(numbers)))
    alerted.settle()
    run_for(alerted, minutes=5)
    silence(alerted)
    watched.run_once()
    text = inbox.received()[0].get_content()
    assert "council:E06000009: 61 - " in text
    assert " and others" in text
    assert len(text.splitlines()) < 20
